"""A plan as GeoJSON (RFC 7946): routes along the streets, stops and unserved orders as points."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np

import geodata
from engine.domain.plan import Plan, Route, Trip
from engine.domain.problem import Problem
from engine.domain.words import clock
from engine.travel import Travel

#: About a decimetre; RFC 7946, section 11.2, advises against more.
_DECIMALS = 6

Feature = dict[str, Any]
Line = list[list[float]]


def plan_geojson(problem: Problem, plan: Plan, travel: Travel) -> dict[str, Any]:
    """Make a FeatureCollection of a plan.

    Parameters
    ----------
    problem : what the plan answers.
    plan : its trips become lines, its stops and unserved orders points; ``kind`` in the properties
        tells them apart (``trip``, ``stop``, ``unserved``).
    travel : where everything lies, in WGS-84, which is what GeoJSON demands.

    Returns
    -------
    collection : plain data for JSON. Times are seconds from the plan's midnight, and clock texts.
    """
    lines = _trip_lines(plan, travel)
    features: list[Feature] = []
    for r, route in enumerate(plan.routes):
        for t, trip in enumerate(route.trips):
            features.append(_trip_feature(route, t, trip, lines[r, t]))
    for r, route in enumerate(plan.routes):
        for t, trip in enumerate(route.trips):
            features += _stop_features(problem, travel, route, r, t, trip)
    for entry in plan.unserved:
        order = problem.order_by_id[entry.order]
        features.append(_feature(_point(travel, travel.client(order.client)), {
            "kind": "unserved", "order": entry.order, "client": order.client,
            "service": order.service, "reason": entry.reason, "message": entry.message,
            "message_zh": entry.message_zh,
        }))
    return {"type": "FeatureCollection", "features": features}


def _trip_feature(route: Route, t: int, trip: Trip, line: Line) -> Feature:
    legs_m = sum(stop.distance_m for stop in trip.stops) + trip.end_distance_m
    return _feature({"type": "LineString", "coordinates": line}, {
        "kind": "trip", "worker": route.worker, "shift": route.shift, "mode": route.mode, "trip": t,
        "start": trip.start, "end": trip.end, "leave_s": trip.leave_s, "leave": clock(trip.leave_s),
        "end_s": trip.end_s, "back": clock(trip.end_s), "n_stops": len(trip.stops),
        "distance_m": legs_m,
    })


def _stop_features(
    problem: Problem, travel: Travel, route: Route, r: int, t: int, trip: Trip
) -> list[Feature]:
    return [
        _feature(_point(travel, travel.client(stop.client)), {
            "kind": "stop", "worker": route.worker, "shift": route.shift, "route": r, "trip": t,
            "number": k + 1, "order": stop.order, "client": stop.client,
            "service": problem.order_by_id[stop.order].service, "start_s": stop.start_s,
            "start": clock(stop.start_s), "departure_s": stop.departure_s,
            "departure": clock(stop.departure_s),
            **({} if stop.member is None else {"member": stop.member}),
        })
        for k, stop in enumerate(trip.stops)
    ]


def _trip_lines(plan: Plan, travel: Travel) -> dict[tuple[int, int], Line]:
    """Line of each trip; all legs of a mode are drawn in one call, which runs on all cores."""
    legs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    owners: dict[str, list[tuple[int, int]]] = defaultdict(list)
    lines: dict[tuple[int, int], Line] = {}
    for r, route in enumerate(plan.routes):
        for t, trip in enumerate(route.trips):
            at = [travel.place(trip.start), *(travel.client(stop.client) for stop in trip.stops)]
            if trip.end is not None:
                at.append(travel.place(trip.end))
            for a, b in pairwise(at):
                legs[route.mode].append((a, b))
                owners[route.mode].append((r, t))
            lines[r, t] = []
    for mode, pairs in legs.items():
        points, (here, there) = travel.points[mode], np.array(pairs, np.intp).T
        drawn = geodata.leg_geometries(travel.network, points.take(here), points.take(there), mode)
        for owner, (lon, lat) in zip(owners[mode], drawn, strict=True):
            line = lines[owner]
            for x, y in zip(lon.tolist(), lat.tolist(), strict=True):
                position = [round(x, _DECIMALS), round(y, _DECIMALS)]
                if not line or line[-1] != position:
                    line.append(position)
    for line in lines.values():
        line += line[:1] * (2 - len(line))  # a line has two positions at least: all on one spot
    return lines


def _point(travel: Travel, location: int) -> dict[str, Any]:
    lon, lat = float(travel.lon[location]), float(travel.lat[location])
    return {"type": "Point", "coordinates": [round(lon, _DECIMALS), round(lat, _DECIMALS)]}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> Feature:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
