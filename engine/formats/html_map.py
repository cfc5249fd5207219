"""A planned day as one HTML file that opens in any browser, without a network.

The page carries everything it needs: street network, plan, texts in both languages, style and
scripts, kept apart as files in ``map_assets/``. Its content security policy forbids every request,
so a browser proves the promise each time the page is opened.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

import geodata
from engine.domain.orders import EmergencyOrder, MealOrder
from engine.domain.places import LoadingPlace, MealPoint

if TYPE_CHECKING:
    from engine.domain.orders import Order
    from engine.domain.plan import Plan, Route, Stop, Trip
    from engine.domain.problem import Problem
    from engine.travel import Travel

Language = Literal["en", "zh"]
Point = tuple[int, int]
Line = list[Point]

MAP_FORMAT: Final = "careroute-map/1"
#: Grid steps a degree: 0.28 m in latitude, so that curves stay smooth at the closest zoom.
SCALE: Final = 400_000
#: Five bits a character, safe in JSON and HTML without escapes; the sixth bit says "more follows".
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: A drawn street is cut here, so that the page can leave out what lies outside its window.
MAX_CHAINED: Final = 24
#: Points that one straight piece may swallow: bounds the work of ``_straighten``.
MAX_LEFT_OUT: Final = 24
#: Colours in the page's palette (``palette.js``); routes that lie apart share one.
N_COLOURS: Final = 10

#: Scripts in the order in which they build on each other.
SCRIPTS: Final = (
    "base.js", "i18n.js", "data.js", "state.js", "palette.js", "icons.js", "view.js", "roads.js",
    "labels.js", "scene.js", "markers.js", "clock.js", "timeline.js", "filters.js", "panel.js",
    "detail.js", "card.js", "legend.js", "main.js",
)  # fmt: skip
STYLES: Final = ("theme.css", "layout.css", "panel.css", "map.css", "print.css")


def render_map(problem: Problem, plan: Plan, travel: Travel, lang: Language = "en") -> str:
    """Draw a plan on its street network, as one self-contained HTML page.

    Parameters
    ----------
    problem : the day that was planned.
    plan : its plan.
    travel : the travel that the plan was made with; its network is the map.
    lang : language that the page opens in; the reader may switch.

    Returns
    -------
    page : HTML. The same plan gives the same page, whenever it was made.

    Raises
    ------
    ValueError : ``lang`` is no language of the page.
    """
    if lang not in get_args(Language):
        raise ValueError(f"lang must be one of {get_args(Language)}, not {lang!r}")
    texts = json.loads(_asset("i18n.json"))
    parts = {
        "lang": "zh-CN" if lang == "zh" else "en",
        "title": html.escape(f"{problem.id} · {problem.day.isoformat()} · careroute"),
        "noscript": html.escape(texts[lang]["app.noscript"]),
        "styles": "\n".join(_asset(name) for name in STYLES),
        "scripts": "\n".join(_asset(name) for name in SCRIPTS),
        "texts": _embed(texts),
        "data": _embed(map_data(problem, plan, travel) | {"lang": lang}),
    }
    # One pass: a placeholder inside a value stays what it is, text.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("page.html"))


def map_data(problem: Problem, plan: Plan, travel: Travel) -> dict[str, Any]:
    """Everything the page shows, ready for JSON.

    Notes
    -----
    Times are seconds from the day's start, lengths metres, points grid steps from ``grid.origin``
    (south-west). Lines are text, see ``encode_line``. No personal data enters: ids, kinds, times.
    """
    west, south, _, north = travel.network.bounds
    origin = (round(west * SCALE), round(south * SCALE))
    grid = _Grid(travel, origin)
    services = {order.service for order in problem.orders}
    return {
        "format": MAP_FORMAT,
        "problem": problem.id,
        "day": problem.day.isoformat(),
        "synthetic": problem.network.kind == "synthetic",
        "grid": {"scale": SCALE, "origin": origin, "height": round(north * SCALE) - origin[1]},
        "streets": encode_streets(travel, origin),
        "services": {
            s.id: [s.name, s.name_zh] for s in problem.service_by_id.values() if s.id in services
        },
        "places": _places(problem, grid),
        "skills": {s.id: [s.name, s.name_zh] for s in problem.skill_by_id.values()},
        "orders": {order.id: _order(problem, order, grid) for order in problem.orders},
        "routes": _routes(problem, plan, travel, grid),
        "unserved": [
            {
                "order": u.order,
                "reason": u.reason,
                "message": [u.message, u.message_zh],
                "change": [u.change_text, u.change_text_zh] if u.change_text else None,
            }
            for u in plan.unserved
        ],
        "totals": plan.totals.model_dump(),
    }


def encode_line(points: Iterable[Point]) -> str:
    """Grid points as text: differences, zigzag, five bits a character.

    The first point counts from (0, 0). ``data.js`` reads it back.
    """
    out: list[str] = []
    last_x = last_y = 0
    for x, y in points:
        for step in (x - last_x, y - last_y):
            rest = step << 1 if step >= 0 else (-step << 1) - 1
            while rest >= 32:
                out.append(ALPHABET[32 | (rest & 31)])
                rest >>= 5
            out.append(ALPHABET[rest])
        last_x, last_y = x, y
    return "".join(out)


def encode_streets(travel: Travel, origin: Point) -> list[dict[str, Any]]:
    """Streets of the network by class: each once, joined end to end, as lines.

    Returns
    -------
    classes : ``{"name", "lines", "names"}`` by rising rank; ``names`` maps an index of ``lines`` to
        the street's name where it has one.
    """
    network = travel.network
    xs = np.rint(network.geom_lon * SCALE).astype(np.int64) - origin[0]
    ys = np.rint(network.geom_lat * SCALE).astype(np.int64) - origin[1]
    points = list(zip(xs.tolist(), ys.tolist(), strict=True))
    ptr = network.geom_ptr.tolist()
    rank = network.road_class.tolist()
    name = network.street_name.tolist()
    once: dict[tuple[int, tuple[Point, ...]], int] = {}
    for edge in range(network.n_edges):
        line = tuple(points[ptr[edge] : ptr[edge + 1]])
        # The way back along the same street is the same drawing.
        once.setdefault((rank[edge], min(line, line[::-1])), name[edge])
    by_class: dict[int, list[tuple[tuple[Point, ...], int]]] = defaultdict(list)
    for (road_class, line), street in once.items():
        by_class[road_class].append((line, street))
    result = []
    for road_class in sorted(by_class, reverse=True):
        lines: list[str] = []
        names: dict[int, str] = {}
        for chain, street in _join(by_class[road_class]):
            if street >= 0:
                names[len(lines)] = network.street_names[street]
            lines.append(encode_line(_straighten(chain)))
        result.append({"name": geodata.ROAD_CLASSES[road_class], "lines": lines, "names": names})
    return result


def colour_routes(centres: Sequence[tuple[float, float]]) -> list[int]:
    """Choose a colour for each route, so that those of one colour lie as far apart as can be.

    Greedy in the given order: a route takes the colour whose nearest earlier route is farthest;
    colours that are still free come first.
    """
    members: list[list[tuple[float, float]]] = [[] for _ in range(N_COLOURS)]
    colours = []
    for x, y in centres:
        room = [
            min(((x - a) ** 2 + (y - b) ** 2 for a, b in group), default=float("inf"))
            for group in members
        ]
        colour = room.index(max(room))
        members[colour].append((x, y))
        colours.append(colour)
    return colours


class _Grid:
    """Where the locations of a travel lie on the page's grid."""

    def __init__(self, travel: Travel, origin: Point) -> None:
        self._travel = travel
        self.origin = origin
        self.x = np.rint(travel.lon * SCALE).astype(np.int64) - origin[0]
        self.y = np.rint(travel.lat * SCALE).astype(np.int64) - origin[1]

    def at(self, location: int) -> Point:
        return int(self.x[location]), int(self.y[location])

    def client(self, client_id: str) -> Point:
        return self.at(self._travel.client(client_id))

    def place(self, place_id: str) -> Point:
        return self.at(self._travel.place(place_id))

    def line(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Line:
        x = np.rint(np.asarray(lon) * SCALE).astype(np.int64) - self.origin[0]
        y = np.rint(np.asarray(lat) * SCALE).astype(np.int64) - self.origin[1]
        return list(zip(x.tolist(), y.tolist(), strict=True))


def _places(problem: Problem, grid: _Grid) -> dict[str, dict[str, Any]]:
    places: dict[str, dict[str, Any]] = {}
    for kind, group in (
        ("centre", problem.centres), ("kitchen", problem.kitchens),
        ("meal_point", problem.meal_points), ("place", problem.places),
    ):  # fmt: skip
        for place in group:
            entry: dict[str, Any] = {"kind": kind, "at": grid.place(place.id)}
            if isinstance(place, LoadingPlace):
                entry["loading"] = place.loading_s
                entry["batches"] = [[b.id, b.ready_s, b.portions] for b in place.batches]
            if isinstance(place, MealPoint):
                entry["seats"] = place.seats
            places[place.id] = entry
    for centre in problem.centres:
        places[centre.id] |= {"seats": centre.seats, "beds": centre.beds}
    return places


def _order(problem: Problem, order: Order, grid: _Grid) -> dict[str, Any]:
    client = problem.client_by_id[order.client]
    entry: dict[str, Any] = {
        "kind": order.kind,
        "service": order.service,
        "client": order.client,
        "at": grid.client(order.client),
        "windows": [[w.start_s, w.end_s] for w in order.windows],
        "level": client.care_level,
    }
    if client.guaranteed:
        entry["guaranteed"] = True
    if isinstance(order, MealOrder):
        entry["portions"] = order.portions
        if order.diet:
            entry["diet"] = order.diet
    if isinstance(order, EmergencyOrder):
        entry["received"] = order.received_s
        entry["response"] = order.response_s
        # An alarm has no window of its own; its promise is one.
        entry["windows"] = entry["windows"] or [
            [order.received_s, order.received_s + order.response_s]
        ]
    return entry


def _routes(
    problem: Problem, plan: Plan, travel: Travel, grid: _Grid
) -> list[dict[str, Any]]:
    legs = _Legs(travel, grid, plan.routes)
    colours = colour_routes([_middle(route, grid) for route in plan.routes])
    routes = []
    for route, colour in zip(plan.routes, colours, strict=True):
        worker = problem.worker_by_id[route.worker]
        shift = next(s for s in worker.shifts if s.id == route.shift)
        routes.append({
            "worker": route.worker,
            "role": worker.role,
            "mode": route.mode,
            "shift": route.shift,
            "hours": [shift.start_s, shift.end_s],
            "skills": [c.skill for c in worker.certificates],
            "colour": colour,
            "travel": route.travel_s,
            "distance": route.distance_m,
            "service": route.service_s,
            "wait": route.wait_s,
            "cost": route.cost_cents,
            "trips": [_trip(trip, route, legs) for trip in route.trips],
        })
    return routes


def _middle(route: Route, grid: _Grid) -> tuple[float, float]:
    points = [grid.client(stop.client) for trip in route.trips for stop in trip.stops]
    x, y = np.mean(points or [(0, 0)], axis=0)
    return float(x), float(y)


def _trip(trip: Trip, route: Route, legs: _Legs) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "start": trip.start,
        "leave": trip.leave_s,
        "load": trip.load,
        "stops": [],
        "end": trip.end,
        "endTravel": trip.end_travel_s,
        "endDistance": trip.end_distance_m,
        "endAt": trip.end_s,
    }
    here: tuple[str, str] = ("place", trip.start)
    for stop in trip.stops:
        there = ("client", stop.client)
        entry["stops"].append(_stop(stop, legs.line(route.mode, here, there)))
        here = there
    if trip.end is not None:
        entry["endLine"] = legs.line(route.mode, here, ("place", trip.end))
    return entry


