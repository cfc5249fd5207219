"""Do with fewer couriers: the last one's homes go to neighbours, or stay with the others.

Couriers of a place are whole, its homes are not a multiple of what they can do: the last courier of
many a place has little to do, while those of the next place are back early. What moves are homes at
the border, for which the other place is hardly farther.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.domain.meals import ServingPoint
from engine.meals.supply import Homes
from engine.meals.tables import UNLIMITED, Tables
from engine.meals.zones import ZonePlan

Int32 = NDArray[np.int32]

#: A courier who brings more is not given up.
_MOST = 40
#: Of the time that couriers have left, so much is thought to be of use.
_USABLE = 0.8


def thin(
    tables: Tables, homes: Homes, place: Int32, zones: Mapping[int, ZonePlan]
) -> Int32 | None:
    """Places of the clients with which some couriers could stay at home; None: nothing to try."""
    room = {p: _room(tables, z, 0) for p, z in zones.items()}
    last = {p: min(_portions(tables, z)) for p, z in zones.items() if z.routes}
    moved = place.copy()
    taking: set[int] = set()
    closing: set[int] = set()
    for p in sorted(last, key=lambda p: (last[p], p)):
        if last[p] > _MOST or p in taking:
            continue
        shed = last[p] - _room(tables, zones[p], 1)
        if shed <= 0:
            continue  # the others could have done it; the search did not find how
        offers = []
        for i in np.flatnonzero((moved == p) & (homes.row >= 0)).tolist():
            row = homes.row[i]
            near = dict(zip(homes.nearest[row].tolist(), homes.seconds[row].tolist(), strict=True))
            offers += [
                (far - near.get(p, 0), int(tables.home_at[i]), i, q) for q, far in near.items()
                if q in room and q != p and q not in closing
            ]
        left = dict(room)
        going: dict[int, int] = {}
        for _, _, i, q in sorted(offers):
            need = int(tables.portions[i])
            if shed <= 0:
                break
            if i not in going and left[q] >= need:
                going[i] = q
                left[q] -= need
                shed -= need
        if shed <= 0:
            room = left
            closing.add(p)
            taking |= {*going.values()}
            for i, q in going.items():
                moved[i] = q
    return moved if closing else None


def _portions(tables: Tables, zone: ZonePlan) -> list[int]:
    return [
        sum(int(tables.portions[i]) for t in r.trips for i in t.clients) for r in zone.routes
    ]


def _room(tables: Tables, zone: ZonePlan, without: int) -> int:
    """Portions that the couriers who are out could bring besides, ``without`` the last of them."""
    carried = _portions(tables, zone)
    order: list[int] = np.argsort(carried, kind="stable")[without:].tolist()
    if not order:
        return 0
    end = tables.problem.end_s
    out = sum(zone.routes[k].back - zone.routes[k].trips[0].leave for k in order)
    idle = sum(max(0, min(zone.routes[k].courier.end_s, end) - zone.routes[k].back) for k in order)
    each = out / max(1, sum(carried[k] for k in order))
    entry = tables.places[zone.zone.place]
    most = entry.handover if isinstance(entry, ServingPoint) else UNLIMITED
    left: int = most - sum(carried[k] for k in order)
    return max(0, min(int(_USABLE * idle / each), left))
