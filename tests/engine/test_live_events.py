"""Events as JSON: read strictly, with all faults by path, and written back as they were."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.live.events import EVENT_KINDS, event_data, parse_event, read_events
from tests.care_builders import alarm, meal, visit, window

ONE_EACH = {
    "clock": {}, "order_in": {"order": visit("o", "c", windows=(window(9, 10),))},
    "order_cancelled": {"order": "o"}, "order_changed": {"order": meal("m", "c", portions=2)},
    "alarm": {"order": alarm("a", "c", 9.0)}, "worker_on": {"worker": "w", "until_s": 3},
    "worker_off": {"worker": "w"}, "worker_late": {"worker": "w", "until_s": 9},
    "worker_position": {"worker": "w", "lon": 1.5, "lat": 2.5},
    "stand_by": {"worker": "w", "district": "d"},
    "visit_started": {"order": "o", "worker": "w"},
    "visit_finished": {"order": "o", "worker": "w", "score": 5},
    "visit_failed": {"order": "o", "worker": "w", "reason": "refused"},
    "road_closed": {"lon": 1.5, "lat": 2.5, "radius_m": 50, "modes": ("car",)},
    "road_slow": {"lon": 1.5, "lat": 2.5, "radius_m": 50, "factor": 2.0},
    "kitchen_late": {"place": "k", "batch": "b", "ready_s": 9},
    "redirected": {"shifts": ()}, "evaluated": {"order": "o", "score": 4},
}


@pytest.mark.parametrize("kind", list(EVENT_KINDS))
def test_every_kind_is_read_back_as_it_was_written(kind):
    event = EVENT_KINDS[kind](id="e", time_s=5, kind=kind, **ONE_EACH[kind])
    data = event_data(event)
    assert data["kind"] == kind
    assert parse_event(data, "e") == (event, [])


def test_all_faults_of_all_events_are_told_by_their_path():
    good = {"id": "a", "time_s": 0, "kind": "clock"}
    bad_order = {"kind": "visit", "id": "o", "client": "c", "servce": "bath"}
    items = [
        good,
        {"id": "b", "time_s": "9", "kind": "clock"},
        {"id": "c", "time_s": 1, "kind": "order_in", "order": bad_order},
        {"id": "d", "time_s": 1, "kind": "order_in", "order": {"kind": "emergency"}},
        {"id": "e", "time_s": 1, "kind": "visit_strted"},
        {"id": "f", "time_s": 1},
        7,
    ]
    with pytest.raises(InputError) as caught:
        read_events(items)
    found = {(f.path, f.code) for f in caught.value.faults}
    assert found == {
        ("events[1].time_s", "E1005"), ("events[2].order.servce", "E1004"),
        ("events[2].order.service", "E1003"), ("events[3].order.kind", "E1012"),
        ("events[4].kind", "E1012"), ("events[5].kind", "E1003"), ("events[6]", "E1005"),
    }
    assert len(read_events([good, {**good, "id": "z"}])) == 2
