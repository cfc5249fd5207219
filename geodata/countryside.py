"""Villages around a synthetic town, and the country roads that join them to it."""

from __future__ import annotations

from typing import Final

import numpy as np

from geodata.sketch import Float, Sketch
from geodata.town_plan import TownPlan

_PLOT: Final = 92.0  # metres between the streets of a village
_LEFT_OUT: Final = 0.2  # share of a village's street pieces
_CLEAR_OF_RIVER: Final = 350.0
_EXTRA_ROADS: Final = 0.35  # share of the possible roads beyond those that join everything once


class _Village:
    def __init__(self, x: float, y: float, size: float) -> None:
        self.x, self.y, self.size = x, y, size  # metres; half its width
        self.nodes: list[int] = []


def draw_countryside(plan: TownPlan, n_villages: int, n_nodes: int) -> None:
    """Add villages of about ``n_nodes`` junctions together, and the roads, to the plan's sketch."""
    if n_villages < 1:
        return
    per_village = max(9.0, n_nodes / n_villages)
    villages = _place_villages(plan, n_villages, per_village)
    for number, village in enumerate(villages, start=1):
        _draw_village(plan.sketch, village, plan.rng, number)
    _draw_roads(plan, villages)


def _place_villages(plan: TownPlan, n_villages: int, per_village: float) -> list[_Village]:
    """Spots beyond the town's edge, clear of the river and of each other."""
    rng = plan.rng
    villages: list[_Village] = []
    outer = plan.radius * 1.75 + 1800.0
    for attempt in range(200 * n_villages):
        if len(villages) == n_villages:
            break
        size = 0.5 * _PLOT * np.sqrt(per_village * rng.uniform(0.6, 1.5))
        least = plan.radius * 1.32 + size + 300.0
        # The ring of possible places grows when the tries so far found no room.
        most = max(outer, least + 600.0) * (1.0 + attempt / (100.0 * n_villages))
        angle, distance = rng.uniform(0.0, 2.0 * np.pi), np.sqrt(rng.uniform(least**2, most**2))
        x, y = float(distance * np.cos(angle)), float(distance * np.sin(angle))
        if abs(float(plan.from_river(np.array(x), np.array(y)))) < size * 1.5 + _CLEAR_OF_RIVER:
            continue
        if all(np.hypot(x - v.x, y - v.y) > size + v.size + 900.0 for v in villages):
            villages.append(_Village(x, y, float(size)))
    return villages


