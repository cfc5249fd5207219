"""One day cut out of the weeks: its problem, and the ways between its points."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np

from engine.domain.base import Window
from engine.domain.orders import VisitOrder
from engine.domain.places import Client
from engine.domain.problem import Problem
from engine.domain.weeks import OVER_DAYS, Programme, WeeklyWorker, Weeks, plain_shift
from engine.domain.workers import Worker
from engine.travel import Travel
from engine.weeks.limits import Allowed

#: Fields of an order, and of a worker, as far as weeks have them too.
_ORDER = tuple(name for name in VisitOrder.model_fields if name != "windows")
_WORKER = tuple(
    name for name in Worker.model_fields if name != "shifts" and name not in OVER_DAYS
)

Windows = tuple[Window, ...]


def day_problem(
    weeks: Weeks,
    day: date,
    programmes: Sequence[Programme],
    windows: Mapping[str, Windows] | None = None,
    known: Mapping[str, Collection[str]] | None = None,
    allowed: Mapping[str, Allowed] | None = None,
) -> Problem:
    """Make the problem of a day: who is at work, and one order for each programme that is due.

    Parameters
    ----------
    programmes : due on the day; an order has its programme's id.
    windows : programme -> windows in place of its own.
    known : client -> workers whom the client knows by then.
    allowed : worker -> what other days leave; who is not named is free.
    """
    told = windows or {}
    workers = tuple(
        made for worker in weeks.workers
        if (made := _worker(weeks, worker, day, (allowed or {}).get(worker.id))) is not None
    )
    orders = tuple(
        VisitOrder(
            **{name: getattr(p, name) for name in _ORDER}, windows=told.get(p.id, p.windows)
        )
        for p in programmes
    )
    at_home = dict.fromkeys(p.client for p in programmes)
    clients: list[Client] = [
        weeks.client_by_id[c].model_copy(update={"known_workers": tuple(sorted(faces))})
        if (faces := (known or {}).get(c)) else weeks.client_by_id[c]
        for c in at_home
    ]
    base = weeks.base
    own = {name: getattr(base, name) for name in Problem.model_fields}
    return Problem(**{
        **own, "id": f"{weeks.id}.{day:%Y%m%d}"[-64:].lstrip("_.:-"), "day": day,
        "clients": tuple(clients), "workers": workers, "orders": orders,
    })


def _worker(
    weeks: Weeks, worker: WeeklyWorker, day: date, allowed: Allowed | None
) -> Worker | None:
    """Make the worker of a day; None: not at work."""
    shifts = weeks.shifts_on(worker, day)
    own = {name: getattr(worker, name) for name in _WORKER}
    if allowed is not None:
        shifts = allowed.shifts(shifts)
        limits = [x for x in (worker.max_daily_s, allowed.duty) if x is not None]
        own["max_daily_s"] = min(limits, default=None)
    return Worker(**own, shifts=tuple(plain_shift(s) for s in shifts)) if shifts else None


def cut_travel(travel: Travel, problem: Problem) -> Travel:
    """Keep the points of a day's problem, in its modes: its matrices are small."""
    keys = [("client", c.id) for c in problem.clients]
    keys += [("place", p) for p in problem.facility_by_id]
    kept = np.array(sorted({travel.location[k] for k in keys}), dtype=np.int64)
    number = {int(old): new for new, old in enumerate(kept)}
    block = np.ix_(kept, kept)
    modes: set[str] = {
        problem.vehicle_by_id[w.vehicle].mode if w.vehicle else w.mode for w in problem.workers
    }
    seconds = {m: np.ascontiguousarray(travel.seconds[m][block]) for m in sorted(modes)}
    metres = {m: np.ascontiguousarray(travel.metres[m][block]) for m in sorted(modes)}
    return Travel(
        travel.network,
        {k: number[travel.location[k]] for k in keys},
        travel.lon[kept],
        travel.lat[kept],
        {m: points.take(kept) for m, points in travel.points.items() if m in modes},
        seconds,
        metres,
        None if travel.setup is None else travel.setup[kept],
    )
