"""A small day made by hand, and a plan for it that keeps every promise; other tests break it.

Points lie on one street and way back towards smaller numbers takes three seconds longer, so that a
way read in the wrong direction shows. No geodata, no search, no evaluation has a part in it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

import geodata
from engine.check import check_plan
from engine.domain.plan import Plan
from engine.domain.problem import Problem
from engine.travel import Travel

#: Metres along the street.
STREET = {
    ("place", "C"): 0, ("place", "H"): 0, ("place", "K"): 1_000, ("place", "M"): 1_000,
    ("place", "P"): 1_000,
    ("client", "a"): 600, ("client", "b"): 200, ("client", "c"): 1_500, ("client", "d"): 2_000,
    ("client", "e"): 3_000,
}
SPEED = {"ebike": 5, "walk": 1, "car": 10}


def measure(street: dict[tuple[str, str], int] | None = None) -> Travel:
    street = street or STREET
    x = np.array(list(street.values()))
    metres = np.abs(x[:, None] - x[None, :]).astype(np.int32)
    back = 3 * (x[None, :] < x[:, None])
    return Travel(
        network=SimpleNamespace(fingerprint="by-hand"),  # type: ignore[arg-type]
        location={key: i for i, key in enumerate(street)},
        lon=x / 1e5, lat=np.zeros(len(x)),
        points={},  # nothing is drawn
        seconds={m: (-(-metres // v) + back).astype(np.int32) for m, v in SPEED.items()},
        metres={m: metres.copy() for m in SPEED},
    )


def window(start: int, end: int) -> dict[str, int]:
    return {"start_s": start, "end_s": end}


def make_problem() -> dict[str, Any]:
    def point(kind: str, name: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "lon": STREET[kind, name] / 1e5, "lat": 0.0, **more}

    def certificates(*skills: str) -> list[dict[str, Any]]:
        return [{"skill": s} for s in skills]

    return {
        "id": "by-hand",
        "day": "2026-11-23",
        "clients": [point("client", c) for c in "abcde"],
        "centres": [point("place", "C")],
        "kitchens": [point("place", "K", loading_s=300, batches=[
            {"id": "b1", "ready_s": 36_000, "portions": 3},
            {"id": "b2", "ready_s": 39_600, "portions": 4, "diets": ["soft"]},
        ])],
        "meal_points": [point("place", "M", batches=[])],
        "places": [point("place", "H"), point("place", "P")],
        "vehicles": [{
            "id": "box", "mode": "ebike", "capacity": {"portions": 3, "parcels": 1},
            "cost_per_km_cents": 55,
        }],
        "workers": [
            {"id": "N", "role": "nurse", "start": "C",
             "certificates": [
                 {"skill": "bathing", "valid_until": "2026-11-23"}, {"skill": "nursing"},
             ],
             "shifts": [{"id": "am", "start_s": 32_000, "end_s": 43_200}]},
            {"id": "V", "role": "volunteer", "start": "C", "returns": False, "mode": "walk",
             "services": ["check_in"], "service_time_factor": 1.5, "cost_per_shift_cents": 0,
             "cost_per_travel_hour_cents": 0,
             "shifts": [{"id": "am", "start_s": 28_800, "end_s": 36_000}]},
            {"id": "D", "role": "courier", "start": "K", "vehicle": "box", "mode": "walk",
             "certificates": certificates("meal_delivery"),
             "shifts": [{"id": "noon", "start_s": 34_200, "end_s": 50_400}]},
            {"id": "E", "start": "C", "mode": "car", "certificates": certificates("first_aid"),
             "shifts": [{"id": "day", "start_s": 28_800, "end_s": 64_800}]},
        ],
        "orders": [
            {"kind": "visit", "id": "bath", "client": "a", "service": "bath",
             "windows": [window(32_400, 36_000)]},
            {"kind": "visit", "id": "med", "client": "c", "service": "medical",
             "service_duration_s": 1_800,
             "windows": [window(30_000, 31_000), window(37_000, 39_000)]},
            {"kind": "visit", "id": "opt", "client": "d", "service": "errands", "optional": True,
             "prize_cents": 9_000},
            {"kind": "visit", "id": "chk", "client": "b", "service": "check_in",
             "windows": [window(29_500, 30_000)]},
            {"kind": "meal", "id": "m1", "client": "c", "portions": 2, "load": {"parcels": 1},
             "windows": [window(36_000, 40_000)]},
            {"kind": "meal", "id": "m2", "client": "d", "kitchen": "K"},
            {"kind": "meal", "id": "m3", "client": "e", "diet": "soft"},
            {"kind": "emergency", "id": "sos", "client": "e", "received_s": 40_000},
            {"kind": "visit", "id": "tap", "client": "b", "service": "repair"},
            {"kind": "visit", "id": "buy", "client": "b", "service": "errands", "optional": True,
             "prize_cents": 700},
        ],
    }


def stop(order: str, client: str, start: int, length: int, **more: Any) -> dict[str, Any]:
    return {"order": order, "client": client, "start_s": start, "departure_s": start + length,
            **more}


def trip(start: str, leave: int, stops: list[dict[str, Any]], end: str | None,
         **load: int) -> dict[str, Any]:
    return {"start": start, "leave_s": leave, "stops": stops, "end": end, "load": load}


def make_plan() -> dict[str, Any]:
    def route(worker: str, shift: str, mode: str, *trips: dict[str, Any]) -> dict[str, Any]:
        return {"worker": worker, "shift": shift, "mode": mode, "trips": list(trips)}

    def absent(order: str, reason: str) -> dict[str, str]:
        return {"order": order, "reason": reason, "message": "told", "message_zh": "已说明"}

    plan = {
        "problem": "by-hand", "problem_fingerprint": "", "network_fingerprint": "by-hand",
        "routes": [
            route("N", "am", "ebike",
                  trip("C", 32_000, [stop("bath", "a", 32_400, 3_600)], "C"),
                  trip("C", 36_600, [
                      stop("med", "c", 37_000, 1_800), stop("opt", "d", 38_900, 2_400),
                  ], "C")),
            route("V", "am", "walk", trip("C", 29_000, [stop("chk", "b", 29_500, 1_800)], None)),
            route("D", "noon", "ebike",
                  trip("K", 36_300, [
                      stop("m1", "c", 36_400, 180, batch="b1"),
                      stop("m2", "d", 36_680, 180, batch="b1"),
                  ], "K", portions=3, parcels=1),
                  trip("K", 39_900, [stop("m3", "e", 40_300, 180, batch="b2")], "K", portions=1)),
            route("E", "day", "car", trip("C", 39_800, [stop("sos", "e", 40_100, 1_800)], "C")),
        ],
        "unserved": [absent("tap", "no_skill"), absent("buy", "outweighed")],
        "run": {"backend": "hand", "status": "complete", "seed": 0, "iterations": 0,
                "elapsed_s": 0.0},
    }
    for r in plan["routes"]:  # type: ignore[attr-defined]
        retime(r)
    return plan


def retime(route: dict[str, Any]) -> None:
    """State every leg as the street has it; starts stay as they are, arrivals follow."""
    speed = SPEED[route["mode"]]

    def leg(a: int, b: int) -> tuple[int, int]:
        return -(-abs(a - b) // speed) + 3 * (b < a), abs(a - b)

    for t in route["trips"]:
        at, moment = STREET["place", t["start"]], t["leave_s"]
        for s in t["stops"]:
            to = STREET["client", s["client"]]
            s["travel_s"], s["distance_m"] = leg(at, to)
            s["arrival_s"] = moment + s["travel_s"]
            at, moment = to, s["departure_s"]
        end = at if t["end"] is None else STREET["place", t["end"]]
        t["end_travel_s"], t["end_distance_m"] = leg(at, end)
        t["end_s"] = moment + t["end_travel_s"]


@dataclass
class World:
    """Problem and plan as plain data, to be changed and then read by the checker."""

    problem: dict[str, Any]
    plan: dict[str, Any]
    travel: Travel

    def order(self, name: str) -> dict[str, Any]:
        return next(o for o in self.problem["orders"] if o["id"] == name)

    def worker(self, name: str) -> dict[str, Any]:
        return next(w for w in self.problem["workers"] if w["id"] == name)

    def route(self, worker: str) -> dict[str, Any]:
        return next(r for r in self.plan["routes"] if r["worker"] == worker)

    def trip(self, worker: str, t: int = 0) -> dict[str, Any]:
        return self.route(worker)["trips"][t]

    def stop(self, name: str) -> dict[str, Any]:
        return next(
            s for r in self.plan["routes"] for t in r["trips"] for s in t["stops"]
            if s["order"] == name
        )

    def move(self, name: str, start: int) -> None:
        """Let service start at another moment, and last as long."""
        s = self.stop(name)
        s["departure_s"] += start - s["start_s"]
        s["start_s"] = start
        for route in self.plan["routes"]:
            if any(s in t["stops"] for t in route["trips"]):
                retime(route)

    def add_up(self) -> None:
        """State sums and costs as the stops and legs have them."""
        plan, workers = self.plan, {w["id"]: w for w in self.problem["workers"]}
        vehicles = {v["id"]: v for v in self.problem["vehicles"]}
        for r in plan["routes"]:
            stops = [s for t in r["trips"] for s in t["stops"]]
            r["travel_s"] = sum(x["travel_s"] for x in stops)
            r["travel_s"] += sum(t["end_travel_s"] for t in r["trips"])
            r["distance_m"] = sum(x["distance_m"] for x in stops)
            r["distance_m"] += sum(t["end_distance_m"] for t in r["trips"])
            r["service_s"] = sum(x["departure_s"] - x["start_s"] for x in stops)
            r["wait_s"] = sum(
                x["start_s"] - x["arrival_s"] - x.get("setup_s", 0) for x in stops
            ) - sum(
                max(0, min(b["end_s"], x["start_s"]) - max(b["start_s"], x["arrival_s"]))
                for b in r.get("breaks", ()) for x in stops
            )
            w = workers.get(r["worker"], {})
            per_km = vehicles.get(w.get("vehicle"), {}).get("cost_per_km_cents", 0)
            per_hour = w.get("cost_per_travel_hour_cents", 3_000)
            exact = r["travel_s"] * per_hour / 3_600 + r["distance_m"] * per_km / 1_000
            exact += r.get("overtime_s", 0) * w.get("overtime_per_hour_cents", 0) / 3_600
            used = w.get("cost_per_shift_cents", 5_000) if r["trips"] else 0
            r["cost_cents"] = used + int(exact + 0.5)
        served = {s["order"] for r in plan["routes"] for t in r["trips"] for s in t["stops"]}
        orders = self.problem["orders"]
        plan["totals"] = {
            "orders": len(orders),
            "served": sum(o["id"] in served for o in orders),
            "unserved": sum(o["id"] not in served for o in orders),
            "routes": len(plan["routes"]),
            "workers": len({r["worker"] for r in plan["routes"]}),
            "prize_lost_cents": sum(
                o.get("prize_cents", 0) for o in orders
                if o.get("optional") and o["id"] not in served
            ),
        } | {
            name: sum(r[name] for r in plan["routes"])
            for name in ("travel_s", "distance_m", "service_s", "wait_s", "cost_cents")
        }
        plan["problem_fingerprint"] = self.read_problem().fingerprint

    def read_problem(self) -> Problem:
        return Problem.model_validate(self.problem)

    def read_plan(self) -> Plan:
        return Plan.model_validate(self.plan)

    def codes(self, **options: Any) -> set[str]:
        """Give the codes of all that the checker finds."""
        problem, plan = self.read_problem(), self.read_plan()
        return {v.code for v in check_plan(problem, plan, self.travel, **options)}


def make_world() -> World:
    world = World(copy.deepcopy(make_problem()), copy.deepcopy(make_plan()), measure())
    world.add_up()
    return world


def no_way(world: World, mode: str, origin: tuple[str, str], destination: tuple[str, str]) -> None:
    at, to = world.travel.location[origin], world.travel.location[destination]
    world.travel.seconds[mode][at, to] = geodata.UNREACHABLE
    world.travel.metres[mode][at, to] = geodata.UNREACHABLE


def test_the_plan_made_by_hand_is_clean() -> None:
    world = make_world()
    assert not check_plan(world.read_problem(), world.read_plan(), world.travel)


def test_the_plan_made_by_hand_has_something_of_everything() -> None:
    world = make_world()
    kinds = {world.order(s["order"])["kind"]
             for r in world.plan["routes"] for t in r["trips"] for s in t["stops"]}
    assert kinds == {"visit", "meal", "emergency"}
    assert [len(r["trips"]) for r in world.plan["routes"]] == [2, 1, 2, 1]
    assert world.route("N")["cost_cents"] == 5_000 + 872  # 1,046 s at 3,000 an hour