def _draw_village(sketch: Sketch, village: _Village, rng: np.random.Generator, number: int) -> None:
    """Draw a main street, and a few uneven lanes around it."""
    turn, slim = rng.uniform(0.0, np.pi), rng.uniform(0.75, 1.3)
    half_x, half_y = village.size * slim, village.size / slim
    n_x, n_y = max(2, round(2 * half_x / _PLOT)), max(2, round(2 * half_y / _PLOT))
    node: dict[tuple[int, int], int] = {}
    for a in range(n_x + 1):
        for b in range(n_y + 1):
            u, v = 2.0 * a / n_x - 1.0, 2.0 * b / n_y - 1.0
            if np.hypot(u, v) > 1.22 and (n_x, n_y) != (2, 2):
                continue
            x = half_x * u + rng.uniform(-0.22, 0.22) * _PLOT
            y = half_y * v + rng.uniform(-0.22, 0.22) * _PLOT + 0.1 * half_y * np.sin(2.5 * u)
            place_x = village.x + x * np.cos(turn) - y * np.sin(turn)
            place_y = village.y + x * np.sin(turn) + y * np.cos(turn)
            node[a, b] = sketch.add_node(float(place_x), float(place_y))
    on_main = {key for key in node if key[1] == n_y // 2}
    joined = {node[key] for key in on_main}  # junctions that the main street reaches
    lanes: list[tuple[int, int]] = []
    for (a, b), tail in node.items():
        for other in ((a + 1, b), (a, b + 1)):
            if other not in node:
                continue
            head = node[other]
            if {(a, b), other} <= on_main:
                sketch.add_street(tail, head, "tertiary", name=f"Village {number}")
            elif rng.random() > _LEFT_OUT:
                lane = "residential" if rng.random() < 0.7 else "unclassified"
                sketch.add_street(tail, head, lane)
                lanes.append((tail, head))
    for _ in lanes:  # as many rounds as the longest lane has pieces would do; most end early
        grown = {end for lane in lanes for end in lane if not joined.isdisjoint(lane)}
        if grown <= joined:
            break
        joined |= grown
    village.nodes = sorted(joined)  # country roads begin only where the village is one


def _draw_roads(plan: TownPlan, villages: list[_Village]) -> None:
    """Draw a planar net of roads: the shortest that joins everything, and some more."""
    from scipy.spatial import Delaunay

    if not villages:
        return
    gates = _choose_gates(plan)
    x = np.array([v.x for v in villages] + [plan.sketch.x[g] for g in gates])
    y = np.array([v.y for v in villages] + [plan.sketch.y[g] for g in gates])
    n = len(villages)
    corners = Delaunay(np.column_stack([x, y])).simplices
    pairs = {(int(min(t[a], t[b])), int(max(t[a], t[b]))) for t in corners for a, b in _EDGES}
    usable = sorted(
        (float(np.hypot(x[a] - x[b], y[a] - y[b])), a, b)
        for a, b in pairs
        if a < n and _may_join(plan, x[[a, b]], y[[a, b]], b >= n)
    )
    root = [*range(n), *([n] * len(gates))]  # the town is one: all its gates share a root

    def find(k: int) -> int:
        while root[k] != k:
            k = root[k]
        return k

    limit = 1.3 * float(np.median([road[0] for road in usable])) if usable else 0.0
    has_gate: set[int] = set()
    for length, a, b in usable:
        if b >= n and a in has_gate:
            continue  # two roads from neighbouring gates to one village would twine
        first, second = find(a), find(root[b])
        if first != second:
            root[min(first, second)] = max(first, second)
            road_class = "secondary"
        elif length < limit and plan.rng.random() < _EXTRA_ROADS:
            road_class = "tertiary"
        else:
            continue
        if b >= n:
            has_gate.add(a)
        _draw_road(plan, villages, gates, a, b, road_class)


_EDGES: Final = ((0, 1), (1, 2), (0, 2))


def _choose_gates(plan: TownPlan) -> list[int]:
    """Choose the farthest junction of the town's edge in each of sixteen directions."""
    best: dict[int, tuple[float, int]] = {}
    for gate in plan.gates:
        x, y = plan.sketch.x[gate], plan.sketch.y[gate]
        direction = int((np.arctan2(y, x) + np.pi) / (2.0 * np.pi) * 15.999)
        best[direction] = max(best.get(direction, (0.0, -1)), (float(np.hypot(x, y)), gate))
    return [gate for _, (_, gate) in sorted(best.items())]


def _may_join(plan: TownPlan, x: Float, y: Float, to_gate: bool) -> bool:
    """Whether a straight road stays on one side of the river and out of the town."""
    share = np.linspace(0.0, 1.0, 33)
    line_x, line_y = x[0] + share * (x[1] - x[0]), y[0] + share * (y[1] - y[0])
    off = plan.from_river(line_x, line_y)
    if not (np.all(off > 120.0) or np.all(off < -120.0)):
        return False
    if to_gate:  # x[1], y[1] is the gate: the road must leave the town, not pass through it
        outward = x[1] * (x[0] - x[1]) + y[1] * (y[0] - y[1])
        sizes = np.hypot(x[1], y[1]) * np.hypot(x[0] - x[1], y[0] - y[1])
        return bool(outward > 0.55 * sizes)
    return bool(np.hypot(line_x, line_y).min() > 1.25 * plan.radius)


def _draw_road(
    plan: TownPlan, villages: list[_Village], gates: list[int], a: int, b: int, road_class: str
) -> None:
    """Draw a gently winding road between the nearest junctions of its two ends."""
    sketch = plan.sketch
    n = len(villages)
    heads = villages[b].nodes if b < n else [gates[b - n]]
    target = (villages[b].x, villages[b].y) if b < n else (sketch.x[heads[0]], sketch.y[heads[0]])
    tail = _nearest(sketch, villages[a].nodes, *target)
    head = _nearest(sketch, heads, sketch.x[tail], sketch.y[tail])
    start = np.array([sketch.x[tail], sketch.y[tail]])
    along = np.array([sketch.x[head], sketch.y[head]]) - start
    length = float(np.hypot(*along))
    share = np.linspace(0.0, 1.0, max(3, int(length / 160.0)))[1:-1, None]
    waves = plan.rng.uniform(1.0, 2.2) * np.pi
    sway = 0.035 * np.sin(np.pi * share) * np.sin(waves * share + plan.rng.uniform(0.0, 3.0))
    inner = start + share * along + sway * np.array([-along[1], along[0]])
    sketch.add_street(tail, head, road_class, name="", inner=inner)


def _nearest(sketch: Sketch, nodes: list[int], x: float, y: float) -> int:
    return min(nodes, key=lambda node: (np.hypot(sketch.x[node] - x, sketch.y[node] - y), node))
