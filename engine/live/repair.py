"""Mending what an event broke: the smallest change that keeps the promises to everybody else."""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain.base import HORIZON_S, Window
from engine.domain.orders import EmergencyOrder, Order
from engine.live.board import Board
from engine.live.eject import make_room
from engine.live.line import Line
from engine.live.places import place
from engine.visits import start_windows

#: Steps in which a promise is given up, seconds; the last is the policy's.
_STEPS = (900, 1_800)
#: After an event that frees somebody, so many orders that nobody serves are tried again.
_MOST_RETRIED = 5


def mend(board: Board) -> None:
    """Bring every broken line to rights, then find a place for what had to leave it."""
    freed: list[str] = []
    while board.broken:
        index = min(board.broken)
        board.broken.discard(index)
        freed += _lighten(board, board.lines[index])
    freed += [i for i in board.fresh if i in board.waiting]
    board.fresh.clear()
    place_all(board, freed)


def place_all(board: Board, orders: list[str]) -> None:
    """Place orders, the most important first.

    One without a place has others give way to it; else it is served late, or waits.
    """
    def first(i: str) -> tuple[int, int, str]:
        order = board.orders[i]
        windows = start_windows(order)
        return board.rank(order), windows[-1][1] if windows else 0, i

    n_asked = 0  # those for whom others were asked to give way
    for order_id in sorted(set(orders), key=first):
        order = board.orders[order_id]
        if place(board, order):
            continue
        n_asked += 1
        may_ask = n_asked <= board.policy.give_way_orders
        if not ((may_ask and make_room(board, order)) or place_late(board, order)):
            board.note([order_id])
            board.waiting[order_id] = board.why_nobody(order)


def place_late(board: Board, order: Order) -> bool:
    """Place an order after its window, as little as goes; the client is told how much."""
    if order.optional or order.id in board.fresh:
        return False
    promised = board.promised.get(order.id, order)
    most = board.policy.max_delay_s
    for by in (*(s for s in _STEPS if s < most), most):
        wider = widened(promised, by)
        if wider == order or not start_windows(wider):
            continue
        if place(board, wider):
            settle_promise(board, order.id, promised)
            return True
    return False


def settle_promise(board: Board, order_id: str, promised: Order) -> None:
    """Write down how late an order is now, and promise no more than that."""
    _, start = board.start_of(order_id)
    windows = start_windows(promised)
    by = 0
    if start is not None and not any(a <= start <= b for a, b in windows):
        by = min((start - b for _, b in windows if start > b), default=0)
    board.promised[order_id] = promised
    if by > 0:
        board.delays[order_id] = by
        board.orders[order_id] = widened(promised, by)
    else:
        board.delays.pop(order_id, None)
        board.orders[order_id] = promised


def widened(order: Order, by: int) -> Order:
    """Copy an order that may also begin so much later."""
    if isinstance(order, EmergencyOrder):
        return order.model_copy(update={"response_s": order.response_s + by})
    windows = tuple(
        Window(start_s=w.start_s, end_s=min(w.end_s + by, HORIZON_S)) for w in order.windows
    )
    return order.model_copy(update={"windows": windows})


def retry(board: Board, freed: Iterable[Line]) -> None:
    """Try the most important orders that nobody serves on lines that have become freer."""
    lines = tuple(freed)
    indexes = [ln.index for ln in lines]
    late = [
        i for i in board.waiting
        if board.able(board.orders[i])[indexes].any()
        and any(b >= board.clock for _, b in start_windows(board.orders[i]))
    ]
    late.sort(key=lambda i: (board.rank(board.orders[i]), i))
    for order_id in late[:_MOST_RETRIED]:
        place(board, board.orders[order_id], lines)


def _lighten(board: Board, line: Line) -> list[str]:
    """Take off a line the orders that keep its promises from being kept, as few as goes."""
    freed = []
    while line.route is not None and board.verify(line, line.rest) is None:
        if _let_alarms_be_late(board, line):
            continue
        victim = _victim(board, line)
        board.set_rest(line, line.without(victim))
        board.waiting[victim] = "released"
        board.settle(line)
        freed.append(victim)
    board.broken.discard(line.index)
    return freed


def _let_alarms_be_late(board: Board, line: Line) -> bool:
    """Widen the response time of an alarm that is late, and the shift: nobody turns round."""
    assert line.route is not None
    changed = False
    for trip in line.route.trips:
        for stop in trip.stops:
            order = board.orders[stop.order]
            if not isinstance(order, EmergencyOrder):
                continue
            by = stop.start_s - order.received_s - order.response_s
            if by > 0:
                board.promised.setdefault(order.id, order)
                board.delays[order.id] = board.delays.get(order.id, 0) + by
                board.orders[order.id] = widened(order, by)
                changed = True
    last = line.route.trips[-1]
    over = min(last.end_s, line.shift.end_s + board.policy.alarm_overtime_s)
    if over > line.end_s and isinstance(board.orders[last.stops[-1].order], EmergencyOrder):
        line.end_s = over
        changed = True
    if changed:
        board.settle(line)
    return changed


def _victim(board: Board, line: Line) -> str:
    """Choose who leaves: one alone that mends it, the least important; else the first late one."""
    assert line.route is not None
    stops = [s for t in line.route.trips for s in t.stops]
    movable = [s.order for s in stops if not isinstance(board.orders[s.order], EmergencyOrder)]
    if not movable:  # alarms that came to stand beyond the shift: somebody else goes
        return stops[-1].order
    late = [
        s.order for s in stops
        if not any(a <= s.start_s <= b for a, b in start_windows(board.orders[s.order]))
    ]
    last = stops.index(next(s for s in stops if s.order == late[0])) if late else len(stops) - 1
    upto = {s.order for s in stops[: last + 1]}
    good = []
    for order_id in movable:
        if order_id not in upto:
            continue
        trips = line.without(order_id)
        if not trips or board.verify(line, trips) is not None:
            good.append(order_id)
    if good:
        return max(good, key=lambda i: (board.rank(board.orders[i]), i in late, i))
    return next((i for i in late if i in movable), movable[-1])
