"""A made-up day of a city: orders of every kind, and people who can serve nearly all of them.

For demonstrations, tests and benchmarks, on any street network. The shares follow the service menus
of city plans; nothing in here is about a real person. The same arguments give the same problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.base import Mode, Window
from engine.domain.orders import EmergencyOrder, MealOrder, Order, VisitOrder
from engine.domain.places import Batch, Centre, Client, Kitchen, MealPoint
from engine.domain.problem import NetworkRef, Problem
from engine.domain.workers import Certificate, Role, Shift, Vehicle, Worker

if TYPE_CHECKING:
    from geodata import Network

Float = NDArray[np.float64]

#: A Monday.
DEMO_DAY = date(2026, 11, 23)
_MEAL_SHARE, _ALARM_SHARE, _VILLAGE_SHARE = 0.38, 0.02, 0.2
_FLEXIBLE_SHARE = 0.2
_ORDERS_A_CENTRE, _MEALS_A_PLACE = 90, 35
#: Beyond this way to the clients, on average, people drive a car; in metres as the crow flies. Of a
#: place's couriers one drives where somebody lives further away than the second.
_CAR_FROM_M, _COURIER_CAR_FROM_M = 2_000.0, 3_000.0
#: Where e-bikes reach less than this share of the junctions that cars reach, everybody drives.
_EBIKE_SHARE = 0.6
_DIETS = ("low_salt", "soft", "diabetic")


class _Kind(NamedTuple):
    share: int  # of the visits, in thousandths or so
    windows: tuple[tuple[float, float], ...]  # in hours, for the start of service
    load: dict[str, int] = {}  # noqa: RUF012


#: Visits: how often, and when.
_VISITS: dict[str, _Kind] = {
    "bath": _Kind(85, ((8.5, 11.0), (13.5, 16.0))),
    "cleaning": _Kind(80, ((8.0, 12.0), (12.0, 15.5))),
    "medical": _Kind(80, ((8.0, 10.5), (9.5, 12.0), (13.5, 16.0))),
    "escort": _Kind(50, ((8.0, 9.5), (9.0, 10.5), (13.0, 14.5))),
    "errands": _Kind(85, ((8.5, 12.0), (13.0, 17.0)), {"kg": 4}),
    "medicine": _Kind(80, ((9.0, 12.0), (13.0, 17.0)), {"kg": 1}),
    "repair": _Kind(40, ((8.5, 12.0), (13.0, 16.5))),
    "haircut": _Kind(55, ((8.5, 12.0), (13.0, 16.5))),
    "companionship": _Kind(50, ((9.0, 11.5), (13.5, 16.5))),
    "rehabilitation": _Kind(60, ((8.5, 11.5), (13.0, 16.0))),
    "respite": _Kind(18, ((8.0, 10.0), (12.0, 13.5))),
    "adaptation": _Kind(10, ((8.0, 10.0), (9.0, 12.0))),
    "check_in": _Kind(150, ((8.5, 17.0),)),
    "bed_round": _Kind(40, ((8.5, 11.5), (13.5, 16.5))),
    "personal_care": _Kind(75, ((7.0, 9.0), (11.0, 13.0), (16.5, 18.0))),
}
_LUNCH, _DINNER = (11.0, 12.5), (16.75, 18.25)


class _Crew(NamedTuple):
    role: Role
    share: int  # of the workers
    skills: tuple[str, ...]
    shifts: tuple[tuple[float, float], ...]
    cost_per_shift: int
    cost_per_hour: int
    services: tuple[str, ...] | None = None
    drives: bool = False  # whatever the distance


_CARE = ("personal_care", "bathing", "housekeeping", "escort")
_DAY, _EARLY, _LATE = ((8.0, 16.5),), ((7.0, 15.0),), ((10.5, 19.0),)
_SPLIT = ((7.0, 11.5), (14.5, 19.0))
_CREWS: tuple[_Crew, ...] = (
    _Crew("caregiver", 80, (*_CARE, "first_aid"), _DAY, 5_000, 3_000),
    _Crew("caregiver", 75, _CARE, _EARLY, 5_000, 3_000),
    _Crew("caregiver", 75, (*_CARE, "first_aid"), _SPLIT, 3_000, 3_000),
    _Crew("caregiver", 60, (*_CARE, "hairdressing"), _LATE, 5_000, 3_000),
    _Crew("caregiver", 50, ("housekeeping", "personal_care", "hairdressing"), _DAY, 5_000, 3_000),
    _Crew("caregiver", 65, ("rehabilitation", "personal_care"), _DAY, 6_000, 3_500),
    _Crew("nurse", 100, ("nursing", "first_aid", "bathing"), _DAY, 8_000, 4_500),
    _Crew("family_doctor", 55, ("medical", "nursing", "first_aid"), _DAY, 12_000, 6_000,
          drives=True),
    _Crew("social_worker", 90, ("counselling", "escort"), _DAY, 5_000, 3_000),
    _Crew("technician", 75, ("repair", "adaptation"), _DAY, 6_000, 3_500, drives=True),
    _Crew("volunteer", 50, ("counselling",), ((8.5, 12.0),), 0, 500,
          ("check_in", "companionship", "medicine")),
    _Crew("volunteer", 40, (), ((13.5, 17.0),), 0, 500, ("check_in", "errands", "medicine")),
    _Crew("courier", 200, ("meal_delivery",), ((10.5, 13.25), (16.25, 19.0)), 2_500, 2_500,
          ("meal", "errands", "medicine")),
)


def demo_problem(
    network_ref: NetworkRef,
    network: Network,
    n_orders: int = 1_000,
    n_workers: int = 120,
    seed: int = 1,
) -> Problem:
    """Make up a day.

    Parameters
    ----------
    network_ref : what the problem says about its network.
    network : the network itself, for points on its streets.
    n_orders : about 8 for each worker can all be served.
    n_workers : at least 13, one of each crew, for every service to find somebody.
    seed : of everything that is drawn.
    """
    rng = np.random.default_rng(seed)
    light = _reached_by_ebike(network)
    homes = _homes(network, max(1, n_orders // 3), seed, None if light else "car")
    clients_at = rng.integers(len(homes), size=max(1, round(0.8 * n_orders)))
    orders_of = rng.permutation(np.arange(n_orders) % len(clients_at))
    n_meals = round(_MEAL_SHARE * n_orders)
    at = homes[clients_at[orders_of]] if n_orders else homes[:0]
    centres = _middles(rng, homes[clients_at], max(3, n_orders // _ORDERS_A_CENTRE))
    kitchens = _middles(rng, at[:n_meals] if n_meals else homes, max(2, n_meals // _MEALS_A_PLACE))
    workers, vehicles = _workers(rng, n_workers, at, at[:n_meals], centres, kitchens, light)
    clients = _clients(rng, homes, clients_at, centres, workers)
    return Problem(
        id=f"demo-{n_orders}-{n_workers}-{seed}",
        day=DEMO_DAY,
        network=network_ref,
        max_snap_m=2_000,
        clients=clients,
        centres=tuple(
            Centre(id=f"S{k + 1:02d}", **_point(p), level="community", seats=40, beds=10)
            for k, p in enumerate(centres)
        ),
        kitchens=tuple(
            Kitchen(id=_place_id(k), **_point(kitchens[k]), batches=batches)
            for k, batches in enumerate(_batches(at[:n_meals], kitchens))
            if _is_kitchen(k)
        ),
        meal_points=tuple(
            MealPoint(id=_place_id(k), **_point(kitchens[k]), batches=batches, seats=24)
            for k, batches in enumerate(_batches(at[:n_meals], kitchens))
            if not _is_kitchen(k)
        ),
        vehicles=vehicles,
        workers=workers,
        orders=_orders(rng, n_meals, [clients[int(k)].id for k in orders_of], at, centres),
    )


def _reached_by_ebike(network: Network) -> bool:
    """Whether e-bikes reach most of what cars reach: maps of main roads fall apart without cars."""
    if "ebike" not in network.profiles or "car" not in network.profiles:
        return "ebike" in network.profiles
    car, ebike = network.routable["car"], network.routable["ebike"]
    return bool((car & ebike).sum() >= _EBIKE_SHARE * car.sum())


def _homes(network: Network, n: int, seed: int, profile: Mode | None) -> Float:
    """Draw buildings along the streets of the city and its villages, (lon, lat), shape (n, 2)."""
    n_village = round(_VILLAGE_SHARE * n)
    city = geodata.sample_points(network, n - n_village, seed, "city", profile)
    village = geodata.sample_points(network, n_village, seed, "village", profile)
    lon, lat = (np.concatenate(pair) for pair in zip(city, village, strict=True))
    return np.asarray(np.column_stack([lon, lat]).round(6), dtype=np.float64)


def _metres(a: Float, b: Float) -> Float:
    """As the crow flies, shape (len(a), len(b))."""
    return geodata.distance_m(a[:, None, 0], a[:, None, 1], b[None, :, 0], b[None, :, 1])


def _middles(rng: np.random.Generator, points: Float, k: int) -> Float:
    """Find buildings amid ``k`` groups: k-means, then the building nearest to each mean.

    Seeds are drawn in proportion to the distance from those before, not to its square as k-means++
    does: the square would put most of them into the villages.
    """
    k = min(k, len(np.unique(points, axis=0)))
    chosen = [int(rng.integers(len(points)))]
    nearest = _metres(points, points[chosen])[:, 0]
    while len(chosen) < k:
        chosen.append(int(rng.choice(len(points), p=nearest / nearest.sum())))
        nearest = np.minimum(nearest, _metres(points, points[chosen[-1:]])[:, 0])
    middles = points[chosen].copy()
    for _ in range(20):
        group = _metres(points, middles).argmin(axis=1)
        for g in range(k):
            if (group == g).any():
                middles[g] = points[group == g].mean(axis=0)
    home: Float = points[_metres(middles, points).argmin(axis=1)]
    return home


def _shares(n: int, weights: Sequence[float] | Float) -> list[int]:
    """Divide ``n`` by weight, largest remainders first."""
    weights = np.asarray(weights, dtype=np.float64)
    exact = n * weights / max(weights.sum(), 1e-9)
    parts = np.floor(exact).astype(int)
    for k in np.argsort(parts - exact, kind="stable")[: n - int(parts.sum())]:
        parts[k] += 1
    return [int(p) for p in parts]


def _clients(
    rng: np.random.Generator,
    homes: Float,
    clients_at: NDArray[np.int64],
    centres: Float,
    workers: tuple[Worker, ...],
) -> tuple[Client, ...]:
    district = _metres(homes, centres).argmin(axis=1)
    clients = []
    for k, home in enumerate(clients_at.tolist()):
        refused: tuple[str, ...] = ()
        if workers and rng.random() < 0.02:
            refused = (workers[int(rng.integers(len(workers)))].id,)
        clients.append(Client(
            id=f"C{k + 1:05d}",
            **_point(homes[home]),
            care_level=int(rng.choice(4, p=(0.35, 0.30, 0.22, 0.13))),
            guaranteed=bool(rng.random() < 0.12),
            district=f"D{district[home] + 1:02d}",
            refused_workers=refused,
        ))
    return tuple(clients)


def _orders(
    rng: np.random.Generator, n_meals: int, clients: list[str], at: Float, centres: Float
) -> tuple[Order, ...]:
    n = len(clients)
    n_alarms = min(n - n_meals, round(_ALARM_SHARE * n))
    n_visits = n - n_meals - n_alarms
    services = [
        s for s, count in zip(_VISITS, _shares(n_visits, [k.share for k in _VISITS.values()]),
                              strict=True)
        for _ in range(count)
    ]
    far = _metres(at, centres).min(axis=1) if n else np.zeros(0)
    orders: list[Order] = []
    for k, client in enumerate(clients):
        if k < n_meals:
            orders.append(_meal(rng, f"O{k + 1:05d}", client))
        elif k < n_meals + n_visits:
            orders.append(_visit(rng, f"O{k + 1:05d}", client, services[k - n_meals]))
        else:
            # A quarter of an hour in town, more where the nearest centre is far.
            response = 900 + 60 * round(float(far[k]) / 100)
            orders.append(EmergencyOrder(
                id=f"O{k + 1:05d}", client=client, kind="emergency", channel="button",
                received_s=int(rng.integers(8 * 60, 18 * 60)) * 60, response_s=response,
            ))
    return tuple(orders[int(k)] for k in rng.permutation(n))


def _meal(rng: np.random.Generator, id: str, client: str) -> MealOrder:
    start, end = _LUNCH if rng.random() < 0.68 else _DINNER
    if rng.random() < 0.25:  # eats early or late
        half = (end - start) / 2
        start += half * float(rng.integers(2))
        end = start + half
    return MealOrder(
        id=id, client=client, kind="meal",
        windows=(_window(start, end),),
        portions=2 if rng.random() < 0.15 else 1,
        diet=str(rng.choice(_DIETS)) if rng.random() < 0.25 else None,
        max_onboard_s=2_700 if rng.random() < 0.08 else 3_600,
    )


def _visit(rng: np.random.Generator, id: str, client: str, service: str) -> VisitOrder:
    kind = _VISITS[service]
    windows = kind.windows
    chosen = windows[int(rng.integers(len(windows)))]
    first, last = windows[0], windows[-1]
    # Some are at home in the morning and in the afternoon: either will do.
    flexible = first[1] < last[0] and bool(rng.random() < _FLEXIBLE_SHARE)
    optional = service in ("companionship", "haircut") and bool(rng.random() < 0.2)
    return VisitOrder(
        id=id, client=client, kind="visit", service=service,
        windows=tuple(_window(*w) for w in ((first, last) if flexible else (chosen,))),
        load=dict(kind.load),
        optional=optional,
        prize_cents=10_000 if optional else None,
        channel=("plan", "hotline", "app")[int(rng.integers(3))],
    )


def _batches(meals_at: Float, places: Float) -> list[tuple[Batch, ...]]:
    """Portions for those who live nearest, and a good half more: ways are not as the crow flies."""
    near = np.bincount(_metres(meals_at, places).argmin(axis=1), minlength=len(places))
    return [
        tuple(
            Batch(
                id=batch, ready_s=_seconds(ready), portions=10 + round(float(near[k]) * share),
                # Kitchens cook everything; every second point has no food for diabetics.
                diets=None if _is_kitchen(k) else _DIETS[: 2 + k % 3 % 2],
            )
            for batch, ready, share in (
                ("lunch-1", 10.5, 1.0), ("lunch-2", 11.5, 0.6),
                ("dinner-1", 16.25, 0.6), ("dinner-2", 17.25, 0.4),
            )
        )
        for k in range(len(places))
    ]


def _workers(
    rng: np.random.Generator,
    n: int,
    orders_at: Float,
    meals_at: Float,
    centres: Float,
    kitchens: Float,
    light: bool,
) -> tuple[tuple[Worker, ...], tuple[Vehicle, ...]]:
    """People at the centre or kitchen where the work is, in the shares of ``_CREWS``.

    ``light`` False: e-bikes do not get around here, everybody drives.
    """
    workers: list[Worker] = []
    vehicles: list[Vehicle] = []
    crowd, far, _ = _around(orders_at, centres)
    eaters, _, reach = _around(meals_at, kitchens)
    driven = set[int]()  # loading places that have their car
    sent = np.zeros(len(centres))  # so that small crews do not all sit at the largest centre
    for crew, size in zip(_CREWS, _shares(n, [c.share for c in _CREWS]), strict=True):
        if crew.role == "courier":
            starts = [k for k, count in enumerate(_shares(size, eaters)) for _ in range(count)]
        else:
            starts = []
            for _ in range(size):
                starts.append(int(np.argmax((crowd + 1) / (sent + 1))))
                sent[starts[-1]] += 1
        for k in starts:
            if crew.role == "courier":
                place = _place_id(k)
                drives = k not in driven and reach[k] > _COURIER_CAR_FROM_M
                driven.add(k)
            else:
                place, drives = f"S{k + 1:02d}", crew.drives or far[k] > _CAR_FROM_M
            mode: Mode = "ebike" if light and not drives else "car"
            number = len(workers) + 1
            vehicles.append(Vehicle(
                id=f"V{number:04d}", mode=mode,
                capacity={"portions": 20, "kg": 20} if crew.role == "courier" else {"kg": 20},
                cost_per_km_cents=60 if mode == "car" else 10,
            ))
            workers.append(_worker(rng, crew, f"W{number:04d}", place, vehicles[-1].id, mode))
    return tuple(workers), tuple(vehicles)


def _worker(
    rng: np.random.Generator, crew: _Crew, id: str, place: str, vehicle: str, mode: Mode
) -> Worker:
    expired = len(crew.skills) > 1 and rng.random() < 0.05  # the last skill ran out last month
    certificates = [
        Certificate(
            skill=skill,
            valid_until=DEMO_DAY - timedelta(days=30)
            if expired and skill == crew.skills[-1]
            else DEMO_DAY + timedelta(days=int(rng.integers(0, 700))),
        )
        for skill in crew.skills
    ]
    slow = 1.2 if crew.role == "volunteer" else 1.0
    return Worker(
        id=id, role=crew.role, start=place, vehicle=vehicle, mode=mode,
        certificates=tuple(certificates),
        services=crew.services,
        shifts=tuple(
            Shift(id=f"s{k + 1}", start_s=_seconds(a), end_s=_seconds(b))
            for k, (a, b) in enumerate(crew.shifts)
        ),
        service_time_factor=round(slow * float(rng.choice((0.95, 1.0, 1.0, 1.1))), 2),
        cost_per_shift_cents=crew.cost_per_shift,
        cost_per_travel_hour_cents=crew.cost_per_hour,
    )


def _around(points: Float, places: Float) -> tuple[Float, Float, Float]:
    """Count the points nearest to each place; how far they lie on average, and at most."""
    if not len(points):
        return np.ones(len(places)), np.zeros(len(places)), np.zeros(len(places))
    metres = _metres(points, places)
    group = metres.argmin(axis=1)
    count = np.bincount(group, minlength=len(places)).astype(np.float64)
    total = np.bincount(group, weights=metres.min(axis=1), minlength=len(places))
    most = np.zeros(len(places))
    np.maximum.at(most, group, metres.min(axis=1))
    return count, total / np.maximum(count, 1), most


def _is_kitchen(k: int) -> bool:
    return k % 3 == 0


def _place_id(k: int) -> str:
    return f"K{k + 1:02d}" if _is_kitchen(k) else f"M{k + 1:02d}"


def _point(p: Float) -> dict[str, Any]:
    return {"lon": float(p[0]), "lat": float(p[1])}


def _seconds(hours: float) -> int:
    return round(hours * 3_600)


def _window(start_h: float, end_h: float) -> Window:
    return Window(start_s=_seconds(start_h), end_s=_seconds(end_h))
