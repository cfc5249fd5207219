"""Who travels, where and how fast: plain tables, no logic.

``tags.py`` reads OpenStreetMap tags by these tables. A new way to travel is a new row here.

Sources. Class speeds and access lists for the car and the bicycle start from OSRM's ``profiles/car.lua`` and
``profiles/bicycle.lua`` (BSD-2-Clause), links set to about half of their road because ramps are driven slowly; the
share of a posted limit that is really driven (0.8) is OSRM's ``speed_reduction``. The e-bike keeps below 25 km/h, the
limit in both GB 17761-2018 and EN 15194. People walk 5 km/h (``profiles/foot.lua``); steps are walked at 3 km/h.

``bus`` is bus and walk without any timetable: along the classes of road where city buses run one moves at 15 km/h, which
is a city bus with its stops and a share of the waiting, and everywhere else one walks. It is a rough average of a trip
of some kilometres, not a connection: no line, no headway, no change is known.
"""  # noqa: E501

from __future__ import annotations

from typing import Final, NamedTuple

CLOSED: Final = 2**31 - 1
"""``time_ms`` of an edge where the profile may not go."""

ROAD_CLASSES: Final[tuple[str, ...]] = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
    "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "living_street",
    "service", "road", "track", "pedestrian", "cycleway", "footway", "path", "bridleway", "steps",
    "ferry",
)  # fmt: skip
"""``highway`` values that are streets, by falling rank, and ferries; ``Network.road_class`` indexes
this."""

CLASS_INDEX: Final[dict[str, int]] = {name: index for index, name in enumerate(ROAD_CLASSES)}


class TurnCosts(NamedTuple):
    """Seconds that a turn costs where there is a choice, in right-hand traffic.

    Attributes
    ----------
    right, left : a turn of more than 45 degrees.
    u_turn : back along the same street, which is only done where nothing else is open.
    across : straight on or left over a road of higher rank.
    """

    right: float
    left: float
    u_turn: float
    across: float


class Profile(NamedTuple):
    """One way to travel.

    Attributes
    ----------
    name : as callers write it.
    speed : km/h on a class of road; a class that is absent is closed.
    speed_if_allowed : km/h on a class that is closed unless an access tag opens it.
    top_speed : km/h, never exceeded.
    limit_share : share of a posted speed limit that is really driven.
    access_keys : tags that grant or refuse, the most specific first.
    oneway_keys : tags that overrule ``oneway`` for this profile, the most specific first.
    obeys_oneway : whether the plain ``oneway`` tag and what implies it count.
    closed_by_motorroad : whether ``motorroad=yes`` closes a street.
    barriers : values of a node's ``barrier`` tag that stop this profile.
    turn_keys : whose turn restrictions count, as in ``restriction:motorcar`` and
        ``except=bicycle``; none for who ignores them.
    turn_costs : seconds per turn.
    arrival_s : seconds to park or lock at the door; part of no edge, see ``add_arrival``.
    or_else : another profile that the same person may go as, where that is faster.
    """

    name: str
    speed: dict[str, float]
    speed_if_allowed: dict[str, float]
    top_speed: float
    limit_share: float
    access_keys: tuple[str, ...]
    oneway_keys: tuple[str, ...]
    obeys_oneway: bool
    closed_by_motorroad: bool
    barriers: frozenset[str]
    turn_keys: tuple[str, ...]
    turn_costs: TurnCosts
    arrival_s: int
    or_else: Profile | None = None


ACCESS_CLOSED: Final = frozenset(
    {"no", "private", "agricultural", "forestry", "emergency", "delivery", "psv", "bus", "military",
     "use_sidepath", "restricted"}
)  # fmt: skip
ACCESS_OPEN: Final = frozenset(
    {"yes", "permissive", "designated", "official", "destination", "customers", "residents"}
)
ACCESS_ON_FOOT: Final = "dismount"  # ride up, get off, push
PUSHING_SPEED: Final = 4.0  # km/h, OSRM bicycle.lua `walking_speed`

# Barriers that no wheel passes, and those that stop only what is wide.
_WALLS: Final = frozenset({"wall", "fence", "hedge", "debris", "log", "ditch"})
_NARROW: Final = frozenset(
    {"bollard", "block", "chain", "cycle_barrier", "jersey_barrier", "planter", "stile",
     "turnstile", "kissing_gate", "full-height_turnstile", "motorcycle_barrier", "bus_trap",
     "sump_buster"}
)  # fmt: skip

_FREE: Final = TurnCosts(right=0, left=0, u_turn=0, across=0)

