"""What a simulation's report says, in English and Chinese."""

from __future__ import annotations

from typing import Literal

Lang = Literal["en", "zh"]
WORDS: dict[str, tuple[str, str]] = {
    "title": (
        "{days} days simulated, {alarms} alarms a day: mean and 95 % interval",
        "模拟 {days} 天，每天 {alarms} 次紧急呼叫：均值与 95 % 置信区间",
    ),
    "differences": (
        "difference to the policy \"{first}\" on the same days (*: the interval leaves out 0)",
        "与策略“{first}”在相同日子上的差值（*：区间不含 0）",
    ),
    "figure": ("figure", "指标"),
    "nearest": ("nearest worker", "最近人员"),
    "ours": ("ours", "本系统"),
    "cover": ("ours with cover", "本系统＋覆盖"),
    "replan": ("full re-planning", "全部重排"),
    "within": ("alarms answered within {minutes} min, %", "{minutes} 分钟内到达的呼叫，%"),
    "response_p50_s": ("response, median, min", "响应时间中位数（分钟）"),
    "response_p90_s": ("response, 90th percentile, min", "响应时间第 90 百分位（分钟）"),
    "response_mean_s": ("response, mean, min", "响应时间均值（分钟）"),
    "nobody_came": ("alarms to which nobody came", "无人到达的呼叫"),
    "on_time": ("visits and meals on time, %", "按时服务，%"),
    "late_min": ("minutes late, all together", "迟到总分钟数"),
    "moved": ("clients moved", "被调整的服务对象"),
    "moved_min": ("minutes they were moved by", "调整的总分钟数"),
    "told": ("calls to tell them so", "通知次数"),
    "interrupted": ("visits broken off", "被中断的服务"),
    "unserved": ("orders not served", "未服务工单"),
    "overtime_min": ("overtime, min", "加班（分钟）"),
    "travel_min": ("travel, min", "路途（分钟）"),
    "curve": ("Share of alarms answered in time", "在时限内到达的呼叫占比"),
    "minutes": ("minutes after the alarm", "呼叫后分钟数"),
    "standard": ("standard: {minutes} min", "标准：{minutes} 分钟"),
    "never": (
        "An alarm to which nobody came counts as {minutes} min.",
        "无人到达的呼叫按 {minutes} 分钟计。",
    ),
}


def word(key: str, lang: Lang, **params: object) -> str:
    """Text for a key."""
    return WORDS[key][lang == "zh"].format(**params)
