from __future__ import annotations

import html
import json
import re
from datetime import date
from html.parser import HTMLParser
from importlib import resources
from typing import Any, get_args

import numpy as np
import pytest

import geodata
from engine.domain.base import Mode, Window
from engine.domain.orders import EmergencyOrder, MealOrder, VisitOrder
from engine.domain.places import Batch, Centre, Client, Kitchen, MealPoint
from engine.domain.plan import Plan, Reason, Route, Run, Stop, Totals, Trip, Unserved
from engine.domain.problem import Problem
from engine.domain.services import OrderKind, Service
from engine.domain.workers import Role, Shift, Worker
from engine.formats.html_map import (
    ALPHABET,
    N_COLOURS,
    SCALE,
    SCRIPTS,
    STYLES,
    colour_routes,
    encode_line,
    encode_streets,
    map_data,
    render_map,
)
from engine.travel import Travel

#: What a hostile file could put where free text is allowed.
NASTY = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)> {{data}} \u2028 ]]>"
ASSETS = resources.files("engine.formats") / "map_assets"

#: Keys that the page puts together: a section and a member.
FAMILIES: dict[str, Any] = {
    "kind": get_args(OrderKind), "role": get_args(Role), "mode": get_args(Mode),
    "reason": get_args(Reason), "level": range(4), "load": ("portions", "kg", "other"),
    "diet": ("low_salt", "soft", "diabetic"),
    "place": ("kitchen", "meal_point", "centre", "place"),
    "segment": ("travel", "wait", "service", "load", "idle"),
    "tab": ("routes", "unserved"), "search": ("routes", "unserved"),
}


def decode_line(text: str) -> list[tuple[int, int]]:
    """Read a line as the page does."""
    numbers: list[int] = []
    value = shift = 0
    for character in text:
        digit = ALPHABET.index(character)
        value |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            numbers.append(-((value + 1) >> 1) if value & 1 else value >> 1)
            value = shift = 0
    steps = np.array(numbers, dtype=np.int64).reshape(-1, 2)
    return [(int(x), int(y)) for x, y in np.cumsum(steps, axis=0)]


def asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def network() -> geodata.Network:
    return geodata.synthetic_city(400, seed=3)


