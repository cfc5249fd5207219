"""Seeded meal periods on a synthetic city: for the demo, the tests and the benchmark."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

import geodata
from engine.domain.meal_programme import MealChange, MealProgramme, StandingOrder
from engine.domain.meals import (
    CentralKitchen,
    CookedBatch,
    Diet,
    MealClient,
    MealCourier,
    MealsProblem,
    ServingPoint,
    Van,
)
from engine.domain.problem import SyntheticNetwork
from engine.domain.weeks import WEEKDAYS

if TYPE_CHECKING:
    from geodata import Network

_DIETS = (
    ("regular", "Regular", "普食", 0.52), ("soft", "Soft", "软食", 0.22),
    ("diabetic", "Diabetic", "糖尿病餐", 0.16), ("halal", "Halal", "清真", 0.10),
)
_START_S, _END_S = 11 * 3_600, 12 * 3_600 + 1_800
#: Minutes before the period at which batches are ready, the first to the last.
_READY_MIN = (80, 70, 60, 50, 40, 30)
_DOORS_A_BUILDING = 5
_VAN = 400


def make_meals(
    n_meals: int = 2_000, n_kitchens: int = 2, n_points: int = 8, n_couriers: int = 40,
    seed: int = 1, nodes: int | None = None, freshness_s: int = 2_700, box: int = 20,
) -> tuple[MealsProblem, Network]:
    """Make a lunch: four in ten eat at points, the others live in buildings of several doors.

    Parameters
    ----------
    nodes : size of the city; None: what suits the number of meals.
    freshness_s : of every diet.

    Returns
    -------
    problem, network : the problem names the same network.
    """
    nodes = nodes or max(1_500, min(60_000, n_meals))
    network = geodata.synthetic_city(nodes, seed=seed)
    rng = np.random.default_rng([seed, n_meals])
    n_home = n_meals * 6 // 10
    lon, lat = geodata.sample_points(network, n_kitchens + n_points, seed, where="city")
    where = [(round(float(x), 6), round(float(y), 6)) for x, y in zip(lon, lat, strict=True)]
    n_buildings = max(1, n_home // _DOORS_A_BUILDING)
    blon, blat = geodata.sample_points(network, n_buildings, seed + 1, where="city")
    home = rng.integers(0, n_buildings, n_home)
    shares = np.array([d[3] for d in _DIETS])
    diet = rng.choice(len(_DIETS), n_meals, p=shares)
    wanted = np.bincount(diet, minlength=len(_DIETS))
    n_batches = len(_READY_MIN)
    per_batch = -(-int(n_meals * 1.08) // (n_kitchens * n_batches))
    caps = {
        d[0]: -(-int(wanted[k] * 1.25) // (n_kitchens * n_batches)) for k, d in enumerate(_DIETS)
    }
    kitchens = tuple(
        CentralKitchen(
            id=f"K{k + 1:02d}", lon=where[k][0], lat=where[k][1], bays=3, loading_s=480,
            cost_per_portion_cents=800,
            batches=tuple(
                CookedBatch(id=f"B{b + 1}", ready_s=_START_S - 60 * early, portions=per_batch,
                            diets=caps) for b, early in enumerate(_READY_MIN)
            ),
        ) for k in range(n_kitchens)
    )
    at = rng.integers(0, n_points, n_meals - n_home)
    eaters = np.bincount(at, minlength=n_points)
    points = tuple(
        ServingPoint(
            id=f"P{p + 1:03d}", lon=where[n_kitchens + p][0], lat=where[n_kitchens + p][1],
            seats=max(8, -(-int(eaters[p]) // 3)), opens_s=8 * 3_600, closes_s=14 * 3_600,
        ) for p in range(n_points)
    )
    clients = []
    for i in range(n_meals):
        at_home = i < n_home
        spot = home[i] if at_home else 0
        clients.append(MealClient(
            id=f"M{i + 1:05d}",
            lon=round(float(blon[spot]), 6) if at_home else None,
            lat=round(float(blat[spot]), 6) if at_home else None,
            diet=_DIETS[diet[i]][0], at=None if at_home else points[at[i - n_home]].id,
            guaranteed=bool(rng.random() < 0.08), priority=int(rng.integers(1, 4)),
            payer="district" if rng.random() < 0.5 else None, price_cents=1_200,
        ))
    paid = tuple(
        c.model_copy(update={"subsidy_cents": 600}) if c.payer else c for c in clients
    )
    crews = _spread(network, points, blon[home], blat[home], n_couriers)
    couriers = tuple(
        MealCourier(
            id=f"C{i + 1:03d}", place=points[p].id, capacity=box, mode="ebike",
            start_s=_START_S - 1_200, end_s=_END_S + 3_600, cost_per_shift_cents=6_000,
            cost_per_km_cents=20,
        ) for i, p in enumerate(crews)
    )
    n_vans = max(2, -(-n_meals // (n_kitchens * _VAN * 2)))
    vans = tuple(
        Van(id=f"V{k + 1:02d}{v + 1}", kitchen=kitchen.id, capacity=_VAN, start_s=8 * 3_600,
            end_s=14 * 3_600, cost_per_trip_cents=2_000, cost_per_km_cents=150)
        for k, kitchen in enumerate(kitchens) for v in range(n_vans)
    )
    return MealsProblem(
        id=f"lunch-{n_meals}-{seed}", day=date(2026, 3, 2),
        network=SyntheticNetwork(nodes=nodes, seed=seed), start_s=_START_S, end_s=_END_S,
        door_s=45, building_s=45,
        diets=tuple(Diet(id=d[0], name=d[1], name_zh=d[2], freshness_s=freshness_s)
                    for d in _DIETS),
        kitchens=kitchens, points=points, clients=paid, couriers=couriers, vans=vans,
    ), network


def make_programme(register: MealsProblem) -> MealProgramme:
    """Make a week of a period: everybody eats on weekdays, and some of what clerks write down."""
    day = register.day
    before = day - timedelta(days=1)
    homes = [c for c in register.clients if c.at is None]
    point, seated = register.points[0].id, next(c for c in register.clients if c.at is not None)
    diet = next(d.id for d in register.diets if d.id != homes[3].diet)
    at: dict[str, Any] = {"received_day": before, "received_s": 10 * 3_600}
    return MealProgramme(
        register.changed(order_deadline_s=16 * 3_600),
        tuple(StandingOrder(client=c.id, weekdays=WEEKDAYS[:5]) for c in register.clients),
        (
            MealChange(client=homes[0].id, kind="suspend", from_day=day,
                       until_day=day + timedelta(days=9), **at),
            MealChange(client=homes[1].id, kind="suspend", from_day=before, **at),
            MealChange(client=homes[1].id, kind="restart", from_day=day, received_day=before,
                       received_s=11 * 3_600),
            MealChange(client=homes[2].id, kind="cancel", day=day, **at),
            MealChange(client=homes[3].id, kind="change", day=day, diet=diet, **at),
            MealChange(client=homes[4].id, kind="change", from_day=day, portions=2, **at),
            MealChange(client=homes[5].id, kind="change", day=day, at=point, **at),
            MealChange(client=seated.id, kind="order", day=day + timedelta(days=5), **at),
        ),
        order_deadline_days=1,
    )


def _spread(
    network: Network, points: tuple[ServingPoint, ...], lon: np.ndarray, lat: np.ndarray, n: int
) -> list[int]:
    """Post couriers where the homes are: by the share of homes that are nearest by road."""
    mode = "ebike"
    at = [geodata.snap(network, np.asarray(x), np.asarray(y), mode).node for x, y in (
        ([p.lon for p in points], [p.lat for p in points]), (lon, lat),
    )]
    unique, back = np.unique(at[1], return_inverse=True)
    far = geodata.travel_block(network, at[0], unique, mode).seconds
    homes = np.bincount(far.argmin(axis=0)[back], minlength=len(points)).astype(float)
    # The largest remainder first, and nobody without.
    exact = homes / homes.sum() * n
    crew = np.maximum(1, np.floor(exact)).astype(int)
    for p in np.argsort(-(exact - np.floor(exact)), kind="stable").tolist():
        if crew.sum() >= n:
            break
        crew[p] += 1
    return [p for p, size in enumerate(crew.tolist()) for _ in range(size)][:n]
