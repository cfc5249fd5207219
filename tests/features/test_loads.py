"""No trip carries more than its vehicle holds, in any dimension."""

from __future__ import annotations

import pytest

from engine.domain.workers import Vehicle
from engine.errors import PlanRejected
from tests.care_builders import (
    box,
    client,
    courier,
    kitchen,
    meal,
    plan,
    problem,
    reasons,
    served,
    visit,
    window,
    without,
    worker,
)


def test_a_full_box_sends_the_courier_back_to_load_again(backend):
    day = problem(
        vehicles=(box(portions=4),),
        kitchens=[kitchen()],
        clients=[client(f"c{i}", 2 + i) for i in range(6)],
        workers=[courier("k", shift=(10, 13))],
        orders=[meal(f"m{i}", f"c{i}", windows=[window(11, 12.5)]) for i in range(6)],
    )
    result = plan(day, backend=backend).plan
    assert len(served(result)) == 6
    assert all(t.load["portions"] <= 4 for r in result.routes for t in r.trips)
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("loads"))
    assert {v.rule for v in rejected.value.violations} == {"loads"}


@pytest.mark.parametrize(("kg", "fits"), [(10, True), (11, False)])
def test_every_dimension_counts_for_itself(backend, kg, fits):
    van = Vehicle(id="van", mode="car", capacity={"kg": 10, "crates": 1})
    day = problem(
        vehicles=(van,),
        clients=[client("c")],
        workers=[worker("w", vehicle="van")],
        orders=[visit("o", "c", "errands", load={"kg": kg, "crates": 1})],
    )
    result = plan(day, backend=backend).plan
    assert ("o" in served(result)) is fits
    if not fits:
        assert reasons(result) == {"o": "no_capacity"}


def test_who_has_no_vehicle_or_no_such_dimension_carries_nothing(backend):
    day = problem(
        vehicles=(box(),),
        clients=[client("c")],
        workers=[worker("afoot", mode="walk"), worker("boxed", vehicle="box")],
        orders=[visit("o", "c", "errands", load={"kg": 1}), visit("p", "c", "errands")],
    )
    result = plan(day, backend=backend).plan
    assert served(result) == {"p"}
    with pytest.raises(PlanRejected) as rejected:
        plan(day, backend=backend, rules=without("loads"))
    assert {v.rule for v in rejected.value.violations} == {"loads"}
