"""What each kind of change is: as data, applied to a problem, and in words for a dispatcher.

``engine.changes`` tells the kinds and finds the smallest; a change stays data, so that an answer
can be stored, shown, and tried later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.domain.base import Window
from engine.domain.entitlements import Entitlement
from engine.domain.orders import EmergencyOrder, Order
from engine.domain.problem import Problem
from engine.domain.services import Skill
from engine.domain.words import clock
from engine.domain.workers import Certificate, Shift, Worker
from engine.gaps import Approach, Place

__all__ = ["Change", "apply_change", "with_parts"]


class Change(NamedTuple):
    """A change of the problem as data for :func:`apply_change`, and in words."""

    data: Mapping[str, Any]
    text: str
    text_zh: str


def apply_change(problem: Problem, change: Mapping[str, Any]) -> Problem:
    """Make the problem as it would be under a change that was proposed for an order."""
    if change["kind"] == "widen_window":
        if "response_s" in change:
            return _with(problem, "orders", change["order"], response_s=change["response_s"])
        windows = list(problem.order_by_id[change["order"]].windows)
        windows[change["window"]] = Window(start_s=change["start_s"], end_s=change["end_s"])
        return _with(problem, "orders", change["order"], windows=tuple(windows))
    if change["kind"] == "set_window":  # of an offer
        window = Window(start_s=change["start_s"], end_s=change["end_s"])
        return _with(problem, "orders", change["order"], windows=(window,))
    if change["kind"] == "unpin":
        return _with(problem, "orders", change["order"], pin=None)
    if change["kind"] == "extend_shift":
        shifts = tuple(
            s.model_copy(update={"start_s": change["start_s"], "end_s": change["end_s"]})
            if s.id == change["shift"] else s
            for s in problem.worker_by_id[change["worker"]].shifts
        )
        return _with(problem, "workers", change["worker"], shifts=shifts)
    if change["kind"] == "add_portions":
        place = problem.loading_place_by_id[change["place"]]
        batches = tuple(
            b.model_copy(update={"portions": b.portions + change["portions"]})
            if b.id == change["batch"] else b
            for b in place.batches
        )
        group = "kitchens" if any(k.id == place.id for k in problem.kitchens) else "meal_points"
        return _with(problem, group, place.id, batches=batches)
    if change["kind"] == "add_capacity":
        capacity = dict(problem.vehicle_by_id[change["vehicle"]].capacity)
        dimension = change["dimension"]
        capacity[dimension] = capacity.get(dimension, 0) + change["units"]
        return _with(problem, "vehicles", change["vehicle"], capacity=capacity)
    if change["kind"] == "add_skill":
        worker = problem.worker_by_id[change["worker"]]
        held = (*worker.certificates, Certificate(skill=change["skill"]))
        return _with(problem, "workers", worker.id, certificates=held)
    if change["kind"] == "raise_entitlement":
        return with_parts(problem, entitlements=tuple(
            e.model_copy(update={k: change[k] for k in ("visits", "service_s") if k in change})
            if e.id == change["entitlement"] else e
            for e in problem.entitlements
        ))
    if change["kind"] == "raise_prize":
        return _with(problem, "orders", change["order"], prize_cents=change["prize_cents"])
    if change["kind"] == "make_required":
        return _with(problem, "orders", change["order"], optional=False, prize_cents=None)
    raise ValueError(f"no such kind of change: {change['kind']}")


def with_parts(problem: Problem, **parts: object) -> Problem:
    """Copy a validated problem with other parts; nothing that it had looked up is kept."""
    fields = {name: getattr(problem, name) for name in Problem.model_fields}
    return Problem.model_construct(**(fields | parts))


def _with(problem: Problem, group: str, entity: str, **update: object) -> Problem:
    entries = tuple(
        e.model_copy(update=update) if e.id == entity else e for e in getattr(problem, group)
    )
    return with_parts(problem, **{group: entries})


# -- as data, and in words -------------------------------------------------------------------------


def who(here: Approach, m: int) -> tuple[Worker, Shift]:
    """Name whose gap an entry is."""
    row = here.gaps.rows[int(here.gaps.column("row")[here.gap[m]])]
    return row.worker, row.shift


def extension(
    order: Order, worker: Worker, shift: Shift, before: int, after: int
) -> dict[str, Any]:
    """Make the data of a longer shift, in minutes."""
    return {
        "kind": "extend_shift", "order": order.id, "worker": worker.id, "shift": shift.id,
        "direction": "later" if after else "earlier", "minutes": before + after,
        "start_s": shift.start_s - 60 * before, "end_s": shift.end_s + 60 * after,
    }


def tell_prize(order: Order, cost: int) -> Change:
    """Tell what an optional order would have to be worth."""
    if order.prize_cents is None:
        return Change(
            {"kind": "make_required", "order": order.id, "cost_cents": cost},
            f"it fits and would cost {cost} cents; it has no prize, so it must be made required",
            f"可以安排，将增加费用 {cost} 分；该工单无奖励，需改为必须服务",
        )
    return Change(
        {"kind": "raise_prize", "order": order.id, "prize_cents": cost + 1,
         "by_cents": cost + 1 - order.prize_cents},
        f"it fits and would cost {cost} cents; a prize of {cost + 1} cents would let it in",
        f"可以安排，将增加费用 {cost} 分；奖励提高到 {cost + 1} 分即可安排",
    )


def tell_entitlement(
    order: Order, place: Place, entry: Entitlement, used: tuple[int, int], seconds: int
) -> Change:
    """Tell a larger entitlement: by the visit, by its seconds, or by both."""
    data: dict[str, Any] = {"kind": "raise_entitlement", "order": order.id,
                            "entitlement": entry.id}
    told, told_zh = [], []
    if entry.visits is not None and used[0] + 1 > entry.visits:
        data["visits"] = used[0] + 1
        told.append(f"{used[0] + 1} visits")
        told_zh.append(f"{used[0] + 1} 次")
    if entry.service_s is not None and used[1] + seconds > entry.service_s:
        data["service_s"] = used[1] + seconds
        minutes = -(-(used[1] + seconds) // 60)
        told.append(f"{minutes} min of service")
        told_zh.append(f"{minutes} 分钟服务")
    data |= {"worker": place.visits.worker, "shift": place.visits.shift}
    return Change(
        data,
        f"if entitlement {entry.id} were {' and '.join(told)} a month, it would fit into shift "
        f"{place.visits.shift} of {place.visits.worker}",
        f"若额度 {entry.id} 增至每月 {'、'.join(told_zh)}，"
        f"可安排到 {place.visits.worker} 的班次 {place.visits.shift}",
    )


def tell_unpin(order: Order, here: Approach, m: int) -> Change:
    """Tell that what was settled would have to be settled anew."""
    worker, shift = who(here, m)
    return Change(
        {"kind": "unpin", "order": order.id, "worker": worker.id, "shift": shift.id},
        f"if it were not pinned, {worker.id} could serve it in shift {shift.id}",
        f"若取消指定，{worker.id} 可在班次 {shift.id} 服务",
    )


def tell_window(
    order: Order, here: Approach, m: int, minutes: int, i: int, start: int, end: int
) -> Change:
    """Tell a wider window."""
    worker, shift = who(here, m)
    later = end > order.windows[i].end_s
    moment = clock(end if later else start)
    return Change(
        {"kind": "widen_window", "order": order.id, "worker": worker.id, "shift": shift.id,
         "direction": "later" if later else "earlier", "minutes": minutes, "window": i,
         "start_s": start, "end_s": end},
        f"if its window {'closed' if later else 'opened'} {minutes} min "
        f"{'later' if later else 'earlier'}, at {moment}, {worker.id} could serve it in shift "
        f"{shift.id}",
        f"若时间窗{'推迟' if later else '提前'} {minutes} 分钟{'关闭' if later else '开启'}"
        f"（{moment}），{worker.id} 可在班次 {shift.id} 服务",
    )


def tell_response(order: EmergencyOrder, here: Approach, m: int, minutes: int) -> Change:
    """Tell a longer response time."""
    worker, shift = who(here, m)
    return Change(
        {"kind": "widen_window", "order": order.id, "worker": worker.id, "shift": shift.id,
         "direction": "later", "minutes": minutes, "response_s": order.response_s + 60 * minutes},
        f"with {minutes} min more to respond, {worker.id} could be there in shift {shift.id}",
        f"若响应时限延长 {minutes} 分钟，{worker.id} 可在班次 {shift.id} 到达",
    )


def tell_shift(order: Order, here: Approach, m: int, before: int, after: int) -> Change:
    """Tell a longer shift."""
    worker, shift = who(here, m)
    data = extension(order, worker, shift, before, after)
    moment = clock(data["end_s"] if after else data["start_s"])
    return Change(
        data,
        f"if {worker.id} {'stayed' if after else 'came'} {before + after} min "
        f"{'longer' if after else 'earlier'} in shift {shift.id}, {'until' if after else 'at'} "
        f"{moment}, it would fit",
        f"若 {worker.id} 的班次 {shift.id} {'延后结束' if after else '提前开始'} "
        f"{before + after} 分钟（{moment}），即可安排",
    )


def tell_portions(order: Order, here: Approach, m: int, lack: int) -> Change:
    """Tell a larger batch."""
    worker, shift = who(here, m)
    place, batch = here.options[int(here.option[m])]
    return Change(
        {"kind": "add_portions", "order": order.id, "worker": worker.id, "shift": shift.id,
         "place": place.id, "batch": batch.id, "portions": lack},
        f"with {lack} more {'portion' if lack == 1 else 'portions'} in batch {batch.id} of "
        f"{place.id}, {worker.id} could bring it in shift {shift.id}",
        f"若 {place.id} 的批次 {batch.id} 增加 {lack} 份，{worker.id} 可在班次 {shift.id} 送达",
    )


def tell_capacity(order: Order, here: Approach, m: int, vehicle: str) -> Change:
    """Tell a larger vehicle."""
    worker, shift = who(here, m)
    d = int(here.lack[m].argmax())
    units, dimension = int(here.lack[m, d]), here.gaps.dimensions[d]
    return Change(
        {"kind": "add_capacity", "order": order.id, "worker": worker.id, "shift": shift.id,
         "vehicle": vehicle, "dimension": dimension, "units": units},
        f"if vehicle {vehicle} held {units} more {dimension}, {worker.id} could take it along in "
        f"shift {shift.id}",
        f"若车辆 {vehicle} 的 {dimension} 容量增加 {units}，{worker.id} 可在班次 {shift.id} 完成",
    )


def tell_skill(order: Order, here: Approach, m: int, skill: Skill) -> Change:
    """Tell a certificate."""
    worker, shift = who(here, m)
    return Change(
        {"kind": "add_skill", "order": order.id, "worker": worker.id, "shift": shift.id,
         "skill": skill.id},
        f"if {worker.id} held {skill.name} on that day, it would fit into shift {shift.id}",
        f"若 {worker.id} 当日持有“{skill.name_zh}”证书，可在班次 {shift.id} 完成",
    )
