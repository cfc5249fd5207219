"""Faults of teams, of orders that follow each other, and of breaks, duty and compounds.

A part of ``engine.domain.faults.TEXTS``: message, hint, and both in Chinese.
"""

from __future__ import annotations

CARE_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "E1060": (
        "a team has {least} to {most} members; this one has {found}",
        "leave team out, or empty, for one person; a larger team is several orders",
        "团队应有 {least} 至 {most} 名成员，此处为 {found} 名",
        "一人服务时请省略 team 或留空；更大的团队请拆成多个工单",
    ),
    "E1061": (
        "two members of the team have the id {id}",
        "give every member an id of its own, or none: then its place in the team is its id",
        "团队中有两名成员的编号同为{id}",
        "请为每名成员设不同的编号，或全部省略，届时以其序号为编号",
    ),
    "E1062": (
        "same_worker and different_worker are both true",
        "keep one of them, or neither if it does not matter who comes",
        "same_worker 与 different_worker 同时为 true",
        "请保留其一；如由谁服务均可，则两者都省略",
    ),
    "E1063": (
        "a team can be had for visits; this service is for orders of kind {kind}",
        "remove team, or make it a service of kind visit",
        "团队仅适用于上门服务，此服务项目的类型为 {kind}",
        "请删除 team，或将类型改为 visit",
    ),
    "E1064": (
        "the order is done by a team, and pinned to one worker",
        "remove worker from the pin: the start of a team can be pinned, not who comes",
        "该工单由团队完成，却指定了一名人员",
        "请从 pin 中删除 worker：团队工单只能指定开始时刻，不能指定人员",
    ),
    "E1130": (
        "there is no order {id} that this one could come after",
        "{suggestion}correct the id, or remove after",
        "不存在可在其后服务的工单{id}",
        "{suggestion}请更正编号，或删除 after",
    ),
    "E1131": (
        "the order comes after itself, at once or over others",
        "of orders that follow each other one comes first and has no after",
        "该工单直接或间接地排在自身之后",
        "相互衔接的工单中须有一个最先服务，且不填写 after",
    ),
    "E1230": (
        "max_gap_s is {most} s, less than min_gap_s with {least} s",
        "swap the two; both count from the start of the order before",
        "max_gap_s 为 {most} 秒，小于 min_gap_s 的 {least} 秒",
        "请对调两者；均从前一工单的开始时刻算起",
    ),
    "E1231": (
        "the break may start until {late}, before it may start at {early}",
        "swap the two; past midnight go on counting: 01:00 on the next day is 25:00, or 90000 s",
        "休息最迟开始时刻 {late} 早于最早开始时刻 {early}",
        "请对调两者；跨午夜请继续累计：次日 01:00 为 25:00，即 90000 秒",
    ),
    "E1232": (
        "the break lies outside of the shift from {start} to {end}",
        "give a window of its start, with room for the whole break before the shift ends",
        "休息不在 {start} 至 {end} 的班次之内",
        "请填写休息开始的时段，并确保班次结束前能休息完",
    ),
    "E1233": (
        "the break can only start by {late}, and the ones before it last until {free}",
        "list the breaks in the order in which they are taken, and let their windows allow it",
        "休息最迟须于 {late} 开始，而之前的休息至 {free} 才结束",
        "请按先后顺序列出休息，并确保各时段可行",
    ),
    "E1234": (
        "{found} s lie between the shift {other} and this one; min_rest_s asks for {least}",
        "move one of the shifts, or lower min_rest_s",
        "与班次{other}之间仅间隔 {found} 秒，而 min_rest_s 要求 {least} 秒",
        "请调整其中一个班次，或降低 min_rest_s",
    ),
    "E1235": (
        "overtime has a price, and nothing says from when on it counts",
        "add regular_s, the seconds of duty in a shift before overtime begins",
        "填写了加班单价，却未说明从何时起算加班",
        "请补充 regular_s，即每班次正常值勤的秒数",
    ),
    "E1236": (
        "a price for fair load and regular_s of a worker cannot both be used: the search knows one "
        "threshold of duty a shift",
        "remove regular_s, or fair_load_cents_per_hour of the problem",
        "公平负荷单价与人员的 regular_s 不能同时使用：每个班次只能有一个值勤阈值",
        "请删除 regular_s，或删除问题的 fair_load_cents_per_hour",
    ),
    "E1517": (
        'this is no team such as "lead=bathing@caregiver; helper=personal_care"',
        "write name=skill+skill@role+role/minutes for each member, with a semicolon between them",
        "不是有效的团队，例如“lead=助浴@护理员; helper=生活照护”",
        "每名成员写作“名称=技能+技能@岗位+岗位/分钟”，成员之间用分号分隔",
    ),
    "E1518": (
        'this does not say after which order, such as "O12=100-140 same"',
        "write order=minutes-minutes from start to start, then same or other where it matters who",
        "未能说明在哪一工单之后，例如“O12=100-140 同一人”",
        "请写“工单=分钟-分钟”（从开始到开始），如需限定人员再写“同一人”或“另一人”",
    ),
    "E1410": (
        "the compound {id} is more than {limit_m} m wide at this client: nobody walks that far",
        "check the coordinates, or give the doors that are far off a compound of their own",
        "院区{id}在此处跨度超过 {limit_m} 米，无法步行往来",
        "请检查坐标，或为距离较远的住户设另一院区",
    ),
}
