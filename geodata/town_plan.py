"""The plan of a synthetic town: main streets, a river between two of them, blocks of local streets.

Everything is drawn on a straight lattice first and bent afterwards. The bend is smooth and turns nothing over, so what
does not cross on the lattice does not cross in the town, and the river keeps to the gap that the lattice left for it.
"""  # noqa: E501

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from geodata.sketch import Float, Sketch

_BLOCK: Final = (430.0, 760.0)  # metres between main streets, in the centre and at the edge
_LOCAL: Final = (88.0, 185.0)  # metres between local streets, in the centre and at the edge
_RIVER_WIDTH: Final = (180.0, 0.05, 450.0)  # metres: at least, share of the radius, at most
_MERGE: Final = 26.0  # junctions on one side of a block closer than this are one
_SHARE_REMOVED: Final = (0.07, 0.24)  # local street pieces left out, in the centre and at the edge
_SHARE_ONEWAY: Final = (
    0.5,
    0.08,
)  # local streets with one direction, in the centre and at the edge
_SHARE_PARKS: Final = 0.045
_LOCAL_CLASSES: Final = ("residential", "unclassified", "living_street", "service")
_LOCAL_SHARES: Final = (0.64, 0.12, 0.12, 0.12)


class TownPlan:
    """Draws a town of ``n_blocks`` blocks into a sketch.

    Attributes
    ----------
    sketch : the streets.
    radius : metres, about half the town's width.
    river : the river's middle line from beyond west to beyond east, x and y in metres.
    gates : junctions at the edge of the town, where country roads may begin.
    """

    def __init__(self, n_blocks: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.sketch = Sketch()
        self.reach = float(np.sqrt(n_blocks / np.pi))  # radius in blocks
        half = int(self.reach * 1.45) + 2
        self.lines = np.arange(-half, half + 1)
        self.half = half
        self.river_row = -max(1, round(0.3 * self.reach))  # the gap above this row of corners
        self.xs = self._spread_lines()
        self.ys = self._spread_lines()
        self.radius = float(np.interp(self.reach, self.lines, self.xs))
        least, share, most = _RIVER_WIDTH
        width = float(np.clip(share * self.radius, least, most))
        above = self.lines > self.river_row
        south, north = self.ys[half + self.river_row], self.ys[half + self.river_row + 1]
        self.ys[above] += width - (north - south)
        self.ys -= self.ys[half]
        self.river_y = float(self.ys[half + self.river_row]) + width / 2.0
        self._phase = rng.uniform(0.0, 2.0 * np.pi, 6)
        self._turn = float(rng.uniform(-0.4, 0.4))
        self.corner: dict[tuple[int, int], int] = {}
        self.side: dict[tuple[str, int, int], list[tuple[float, int]]] = {}
        self.cuts: dict[tuple[str, int, int], Float] = {}
        self.blocks = self._choose_blocks(n_blocks)
        self._draw()
        along = np.linspace(-4.0, 4.0, 400) * self.radius
        self.river = self.bend(along, np.full(len(along), self.river_y))

    def bend(self, x: Float, y: Float) -> tuple[Float, Float]:
        """From the lattice to the ground: along the river's curve, then waves, then a turn."""
        scale, p = self.radius, self._phase
        curve = 0.13 * np.sin(2.4 * x / scale + p[0]) + 0.05 * np.sin(5.1 * x / scale + p[1])
        calm = np.exp(-np.abs(y - self.river_y) / (0.9 * scale))
        bent_y = y + scale * curve * calm
        bent_x = x + scale * 0.035 * np.sin(3.7 * y / scale + 1.3 * x / scale + p[2])
        bent_x = bent_x + scale * 0.012 * np.sin(9.0 * y / scale + p[3])
        bent_y = bent_y + scale * 0.03 * np.sin(3.1 * x / scale - 1.1 * y / scale + p[4])
        cos, sin = np.cos(self._turn), np.sin(self._turn)
        return np.asarray(cos * bent_x - sin * bent_y), np.asarray(sin * bent_x + cos * bent_y)

    def from_river(self, x: Float, y: Float) -> Float:
        """Metres north of the river's middle line, measured along the town's own north."""
        cos, sin = np.cos(self._turn), np.sin(self._turn)
        river_x, river_y = self.river
        across = np.interp(
            cos * x + sin * y, cos * river_x + sin * river_y, cos * river_y - sin * river_x
        )
        return np.asarray(cos * y - sin * x - across)

    def _spread_lines(self) -> Float:
        near, far = _BLOCK
        middle = np.abs((self.lines[1:] + self.lines[:-1]) / 2.0)
        gap = near + (far - near) * np.minimum(middle / max(self.reach, 4.0), 1.0) ** 1.2
        gap *= self.rng.uniform(0.84, 1.16, len(gap))
        place = np.concatenate([[0.0], np.cumsum(gap)])
        return np.asarray(place - place[self.half])

    def _choose_blocks(self, n_blocks: int) -> list[tuple[int, int, float]]:
        """Choose the blocks nearest to the centre, in an uneven outline, with their share of it."""
        found = []
        p = self.rng.uniform(0.0, 2.0 * np.pi, 3)
        for i in self.lines[:-1].tolist():
            for j in self.lines[:-1].tolist():
                if j == self.river_row:
                    continue
                x = (self.xs[self.half + i] + self.xs[self.half + i + 1]) / 2.0
                y = (self.ys[self.half + j] + self.ys[self.half + j + 1]) / 2.0
                angle = np.arctan2(y, x)
                outline = 1.0 + 0.10 * np.sin(2 * angle + p[0]) + 0.06 * np.sin(3 * angle + p[1])
                outline += 0.04 * np.sin(7 * angle + p[2])
                found.append((float(np.hypot(x, y) / outline), i, j))
        found.sort()
        edge = found[min(n_blocks, len(found)) - 1][0]
        return [(i, j, rho / edge) for rho, i, j in found[:n_blocks]]

    def _draw(self) -> None:
        for i, j, _ in self.blocks:
            for a, b in ((i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1)):
                if (a, b) not in self.corner:
                    place = (float(self.xs[self.half + a]), float(self.ys[self.half + b]))
                    self.corner[a, b] = self.sketch.add_node(*place)
            for key in (("h", i, j), ("h", i, j + 1), ("v", i, j), ("v", i + 1, j)):
                self.side.setdefault(key, [])
        for i, j, share in self.blocks:
            self._draw_block(i, j, share)
        for (kind, i, j), junctions in self.side.items():
            end = (i + 1, j) if kind == "h" else (i, j + 1)
            nodes = [self.corner[i, j], *(n for _, n in sorted(junctions)), self.corner[end]]
            road_class, name = self._main_street(kind, i, j)
            self.sketch.add_chain(nodes, road_class, name=name)
        self._draw_bridges()
        built = {(i, j) for i, j, _ in self.blocks}
        around = ((0, 0), (0, 1), (1, 0), (1, 1))
        gates = [
            c for c in self.corner if not all((c[0] - a, c[1] - b) in built for a, b in around)
        ]
        self.gates = [self.corner[c] for c in sorted(gates) if c[1] not in self._banks()]
        self.sketch.move(self.bend(np.array(self.sketch.x), np.array(self.sketch.y)))

    def _banks(self) -> tuple[int, int]:
        return self.river_row, self.river_row + 1

    def _rings(self) -> tuple[int, int]:
        """Lines of the inner and outer ring; their corners still lie inside the town's outline."""
        return max(1, round(0.27 * self.reach)), max(2, round(0.56 * self.reach))

    def _main_street(self, kind: str, i: int, j: int) -> tuple[str, str]:
        """Class and name of a side by the line it lies on: rings, axes, and every second line."""
        line, along = (j, i) if kind == "h" else (i, j)
        inner, outer = self._rings()
        for ring, name, road_class in ((inner, "Inner", "primary"), (outer, "Outer", "trunk")):
            if abs(line) == ring and -ring <= along < ring:
                return road_class, f"{name} Ring"
        number = line + self.half + 1
        name = f"{number} {'Road' if kind == 'h' else 'Avenue'}"
        if line == 0:
            return "primary", f"Central {'Road' if kind == 'h' else 'Avenue'}"
        return ("secondary" if line % 2 == 0 else "tertiary"), name

    def _draw_bridges(self) -> None:
        """Few lines cross the river: the axis, the rings, and about every fourth other one."""
        south, north = self._banks()
        columns = [c for c in self.lines.tolist() if {(c, south), (c, north)} <= set(self.corner)]
        inner, outer = self._rings()
        fixed = [c for c in columns if c in (0, -inner, inner, -outer, outer)]
        free = [c for c in columns if c not in fixed and c % 4 == 2]
        for number, c in enumerate(sorted(fixed + free), start=1):
            road_class, _ = self._main_street("v", c, self.river_row)
            tail, head = self.corner[c, south], self.corner[c, north]
            self.sketch.add_street(tail, head, road_class, name=f"Bridge {number}")

    def _draw_block(self, i: int, j: int, share: float) -> None:
        rng = self.rng
        left, right = float(self.xs[self.half + i]), float(self.xs[self.half + i + 1])
        low, high = float(self.ys[self.half + j]), float(self.ys[self.half + j + 1])
        is_park = rng.random() < _SHARE_PARKS and share > 0.15
        spacing = _LOCAL[0] + (_LOCAL[1] - _LOCAL[0]) * min(share, 1.0) ** 0.8
        cut_x = self._cut("x", i, right - left, spacing, is_park)
        cut_y = self._cut("y", j, high - low, spacing, is_park)
        grid = np.empty((len(cut_x) + 2, len(cut_y) + 2), np.int64)
        jitter = rng.uniform(-0.13, 0.13, (2, *grid.shape)) * spacing
        for a, u in enumerate((0.0, *cut_x, 1.0)):
            for b, v in enumerate((0.0, *cut_y, 1.0)):
                x, y = left + u * (right - left), low + v * (high - low)
                on_side = a in (0, len(cut_x) + 1), b in (0, len(cut_y) + 1)
                if all(on_side):
                    grid[a, b] = self.corner[i + (a > 0), j + (b > 0)]
                elif on_side[0]:
                    grid[a, b] = self._junction(("v", i + (a > 0), j), v, high - low, x, y)
                elif on_side[1]:
                    grid[a, b] = self._junction(("h", i, j + (b > 0)), u, right - left, x, y)
                else:
                    x, y = x + float(jitter[0, a, b]), y + float(jitter[1, a, b])
                    grid[a, b] = self.sketch.add_node(x, y)
        for a in range(1, len(cut_x) + 1):
            self._draw_local(grid[a, :], share, is_park, a)
        for b in range(1, len(cut_y) + 1):
            self._draw_local(grid[:, b], share, is_park, b)

    def _cut(self, axis: str, line: int, span: float, spacing: float, is_park: bool) -> Float:
        """Where local streets cut a block: the same for all blocks of a line with as many cuts."""
        count = round(span / spacing * self.rng.uniform(0.85, 1.15)) - 1
        count = int(min(count, 2)) if is_park else max(1, int(count))
        key = (axis, line, count)
        if key not in self.cuts:
            even = np.arange(1, count + 1) / (count + 1)
            self.cuts[key] = even + self.rng.uniform(-0.16, 0.16, count) / (count + 1)
        return self.cuts[key]

    def _junction(
        self, key: tuple[str, int, int], share: float, span: float, x: float, y: float
    ) -> int:
        """Junction on a side of a block; the neighbouring block's when that is near enough."""
        for other, node in self.side[key]:
            if abs(other - share) * span < _MERGE:
                return node
        node = self.sketch.add_node(x, y)
        self.side[key].append((share, node))
        return node

    def _draw_local(self, nodes: NDArray[np.int64], share: float, is_park: bool, k: int) -> None:
        """One local street through a block, with pieces left out."""
        rng = self.rng
        part = min(share, 1.0)
        removed = _SHARE_REMOVED[0] + (_SHARE_REMOVED[1] - _SHARE_REMOVED[0]) * part
        oneway = rng.random() < _SHARE_ONEWAY[0] + (_SHARE_ONEWAY[1] - _SHARE_ONEWAY[0]) * part
        road_class = str(rng.choice(_LOCAL_CLASSES, p=_LOCAL_SHARES))
        if is_park:
            road_class, oneway = ("footway" if k % 2 else "cycleway"), False
        elif share < 0.22 and rng.random() < 0.12:
            road_class, oneway = "pedestrian", False
        line = nodes.tolist() if k % 2 else nodes.tolist()[::-1]
        left_out = rng.random(len(line) - 1) < removed
        for tail, head, gone in zip(line[:-1], line[1:], left_out.tolist(), strict=True):
            if not gone:
                self.sketch.add_street(tail, head, road_class, oneway)
