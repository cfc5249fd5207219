"""Faults of weeks (E17xx): message, hint, message_zh, hint_zh; ``engine.domain.faults`` tells."""

from __future__ import annotations

WEEK_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "E1701": (
        "a programme needs one of visits_per_week, every_weeks and visits; this one has {found}",
        "weekly: visits_per_week 1; fortnightly: every_weeks 2; four in the horizon: visits 4",
        "服务计划须填写 visits_per_week、every_weeks、visits 中的一项；此处填写了 {found} 项",
        "每周一次：visits_per_week 为 1；每两周一次：every_weeks 为 2；周期内四次：visits 为 4",
    ),
    "E1702": (
        "max_gap_days {most} is less than min_gap_days {least}",
        "swap the two, or leave one out",
        "max_gap_days（{most}）小于 min_gap_days（{least}）",
        "请对调两者，或省略其一",
    ),
    "E1703": (
        "{visits} visits in {days} days cannot be: with these weekdays and gaps at most {most} can",
        "ask for fewer visits, allow more weekdays, or change the gaps",
        "{days} 天内无法安排 {visits} 次：按所填星期和间隔最多 {most} 次",
        "请减少次数、放宽可选星期，或调整间隔天数",
    ),
    "E1704": (
        "the absence ends on {until}, before it begins on {begin}",
        "swap the two days",
        "缺席于 {until} 结束，早于开始日 {begin}",
        "请对调两个日期",
    ),
    "E1705": (
        "an absence is that of one worker or one client; this one names {found}",
        "give worker or client, and one entry for each person",
        "每条缺席须属于一名服务人员或一名服务对象；此处填写了 {found} 个",
        "请填写 worker 或 client 之一，每人一条",
    ),
    "E1706": (
        "the entitlement limits nothing",
        "give visits, service_s or both; leave the entry out if there is no limit",
        "该额度未作任何限制",
        "请填写 visits 或 service_s（可同时填写）；没有限制时请删除该条",
    ),
    "E1707": (
        "no order has the payer {id}, nor any programme",
        "{suggestion}write the payer at the orders or programmes that it pays for",
        "没有工单或服务计划的付费方为{id}",
        "{suggestion}请在由其付费的工单或服务计划中填写 payer",
    ),
    "E1708": (
        "the last visit, on {day}, is not before the first day, {first}",
        "give the last visit before the horizon, or leave it out",
        "上次服务日 {day} 不早于首日 {first}",
        "请填写周期开始之前的最后一次服务日，或省略",
    ),
    "E1710": (
        "this programme comes after {other}, which is not due as often",
        "give both the same visits_per_week, every_weeks or visits: they share their days",
        "该服务计划安排在 {other} 之后，但两者的频率不同",
        "两者同日安排，请填写相同的 visits_per_week、every_weeks 或 visits",
    ),
    "E1711": (
        "the last visit, on {day}, is not that of {other}, which shares its days: {last}",
        "give both the same last visit, or leave it out at one of them",
        "上次服务日 {day} 与同日安排的 {other} 的上次服务日 {last} 不同",
        "请填写相同的上次服务日，或在其中一项省略",
    ),
    "E1712": (
        "{visits} visits in {days} days cannot be: weekdays and gaps that suit {other} too allow "
        "at most {most}",
        "let both allow the same weekdays and gaps",
        "{days} 天内无法安排 {visits} 次：与 {other} 共同可选的星期和间隔最多允许 {most} 次",
        "请让两者可选的星期和间隔一致",
    ),
    "E1713": (
        "used_monthly_s counts only where max_monthly_s bounds the month",
        "give max_monthly_s too, or leave used_monthly_s out",
        "used_monthly_s 仅在填写 max_monthly_s 时有效",
        "请同时填写 max_monthly_s，或删除 used_monthly_s",
    ),
    "E1714": (
        "used_weekly_s counts only where max_weekly_s bounds the week",
        "give max_weekly_s too, or leave used_weekly_s out",
        "used_weekly_s 仅在填写 max_weekly_s 时有效",
        "请同时填写 max_weekly_s，或删除 used_weekly_s",
    ),
    "E1709": (
        "the weekday {weekday} is listed twice",
        "list every weekday once",
        "星期 {weekday} 重复",
        "每个星期只列一次",
    ),
}