def _stop(stop: Stop, line: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "order": stop.order,
        "travel": stop.travel_s,
        "distance": stop.distance_m,
        "arrival": stop.arrival_s,
        "start": stop.start_s,
        "departure": stop.departure_s,
        "line": line,
    }
    if stop.batch is not None:
        entry["batch"] = stop.batch
    if stop.member is not None:
        entry["member"] = stop.member
    return entry


class _Legs:
    """Lines along the streets between locations, found in one batch a mode."""

    def __init__(self, travel: Travel, grid: _Grid, routes: Sequence[Route]) -> None:
        self._travel = travel
        self._grid = grid
        wanted: dict[str, dict[tuple[int, int], None]] = defaultdict(dict)
        for route in routes:
            for trip in route.trips:
                ends = [("place", trip.start), *(("client", s.client) for s in trip.stops)]
                if trip.end is not None:
                    ends.append(("place", trip.end))
                for here, there in itertools.pairwise(ends):
                    wanted[route.mode][self._between(here, there)] = None
        self._paths: dict[tuple[str, int, int], Line] = {}
        for mode, pairs in wanted.items():
            ordered = sorted(pairs)
            points, (origins, destinations) = travel.points[mode], np.array(ordered, np.intp).T
            found = geodata.leg_geometries(
                travel.network, points.take(origins), points.take(destinations), mode
            )
            for (a, b), (lon, lat) in zip(ordered, found, strict=True):
                self._paths[mode, a, b] = grid.line(lon, lat)

    def line(self, mode: str, here: tuple[str, str], there: tuple[str, str]) -> str:
        """Door to door: the way along the streets, with the steps to and from them."""
        a, b = self._between(here, there)
        path = self._paths[mode, a, b]
        return encode_line(_straighten([self._grid.at(a), *path, self._grid.at(b)]))

    def _between(self, here: tuple[str, str], there: tuple[str, str]) -> tuple[int, int]:
        return self._travel.location[here], self._travel.location[there]


