"""Why an event was refused, or how it was reconciled: codes E17xx and N17xx in both languages."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.domain.faults import Words
from engine.errors import Fault


class _Text(NamedTuple):
    message: str
    hint: str
    message_zh: str
    hint_zh: str


TEXTS: dict[str, _Text] = {
    # -- the log -------------------------------------------------------------------------------
    "E1901": _Text(
        "another event was accepted under the id {id}",
        "give every event an id of its own; only an equal event may be sent again",
        "编号 {id} 已被另一事件使用",
        "每个事件应使用唯一编号；只有内容完全相同的事件才可重复发送",
    ),
    "E1902": _Text(
        "the event is said to happen at {time}, and it is {now} now",
        "send an event when it has happened; check the clock of the device",
        "事件时间为 {time}，而当前为 {now}",
        "请在事件发生后再发送，并检查设备时钟",
    ),
    "E1903": _Text(
        "the event of {time} came more than {limit} min after the day's latest, of {now}",
        "what happened so long ago is corrected by a new event, such as order_changed",
        "{time} 的事件晚于当日最新事件（{now}）超过 {limit} 分钟",
        "时间过久的情况请以新事件更正，例如 order_changed",
    ),
    # -- what it names -------------------------------------------------------------------------
    "E1911": _Text(
        "there is no order {id} on this day",
        "send order_in or alarm first, or correct the id",
        "当日没有工单 {id}",
        "请先发送 order_in 或 alarm，或更正编号",
    ),
    "E1912": _Text(
        "there is no worker {id} on this day",
        "workers are those of the problem the day was made of; correct the id",
        "当日没有服务人员 {id}",
        "服务人员须来自当日的问题文件；请更正编号",
    ),
    "E1913": _Text(
        "there is no client {id} on this day",
        "send the client with the event, under client",
        "当日没有服务对象 {id}",
        "请在事件的 client 中附上该服务对象",
    ),
    "E1914": _Text(
        "the order {id} was given already",
        "send order_changed to change it",
        "工单 {id} 已存在",
        "如需修改请发送 order_changed",
    ),
    "E1915": _Text(
        "there is no batch {batch} at {id}",
        "name a kitchen or meal point and one of its batches",
        "{id} 没有批次 {batch}",
        "请填写厨房或助餐点及其批次",
    ),
    "E1916": _Text(
        "the service {id} is not in the catalogue, or is for orders of another kind",
        "use a service of the problem or the catalogue that fits the order's kind",
        "服务项目 {id} 不在目录中，或不适用于该类工单",
        "请使用与工单类别相符的服务项目",
    ),
    "E1917": _Text(
        "the client sent with the event is {sent}; the order is for {id}",
        "send the client that the order names",
        "事件附带的服务对象为 {sent}，而工单对应 {id}",
        "请附上工单所指的服务对象",
    ),
    "E1918": _Text(
        "a changed order keeps its client and its kind",
        "cancel it, and send a new order under another id",
        "修改工单时不能更换服务对象或类别",
        "请取消该工单，并以新编号另行下单",
    ),
    # -- what contradicts what is known --------------------------------------------------------
    "E1921": _Text(
        "service of {id} is said to end at {time}, before it began at {start}",
        "correct the time; a start that was reported by mistake is corrected by visit_failed",
        "工单 {id} 的结束时间 {time} 早于开始时间 {start}",
        "请更正时间；误报的开始请以 visit_failed 更正",
    ),
    "E1922": _Text(
        "the order {id} is {state} already",
        "nothing more can happen to it; a new need is a new order",
        "工单 {id} 已{state_zh}",
        "该工单不能再变更；新的需求请另行下单",
    ),
    "E1923": _Text(
        "service of {id} has begun",
        "end it with visit_finished or visit_failed",
        "工单 {id} 已开始服务",
        "请以 visit_finished 或 visit_failed 结束",
    ),
    "E1924": _Text(
        "the order {id} was reported by {found}, and {told} serves it",
        "send visit_started for the worker who is there, then the rest",
        "工单 {id} 由 {found} 上报，而实际由 {told} 服务",
        "请先为到场人员发送 visit_started，再发送后续事件",
    ),
    "E1925": _Text(
        "{worker} has no shift at {time}",
        "send worker_on with until_s, or name another worker",
        "{worker} 在 {time} 没有班次",
        "请发送带 until_s 的 worker_on，或改填其他人员",
    ),
    "E1926": _Text(
        "no street lies within {radius} m of that point",
        "check lon and lat, or raise radius_m",
        "该点 {radius} 米内没有道路",
        "请检查经纬度，或增大 radius_m",
    ),
    "E1927": _Text(
        "the day has gone on: the proposed trips of {worker}, shift {shift}, do not fit any more",
        "propose again from the current plan",
        "当日情况已变化：{worker} 班次 {shift} 的新行程不再适用",
        "请根据当前计划重新提出",
    ),
    "E1928": _Text(
        "this day has no street network, so points off its places cannot be used",
        "make the day with a network",
        "该日没有路网，无法使用其地点以外的坐标",
        "请使用带路网的问题创建",
    ),
    "E1929": _Text(
        "the order {id} is not reported as done, so nobody can judge it yet",
        "send visit_finished first",
        "工单 {id} 尚未上报完成，不能评价",
        "请先发送 visit_finished",
    ),
    "E1939": _Text(
        "no client lives in a district {id}",
        "name a district of the day's clients",
        "没有服务对象属于片区 {id}",
        "请填写当日服务对象所在的片区",
    ),
    # -- how a contradiction was settled -------------------------------------------------------
    "N1901": _Text(
        "the event was accepted before",
        "nothing changes",
        "该事件此前已接收",
        "不作改变",
    ),
    "N1902": _Text(
        "a later event has told this already",
        "the later one holds",
        "已有更晚的事件说明该情况",
        "以更晚者为准",
    ),
    "N1903": _Text(
        "no start was reported: service of {id} is taken to have begun at {start}",
        "send visit_started at the door for exact lengths",
        "未上报开始时间：工单 {id} 视为 {start} 开始",
        "如需准确时长，请到达后发送 visit_started",
    ),
    "N1904": _Text(
        "{worker} serves {id}, which was planned for {planned}",
        "who is at the door does it; {planned} goes on without",
        "工单 {id} 由 {worker} 服务，原计划为 {planned}",
        "以实际到场者为准，{planned} 继续后续工作",
    ),
    "N1905": _Text(
        "the event of {time} came after one of {now}",
        "it counts with its own time; plans are made from {now} on",
        "{time} 的事件晚于 {now} 的事件到达",
        "按其自身时间记录，计划从 {now} 起调整",
    ),
    "N1907": _Text(
        "{worker} was at {id}, whose end was not reported: it ended at the latest when this began",
        "send visit_finished for {id} with its own time; it still counts",
        "{worker} 此前正在服务 {id}，未上报结束：视为最迟在本次开始时结束",
        "请补发 {id} 的 visit_finished 并填写实际时间，仍然有效",
    ),
    "N1906": _Text(
        "{worker} was {state} already",
        "nothing changes",
        "{worker} 已处于{state_zh}状态",
        "不作改变",
    ),
    "N1917": _Text(
        "{worker} is not free, or could not be at the next visit in time from there",
        "nothing changes",
        "{worker} 不空闲，或从该处无法按时到达下一服务",
        "不作改变",
    ),
}
_DONE = {
    "finished": Words("finished", "完成"),
    "failed": Words("failed", "未能完成"),
    "cancelled": Words("cancelled", "取消"),
    "on": Words("on", "在岗"),
    "off": Words("off", "离岗"),
}


def note(code: str, path: str, **params: Any) -> Fault:
    """Make a refusal (E17xx) or a note on how an event was reconciled (N17xx)."""
    text = TEXTS[code]
    state = params.pop("state", None)
    en, zh = dict(params), dict(params)
    if state is not None:
        en["state"], zh["state_zh"] = _DONE[state].en, _DONE[state].zh
    return Fault(
        path, code, text.message.format(**en), text.hint.format(**en),
        text.message_zh.format(**zh), text.hint_zh.format(**zh),
    )


class Refused(Exception):
    """An event that changes nothing, and why."""

    def __init__(self, code: str, path: str, **params: Any) -> None:
        self.fault = note(code, path, **params)
        super().__init__(f"{code} {path}")
