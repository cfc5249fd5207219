"""Where an order could go right now: all gaps weighed as arrays, the best of them checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from engine.domain.orders import MealOrder, Order
from engine.domain.places import Batch, LoadingPlace
from engine.domain.plan import Route
from engine.gaps import approach, put_in
from engine.live.board import Board
from engine.live.line import Line
from engine.visits import TripVisits, start_windows

#: Of all places that look right, so many are read by the checker, and of those that pass so many
#: are compared: the arrays are hopeful only about meals.
_MOST_TRIED, _ENOUGH = 30, 3
#: A visit that begins so much later or earlier than planned has moved for its client.
MOVED_S = 600


class Found(NamedTuple):
    """A place for an order: what it adds to the cost, the line, and its trips with the order."""

    price: float
    line: Line
    trips: tuple[TripVisits, ...]


def find_place(board: Board, order: Order, only: Iterable[Line] | None = None) -> Found | None:
    """Find where an order breaks nothing and disturbs least; changes nothing.

    The price of a place is what it adds to the cost and ``moved_client_cents`` for every client
    whose visit shifts by more than ten minutes. ``only``: the lines to look at.
    """
    able = board.able(order)
    if only is None:
        lines = np.flatnonzero(able & board.table.has_gaps)
    else:
        lines = np.array(sorted({ln.index for ln in only if able[ln.index]}), dtype=np.int64)
    if not len(lines):
        return None
    gaps = board.table.gaps(board.clock, lines)
    rows = np.ones(len(lines), dtype=np.bool_)
    here = approach(board.problem, board.travel, gaps, order, rows, _options(board, order))
    good = np.flatnonzero(here.fits(start_windows(order)) & here.carries())
    best: Found | None = None
    n_clean = 0
    board.last_part = None
    before = board.orders.get(order.id, order)
    board.orders[order.id] = order
    for m in good[np.argsort(here.cost[good], kind="stable")][:_MOST_TRIED]:
        gap = gaps.at(int(here.gap[m]))
        line = board.lines[int(lines[gap.row])]
        batch = here.options[int(here.option[m])][1].id if here.options else None
        trips = put_in(gap, gaps.rows[gap.row], order.id, batch)
        route = board.verify(line, trips)
        if route is None:
            continue
        added = route.cost_cents - (line.route.cost_cents if line.route else 0)
        if order.optional and added >= (order.prize_cents or 0):
            continue
        shifted = n_shifted(line.route, route)
        price = added + board.policy.moved_client_cents * shifted
        n_clean += 1
        if best is None or price < best.price:
            best = Found(price, line, trips)
        if n_clean == _ENOUGH or not shifted:
            break  # what comes later costs more
    board.orders[order.id] = before
    return best


def place(board: Board, order: Order, only: Iterable[Line] | None = None) -> bool:
    """Put an order where it breaks nothing and disturbs least; False: there is no such place.

    ``only``: the lines to look at.
    """
    found = find_place(board, order, only)
    if found is None:
        return False
    board.orders[order.id] = order
    board.note([order.id])
    board.set_rest(found.line, found.trips)
    board.settle(found.line)
    return True


def n_shifted(before: Route | None, after: Route) -> int:
    """Count the clients whose visit begins at quite another time than before on a line."""
    was: Mapping[str, int] = {
        s.order: s.start_s for t in (before.trips if before else ()) for s in t.stops
    }
    return sum(
        1 for t in after.trips for s in t.stops
        if abs(was.get(s.order, s.start_s) - s.start_s) > MOVED_S
    )


def _options(board: Board, order: Order) -> tuple[tuple[LoadingPlace, Batch], ...]:
    """Batches that a meal may be taken from and that have enough left."""
    if not isinstance(order, MealOrder):
        return ()
    return tuple(
        (p, b)
        for p in board.loading.values() if order.kitchen in (None, p.id)
        for b in p.batches
        if (order.diet is None or b.diets is None or order.diet in b.diets)
        and b.portions - board.taken[p.id, b.id] >= order.portions
    )
