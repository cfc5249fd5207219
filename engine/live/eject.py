"""Room for an order that has none: others give way to it and go elsewhere, all promises kept.

Where no gap takes an order, the place of one visit or of two neighbours may, if those who give way
have a gap on some other line. Nobody is later than promised, nothing that is fixed moves, and the
client who moves costs ``moved_client_cents`` as always. Only lines near the order are looked at and
only so many are asked, counted and not timed: the same day gives the same answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.change_kinds import with_parts
from engine.domain.orders import Order, VisitOrder
from engine.gaps import Row as GapRow
from engine.gaps import approach, find_gaps, put_in
from engine.live.board import Board
from engine.live.line import Line
from engine.live.places import Found, find_place, n_shifted
from engine.visits import TripVisits, start_windows

#: Lines whose visits may give way, the nearest first; of the visits so many neighbours at once.
_MOST_LINES, _MOST_DROPPED = 40, 2
#: So many are asked where else they could go; fewer where weighing all gaps takes long.
_MOST_ASKED, _LEAST_ASKED, _WORK = 40, 6, 30_000
#: Of the ways that are found so many are compared.
_ENOUGH = 3


class Way(NamedTuple):
    """What it costs to let others give way, the line with its trips, and where the others go."""

    price: float
    line: Line
    trips: tuple[TripVisits, ...]
    others: tuple[Found, ...]


def make_room(board: Board, order: Order) -> bool:
    """Place an order where others give way to it; False: no way was found, nothing is changed."""
    if not isinstance(order, VisitOrder):
        return False
    way = _find_way(board, order)
    if way is None:
        return False
    board.note([order.id])
    board.set_rest(way.line, way.trips)
    for found in way.others:
        board.set_rest(found.line, found.trips)
    for line in (way.line, *(found.line for found in way.others)):
        board.settle(line)
    return True


def _find_way(board: Board, order: Order) -> Way | None:
    lines = _near(board, order)
    if not lines:
        return None
    rows = []
    for line in lines:
        worker = line.as_worker(board.clock)
        rows.append(GapRow(worker, worker.shifts[0], line.rest))
    orders = tuple(board.orders[i] for ln in lines for i in ln.orders)
    clients = {o.client: board.clients[o.client] for o in orders}
    part = with_parts(
        board.problem, orders=orders, clients=tuple(clients.values()),
        workers=tuple(r.worker for r in rows), kitchens=(), meal_points=(),
    )
    gaps = find_gaps(part, board.travel, rows, _MOST_DROPPED)
    here = approach(
        board.problem, board.travel, gaps, order, np.ones(len(rows), dtype=np.bool_)
    )
    good = np.flatnonzero(
        here.fits(start_windows(order)) & here.carries() & (gaps.column("dropped")[here.gap] > 0)
    )
    most = max(_LEAST_ASKED, min(_MOST_ASKED, _WORK // max(1, board.table.n_gaps)))
    known: dict[str, Found | None] = {}
    ways: list[Way] = []
    for m in good[np.argsort(here.cost[good], kind="stable")]:
        gap = gaps.at(int(here.gap[m]))
        line, end = lines[gap.row], gap.position + gap.dropped
        victims = [board.orders[i] for i in line.rest[gap.trip].orders[gap.position : end]]
        if any(not _may_move(board, o) for o in victims):
            continue
        others = _elsewhere(board, line, victims, known)
        if others is not None:
            trips = put_in(gap, rows[gap.row], order.id, None)
            way = _price(board, order, line, trips, others)
            ways += [] if way is None else [way]
        if len(known) >= most or len(ways) == _ENOUGH:
            break
    return min(ways, key=lambda w: w.price, default=None)


def _may_move(board: Board, order: Order) -> bool:
    """Whether an order may go to somebody else, for all that is known of it alone."""
    return (
        isinstance(order, VisitOrder) and order.pin is None and order.id not in board.problem.tied
    )


def _elsewhere(
    board: Board, line: Line, victims: list[Order], known: dict[str, Found | None]
) -> list[Found] | None:
    """Find another line for each who gives way; None: not all have one.

    ``known``: where each that was asked about goes, whatever the others do.
    """
    for victim in victims:
        if victim.id not in known:
            others = [ln for ln in board.lines if ln is not line]
            known[victim.id] = find_place(board, victim, others)
        if known[victim.id] is None:
            return None
    found: list[Found] = []
    for victim in sorted(victims, key=lambda o: (board.rank(o), o.id)):
        best = known[victim.id]
        taken = [line, *(f.line for f in found)]
        if best is not None and best.line in taken:
            best = find_place(board, victim, [ln for ln in board.lines if ln not in taken])
        if best is None:
            return None
        found.append(best)
    return found


def _price(
    board: Board, order: Order, line: Line, trips: tuple[TripVisits, ...], others: list[Found]
) -> Way | None:
    """Price a way; None: the line breaks a promise, or it is not worth its price."""
    board.last_part = None
    route = board.verify(line, trips)
    if route is None:
        return None
    was = line.route.cost_cents if line.route else 0
    added = route.cost_cents - was + sum(f.price for f in others)
    if order.optional and added >= (order.prize_cents or 0):
        return None
    shifted = n_shifted(line.route, route) + len(others)
    price = added + board.policy.moved_client_cents * shifted
    return Way(price, line, trips, tuple(others))


def _near(board: Board, order: Order) -> list[Line]:
    """Lines of those who may serve an order and have visits that could give way, nearest first."""
    able, travel = board.able(order), board.travel
    at = travel.client(order.client)
    near = []
    for k in np.flatnonzero(able).tolist():
        line = board.lines[k]
        if not line.rest or line.whole_trips or not line.is_on:
            continue
        seconds = travel.seconds[line.mode]
        places = [travel.client(board.orders[i].client) for i in line.orders]
        near.append((min(int(seconds[at, p]) for p in (line.at, *places)), k))
    near.sort()
    return [board.lines[k] for _, k in near[:_MOST_LINES]]