def _join(streets: list[tuple[tuple[Point, ...], int]]) -> list[tuple[Line, int]]:
    """Join streets of one class and name end to end: fewer lines, and corners drawn as corners."""
    at: dict[tuple[Point, int], list[int]] = defaultdict(list)
    for i, (line, street) in enumerate(streets):
        at[line[0], street].append(i)
        at[line[-1], street].append(i)
    used = [False] * len(streets)
    chains: list[tuple[Line, int]] = []
    for first, (line, street) in enumerate(streets):
        if used[first]:
            continue
        used[first] = True
        chain = list(line)
        length = 1
        for _ in range(2):  # onward, then turned round and onward from the other end
            while length < MAX_CHAINED:
                ahead = [i for i in at[chain[-1], street] if not used[i]]
                if not ahead:
                    break
                lines = [_away_from(streets[i][0], chain[-1]) for i in ahead]
                best = max(range(len(ahead)), key=lambda k: _onward(chain, lines[k]))
                if _onward(chain, lines[best]) < 0.5:  # more than 60 degrees is a turn
                    break
                used[ahead[best]] = True
                chain.extend(lines[best][1:])
                length += 1
            chain.reverse()
        chains.append((chain, street))
    return chains


def _away_from(line: tuple[Point, ...], point: Point) -> tuple[Point, ...]:
    return line if line[0] == point else line[::-1]