@pytest.fixture(scope="module")
def problem(network: geodata.Network) -> Problem:
    """Six orders of all kinds, two of them at one door, one that nobody serves."""

    def at(node: int) -> dict[str, Any]:
        usable = np.flatnonzero(network.routable["walk"] & network.routable["ebike"])
        k = int(usable[node * len(usable) // 12])
        return {"lon": float(network.node_lon[k]), "lat": float(network.node_lat[k])}

    noon = (Window(start_s=39_600, end_s=46_800),)
    return Problem(
        id="map-test",
        day=date(2026, 11, 23),
        services=(
            Service(id="odd", kind="visit", name=NASTY, name_zh=NASTY, service_duration_s=600),
        ),
        clients=tuple(
            Client(id=f"C{k}", **at(k), care_level=k % 4, guaranteed=k == 1) for k in range(6)
        ),
        centres=(Centre(id="base", **at(6), seats=30),),
        kitchens=(Kitchen(id="K1", **at(8), batches=(Batch(id="b", ready_s=38_000, portions=9),)),),
        meal_points=(MealPoint(id="P1", **at(9)),),
        workers=(
            Worker(id="W1", start="base", mode="walk",
                   shifts=(Shift(id="day", start_s=28_800, end_s=61_200),)),
            Worker(id="W2", start="K1", role="courier",
                   shifts=(Shift(id="noon", start_s=36_000, end_s=50_400),)),
        ),
        orders=(
            VisitOrder(kind="visit", id="O1", client="C0", service="bath"),
            VisitOrder(kind="visit", id="O2", client="C1", service="odd", windows=noon),
            EmergencyOrder(kind="emergency", id="O3", client="C2", received_s=40_000),
            MealOrder(kind="meal", id="O4", client="C3", windows=noon, portions=2),
            MealOrder(kind="meal", id="O5", client="C3", windows=noon),
            VisitOrder(kind="visit", id="O6", client="C4", service="medical", windows=noon),
        ),
    )


@pytest.fixture(scope="module")
def travel(problem: Problem, network: geodata.Network) -> Travel:
    """Made by hand, without matrices: the map draws paths and shows the plan's own figures."""
    entries: list[tuple[tuple[str, str], Any]] = [
        *((("client", c.id), c) for c in problem.clients),
        *((("place", p.id), p) for p in problem.facility_by_id.values()),
    ]
    lon = np.array([e.lon for _, e in entries])
    lat = np.array([e.lat for _, e in entries])
    location = {key: i for i, (key, _) in enumerate(entries)}
    points = {mode: geodata.snap_to_edges(network, lon, lat, mode) for mode in ("walk", "ebike")}
    return Travel(network, location, lon, lat, points, {}, {})


def stop(order: str, client: str, arrival: int, start: int, end: int, **kw: Any) -> Stop:
    return Stop(order=order, client=client, travel_s=600, distance_m=900, arrival_s=arrival,
                start_s=start, departure_s=end, **kw)


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    visits = Trip(
        start="base", leave_s=32_400, end="base", end_travel_s=600, end_distance_m=900,
        end_s=44_200,
        stops=(
            stop("O1", "C0", 33_000, 33_000, 36_600),
            stop("O2", "C1", 37_200, 39_600, 40_200),
            stop("O3", "C2", 40_800, 40_800, 42_600),
        ),
    )
    meals = Trip(
        start="K1", leave_s=39_000, end=None, end_travel_s=0, end_distance_m=0, end_s=40_080,
        load={"portions": 3},
        stops=(
            stop("O4", "C3", 39_600, 39_600, 39_780, batch="b"),
            stop("O5", "C3", 39_780, 39_780, 39_960, batch="b"),
        ),
    )
    figures: dict[str, Any] = {
        "travel_s": 2_400, "distance_m": 3_600, "service_s": 6_000, "wait_s": 2_400,
        "cost_cents": 7_000,
    }  # fmt: skip
    return Plan(
        problem=problem.id,
        problem_fingerprint=problem.fingerprint,
        network_fingerprint="n",
        routes=(
            Route(worker="W1", shift="day", mode="walk", trips=(visits,), **figures),
            Route(worker="W2", shift="noon", mode="ebike", trips=(meals,), **figures),
        ),
        unserved=(
            Unserved(order="O6", reason="no_skill", message=NASTY, message_zh="无人具备资质。",
                     change={"kind": "train"}, change_text="Train W1.", change_text_zh="培训 W1。"),
        ),
        totals=Totals(orders=6, served=5, unserved=1, routes=2, workers=2, prize_lost_cents=0,
                      **figures),
        run=Run(backend="search", status="ok", seed=1, iterations=1, elapsed_s=0.5),
    )


@pytest.fixture(scope="module")
def page(problem: Problem, plan: Plan, travel: Travel) -> str:
    return render_map(problem, plan, travel)


class Elements(HTMLParser):
    """The page as a browser's tokenizer sees it: script bodies end at the first closing tag."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: dict[str, str] = {}
        self._open: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.bodies[self._open] = self.bodies.get(self._open, "") + data


def data_of(page: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(Elements(page).bodies["map-data"])
    return value


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    known = page.replace("http://www.w3.org/2000/svg", "")  # a name, never fetched
    assert not re.search(r"https?:|wss?:|ftp:", known)
    assert not re.search(r"""["'(=]\s*//\w""", known)
    assert not re.search(r"@import|url\((?!['\"]?data:)", known)
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "EventSource", "import("):
        assert word not in known
    for tag, attributes in Elements(page).tags:
        assert "src" not in attributes, tag
        assert attributes.get("href") in (None, "data:,"), tag


def test_the_policy_forbids_every_request(page: str) -> None:
    policies = [a["content"] for tag, a in Elements(page).tags
                if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    ]


def test_text_from_the_data_closes_no_element(page: str) -> None:
    scripts = [a for tag, a in Elements(page).tags if tag == "script"]
    assert len(scripts) == 3  # texts, data, code
    assert all(tag != "img" for tag, _ in Elements(page).tags)
    data = data_of(page)
    assert data["services"]["odd"] == [NASTY, NASTY]
    assert data["unserved"][0]["message"][0] == NASTY


def test_scripts_never_write_markup() -> None:
    code = "".join(asset(name) for name in SCRIPTS)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in code


def test_the_embedded_data_is_the_data(
    page: str, problem: Problem, plan: Plan, travel: Travel
) -> None:
    expected = json.loads(json.dumps(map_data(problem, plan, travel) | {"lang": "en"}))
    assert data_of(page) == expected


def test_every_order_appears_once_among_stops_and_unserved(page: str, problem: Problem) -> None:
    data = data_of(page)
    shown = [s["order"] for r in data["routes"] for t in r["trips"] for s in t["stops"]]
    shown += [u["order"] for u in data["unserved"]]
    assert sorted(shown) == sorted(o.id for o in problem.orders)
    assert sorted(data["orders"]) == sorted(shown)


def test_lines_lead_from_door_to_door(page: str) -> None:
    data = data_of(page)
    for route in data["routes"]:
        for trip in route["trips"]:
            here = data["places"][trip["start"]]["at"]
            for s in trip["stops"]:
                line = decode_line(s["line"])
                there = data["orders"][s["order"]]["at"]
                assert list(line[0]) == here
                assert list(line[-1]) == there
                here = there


def test_two_orders_at_one_door_have_a_line_of_one_point(page: str) -> None:
    (trip,) = data_of(page)["routes"][1]["trips"]
    assert len(decode_line(trip["stops"][1]["line"])) == 1


def test_an_alarm_shows_its_promise_as_a_window(page: str) -> None:
    assert data_of(page)["orders"]["O3"]["windows"] == [[40_000, 40_900]]


def test_the_same_plan_gives_the_same_page(
    page: str, problem: Problem, plan: Plan, travel: Travel
) -> None:
    later = plan.model_copy(update={"run": plan.run.model_copy(update={"elapsed_s": 9.9})})
    assert render_map(problem, later, travel) == page


def test_the_page_opens_in_the_language_that_is_asked_for(
    problem: Problem, plan: Plan, travel: Travel
) -> None:
    page = render_map(problem, plan, travel, lang="zh")
    assert ("html", {"lang": "zh-CN"}) in Elements(page).tags
    assert data_of(page)["lang"] == "zh"
    with pytest.raises(ValueError, match="lang"):
        render_map(problem, plan, travel, lang="fr")  # type: ignore[arg-type]


def test_a_plan_without_routes_still_gives_a_map(problem: Problem, travel: Travel) -> None:
    zero: dict[str, Any] = dict.fromkeys(Totals.model_fields, 0)
    empty = Plan(
        problem="map-test", problem_fingerprint="p", network_fingerprint="n", routes=(),
        unserved=(), totals=Totals(**zero),
        run=Run(backend="search", status="ok", seed=1, iterations=0, elapsed_s=0.0),
    )
    assert data_of(render_map(problem, empty, travel))["routes"] == []


def test_a_city_of_6000_nodes_stays_small(problem: Problem, plan: Plan) -> None:
    city = geodata.synthetic_city(6_000, seed=1)
    west, south, _, _ = city.bounds
    travel = Travel(city, {}, np.empty(0), np.empty(0), {}, {}, {})
    streets = encode_streets(travel, (round(west * SCALE), round(south * SCALE)))
    assert len(json.dumps(streets)) < 300_000
    assets = sum(len(asset(name)) for name in (*SCRIPTS, *STYLES, "i18n.json", "page.html"))
    assert assets < 200_000


def test_each_street_is_drawn_once_and_whole(network: geodata.Network) -> None:
    travel = Travel(network, {}, np.empty(0), np.empty(0), {}, {}, {})
    west, south, _, _ = network.bounds
    origin = (round(west * SCALE), round(south * SCALE))
    groups = encode_streets(travel, origin)
    lines = [np.array(decode_line(line)) for group in groups for line in group["lines"]]
    metres = np.array([111_320 * np.cos(np.radians(south)), 110_574]) / SCALE
    drawn = sum(float(np.hypot(*(np.diff(line, axis=0) * metres).T).sum()) for line in lines)
    both_ways = zip(network.tail.tolist(), network.head.tolist(), strict=True)
    length = {
        (min(a, b), max(a, b)): dm
        for (a, b), dm in zip(both_ways, network.length_dm.tolist(), strict=True)
    }
    assert drawn == pytest.approx(sum(length.values()) / 10, rel=0.02)
    x = np.rint(network.node_lon * SCALE) - origin[0]
    reached = np.concatenate(lines)
    assert reached[:, 0].min() >= 0
    assert reached[:, 0].max() == pytest.approx(x.max(), abs=SCALE * 0.02)


@pytest.mark.parametrize(
    "line",
    [[(0, 0)], [(0, 0), (-1, 1)], [(15, -16), (16, 15), (-17, 99_999)], [(-5_000_000, 7), (8, 9)]],
)
def test_a_line_survives_writing_and_reading(line: list[tuple[int, int]]) -> None:
    assert decode_line(encode_line(line)) == line


def test_routes_beside_each_other_differ_in_colour() -> None:
    centres = [(float(x), float(y)) for x in range(4) for y in range(4)]
    colours = colour_routes(centres)
    assert set(colours) == set(range(N_COLOURS))
    assert all(
        colours[i] != colours[j]
        for i in range(len(centres)) for j in range(i)
        if abs(centres[i][0] - centres[j][0]) + abs(centres[i][1] - centres[j][1]) <= 1
    )


def test_every_text_exists_in_both_languages_with_the_same_placeholders() -> None:
    texts = json.loads(asset("i18n.json"))
    assert list(texts) == ["en", "zh"]
    assert texts["en"].keys() == texts["zh"].keys()
    for key in texts["en"]:
        assert texts["en"][key].strip()
        assert texts["zh"][key].strip()
        placeholders = [sorted(re.findall(r"\{\w+\}", texts[lang][key])) for lang in texts]
        assert placeholders[0] == placeholders[1], key


def test_every_text_that_the_page_asks_for_exists() -> None:
    known = set(json.loads(asset("i18n.json"))["en"])
    code = "".join(asset(name) for name in SCRIPTS)
    sections = {key.split(".")[0] for key in known}
    literals = re.findall(r'"([a-z_]+(?:\.\w+)+)"', code + asset("page.html"))
    asked = {key for key in literals if key.split(".")[0] in sections}
    asked |= {f"{key}.one" for key in re.findall(r'countText\("([\w.]+)"', code)}
    assert len(asked) > 60
    assert asked <= known, asked - known
    made_up = FAMILIES.keys() | {"filter", "sort"}
    spare = {key for key in known - asked if key.split(".")[0] not in made_up}
    assert spare == {"app.noscript"}
    for family, members in FAMILIES.items():
        assert {f"{family}.{member}" for member in members} <= known, family
    families_used = set(re.findall(r"t\(`(\w+)\.\$\{", code))
    assert families_used <= FAMILIES.keys() | {"filter", "sort"}
    for name in ("ROUTE_SORTS", "UNSERVED_SORTS"):
        body = re.search(rf"const {name} = \{{(.*?)\n\}};", code, re.S)
        assert body
        assert {f"sort.{k}" for k in re.findall(r"^  (\w+): \(", body[1], re.M)} <= known


def test_no_word_on_the_page_is_outside_the_table() -> None:
    markup = re.sub(r"<style>.*?</style>|<script.*?</script>", "", asset("page.html"), flags=re.S)
    words = re.sub(r"<[^>]+>|\{\{\w+\}\}", " ", html.unescape(markup)).split()
    assert words == ["EN", "中文"]


def test_canvas_colours_are_all_defined_for_light_and_dark() -> None:
    theme = asset("theme.css")
    light, dark = theme.split("@media (prefers-color-scheme: dark)")
    listed = re.search(r"const names = \[(.*?)\];", asset("palette.js"), re.S)
    assert listed
    names = re.findall(r'"([\w-]+)"', listed[1])
    assert all(f"--{name}:" in light for name in names)
    assert all(f"--{name}:" in dark for name in names)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_contrasts_with_what_it_stands_on(theme: str) -> None:
    part = asset("theme.css").split("@media (prefers-color-scheme: dark)")[theme == "dark"]
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part))
    pairs = [("ink", "surface"), ("muted", "surface"), ("muted", "sunken"), ("muted", "ground"),
             ("accent", "surface"), ("alert", "surface"), ("alert", "alert-soft"),
             ("on-alert", "alert"), ("on-accent", "accent"), ("ink", "accent-soft"),
             ("wait", "surface"), ("label", "ground")]
    for front, back in pairs:
        assert _contrast(colour[front], colour[back]) >= 4.5, (front, back)
    listed = re.search(rf"{theme}: \[(.*?)\]", asset("palette.js"))
    assert listed
    routes = re.findall(r"#[0-9a-f]{6}", listed[1])
    assert len(routes) == N_COLOURS
    for route in routes:
        assert _contrast(colour["on-route"], route) >= 4.5, route
