from __future__ import annotations

import pytest

from geodata.profiles import PROFILES
from geodata.tags import barrier_stops, parse_duration, parse_maxspeed, read_way

ORDER = list(PROFILES)


def directions(profile: str, **tags: str) -> str:
    """``both``, ``along``, ``against`` or ``closed``."""
    rule = read_way({key.replace("__", ":"): value for key, value in tags.items()})
    if rule is None:
        return "closed"
    k = ORDER.index(profile)
    ways = (bool(rule.forward[k]), bool(rule.backward[k]))
    return {(True, True): "both", (True, False): "along", (False, True): "against"}.get(
        ways, "closed"
    )


@pytest.mark.parametrize(
    ("tags", "car", "ebike", "walk"),
    [
        ({"highway": "residential"}, "both", "both", "both"),
        ({"highway": "residential", "oneway": "yes"}, "along", "along", "both"),
        ({"highway": "residential", "oneway": "-1"}, "against", "against", "both"),
        ({"highway": "residential", "oneway": "reversible"}, "closed", "closed", "both"),
        ({"highway": "motorway"}, "along", "closed", "closed"),
        ({"highway": "motorway", "oneway": "no"}, "both", "closed", "closed"),
        ({"highway": "primary", "junction": "roundabout"}, "along", "along", "both"),
        ({"highway": "service", "oneway": "yes", "oneway__bicycle": "no"}, "along", "both", "both"),
        ({"highway": "service", "oneway": "yes", "cycleway": "opposite"}, "along", "both", "both"),
        (
            {"highway": "residential", "oneway": "yes", "cycleway__left": "opposite_lane"},
            "along", "both", "both",
        ),
        (
            {"highway": "tertiary", "oneway": "yes", "cycleway__left": "lane",
             "cycleway__left__oneway": "-1"},
            "along", "both", "both",
        ),
        ({"highway": "footway"}, "closed", "closed", "both"),
        ({"highway": "footway", "bicycle": "yes"}, "closed", "both", "both"),
        ({"highway": "footway", "access": "yes"}, "closed", "closed", "both"),
        ({"highway": "footway", "oneway__foot": "yes"}, "closed", "closed", "along"),
        ({"highway": "cycleway"}, "closed", "both", "closed"),
        ({"highway": "cycleway", "foot": "designated"}, "closed", "both", "both"),
        ({"highway": "steps"}, "closed", "closed", "both"),
        ({"highway": "service", "access": "private"}, "closed", "closed", "closed"),
        ({"highway": "service", "access": "no", "foot": "yes"}, "closed", "closed", "both"),
        ({"highway": "service", "access": "private", "motor_vehicle": "destination"},
         "both", "closed", "closed"),
        ({"highway": "residential", "vehicle": "no"}, "closed", "closed", "both"),
        ({"highway": "residential", "motor_vehicle__backward": "no"}, "along", "both", "both"),
        ({"highway": "primary", "bicycle": "use_sidepath"}, "both", "closed", "both"),
        ({"highway": "trunk", "motorroad": "yes"}, "both", "closed", "closed"),
        ({"highway": "trunk"}, "both", "closed", "closed"),
        ({"highway": "construction"}, "closed", "closed", "closed"),
    ],
)  # fmt: skip
def test_who_may_go_which_way(tags, car, ebike, walk):
    found = [directions(profile, **tags) for profile in ("car", "ebike", "walk")]
    assert found == [car, ebike, walk]


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50.0), ("50 km/h", 50.0), ("30 mph", 48.28), ("30mph", 48.28), ("50;30", 30.0),
        ("DE:urban", 50.0), ("walk", 7.0), ("none", None), ("signals", None), ("fast", None),
        ("", None), (None, None), ("0", None), ("-5", None),
    ],
)  # fmt: skip
def test_posted_limits_are_read_in_every_usual_spelling(text, kmh):
    found = parse_maxspeed(text)
    assert found == (None if kmh is None else pytest.approx(kmh, abs=0.01))


def test_a_car_follows_the_sign_and_a_walker_only_ever_slows_down():
    rule = read_way({"highway": "residential", "maxspeed": "50"})
    assert rule is not None
    assert rule.forward == (40.0, 18.0, 5.0, 5.0)
    slow = read_way({"highway": "residential", "maxspeed": "10", "maxspeed:forward": "20"})
    assert slow is not None
    assert slow.forward == (16.0, 18.0, 5.0, 5.0)
    assert slow.backward == (8.0, 10.0, 5.0, 5.0)


def test_no_profile_exceeds_its_top_speed():
    rule = read_way({"highway": "motorway", "maxspeed": "300"})
    assert rule is not None
    assert rule.forward[0] == PROFILES["car"].top_speed


def test_who_gets_off_pushes():
    rule = read_way({"highway": "residential", "bicycle": "dismount"})
    assert rule is not None
    assert rule.forward[1] == 4.0


@pytest.mark.parametrize(
    ("tags", "stops"),
    [
        ({"barrier": "bollard"}, (True, False, False, False)),
        ({"barrier": "gate"}, (False, False, False, False)),
        ({"barrier": "gate", "access": "private"}, (True, True, True, True)),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, (True, True, False, False)),
        ({"barrier": "wall"}, (True, True, True, True)),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, (False, False, False, False)),
        ({"barrier": "stile"}, (True, True, False, False)),
    ],
)
def test_a_barrier_stops_whom_it_says(tags, stops):
    assert barrier_stops(tags) == stops


@pytest.mark.parametrize(
    ("tags", "along", "against"),
    [
        ({"highway": "primary"}, 15.0, 15.0),
        ({"highway": "primary", "oneway": "yes"}, 15.0, 5.0),
        ({"highway": "primary", "foot": "use_sidepath"}, 15.0, 15.0),
        ({"highway": "residential", "oneway": "yes"}, 5.0, 5.0),
        ({"highway": "steps"}, 3.0, 3.0),
        ({"highway": "trunk", "motorroad": "yes"}, 20.0, 20.0),
        ({"highway": "motorway"}, 0.0, 0.0),
    ],
)
def test_a_bus_rides_on_main_roads_and_its_passenger_walks_elsewhere(tags, along, against):
    rule = read_way(tags)
    found = (0.0, 0.0) if rule is None else (rule.forward[3], rule.backward[3])
    assert found == (along, against)


@pytest.mark.parametrize(
    ("tags", "open_to"),
    [
        ({}, (False, True, True, True)),
        ({"motor_vehicle": "yes"}, (True, True, True, True)),
        ({"foot": "yes", "bicycle": "no"}, (False, False, True, True)),
        ({"access": "private"}, None),
    ],
)
def test_a_ferry_takes_people_and_bicycles_and_cars_if_it_says_so(tags, open_to):
    rule = read_way({"route": "ferry", **tags})
    found = None if rule is None else tuple(speed > 0 for speed in rule.forward)
    assert found == open_to


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:20", 1200), ("1:30:05", 5405), ("15", 900), ("PT1H20M", 4800), ("pt45m", 2700),
     ("PT", 0), ("soon", 0), ("", 0), (None, 0), ("1:2:3:4", 0), ("-5", 0)],
)  # fmt: skip
def test_a_timetable_s_duration_is_read_in_every_usual_spelling(text, seconds):
    assert parse_duration(text) == seconds