def _onward(chain: Sequence[Point], line: Sequence[Point]) -> float:
    """Cosine of the bend between the end of a chain and a line that starts there."""
    ax, ay = chain[-1][0] - chain[-2][0], chain[-1][1] - chain[-2][1]
    bx, by = line[1][0] - line[0][0], line[1][1] - line[0][1]
    size = ((ax * ax + ay * ay) * (bx * bx + by * by)) ** 0.5
    return (ax * bx + ay * by) / size if size else 1.0


def _straighten(line: Sequence[Point]) -> Line:
    """Leave out points that repeat, or lie within a grid step of their neighbours' line."""
    kept: Line = []
    left_out: Line = []  # between the last two kept, so that a gentle curve does not drift away
    for point in line:
        if kept and point == kept[-1]:
            continue
        if len(kept) >= 2 and len(left_out) < MAX_LEFT_OUT:
            left_out.append(kept[-1])
            if all(_lies_between(kept[-2], point, other) for other in left_out):
                kept[-1] = point
                continue
        left_out = []
        kept.append(point)
    return kept


def _lies_between(a: Point, b: Point, point: Point) -> bool:
    """Whether a point is within a step of the segment; one behind its ends is not, turns stay."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], point[0] - a[0], point[1] - a[1]
    size = ux * ux + uy * uy
    return 0 <= ux * vx + uy * vy <= size and (ux * vy - uy * vx) ** 2 <= size


def _embed(value: Any) -> str:
    """JSON that may stand inside a script element: no text in it can close or open one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    path = resources.files("engine.formats") / "map_assets" / name
    return path.read_text(encoding="utf-8")