CAR: Final = Profile(
    name="car",
    speed={
        "motorway": 90, "motorway_link": 45, "trunk": 85, "trunk_link": 40, "primary": 65,
        "primary_link": 30, "secondary": 55, "secondary_link": 25, "tertiary": 40,
        "tertiary_link": 20, "unclassified": 25, "residential": 25, "living_street": 10,
        "service": 15, "road": 25,
    },
    speed_if_allowed={"track": 12, "pedestrian": 8, "ferry": 10},
    top_speed=120,
    limit_share=0.8,
    access_keys=("motorcar", "motor_vehicle", "vehicle", "access"),
    oneway_keys=("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle"),
    obeys_oneway=True,
    closed_by_motorroad=False,
    barriers=_WALLS | _NARROW,
    turn_keys=("motorcar", "motor_vehicle", "vehicle"),
    turn_costs=TurnCosts(right=3, left=6, u_turn=20, across=3),
    arrival_s=120,
)  # fmt: skip

EBIKE: Final = Profile(
    name="ebike",
    speed={
        "primary": 20, "primary_link": 20, "secondary": 20, "secondary_link": 20, "tertiary": 20,
        "tertiary_link": 20, "unclassified": 20, "residential": 18, "living_street": 12,
        "service": 15, "road": 18, "track": 12, "cycleway": 20, "path": 12, "ferry": 10,
    },
    speed_if_allowed={
        "trunk": 20, "trunk_link": 20, "footway": 10, "pedestrian": 10, "bridleway": 10,
    },
    top_speed=25,
    limit_share=1.0,
    access_keys=("electric_bicycle", "bicycle", "vehicle", "access"),
    oneway_keys=("oneway:bicycle", "oneway:vehicle"),
    obeys_oneway=True,
    closed_by_motorroad=True,
    barriers=_WALLS | frozenset({"stile", "turnstile", "kissing_gate", "full-height_turnstile"}),
    turn_keys=("electric_bicycle", "bicycle", "vehicle"),
    turn_costs=TurnCosts(right=1, left=3, u_turn=5, across=3),
    arrival_s=30,
)  # fmt: skip

WALK: Final = Profile(
    name="walk",
    speed={
        "primary": 5, "primary_link": 5, "secondary": 5, "secondary_link": 5, "tertiary": 5,
        "tertiary_link": 5, "unclassified": 5, "residential": 5, "living_street": 5, "service": 5,
        "road": 5, "track": 5, "pedestrian": 5, "footway": 5, "path": 5, "bridleway": 4, "steps": 3,
        "ferry": 10,
    },
    speed_if_allowed={"trunk": 5, "trunk_link": 5, "cycleway": 5},
    top_speed=5,
    limit_share=1.0,
    access_keys=("foot", "access"),
    oneway_keys=("oneway:foot",),
    obeys_oneway=False,
    closed_by_motorroad=True,
    barriers=_WALLS,
    turn_keys=(),
    turn_costs=_FREE,
    arrival_s=0,
)  # fmt: skip

BUS: Final = Profile(
    name="bus",
    speed={
        "trunk": 20, "trunk_link": 20, "primary": 15, "primary_link": 15, "secondary": 15,
        "secondary_link": 15, "tertiary": 15, "tertiary_link": 15,
    },
    speed_if_allowed={},
    top_speed=20,
    limit_share=1.0,
    access_keys=("bus", "psv", "motor_vehicle", "vehicle", "access"),
    oneway_keys=("oneway:bus", "oneway:psv", "oneway:motor_vehicle", "oneway:vehicle"),
    obeys_oneway=True,
    closed_by_motorroad=False,
    barriers=_WALLS | _NARROW - frozenset({"bus_trap", "sump_buster"}),
    turn_keys=(),  # who gets off may cross the street
    turn_costs=_FREE,
    arrival_s=0,
    or_else=WALK,
)  # fmt: skip

PROFILES: Final[dict[str, Profile]] = {p.name: p for p in (CAR, EBIKE, WALK, BUS)}
"""In an order that only ever grows at its end: saved networks hold bits by place in it."""

MAXSPEED_WORDS: Final[dict[str, float]] = {
    "walk": 7.0, "living_street": 10.0, "urban": 50.0, "rural": 90.0, "trunk": 110.0,
    "motorway": 120.0,
}  # fmt: skip
"""km/h behind words such as ``DE:urban`` (the part after the colon); rounded over countries."""

MPH: Final = 1.609344
KNOTS: Final = 1.852
