"""Made-up weeks of a city: clients by risk class with their programmes, and staff with patterns.

For demonstrations, tests and benchmarks; nothing in here is about a real person. The same arguments
give the same weeks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.domain.base import Mode, Window
from engine.domain.entitlements import Entitlement
from engine.domain.places import Client
from engine.domain.problem import NetworkRef
from engine.domain.weeks import (
    Absence,
    Programme,
    Weekday,
    WeeklyShift,
    WeeklyWorker,
    Weeks,
)
from engine.domain.workers import Certificate, Role, Vehicle
from engine.scenario import DEMO_DAY, demo_problem

if TYPE_CHECKING:
    from geodata import Network

_WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
_SIX: tuple[Weekday, ...] = (*_WORKDAYS, "sat")
_PATTERNS: tuple[tuple[Weekday, ...], ...] = (
    _WORKDAYS, _WORKDAYS, _WORKDAYS, ("tue", "wed", "thu", "fri", "sat"),
    ("mon", "tue", "wed", "thu", "sat"),
)
_AM, _PM, _LONG = (8.0, 11.5), (13.5, 16.0), (8.5, 16.5)


class _Crew(NamedTuple):
    role: Role
    share: int
    skills: tuple[str, ...]
    shifts: tuple[tuple[float, float], ...]
    services: tuple[str, ...] | None = None


_CARE = ("personal_care", "bathing", "housekeeping", "escort")
_CREWS = (
    _Crew("caregiver", 46, (*_CARE, "hairdressing"), ((8.0, 17.0),)),
    _Crew("caregiver", 18, _CARE, ((7.0, 15.5),)),
    _Crew("caregiver", 10, _CARE, ((7.0, 11.5), (13.5, 18.0))),
    _Crew("caregiver", 6, ("rehabilitation", "personal_care"), ((8.0, 17.0),)),
    _Crew("family_doctor", 8, ("medical", "nursing"), ((8.0, 17.0),)),
    _Crew("nurse", 6, ("nursing", "bathing"), ((8.0, 17.0),)),
    _Crew("volunteer", 6, (), ((8.5, 12.0),), ("check_in",)),
)


class _Wish(NamedTuple):
    """How many of a class get a service, and how often."""

    shares: tuple[float, float, float, float]  # by care level
    fields: dict[str, Any]
    windows: tuple[tuple[float, float], ...]
    weekdays: tuple[Weekday, ...] = _SIX


_WISHES: tuple[tuple[str, _Wish], ...] = (
    # Checked on by risk class: fortnightly, then weekly.
    ("check_in", _Wish((0.5, 0, 0, 0), {"every_weeks": 2, "min_gap_days": 8}, (_LONG,))),
    ("check_in", _Wish((0, 0.8, 1, 1), {"visits_per_week": 1, "min_gap_days": 4,
                                        "max_gap_days": 10}, (_LONG,))),
    ("cleaning", _Wish((0.35,) * 4, {"every_weeks": 2, "min_gap_days": 10, "max_gap_days": 18},
                       (_AM, _PM))),
    ("bath", _Wish((0, 0, 0.5, 0.5), {"visits_per_week": 1, "min_gap_days": 5, "max_gap_days": 9},
                   (_AM, _PM))),
    ("personal_care", _Wish((0, 0, 0.22, 0), {"visits_per_week": 2, "min_gap_days": 2,
                                              "max_gap_days": 5}, (_AM, _PM))),
    ("personal_care", _Wish((0, 0, 0, 0.55), {"visits_per_week": 3, "min_gap_days": 1,
                                              "max_gap_days": 4}, (_AM, _PM))),
    ("bed_round", _Wish((0, 0, 0, 0.3), {"visits_per_week": 2, "min_gap_days": 2,
                                         "max_gap_days": 5}, (_AM, _PM), _WORKDAYS)),
    ("rehabilitation", _Wish((0, 0, 0.08, 0.08), {"visits_per_week": 2, "min_gap_days": 2},
                             (_AM, _PM), _WORKDAYS)),
    ("haircut", _Wish((0.15,) * 4, {"every_weeks": 4}, (_LONG,))),
)


def demo_weeks(
    network_ref: NetworkRef,
    network: Network,
    n_clients: int = 200,
    n_workers: int = 15,
    n_weeks: int = 4,
    seed: int = 1,
) -> Weeks:
    """Make up weeks.

    Parameters
    ----------
    network_ref, network : as in :func:`engine.scenario.demo_problem`.
    n_clients : with about 6 visits each in four weeks; 13 for each worker can be served.
    n_workers : at least 15 for every service to find somebody.
    n_weeks : 1 to 4.
    seed : of everything that is drawn.
    """
    rng = np.random.default_rng([seed, 7])
    day = demo_problem(network_ref, network, round(n_clients / 0.8), 13, seed)
    clients = tuple(
        c.model_copy(update={"refused_workers": ()}) for c in day.clients[:n_clients]
    )
    mode: Mode = "ebike" if any(v.mode == "ebike" for v in day.vehicles) else "car"
    workers = _workers(rng, n_workers, [c.id for c in day.centres], clients, day.centres)
    programmes = _programmes(rng, clients)
    first = DEMO_DAY
    return Weeks(
        id=f"demo-{n_clients}-{n_workers}-{n_weeks}-{seed}",
        first_day=first,
        days=7 * n_weeks,
        network=network_ref,
        max_snap_m=day.max_snap_m,
        clients=clients,
        centres=day.centres,
        vehicles=(Vehicle(id="V1", mode=mode, cost_per_km_cents=10),),
        workers=workers,
        programmes=programmes,
        holidays=(first + timedelta(days=9),) if n_weeks > 1 else (),
        absences=(
            *_absences(rng, "worker", [w.id for w in workers], 0.2, 5, 7 * n_weeks),
            *_absences(rng, "client", [c.id for c in clients], 0.05, 7, 7 * n_weeks),
        ),
        entitlements=tuple(
            Entitlement(id=f"E-{c.id}", client=c.id, payer="public", visits=8)
            for c in clients
            if c.guaranteed and any(p.client == c.id for p in programmes if p.payer)
        ),
    )


def _programmes(rng: np.random.Generator, clients: tuple[Client, ...]) -> tuple[Programme, ...]:
    programmes = []
    for client in clients:
        for service, wish in _WISHES:
            drawn, half = rng.random(), rng.random()
            if drawn >= wish.shares[client.care_level]:
                continue
            window = wish.windows[int(half * len(wish.windows))]
            public = client.guaranteed and service in ("bath", "cleaning", "personal_care")
            programmes.append(Programme(
                id=f"{client.id}-{service}", client=client.id, service=service,
                windows=(_window(*window),), weekdays=wish.weekdays,
                payer="public" if public else None, **wish.fields,
            ))
    return tuple(programmes)


def _workers(
    rng: np.random.Generator,
    n: int,
    centres: list[str],
    clients: tuple[Client, ...],
    places: tuple[Any, ...],
) -> tuple[WeeklyWorker, ...]:
    """Send people to the centres where clients live; crews are dealt out in their shares."""
    at = np.array([[c.lon, c.lat] for c in clients])
    homes = np.array([[c.lon, c.lat] for c in places])
    near = np.square(at[:, None] - homes[None]).sum(axis=2).argmin(axis=1)
    crowd = np.bincount(near, minlength=len(centres)).astype(float)
    sent = np.zeros((len(_CREWS), len(centres)))
    shares = np.array([c.share for c in _CREWS], dtype=float)
    given = np.zeros(len(_CREWS))
    workers = []
    for k in range(n):
        c = int(np.argmax(shares / shares.sum() * (k + 1) - given))
        given[c] += 1
        crew = _CREWS[c]
        # Few doctors do not all sit at the largest centre, nor do all people of small ones care.
        load = sent[c] + 0.2 * sent.sum(axis=0)
        home = int(np.argmax((crowd + 1) / (load + 0.5)))
        sent[c, home] += 1
        weekdays = _PATTERNS[int(rng.integers(len(_PATTERNS)))]
        workers.append(WeeklyWorker(
            id=f"W{k + 1:04d}", role=crew.role, start=centres[home], vehicle="V1",
            certificates=tuple(Certificate(skill=s) for s in crew.skills),
            services=crew.services,
            shifts=tuple(
                WeeklyShift(
                    id=f"s{j + 1}", start_s=round(a * 3_600), end_s=round(b * 3_600),
                    weekdays=weekdays,
                )
                for j, (a, b) in enumerate(crew.shifts)
            ),
            cost_per_shift_cents=0 if crew.role == "volunteer" else 5_000,
        ))
    return tuple(workers)


def _absences(
    rng: np.random.Generator, kind: str, ids: list[str], share: float, longest: int, days: int
) -> list[Absence]:
    found = []
    for id in ids:
        drawn, begin = rng.random(), int(rng.integers(days))
        length = int(rng.integers(1, longest + 1))
        if drawn < share:
            first = DEMO_DAY + timedelta(days=begin)
            found.append(Absence(
                **{kind: id}, from_day=first, until_day=first + timedelta(days=length - 1)
            ))
    return found


def _window(start_h: float, end_h: float) -> Window:
    return Window(start_s=round(start_h * 3_600), end_s=round(end_h * 3_600))
