"""The sheets of a problem as tables: their columns, in English and Chinese, and what each means.

A sheet is data. A new field needs a row here, and nothing else: reading, writing, the template, its
guide and its drop-down lists all follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, get_args

from engine.domain.base import CoordinateSystem, Gender, Mode
from engine.domain.orders import Channel
from engine.domain.places import Centre, Living
from engine.domain.services import SERVICES, SKILLS, OrderKind
from engine.domain.workers import Role
from engine.formats.table_cells import (
    AFTER,
    CLOCK,
    DAY,
    FREE_TEXT,
    MINUTES,
    NUMBER,
    PAIRS,
    SHIFTS,
    TEXT,
    WHOLE,
    WINDOWS,
    YES_NO,
    YUAN,
    Kind,
    certificates,
    name_list,
    names,
    pairs,
    team,
)


class Column(NamedTuple):
    """A column: its header in both languages, the field it fills, how it is written, what it is.

    ``field`` is the key in native JSON. ``choices`` become a drop-down list.
    """

    name: str
    zh: str
    field: str
    kind: Kind
    note: str
    note_zh: str
    required: bool = False
    choices: tuple[str, ...] = ()


class Sheet(NamedTuple):
    """A sheet, its other name, and its columns."""

    name: str
    zh: str
    columns: tuple[Column, ...]
    required: bool = False


PLACE_GROUPS = {
    "client": "clients", "centre": "centres", "kitchen": "kitchens", "meal_point": "meal_points",
    "place": "places",
}
_SERVICE_ZH = {s.name_zh: s.id for s in SERVICES} | {s.name.casefold(): s.id for s in SERVICES}
_SKILL_ZH = {s.name_zh: s.id for s in SKILLS} | {s.name.casefold(): s.id for s in SKILLS}
_KIND_ZH = {
    "上门": "visit", "送餐": "meal", "助餐": "meal", "紧急": "emergency", "助急": "emergency",
}
_PLACE_ZH = {
    "老人": "client", "服务对象": "client", "中心": "centre", "驿站": "centre", "厨房": "kitchen",
    "助餐点": "meal_point", "地点": "place", "住所": "place",
}
_MODE_ZH = {"汽车": "car", "电动车": "ebike", "步行": "walk", "公交": "bus"}
_ROLE_ZH = {
    "护理员": "caregiver", "志愿者": "volunteer", "送餐员": "courier", "护士": "nurse",
    "家庭医生": "family_doctor", "社工": "social_worker", "技师": "technician",
}
_CHANNEL_ZH = {
    "计划": "plan", "热线": "hotline", "一键呼叫": "button", "设备": "device", "电视": "tv",
}
_GENDER_ZH = {"女": "female", "男": "male"}
_LIVING_ZH = {
    "独居": "alone", "空巢": "empty_nest", "留守": "left_behind", "与家人同住": "with_family",
}
_LANGUAGE_ZH = {"普通话": "zh", "粤语": "yue", "英语": "en"}
_LEVEL_ZH = {"区县": "county", "街道": "township", "乡镇": "township", "社区": "community"}

_COORDINATES = Column(
    "coordinate_system", "坐标系", "coordinate_system", names({}),
    "wgs84 (GPS), gcj02 (Amap, Tencent) or bd09 (Baidu); empty: as in settings",
    "wgs84（GPS）、gcj02（高德、腾讯）或 bd09（百度）；留空则同“设置”",
    choices=get_args(CoordinateSystem),
)
_YES_NO = ("yes", "no")

SETTINGS = Sheet("settings", "设置", (
    Column("id", "计划编号", "id", TEXT, "id of this plan day", "本计划日的编号", required=True),
    Column("day", "日期", "day", DAY, "the day, 2026-03-01", "日期，如 2026-03-01", required=True),
    Column("coordinate_system", "坐标系", "coordinate_system", names({}),
           "of all points: wgs84, gcj02 or bd09", "所有坐标的坐标系：wgs84、gcj02 或 bd09"),
    Column("max_snap_m", "最大偏离距离", "max_snap_m", WHOLE,
           "metres that a point may lie off the roads", "坐标距道路的最大距离（米）"),
    Column("fair_load_yuan_per_hour", "公平负荷每小时计价（元）", "fair_load_cents_per_hour", YUAN,
           "price in the search of an hour above a shift's even share",
           "班次值勤每超出平均份额一小时的计价，仅用于排班"),
    Column("new_face_yuan", "新面孔费用（元）", "continuity.new_face_cents", YUAN,
           "price of a visit by somebody whom the client does not know",
           "由服务对象不熟悉的人员上门一次的计价"),
    Column("preferred_bonus_yuan", "首选人员奖励（元）", "continuity.preferred_bonus_cents", YUAN,
           "worth of a visit by a preferred worker", "由首选人员上门一次的计价"),
    Column("arrival_s", "到达耗时（秒）", "arrival_s", pairs(_MODE_ZH),
           "seconds to park or lock at each address: car=120; ebike=30. Empty: none",
           "每到一处停车或锁车的秒数，如 car=120; ebike=30；留空为无"),
    Column("network", "路网", "network.kind", TEXT,
           "synthetic, file or named", "synthetic（模拟）、file（文件）或 named（已安装）"),
    Column("network_path", "路网文件", "network.path", FREE_TEXT,
           "for file: its path", "路网为 file 时的文件路径"),
    Column("network_name", "路网名称", "network.name", TEXT,
           "for named: its name", "路网为 named 时的名称"),
    Column("network_nodes", "模拟路网节点数", "network.nodes", WHOLE,
           "for synthetic: size of the city", "路网为 synthetic 时的城市规模"),
    Column("network_seed", "模拟路网种子", "network.seed", WHOLE,
           "for synthetic: seed", "路网为 synthetic 时的随机种子"),
), required=True)

ORDERS = Sheet("orders", "工单", (
    Column("id", "工单编号", "id", TEXT, "unique, no personal data", "唯一，不含个人信息",
           required=True),
    Column("kind", "类型", "kind", names(_KIND_ZH), "visit, meal or emergency",
           "visit（上门）、meal（送餐）或 emergency（紧急）", required=True,
           choices=get_args(OrderKind)),
    Column("client", "服务对象", "client", TEXT, "id of a client on the sheet places",
           "“地点”表中服务对象的编号", required=True),
    Column("service", "服务项目", "service", names(_SERVICE_ZH),
           "id of a service; empty for meal and emergency: meal, urgent",
           "服务项目编号或名称；送餐、紧急工单可留空", choices=tuple(s.id for s in SERVICES)),
    Column("windows", "服务窗口", "windows", WINDOWS,
           "when service may start: 08:30-10:00; 14:00-15:00. Empty: any time",
           "可开始服务的时段，如 08:30-10:00; 14:00-15:00；留空为全天"),
    Column("service_duration_min", "服务时长（分钟）", "service_duration_s", MINUTES,
           "minutes; empty: the catalogue's", "分钟；留空则按服务目录"),
    Column("skills", "附加技能", "skills", name_list(_SKILL_ZH),
           "beyond the service's own, separated by ;", "服务项目之外另需的技能，用分号分隔"),
    Column("load", "载量", "load", PAIRS, "what is carried: boxes=2", "携带物品，如 boxes=2"),
    Column("priority", "优先级", "priority", WHOLE,
           "0 (most important) to 9; empty: by the client", "0（最重要）至 9；留空则按服务对象"),
    Column("optional", "可选", "optional", YES_NO, "yes: served only where it pays",
           "是：仅在值得时服务", choices=_YES_NO),
    Column("prize_yuan", "可选价值（元）", "prize_cents", YUAN, "what an optional order is worth",
           "可选工单的价值"),
    Column("channel", "来源", "channel", names(_CHANNEL_ZH), "where the order came from",
           "工单来源", choices=get_args(Channel)),
    Column("portions", "份数", "portions", WHOLE, "meals only", "仅送餐"),
    Column("diet", "餐型", "diet", TEXT, "meals only: as in the batches",
           "仅送餐：与批次中的餐型一致"),
    Column("kitchen", "厨房", "kitchen", TEXT, "meals only: kitchen or meal point; empty: nearest",
           "仅送餐：厨房或助餐点编号；留空为最近的一处"),
    Column("max_onboard_min", "最长在途（分钟）", "max_onboard_s", MINUTES,
           "meals only: from leaving the kitchen to the door; empty: 60",
           "仅送餐：从出餐点到入户的最长时间；留空为 60"),
    Column("received", "接报时间", "received_s", CLOCK, "emergencies only: when the alarm came",
           "仅紧急：接到呼叫的时间"),
    Column("response_min", "响应时限（分钟）", "response_s", MINUTES, "emergencies only; empty: 15",
           "仅紧急；留空为 15"),
    Column("gender", "性别要求", "gender", names(_GENDER_ZH),
           "of the worker: female or male; empty: as the service says",
           "服务人员性别：female（女）或 male（男）；留空则按服务项目", choices=get_args(Gender)),
    Column("pin_worker", "指定人员", "pin.worker", TEXT,
           "settled already: this worker and no other", "已确定由该人员服务"),
    Column("pin_start", "指定时刻", "pin.start_s", CLOCK,
           "settled already: starts at 09:00 sharp", "已确定的开始时刻，如 09:00"),
    Column("team", "团队", "team", team(_SKILL_ZH, _ROLE_ZH),
           "visits by several people together: lead=bathing@caregiver; helper=personal_care. "
           "Empty: as the service has it; none: one person",
           "多人同时上门：lead=助浴@护理员; helper=生活照护。留空则按服务目录；none 为一人"),
    Column("after", "在其后", "after", AFTER,
           "visits: O12=100-140 same, starts 100 to 140 min after O12 starts, same (or other) "
           "worker",
           "上门：O12=100-140 同一人，即 O12 开始后 100 至 140 分钟开始，"
           "由同一人（或“另一人”）服务"),
    Column("waiting_days", "已等候（天）", "waiting_days", WHOLE,
           "days that the client has waited for it; among equals the longest comes first",
           "服务对象已等候的天数；同等条件下等候久者优先"),
    Column("payer", "付费方", "payer", TEXT, "id of who pays, for entitlements and reports",
           "付费方编号，用于额度与统计"),
), required=True)

WORKERS = Sheet("workers", "人员", (
    Column("id", "人员编号", "id", TEXT, "unique, no personal data", "唯一，不含个人信息",
           required=True),
    Column("role", "岗位", "role", names(_ROLE_ZH), "empty: caregiver", "留空为护理员",
           choices=get_args(Role)),
    Column("start", "出发地点", "start", TEXT,
           "id of a centre, kitchen, meal point or place", "中心、厨房、助餐点或地点的编号",
           required=True),
    Column("end", "结束地点", "end", TEXT, "empty: back to the start", "留空则返回出发地点"),
    Column("returns", "是否返回", "returns", YES_NO, "no: free where the last visit ends",
           "否：在最后一户处结束", choices=_YES_NO),
    Column("mode", "出行方式", "mode", names(_MODE_ZH), "for workers without a vehicle",
           "未使用登记车辆时的出行方式", choices=get_args(Mode)),
    Column("vehicle", "车辆", "vehicle", TEXT, "id on the sheet vehicles", "“车辆”表中的编号"),
    Column("certificates", "持证技能", "certificates", certificates(_SKILL_ZH),
           "bathing=2027-06-30; first_aid (last valid day; none: does not expire)",
           "如 助浴=2027-06-30; 急救（等号后为有效期截止日，省略为长期有效）"),
    Column("services", "限定服务", "services", name_list(_SERVICE_ZH, nullable=True),
           "only these; empty: all that the skills allow", "仅限这些服务；留空则按技能不限"),
    Column("shifts", "班次", "shifts", SHIFTS,
           "08:00-12:00; 13:00-17:00, or am=08:00-12:00. With 30 minutes of break that begin "
           "between 11:30 and 13:00: 08:00-17:00 break 11:30-13:00/30",
           "如 08:00-12:00; 13:00-17:00，也可命名：am=08:00-12:00。"
           "11:30 至 13:00 之间开始休息 30 分钟：08:00-17:00 休息 11:30-13:00/30",
           required=True),
    Column("service_time_factor", "服务时长系数", "service_time_factor", NUMBER,
           "1.2: takes 20 % longer than planned", "1.2 表示比标准时长多 20%"),
    Column("cost_per_shift_yuan", "每班成本（元）", "cost_per_shift_cents", YUAN,
           "of a shift that is used", "实际出勤的每个班次"),
    Column("cost_per_travel_hour_yuan", "路途每小时成本（元）", "cost_per_travel_hour_cents", YUAN,
           "of an hour on the way", "路途中每小时"),
    Column("gender", "性别", "gender", names(_GENDER_ZH), "female or male",
           "female（女）或 male（男）", choices=get_args(Gender)),
    Column("languages", "语言", "languages", name_list(_LANGUAGE_ZH), "zh; yue, separated by ;",
           "如 普通话; 粤语，用分号分隔"),
    Column("refused_clients", "拒绝对象", "refused_clients", name_list({}),
           "clients whom the worker is never sent to", "不得派往的服务对象编号"),
    Column("min_rest_min", "班次间隔（分钟）", "min_rest_s", MINUTES,
           "least between two shifts", "两个班次之间的最短间隔"),
    Column("max_daily_min", "每日值勤上限（分钟）", "max_daily_s", MINUTES,
           "duty of all shifts together", "当日各班次值勤时间之和的上限"),
    Column("max_driving_min", "每班路途上限（分钟）", "max_driving_s", MINUTES,
           "travel of one shift", "每个班次路途时间的上限"),
    Column("max_visits", "每班服务次数上限", "max_visits", WHOLE, "stops of one shift",
           "每个班次的服务次数上限"),
    Column("regular_min", "每班正常值勤（分钟）", "regular_s", MINUTES,
           "duty beyond it is overtime", "超出部分计为加班"),
    Column("overtime_per_hour_yuan", "加班每小时成本（元）", "overtime_per_hour_cents", YUAN,
           "of an hour of overtime", "每加班一小时"),
    Column("provider", "服务机构", "provider", TEXT,
           "id of the organisation, for reports; empty: not stated",
           "所属服务机构编号，用于统计；留空为未注明"),
    Column("max_weekly_min", "每周值勤上限（分钟）", "max_weekly_s", MINUTES,
           "duty of the week, with what was worked before", "本周值勤上限，含此前已值勤"),
    Column("used_weekly_min", "本周已值勤（分钟）", "used_weekly_s", MINUTES,
           "duty of the week before the day", "本周此前的值勤"),
    Column("max_monthly_min", "每月值勤上限（分钟）", "max_monthly_s", MINUTES,
           "duty of the month, with what was worked before; caps a volunteer's hours",
           "本月值勤上限，含此前已值勤；可用于限制志愿时长"),
    Column("used_monthly_min", "本月已值勤（分钟）", "used_monthly_s", MINUTES,
           "duty of the month before the day", "本月此前的值勤"),
    Column("previous_end", "前一日结束时刻", "previous_end_s", CLOCK,
           "when the last shift of the day before ended: 21:30; after midnight 25:00",
           "前一日最后班次的结束时刻，如 21:30；过午夜写作 25:00"),
    Column("min_daily_rest_min", "两日间休息（分钟）", "min_daily_rest_s", MINUTES,
           "least from that end to leaving the start", "自该时刻至当日出发的最短休息"),
), required=True)

PLACES = Sheet("places", "地点", (
    Column("kind", "类别", "kind", names(_PLACE_ZH),
           "client, centre, kitchen, meal_point, or place for a worker's home",
           "client（老人）、centre（中心）、kitchen（厨房）、meal_point（助餐点）、place（人员住所等）",
           required=True, choices=tuple(PLACE_GROUPS)),
    Column("id", "编号", "id", TEXT, "unique, no personal data", "唯一，不含个人信息",
           required=True),
    Column("lon", "经度", "lon", NUMBER, "degrees east", "度，东经为正", required=True),
    Column("lat", "纬度", "lat", NUMBER, "degrees north", "度，北纬为正", required=True),
    _COORDINATES,
    Column("care_level", "能力等级", "care_level", WHOLE, "clients: 0 able to 3 severe",
           "服务对象：0 能力完好至 3 重度失能"),
    Column("guaranteed", "兜底保障", "guaranteed", YES_NO, "clients: served first",
           "服务对象：优先保障", choices=_YES_NO),
    Column("district", "片区", "district", TEXT, "clients: id of a district", "服务对象：片区编号"),
    Column("refused_workers", "拒绝人员", "refused_workers", name_list({}),
           "clients: workers who must not come", "服务对象：不得上门的人员编号"),
    Column("arrival_min", "入户准备（分钟）", "arrival_s", MINUTES,
           "clients: at the address before service, once for several orders there",
           "服务对象：到达后入户所需，同址连续多单只计一次"),
    Column("compound", "院区", "compound", TEXT,
           "clients: doors of one compound are reached from each other on foot",
           "服务对象：同一院区内各户之间步行往来"),
    Column("living", "居住情况", "living", names(_LIVING_ZH),
           "clients: alone, empty_nest, left_behind, with_family",
           "服务对象：独居、空巢、留守、与家人同住", choices=get_args(Living)),
    Column("preferred_workers", "首选人员", "preferred_workers", name_list({}),
           "clients: workers whom they like best", "服务对象：首选的人员编号"),
    Column("known_workers", "熟悉人员", "known_workers", name_list({}),
           "clients: workers who came in the last weeks", "服务对象：近几周上门过的人员编号"),
    Column("gender", "性别", "gender", names(_GENDER_ZH),
           "clients: female or male; bathing is done by the same",
           "服务对象：female（女）或 male（男）；助浴由同性人员服务", choices=get_args(Gender)),
    Column("languages", "语言", "languages", name_list(_LANGUAGE_ZH),
           "clients: who visits speaks one of these; empty: any",
           "服务对象：上门人员须会其中一种；留空为不限"),
    Column("level", "级别", "level", names(_LEVEL_ZH), "centres",
           "中心：county、township、community",
           choices=get_args(Centre.model_fields["level"].annotation)),
    Column("services", "可提供服务", "services", name_list(_SERVICE_ZH), "centres", "中心"),
    Column("seats", "座位", "seats", WHOLE, "centres and meal points", "中心和助餐点"),
    Column("beds", "床位", "beds", WHOLE, "centres", "中心"),
    Column("loading_min", "装餐时间（分钟）", "loading_s", MINUTES,
           "kitchens and meal points: minutes a trip; empty: 5",
           "厨房和助餐点：每趟分钟数；留空为 5"),
), required=True)

BATCHES = Sheet("batches", "批次", (
    Column("place", "厨房", "place", TEXT, "id of a kitchen or meal point", "厨房或助餐点编号",
           required=True),
    Column("id", "批次编号", "id", TEXT, "unique in its place", "在该厨房内唯一", required=True),
    Column("ready", "出餐时间", "ready_s", CLOCK, "when it can be loaded: 10:30",
           "可装餐的时间，如 10:30", required=True),
    Column("portions", "份数", "portions", WHOLE, "how many", "数量", required=True),
    Column("diets", "餐型", "diets", name_list({}, nullable=True), "empty: any diet", "留空为不限"),
))

VEHICLES = Sheet("vehicles", "车辆", (
    Column("id", "车辆编号", "id", TEXT, "unique", "唯一", required=True),
    Column("mode", "出行方式", "mode", names(_MODE_ZH), "car, ebike, walk or bus",
           "car（汽车）、ebike（电动车）、walk（步行）或 bus（公交）",
           required=True, choices=get_args(Mode)),
    Column("capacity", "容量", "capacity", PAIRS, "portions=40; boxes=2",
           "如 portions=40; boxes=2"),
    Column("cost_per_km_yuan", "每公里成本（元）", "cost_per_km_cents", YUAN,
           "of a kilometre driven", "每行驶一公里"),
))

SERVICE_ROWS = Sheet("services", "服务目录", (
    Column("id", "服务编号", "id", TEXT, "new, or one of the catalogue to override",
           "新增，或覆盖目录", required=True),
    Column("kind", "类型", "kind", names(_KIND_ZH), "visit, meal or emergency",
           "visit（上门）、meal（送餐）或 emergency（紧急）", required=True,
           choices=get_args(OrderKind)),
    Column("name", "英文名称", "name", FREE_TEXT, "for people to read", "供人阅读",
           required=True),
    Column("name_zh", "名称", "name_zh", FREE_TEXT, "for people to read", "供人阅读",
           required=True),
    Column("service_duration_min", "服务时长（分钟）", "service_duration_s", MINUTES, "minutes",
           "分钟", required=True),
    Column("skills", "所需技能", "skills", name_list(_SKILL_ZH), "separated by ;", "用分号分隔"),
    Column("same_gender", "限同性", "same_gender", YES_NO,
           "yes: by a worker of the client's gender", "是：由与服务对象同性的人员服务",
           choices=_YES_NO),
    Column("team", "团队", "team", team(_SKILL_ZH, _ROLE_ZH),
           "visits by several people together, as on the sheet orders",
           "多人同时上门，写法同“工单”表"),
    Column("credits_per_hour", "时间银行每小时积分", "credits_per_hour", NUMBER,
           "what a volunteer earns in an hour; empty: 1", "志愿者服务一小时所得积分；留空为 1"),
))

SKILL_ROWS = Sheet("skills", "技能", (
    Column("id", "技能编号", "id", TEXT, "unique", "唯一", required=True),
    Column("name", "英文名称", "name", FREE_TEXT, "for people to read", "供人阅读",
           required=True),
    Column("name_zh", "名称", "name_zh", FREE_TEXT, "for people to read", "供人阅读",
           required=True),
))

ENTITLEMENTS = Sheet("entitlements", "额度", (
    Column("id", "额度编号", "id", TEXT, "unique", "唯一", required=True),
    Column("client", "服务对象", "client", TEXT, "empty: all clients together",
           "留空为全部对象合计"),
    Column("payer", "付费方", "payer", TEXT, "as on the sheet orders; empty: whoever pays",
           "与“工单”表一致；留空为不限"),
    Column("services", "服务项目", "services", name_list(_SERVICE_ZH, nullable=True),
           "only these; empty: any", "仅限这些服务；留空为不限"),
    Column("visits", "每月次数", "visits", WHOLE, "visits a month; empty: not limited",
           "每月次数；留空为不限"),
    Column("service_min", "每月服务（分钟）", "service_s", MINUTES,
           "minutes of service a month; empty: not limited", "每月服务分钟数；留空为不限"),
    Column("used_visits", "已用次数", "used_visits", WHOLE, "in this month before the day",
           "本月此前已用"),
    Column("used_service_min", "已用服务（分钟）", "used_service_s", MINUTES,
           "in this month before the day", "本月此前已用"),
))

#: In the order in which a workbook shows them.
SHEETS: tuple[Sheet, ...] = (
    SETTINGS, PLACES, WORKERS, ORDERS, VEHICLES, BATCHES, SERVICE_ROWS, SKILL_ROWS, ENTITLEMENTS,
)

#: Sheets whose lines are entries of one list of the problem, and that list.
LISTS = (
    (ORDERS, "orders"), (WORKERS, "workers"), (VEHICLES, "vehicles"), (SERVICE_ROWS, "services"),
    (SKILL_ROWS, "skills"), (ENTITLEMENTS, "entitlements"),
)


def fold(name: str) -> str:
    """Reduce a header or sheet name to what is compared: no case, blanks, or bracketed unit."""
    return re.sub(r"[（(].*?[）)]|[\s*＊]", "", name).casefold()


def header_of(column: Column) -> str:
    """Header as the template shows it, in both languages."""
    return f"{column.name} {column.zh}"


def find_column(sheet: Sheet, header: str) -> Column | None:
    """Column that a header names, in English, in Chinese, or in both as the template does."""
    folded = fold(header)
    for column in sheet.columns:
        if folded in {fold(column.name), fold(column.zh), fold(header_of(column))}:
            return column
    return None


def find_sheet(name: str, sheets: Iterable[Sheet] = SHEETS) -> Sheet | None:
    """Sheet that a name means, in English or Chinese."""
    return next((s for s in sheets if fold(name) in (fold(s.name), fold(s.zh))), None)


def values(raw: dict[str, Any], columns: Iterable[Column]) -> list[Any]:
    """One line of a sheet from the plain data of an entity."""
    line = []
    for column in columns:
        value: Any = raw
        for step in column.field.split("."):
            value = (value or {}).get(step)
        line.append(None if value is None else column.kind.write(value))
    return line
