"""Standing orders and changes: who eats what on a date, what came too late, what contradicts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.domain.meal_programme import MealProgramme
from engine.domain.meals import MealClient
from engine.domain.programme_reading import parse_programme
from engine.errors import InputError
from engine.formats.meal_tables import read_meal_tables, write_meal_tables
from engine.formats.table_files import read_grids, write_grids
from engine.meals.programme import DayOrders, orders_of
from engine.meals.scenario import make_meals, make_programme

MONDAY, TUESDAY, SUNDAY = "2026-11-23", "2026-11-24", "2026-11-22"
#: Orders of a day are closed at 16:00 on the day before.
IN_TIME, TOO_LATE = 16 * 3_600, 16 * 3_600 + 1


def document(standing: list[dict[str, Any]], changes: list[dict[str, Any]]) -> dict[str, Any]:
    door = {"lon": 105.01, "lat": 35.01}
    return {
        "format": "careroute-meals/1", "id": "lunch", "day": MONDAY, "start_s": 39_600,
        "end_s": 45_000, "order_deadline_s": IN_TIME, "order_deadline_days": 1,
        "diets": [{"id": "regular"}, {"id": "soft"}, {"id": "uncooked"}],
        "kitchens": [{"id": "K", "lon": 105.0, "lat": 35.0, "batches": [
            {"id": "B", "ready_s": 36_000, "portions": 50, "diets": {"regular": 40, "soft": 10}},
        ]}],
        "points": [{"id": "P", "lon": 105.02, "lat": 35.02, "seats": 9}],
        "clients": [
            {"id": "anna", "diet": "regular", **door},
            {"id": "ben", "diet": "regular", "at": "P", "price_cents": 900},
        ],
        "couriers": [{"id": "C", "place": "P", "start_s": 36_000, "end_s": 50_000, "capacity": 5}],
        "vans": [{"id": "V", "kitchen": "K"}],
        "standing": standing, "changes": changes,
    }


def change(
    kind: str, *, at: tuple[str, int] = (SUNDAY, 3_600), client: str = "anna", place: str = "",
    **fields: Any,
) -> dict[str, Any]:
    more = {"at": place} if place else {}
    return {"client": client, "kind": kind, "received_day": at[0], "received_s": at[1], **more,
            **fields}


EVERY_DAY = [{"client": "anna"}, {"client": "ben"}]


def orders(
    changes: list[dict[str, Any]], day: str = MONDAY, standing: Any = EVERY_DAY
) -> DayOrders:
    programme, faults = parse_programme(document(standing, changes))
    assert not faults
    assert programme
    return orders_of(programme, date.fromisoformat(day))


def anna(found: DayOrders) -> MealClient:
    assert found.problem.order_deadline_s is None
    return found.problem.client_by_id["anna"]


def eats(changes: list[dict[str, Any]], day: str = MONDAY) -> bool:
    found = orders(changes, day)
    assert found.problem.is_due(found.problem.client_by_id["ben"])
    return found.problem.is_due(anna(found))


def test_an_order_stands_on_its_days_with_its_own_terms() -> None:
    standing = [
        {"client": "anna", "weekdays": ["mon", "wed"], "diet": "soft", "portions": 2, "at": "P",
         "payer": "town", "price_cents": 1_000, "subsidy_cents": 400},
        {"client": "ben", "from_day": TUESDAY, "until_day": TUESDAY},
    ]
    monday = orders([], MONDAY, standing).problem
    assert [c.id for c in monday.clients] == ["anna"]
    told = anna(orders([], MONDAY, standing))
    assert (told.diet, told.portions, told.at) == ("soft", 2, "P")
    assert (told.payer, told.price_cents, told.subsidy_cents) == ("town", 1_000, 400)
    assert monday.day == date(2026, 11, 23)
    tuesday = orders([], TUESDAY, standing).problem
    assert [(c.id, c.diet, c.at) for c in tuesday.clients] == [("ben", "regular", "P")]
    assert orders([], "2026-11-26", standing).problem.clients == ()


def test_a_change_after_the_deadline_leaves_the_order_as_it_stood() -> None:
    for moment, diet in ((IN_TIME, "soft"), (TOO_LATE, "regular")):
        found = orders([change("change", from_day=MONDAY, diet="soft", at=(SUNDAY, moment))])
        assert found.problem.is_due(anna(found))
        assert anna(found).diet == diet
        assert [n.code for n in found.notes] == ["W1804"] * (moment == TOO_LATE)
    (note,) = found.notes
    assert note.path == "changes[0]"
    assert "2026-11-22 16:00:01" in note.message
    assert "from 2026-11-24 on" in note.hint
    assert "自 2026-11-24 起" in note.hint_zh
    after = orders([change("change", from_day=MONDAY, diet="soft", at=(SUNDAY, TOO_LATE))], TUESDAY)
    assert (anna(after).diet, after.notes) == ("soft", ())
    one_day = orders([change("cancel", day=MONDAY, at=(MONDAY, 0))])
    assert one_day.problem.is_due(anna(one_day))
    assert "to no day" in one_day.notes[0].hint
    assert [x.begins for x in (*found.late, *one_day.late)] == [date(2026, 11, 24), None]
    assert not orders([change("cancel", day=MONDAY, at=(MONDAY, 0))], TUESDAY).notes


def test_who_rests_is_kept_as_resting_until_restarted() -> None:
    away = change("suspend", from_day=SUNDAY, until_day=MONDAY, at=("2026-11-01", 0))
    assert not eats([away])
    assert anna(orders([away])).suspended
    assert eats([away], TUESDAY)
    back = change("restart", from_day=MONDAY)
    assert eats([away, back])
    # Received before the suspension of the same day, it is the suspension that counts.
    assert not eats([change("suspend", from_day=MONDAY), {**back, "received_s": 60}])
    assert eats([change("suspend", from_day=MONDAY), {**back, "received_s": 7_200}])
    # In one call: away from Sunday on, and back on Monday.
    assert eats([change("restart", from_day=MONDAY), change("suspend", from_day=SUNDAY)])


def test_one_day_goes_before_what_lasts_and_the_later_before_the_earlier() -> None:
    away = change("suspend", from_day=SUNDAY, at=(SUNDAY, 7_200))
    assert eats([change("order", day=MONDAY), away])
    assert not eats([change("order", day=MONDAY), away], TUESDAY)
    assert not eats([change("cancel", day=MONDAY), change("restart", from_day=SUNDAY)])
    assert eats([
        change("cancel", day=MONDAY), change("order", day=MONDAY, at=(SUNDAY, 7_200)),
    ])
    found = orders([
        change("change", from_day=MONDAY, diet="soft", portions=3, at=(SUNDAY, 7_200)),
        change("change", day=MONDAY, diet="regular"),
        change("change", from_day=SUNDAY, place="P"),
    ])
    assert (anna(found).diet, anna(found).portions, anna(found).at) == ("regular", 3, "P")
    # A change of what is eaten does not bring a meal back, and is told.
    resting = orders([away, change("change", day=MONDAY, diet="soft")])
    assert anna(resting).suspended
    assert [(n.code, n.path) for n in resting.notes] == [("W1805", "changes[1].kind")]


def test_a_meal_is_ordered_where_none_stands() -> None:
    standing = [{"client": "ben"}]
    found = orders([change("order", day=MONDAY, diet="soft", place="home")], MONDAY, standing)
    assert (anna(found).diet, anna(found).at, anna(found).suspended) == ("soft", None, False)
    assert not found.notes
    idle = orders([change("cancel", day=MONDAY), change("suspend", from_day=MONDAY)], MONDAY,
                  standing)
    assert [c.id for c in idle.problem.clients] == ["ben"]
    assert [n.code for n in idle.notes] == ["W1805", "W1805"]
    restart = orders([change("restart", day=MONDAY)], MONDAY, standing)
    assert [n.code for n in restart.notes] == ["W1805"]


def test_the_same_change_twice_counts_once_and_is_told() -> None:
    twice = orders([change("cancel", day=MONDAY), change("cancel", day=MONDAY)])
    assert anna(twice).suspended
    assert [(n.code, n.path) for n in twice.notes] == [("W1806", "changes[1]")]
    assert "changes[0]" in twice.notes[0].message


def test_more_portions_than_a_box_holds_are_told_of_the_day() -> None:
    many = change("change", day=MONDAY, portions=6)
    with pytest.raises(InputError) as caught:
        orders([many])
    assert [(f.code, f.path) for f in caught.value.faults] == [("E1807", "changes[0].portions")]
    assert anna(orders([many, change("change", day=MONDAY, place="P")])).portions == 6


@pytest.mark.parametrize(("standing", "changes", "expected"), [
    (EVERY_DAY, [change("suspend", client="anne", from_day=MONDAY)],
     [("E1802", "changes[0].client")]),
    ([{"client": "carl"}], [], [("E1802", "standing[0].client")]),
    ([{"client": "anna", "diet": "vegan"}], [], [("E1802", "standing[0].diet")]),
    ([{"client": "anna", "diet": "uncooked"}], [], [("E1801", "standing[0].diet")]),
    ([{"client": "anna", "at": "Q"}], [], [("E1802", "standing[0].at")]),
    ([{"client": "ben", "at": "home"}], [], [("E1805", "standing[0].at")]),
    ([{"client": "anna", "portions": 6}], [], [("E1807", "standing[0].portions")]),
    ([{"client": "ben", "subsidy_cents": 901}], [], [("E1808", "standing[0].subsidy_cents")]),
    ([{"client": "anna", "weekdays": ["mo"]}], [], [("E1012", "standing[0].weekdays[0]")]),
    ([{"client": "anna", "from_day": TUESDAY, "until_day": MONDAY}], [],
     [("E1812", "standing[0].until_day")]),
    ([{"client": "anna", "weekdays": ["mon", "fri"]},
      {"client": "anna", "weekdays": ["fri"], "from_day": MONDAY}], [],
     [("E1809", "standing[1].client")]),
    ([{"client": "anna", "until_day": MONDAY}, {"client": "anna", "until_day": TUESDAY}], [],
     [("E1809", "standing[1].client")]),
    ([{"client": "anna"}, {"client": "anna"}], [], [("E1809", "standing[1].client")]),
    (EVERY_DAY, [change("change", day=MONDAY, diet="uncooked")], [("E1801", "changes[0].diet")]),
    (EVERY_DAY, [change("change", day=MONDAY, client="ben", place="home")],
     [("E1805", "changes[0].at")]),
    (EVERY_DAY, [change("change", day=MONDAY)], [("E1814", "changes[0].kind")]),
    (EVERY_DAY, [change("cancel", day=MONDAY, portions=2)], [("E1815", "changes[0].portions")]),
    (EVERY_DAY, [change("cancel", from_day=MONDAY)], [("E1813", "changes[0].day")]),
    (EVERY_DAY, [change("suspend")], [("E1811", "changes[0].day")]),
    (EVERY_DAY, [change("suspend", day=MONDAY, from_day=MONDAY)],
     [("E1811", "changes[0].from_day")]),
    (EVERY_DAY, [change("suspend", from_day=TUESDAY, until_day=MONDAY)],
     [("E1812", "changes[0].until_day")]),
    (EVERY_DAY, [change("suspend", from_day=MONDAY), change("restart", from_day=MONDAY)],
     [("E1810", "changes[1].kind")]),
    (EVERY_DAY, [change("change", day=MONDAY, diet="soft"),
                 change("order", day=MONDAY, diet="regular")], [("E1810", "changes[1].diet")]),
    ([], [change("cancel", day=MONDAY)],
     [("E1817", "changes"), ("E1817", "order_deadline_days")]),
    (EVERY_DAY, [change("pause", day=MONDAY), {"client": "ann"}],
     [("E1012", "changes[0].kind"), ("E1003", "changes[1].kind"),
      ("E1003", "changes[1].received_day"), ("E1003", "changes[1].received_s")]),
])
def test_each_fault_is_told_with_its_path(
    standing: list[Any], changes: list[Any], expected: list[tuple[str, str]]
) -> None:
    programme, faults = parse_programme(document(standing, changes))
    assert programme is None
    assert [(f.code, f.path) for f in faults] == expected


def test_orders_that_take_turns_are_no_fault() -> None:
    for one, other in (
        ({"weekdays": ["mon"]}, {"weekdays": ["tue"]}),
        ({"until_day": MONDAY}, {"from_day": TUESDAY}),
        ({"weekdays": ["sun"], "until_day": MONDAY}, {"weekdays": ["mon"], "from_day": MONDAY}),
    ):
        assert orders([], MONDAY, [{"client": "anna", **one}, {"client": "anna", **other}])


def test_what_is_of_one_day_does_not_stand_beside_standing_orders() -> None:
    data = document(EVERY_DAY, [change("order", client="nobody", day=MONDAY)])
    data["clients"][0]["suspended"] = True
    data["clients"][1] |= {"ordered_s": 60, "diet": "vegan"}
    found = [(f.code, f.path) for f in parse_programme(data)[1]]
    assert found == [
        ("E1802", "changes[0].client"), ("E1816", "clients[0].suspended"),
        ("E1802", "clients[1].diet"), ("E1816", "clients[1].ordered_s"),
    ]


def test_a_period_without_standing_orders_is_of_its_own_day() -> None:
    data = document([], [])
    del data["order_deadline_days"]
    programme, _ = parse_programme(data)
    assert programme
    assert orders_of(programme) == orders_of(programme, date(2026, 11, 23))
    assert orders_of(programme).problem.order_deadline_s == IN_TIME
    with pytest.raises(InputError) as caught:
        orders_of(programme, date(2026, 11, 24))
    assert [f.code for f in caught.value.faults] == ["E1817"]


@pytest.fixture(scope="module")
def programme() -> MealProgramme:
    return make_programme(make_meals(20, 1, 1, 2, seed=2, nodes=300)[0])


@pytest.mark.parametrize("name", ["meals.xlsx", "folder"])
def test_tables_are_read_back_as_they_were(
    programme: MealProgramme, tmp_path: Path, name: str
) -> None:
    write_meal_tables(programme, tmp_path / name)
    assert read_meal_tables(tmp_path / name)[0] == programme
    found = orders_of(programme)
    assert found.notes == ()
    assert sum(c.suspended for c in found.problem.clients) == 2


def test_clerks_write_in_chinese_and_faults_name_their_cells(
    programme: MealProgramme, tmp_path: Path
) -> None:
    ids = [c.id for c in programme.register.clients]
    write_meal_tables(programme, tmp_path)
    grids = read_grids(tmp_path)
    day = programme.register.day.isoformat()
    del grids["standing"], grids["changes"]
    grids["长期订单"] = [["服务对象", "星期"], [ids[0], "周一至周五；日"], [ids[1], ""]]
    grids["订单变更"] = [
        ["服务对象", "类型", "日期", "用餐地点", "收到日期", "收到时间"],
        [ids[0], "变更", "2026年3月2日", "在家", "2026/3/1", "9：30"],
        [ids[1], "取消", day, "", day, "9:00"],
    ]
    write_grids(grids, tmp_path)
    for name in ("standing", "changes"):
        (tmp_path / f"{name}.csv").unlink()
    read, cells = read_meal_tables(tmp_path)
    assert read.standing[0].weekdays == ("mon", "tue", "wed", "thu", "fri", "sun")
    assert (read.changes[0].kind, read.changes[0].at) == ("change", "home")
    notes = orders_of(read).notes
    assert [cells.translate(n).path for n in notes] == ["changes!A3"]
    grids["订单变更"] += [[ids[1], "加订", day, "", day, "9:00"],
                      ["M99999", "取消", "", "", day, "soon"]]
    write_grids(grids, tmp_path)
    with pytest.raises(InputError) as caught:
        read_meal_tables(tmp_path)
    found = {f.path: f for f in caught.value.faults}
    assert {(f.code, f.path) for f in caught.value.faults} >= {
        ("E1810", "changes!B4"), ("E1506", "changes!F5"),
    }
    assert "changes!A3" in found["changes!B4"].message
