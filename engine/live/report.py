"""Plan against actual: what was ordered and planned, what was done, and what clients say of it.

A report adds up facts that were sent, never plans: a visit that nobody reported is ``unreported``
and has no minutes, however far the day has gone. Groups are workers, providers (the organisation of
who did it, or was to), payers and services. This is what a purchasing office asks for: ordered
against actual minutes by provider, payer and evaluation, with a line for every order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import fmean
from typing import Any, Final, NamedTuple

from engine.domain.orders import EmergencyOrder, Order
from engine.live.board import Board
from engine.live.day import LiveDay
from engine.visits import nominal_duration, start_windows

__all__ = ["GROUPS", "STATES", "Row", "report_day", "rows_of"]

#: A visit without a window is on time within so long of its planned start.
TOLERANCE_S: Final = 900
#: A visit shorter than this share of what was ordered, in percent, is counted as short.
SHORT_PERCENT: Final = 80
#: What can be known of an order. ``missed``: nobody served it, which is not on time;
#: ``waiting``: nobody can serve it so far; ``unreported``: it should be over, nobody said so.
STATES: Final = (
    "finished", "failed", "missed", "unreported", "running", "planned", "waiting", "cancelled"
)
GROUPS: Final = ("workers", "providers", "payers", "services")


class Row(NamedTuple):
    """One order: planned and actual. Seconds; None where that is not known."""

    order: str
    client: str
    service: str
    payer: str | None
    state: str
    why: str | None
    worker: str | None
    provider: str | None
    planned_worker: str | None
    planned_start_s: int | None
    start_s: int | None
    end_s: int | None
    ordered_s: int
    actual_s: int | None
    late_s: int | None
    on_time: bool | None
    score: int | None


def report_day(day: LiveDay) -> dict[str, Any]:
    """Report a day as it stands.

    Returns
    -------
    report : ``day``, ``problem``, ``clock_s``, ``totals``, one list of figures for each of
        ``GROUPS``, and ``orders``; plain data.
    """
    rows = rows_of(day)
    return {
        "day": day.board.problem.day.isoformat(), "problem": day.board.problem.id,
        "clock_s": day.clock, "totals": _figures(rows),
        "workers": _grouped(rows, lambda r: r.worker),
        "providers": _grouped(rows, lambda r: r.provider),
        "payers": _grouped(rows, lambda r: r.payer),
        "services": _grouped(rows, lambda r: r.service),
        "orders": [r._asdict() for r in rows],
    }


def rows_of(day: LiveDay) -> list[Row]:
    """List every order of a day, in the order of their planned or actual starts."""
    board = day.board
    provider = {w.id: w.provider for w in board.problem.workers}
    planned = {
        s.order: (r.worker, s.start_s)
        for r in board.base_plan.routes for t in r.trips for s in t.stops
    }
    now = {
        s.order: (ln.worker.id, s.start_s, s.departure_s)
        for ln in board.lines for s in board.stops_of(ln)
    }
    rows = [
        _row(board, order, planned.get(i), now.get(i), provider)
        for i, order in board.orders.items()
    ]
    never = 10**9

    def first(row: Row) -> tuple[int, str]:
        start = row.start_s if row.start_s is not None else row.planned_start_s
        return (never if start is None else start), row.order

    return sorted(rows, key=first)


def _row(
    board: Board, order: Order, planned: tuple[str, int] | None, now: tuple[str, int, int] | None,
    provider: Mapping[str, str | None],
) -> Row:
    start, end, score = board.actual.get(order.id, (None, None, None))
    state, why = _state(board, order.id, start, now)
    worker = now[0] if now is not None else None
    was = planned[0] if planned is not None else None
    if planned is None and now is not None:  # came in on the day: what it was promised first
        planned = (now[0], now[1])
    late = on_time = None
    if start is not None and state in ("finished", "running"):
        late = _late_s(board, order, start, planned[1] if planned is not None else None)
        on_time = late == 0
    elif state in ("missed", "failed"):
        on_time = False if state == "missed" else None
    actual = end - start if start is not None and end is not None else None
    who = worker if worker is not None else was
    return Row(
        order.id, order.client, order.service, order.payer, state, why, worker,
        provider.get(who) if who is not None else None, was,
        planned[1] if planned is not None else None, start, end,
        nominal_duration(board.problem, order), actual if state == "finished" else None,
        late, on_time, score if state == "finished" else None,
    )


def _state(
    board: Board, order: str, start: int | None, now: tuple[str, int, int] | None
) -> tuple[str, str | None]:
    """Tell how an order stands, and why where it is not served."""
    closed = board.closed.get(order)
    if closed is not None:
        return closed, board.failed.get(order)
    if order in board.waiting:
        windows = start_windows(board.orders[order])
        is_over = not windows or windows[-1][1] < board.clock
        return ("missed" if is_over else "waiting"), board.waiting[order]
    if start is not None:
        return "running", None
    if now is not None and now[2] <= board.clock:
        return "unreported", None
    return "planned", None


def _late_s(board: Board, order: Order, start: int, planned: int | None) -> int:
    """Seconds after the promise that was given first; 0 inside of it."""
    promised = board.promised.get(order.id, order)
    if isinstance(order, EmergencyOrder) or promised.windows:
        windows = start_windows(promised)
        if any(a <= start <= b for a, b in windows):
            return 0
        early = min((a - start for a, _ in windows if a > start), default=0)
        return max((start - b for _, b in windows if b < start), default=-early)
    if planned is None or abs(start - planned) <= TOLERANCE_S:
        return 0
    return start - planned


def _grouped(rows: Iterable[Row], key: Callable[[Row], str | None]) -> list[dict[str, Any]]:
    """Figures of each group, by its name; without one come last, under None."""
    groups: dict[str | None, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    names = sorted(groups, key=lambda n: (n is None, n or ""))
    return [{"id": name, **_figures(groups[name])} for name in names]


def _figures(rows: list[Row]) -> dict[str, Any]:
    """Add up some orders; shares are of what is known, None where nothing is."""
    states = {state: sum(r.state == state for r in rows) for state in STATES}
    done = [r for r in rows if r.actual_s is not None]
    timed = [r for r in rows if r.on_time is not None]
    scores = [r.score for r in rows if r.score is not None]
    ordered, actual = sum(r.ordered_s for r in done), sum(r.actual_s or 0 for r in done)
    return {
        "orders": len(rows), **states,
        "on_time": sum(bool(r.on_time) for r in timed), "timed": len(timed),
        "on_time_percent": _percent(sum(bool(r.on_time) for r in timed), len(timed)),
        "ordered_min": round(sum(r.ordered_s for r in rows if r.state != "cancelled") / 60),
        "done_ordered_min": round(ordered / 60), "actual_min": round(actual / 60),
        "actual_percent": _percent(actual, ordered),
        "short": sum(100 * (r.actual_s or 0) < SHORT_PERCENT * r.ordered_s for r in done),
        "evaluated": len(scores), "score": round(fmean(scores), 2) if scores else None,
        "scores": {str(k): scores.count(k) for k in range(1, 6)},
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
