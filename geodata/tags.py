"""From a way's OpenStreetMap tags to who may go along it, in which direction and how fast.

References: the wiki pages Key:access, Key:oneway, Key:maxspeed, Key:cycleway and Key:barrier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from geodata.profiles import (
    ACCESS_CLOSED,
    ACCESS_ON_FOOT,
    ACCESS_OPEN,
    CLASS_INDEX,
    KNOTS,
    MAXSPEED_WORDS,
    MPH,
    PROFILES,
    PUSHING_SPEED,
    Profile,
)

_YES: Final = frozenset({"yes", "true", "1"})
_NO: Final = frozenset({"no", "false", "0"})
_BACK: Final = frozenset({"-1", "reverse"})
_OPPOSITE: Final = frozenset({"opposite", "opposite_lane", "opposite_track"})
_CYCLEWAY_KEYS: Final = ("cycleway", "cycleway:both", "cycleway:left", "cycleway:right")
_FERRY: Final = "ferry"
_ISO_DURATION: Final = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")
_NUMBER: Final = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(mph|knots|km/h|kmh|kph)?\s*$")

WAY_KEYS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        (
            "highway", "oneway", "junction", "motorroad", "impassable", "route", "duration",
            "maxspeed", "maxspeed:forward", "maxspeed:backward",
            *_CYCLEWAY_KEYS, "cycleway:left:oneway", "cycleway:right:oneway",
            *(key for profile in PROFILES.values() for key in profile.oneway_keys),
            *(
                key + side
                for profile in PROFILES.values()
                for key in profile.access_keys
                for side in ("", ":forward", ":backward")
            ),
        )
    )
)  # fmt: skip
"""The tags that decide; two ways that agree on them are the same to this module."""

NODE_KEYS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(("barrier", *(k for profile in PROFILES.values() for k in profile.access_keys)))
)
"""The tags of a node that decide whom its barrier stops."""


class WayRule(NamedTuple):
    """What a way's tags mean.

    Attributes
    ----------
    road_class : index into ``ROAD_CLASSES``.
    forward, backward : km/h per profile, in the order of ``PROFILES``; 0 is closed.
    duration : seconds from one end to the other that a timetable gives (ferries), else 0; it counts
        in place of the speeds.
    """

    road_class: int
    forward: tuple[float, ...]
    backward: tuple[float, ...]
    duration: float = 0.0


def read_way(tags: Mapping[str, str]) -> WayRule | None:
    """Meaning of a way's tags; None when it is no street or closed to every profile."""
    highway = tags.get("highway", "")
    if not highway and tags.get("route") == "ferry":
        highway = _FERRY
    if highway not in CLASS_INDEX or tags.get("impassable") == "yes":
        return None
    speeds = [_speeds(tags, highway, profile) for profile in PROFILES.values()]
    forward = tuple(speed[0] for speed in speeds)
    backward = tuple(speed[1] for speed in speeds)
    if not any(forward) and not any(backward):
        return None
    duration = parse_duration(tags.get("duration")) if highway == _FERRY else 0.0
    return WayRule(CLASS_INDEX[highway], forward, backward, duration)


def barrier_stops(tags: Mapping[str, str]) -> tuple[bool, ...]:
    """Whether a node's barrier stops each profile, in the order of ``PROFILES``.

    An access tag on the node overrules what kind of barrier it is; a gate without one is taken as
    open, because most gates on mapped streets are.
    """
    barrier = tags.get("barrier", "")
    stops = []
    for profile in PROFILES.values():
        stopped = _is_stopped(tags, barrier, profile)
        if profile.or_else is not None:
            stopped = stopped and _is_stopped(tags, barrier, profile.or_else)
        stops.append(stopped)
    return tuple(stops)


def parse_duration(text: str | None) -> float:
    """Seconds of a ``duration`` value; 0 when it says nothing.

    Known are ``hh:mm``, ``hh:mm:ss``, minutes alone, and ISO 8601 such as ``PT1H20M``.
    """
    text = (text or "").strip().upper()
    match = _ISO_DURATION.match(text)
    if match is not None and any(match.groups()):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return hours * 3600.0 + minutes * 60.0 + seconds
    parts = text.split(":")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) > 3:
        return 0.0
    if len(parts) == 1:
        return float(parts[0]) * 60.0
    scales = (3600.0, 60.0, 1.0)
    return sum(float(part) * scale for part, scale in zip(parts, scales, strict=False))


