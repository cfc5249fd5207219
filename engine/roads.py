"""Questions about the streets alone: what is within some minutes of a point, and one leg for a driver.

They are asked as problems are: points in any coordinate system, faults with code, path and hint, and nothing moved
further than ``max_snap_m``. The answers are GeoJSON in WGS-84.
"""  # noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from pydantic import Field

import geodata
from engine.domain.base import LAX, CoordinateSystem, Entity, Mode
from engine.domain.faults import fault
from engine.domain.problem import NetworkRef, SyntheticNetwork
from engine.domain.reading import read_network
from engine.domain.shapes import ROOT, not_an_object, read_entity
from engine.errors import Fault, InputError

if TYPE_CHECKING:
    from geodata import Network, SnappedPoints

Q = TypeVar("Q", bound="Question")


class Location(Entity):
    """A point on earth, in degrees."""

    lon: float = Field(ge=-180, le=180, description="degrees east")
    lat: float = Field(ge=-90, le=90, description="degrees north")


class Question(Entity):
    """Where, and for whom.

    ``turns`` obeys turn restrictions and adds the seconds of turns; a way may then not exist.
    """

    network: NetworkRef = Field(default_factory=SyntheticNetwork)
    profile: Mode = "car"
    coordinate_system: CoordinateSystem = "wgs84"
    max_snap_m: int = Field(default=500, ge=1, le=20_000)
    turns: bool = False


class ReachRequest(Question):
    """What is within ``minutes`` of each of some points."""

    points: Annotated[tuple[Location, ...], LAX, Field(min_length=1, max_length=100)]
    minutes: float = Field(gt=0, le=1_440)


class RouteRequest(Question):
    """The fastest way from one point to another."""

    origin: Location
    destination: Location
    polyline_precision: int = Field(default=5, ge=5, le=6)


def read_question(model: type[Q], document: object) -> Q:
    """Validate a question.

    Raises
    ------
    InputError : all that is wrong with it.
    """
    if not isinstance(document, dict):
        raise InputError([not_an_object(ROOT, document)])
    given = dict(document)
    faults: list[Fault] = []
    if "network" in given:
        network, faults = read_network(given["network"])
        given["network"] = network or SyntheticNetwork()
    asked, more = read_entity(model, given, "")
    if asked is None or faults or more:
        raise InputError([*faults, *more])
    return asked


def find_reach(asked: ReachRequest, network: Network) -> dict[str, Any]:
    """Areas within the minutes of each point, as a GeoJSON FeatureCollection.

    Raises
    ------
    InputError : ``E1403``, points too far from a street.
    geodata.NetworkError : ``E3202``, the profile has no streets here.
    """
    paths = [f"points[{k}]" for k in range(len(asked.points))]
    points = _snap(asked, network, asked.points, paths)
    reaches = geodata.reach(network, points, asked.minutes, asked.profile, turns=asked.turns)
    lines = network.length_dm / 10.0
    features = []
    for k, reach in enumerate(reaches):
        metres = float((lines[reach.edges] * (reach.end - reach.start)).sum())
        features.append({
            "type": "Feature",
            "geometry": geodata.reach_polygon(network, reach),
            "properties": {
                "kind": "reach", "minutes": asked.minutes, "profile": asked.profile,
                "lon": round(float(points.lon[k]), 6), "lat": round(float(points.lat[k]), 6),
                "snapped_m": round(float(points.distance_m[k])),
                "streets_km": round(metres / 1_000.0, 1), "n_corners": len(reach.nodes),
            },
        })
    return {"type": "FeatureCollection", "features": features}


def find_route(asked: RouteRequest, network: Network) -> dict[str, Any]:
    """One leg as a GeoJSON Feature: its line, its figures, and its streets by name.

    Raises
    ------
    InputError : ``E1403``, points too far from a street.
    geodata.NetworkError : ``E3202``, the profile has no streets here; ``E3402``, no way.
    """
    points = _snap(asked, network, (asked.origin, asked.destination), ["origin", "destination"])
    found = geodata.route(network, points.take([0]), points.take([1]), asked.profile, asked.turns)
    return {
        "type": "Feature",
        "geometry": found.geojson(),
        "properties": {
            "kind": "route", "profile": asked.profile,
            "duration_s": found.seconds, "distance_m": found.metres,
            "snapped_m": [round(float(d)) for d in points.distance_m],
            "polyline": found.polyline(asked.polyline_precision),
            "polyline_precision": asked.polyline_precision,
            "steps": [
                {"name": s.name, "duration_s": s.seconds, "distance_m": s.metres,
                 "lon": round(s.lon, 6), "lat": round(s.lat, 6)}
                for s in found.steps
            ],
        },
    }  # fmt: skip


def _snap(
    asked: Question, network: Network, given: tuple[Location, ...], paths: list[str]
) -> SnappedPoints:
    xy = np.array([[point.lon, point.lat] for point in given])
    lon, lat = geodata.to_wgs84(xy[:, 0], xy[:, 1], asked.coordinate_system)
    points = geodata.snap_to_edges(network, lon, lat, asked.profile)
    faults = [
        fault("E1403", path, distance_m=round(float(away)), mode=asked.profile,
              limit_m=asked.max_snap_m)
        for path, away in zip(paths, points.distance_m, strict=True)
        if away > asked.max_snap_m
    ]
    if faults:
        raise InputError(faults)
    return points
