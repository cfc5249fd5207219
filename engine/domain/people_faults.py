"""Faults of what is said about people and their orders: message and hint in English and Chinese.

Rows of the table in ``engine.domain.faults``, apart from it for their number.
"""

from __future__ import annotations

#: code -> message, hint, message in Chinese, hint in Chinese; with ``{placeholders}``.
PEOPLE_TEXTS: dict[str, tuple[str, str, str, str]] = {
    "E1041": (
        "the client both prefers and refuses worker {worker}",
        "remove the worker from one of the two lists",
        "服务对象既首选又拒绝服务人员{worker}",
        "请从其中一个名单中删除该人员",
    ),
    "E1042": (
        "the order is pinned to worker {worker}, whom the client refuses or who refuses the client",
        "pin it to somebody else, or take the refusal back",
        "工单指定了服务人员{worker}，但服务对象拒绝该人员或该人员拒绝该对象",
        "请改为指定其他人员，或撤销拒绝",
    ),
    "E1043": (
        "the order is pinned to worker {worker}, whose gender is not the one that it asks for",
        "pin it to somebody else, or remove the gender from the order",
        "工单指定了服务人员{worker}，但其性别与工单要求不符",
        "请改为指定其他人员，或删除工单的性别要求",
    ),
    "E1051": (
        "the plan breaks {n} promises to its problem, first {first}: nothing is offered beside it",
        "careroute check lists them; plan the day anew",
        "该计划违反了 {n} 项承诺（首项 {first}），无法在其基础上提供时段",
        "请用 careroute check 查看清单，并重新规划该日",
    ),
    "E1221": (
        "the order is pinned to {start}, outside of when it may start",
        "move the pin into a window (for an alarm: into its response time), or widen the window",
        "工单指定的开始时刻 {start} 不在可开始服务的时段内",
        "请将指定时刻移入服务窗口（紧急工单须在响应时限内），或放宽窗口",
    ),
    "E1222": (
        "the order is pinned to {start}, when {who} at work",
        "move the pin, or add a shift that covers it",
        "工单指定的开始时刻 {start}，{who}当班",
        "请调整指定时刻，或增加覆盖该时刻的班次",
    ),
}