def parse_maxspeed(text: str | None) -> float | None:
    """Km/h of a ``maxspeed`` value; None when it says nothing (``signals``, ``none``, garbage).

    Several values (``50;30``) give the lowest: the slow part rules.
    """
    if text is None:
        return None
    found = []
    for part in re.split(r"[;|,]", text.lower()):
        match = _NUMBER.match(part)
        if match is None:
            value = MAXSPEED_WORDS.get(part.strip().rsplit(":", 1)[-1])
        else:
            unit = {"mph": MPH, "knots": KNOTS}.get(match[2] or "", 1.0)
            value = float(match[1]) * unit
        if value is not None and value > 0:
            found.append(value)
    return min(found, default=None)


def _is_stopped(tags: Mapping[str, str], barrier: str, profile: Profile) -> bool:
    granted = _access(tags, profile, "")
    return barrier in profile.barriers if granted is None else granted == "no"


def _speeds(tags: Mapping[str, str], highway: str, profile: Profile) -> tuple[float, float]:
    own = _own_speeds(tags, highway, profile)
    if profile.or_else is None:
        return own
    other = _own_speeds(tags, highway, profile.or_else)
    return max(own[0], other[0]), max(own[1], other[1])


def _own_speeds(tags: Mapping[str, str], highway: str, profile: Profile) -> tuple[float, float]:
    if profile.closed_by_motorroad and tags.get("motorroad") in _YES:
        return 0.0, 0.0
    forward_open, backward_open = _directions(tags, highway, profile)
    result = []
    for is_open, side in ((forward_open, "forward"), (backward_open, "backward")):
        speed = _class_speed(tags, highway, profile, side) if is_open else 0.0
        if highway == _FERRY:
            result.append(speed)
            continue
        limit = parse_maxspeed(tags.get(f"maxspeed:{side}", tags.get("maxspeed")))
        if speed and limit is not None:
            # A driver follows the sign; a rider or walker is only ever slowed down by it.
            posted = limit * profile.limit_share
            speed = posted if profile.limit_share < 1.0 else min(speed, posted)
        result.append(min(speed, profile.top_speed))
    return result[0], result[1]


def _class_speed(tags: Mapping[str, str], highway: str, profile: Profile, side: str) -> float:
    access = _access(tags, profile, side)
    if access == "no":
        return 0.0
    if access == "foot":
        return PUSHING_SPEED
    speed = profile.speed.get(highway)
    if speed is None and access == "yes":
        speed = profile.speed_if_allowed.get(highway)
    return 0.0 if speed is None else float(speed)


def _access(tags: Mapping[str, str], profile: Profile, side: str) -> str | None:
    """``yes``, ``no`` or ``foot`` by the most specific tag that says anything; else None."""
    for key in profile.access_keys:
        value = tags.get(f"{key}:{side}") if side else None
        if value is None:
            value = tags.get(key)
        if value is None:
            continue
        if value in ACCESS_CLOSED:
            return "no"
        if value == ACCESS_ON_FOOT:
            return "foot"
        if value in ACCESS_OPEN:
            # `access=yes` does not open a footway to cars; only the profile's own tags do.
            return None if key == "access" else "yes"
    return None


def _directions(tags: Mapping[str, str], highway: str, profile: Profile) -> tuple[bool, bool]:
    for key in profile.oneway_keys:
        value = tags.get(key)
        if value in _YES:
            return True, False
        if value in _NO:
            return True, True
        if value in _BACK:
            return False, True
    if not profile.obeys_oneway:
        return True, True
    oneway = tags.get("oneway")
    if oneway in _BACK:
        forward, backward = False, True
    elif oneway in _YES:
        forward, backward = True, False
    elif oneway == "reversible":  # open by the hour, which no tag here tells
        return False, False
    elif oneway in _NO:
        forward, backward = True, True
    else:
        implied = highway in ("motorway", "motorway_link") or tags.get("junction") in (
            "roundabout",
            "circular",
        )
        forward, backward = True, not implied
    if "bicycle" in profile.access_keys and forward != backward and _rides_both_ways(tags):
        return True, True
    return forward, backward


def _rides_both_ways(tags: Mapping[str, str]) -> bool:
    if any(tags.get(key) in _OPPOSITE for key in _CYCLEWAY_KEYS):
        return True
    return any(
        tags.get(f"cycleway:{side}:oneway") in (_BACK | _NO)
        and tags.get(f"cycleway:{side}", "no") != "no"
        for side in ("left", "right")
    )
