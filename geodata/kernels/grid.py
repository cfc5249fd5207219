"""Nearest street to a point, on a uniform grid over the pieces of all streets; both directions of a street.

Coordinates are metres on a plane. A piece is named by its first drawn point: piece ``i`` joins points ``i`` and ``i + 1``
of one edge. The grid lists in each cell the pieces that pass through it; a query looks at rings of cells around its own
until no nearer piece can be left.
"""  # noqa: E501

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.jit import kernel

NO_EDGE = -1


class Grid(NamedTuple):
    """Pieces of streets by cell.

    Attributes
    ----------
    west, south : corner of the first cell, metres.
    size : side of a cell, metres.
    n_columns, n_rows : cells.
    ptr, piece : pieces of cell ``row * n_columns + column``, shape (n_rows * n_columns + 1,) and
        (k,), int32.
    """

    west: float
    south: float
    size: float
    n_columns: int
    n_rows: int
    ptr: NDArray[np.int32]
    piece: NDArray[np.int32]


@kernel
def find_reverses(head_ptr, head, tail, geom_ptr, lon, lat, reverse):
    """Find the other direction of each street: the edge drawn through the same points backwards.

    Parameters
    ----------
    head_ptr, head, tail, geom_ptr, lon, lat : as in ``Network``.
    reverse : shape (m,), int32. Overwritten: an edge, ``NO_EDGE`` for a street of one direction.
    """
    for e in range(len(head)):
        reverse[e] = NO_EDGE
    for e in range(len(head)):
        first = geom_ptr[e]
        last = geom_ptr[e + 1] - 1
        for f in range(head_ptr[head[e]], head_ptr[head[e] + 1]):
            if head[f] != tail[e] or geom_ptr[f + 1] - 1 - geom_ptr[f] != last - first:
                continue
            end = geom_ptr[f + 1] - 1
            same = True
            for k in range(last - first + 1):
                if lon[first + k] != lon[end - k] or lat[first + k] != lat[end - k]:
                    same = False
                    break
            # Of two edges drawn alike each takes its own partner.
            if same and (reverse[f] == NO_EDGE or reverse[f] == e):
                reverse[e] = f
                reverse[f] = e
                break


@kernel
def list_pieces(west, south, size, n_columns, n_rows, pieces, x, y, ptr, listed):
    """List pieces in the cells they pass through.

    Called twice: with an empty ``listed`` it only counts, into ``ptr[cell + 1]``, which must be 0
    before; then with ``ptr`` summed up it fills ``listed`` and moves each ``ptr[cell]`` to the
    cell's end.

    Parameters
    ----------
    west, south, size, n_columns, n_rows : as in ``Grid``.
    pieces : pieces to list, shape (k,), int32.
    x, y : drawn points, metres, shape (p,).
    ptr : shape (cells + 1,), int32.
    listed : shape (l,), int32.
    """
    fills = len(listed) > 0
    for k in range(len(pieces)):
        i = pieces[k]
        x0 = (x[i] - west) / size
        x1 = (x[i + 1] - west) / size
        y0 = (y[i] - south) / size
        y1 = (y[i + 1] - south) / size
        if y1 < y0:
            x0, x1 = x1, x0
            y0, y1 = y1, y0
        slope = (x1 - x0) / (y1 - y0) if y1 > y0 else 0.0
        low = min(max(int(np.floor(y0)), 0), n_rows - 1)
        high = min(max(int(np.floor(y1)), 0), n_rows - 1)
        for row in range(low, high + 1):
            # The part of the piece within this row of cells; whole where it is level.
            a = x0 if row == low else x0 + (row - y0) * slope
            b = x1 if row == high else x0 + (row + 1 - y0) * slope
            # A millionth of a cell more, for what rounding may have cut off.
            left = min(max(int(np.floor(min(a, b) - 1e-6)), 0), n_columns - 1)
            right = min(max(int(np.floor(max(a, b) + 1e-6)), 0), n_columns - 1)
            for column in range(left, right + 1):
                cell = row * n_columns + column
                if fills:
                    listed[ptr[cell]] = i
                    ptr[cell] += 1
                else:
                    ptr[cell + 1] += 1


@kernel
def nearest(grid, owner, x, y, px, py, piece, share):
    """Nearest piece to each point, and where along it.

    Parameters
    ----------
    grid : Grid with at least one piece.
    owner : edge of each drawn point, shape (p,), int32; the lower edge counts where two are equally
        near.
    x, y : drawn points, metres, shape (p,).
    px, py : points to look for, metres, shape (k,).
    piece : shape (k,), int32. Overwritten.
    share : shape (k,), float64. Overwritten: 0 at the piece's first point, 1 at its second.
    """
    west, south, size, n_columns, n_rows, ptr, listed = grid
    for k in range(len(px)):
        # Of a point outside take the nearest place of the grid: what is d from that place is at
        # least hypot(d, outside) away, as the grid is convex.
        cx = min(max(px[k], west), west + size * n_columns)
        cy = min(max(py[k], south), south + size * n_rows)
        outside = (px[k] - cx) ** 2 + (py[k] - cy) ** 2
        column = min(max(int((cx - west) / size), 0), n_columns - 1)
        row = min(max(int((cy - south) / size), 0), n_rows - 1)
        dx = cx - west - column * size
        dy = cy - south - row * size
        margin = max(min(min(dx, size - dx), min(dy, size - dy)), 0.0)
        best = np.inf
        best_edge = -1
        for ring in range(max(n_columns, n_rows)):
            if ring > 0:
                bound = (ring - 1) * size + margin
                if bound * bound * (1.0 - 1e-9) + outside > best:
                    break
            for r in range(max(row - ring, 0), min(row + ring, n_rows - 1) + 1):
                edge_row = r == row - ring or r == row + ring
                step = 1 if edge_row or ring == 0 else 2 * ring
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= n_columns:
                        continue
                    cell = r * n_columns + c
                    for j in range(ptr[cell], ptr[cell + 1]):
                        i = listed[j]
                        ax = x[i]
                        ay = y[i]
                        ex = x[i + 1] - ax
                        ey = y[i + 1] - ay
                        length = ex * ex + ey * ey
                        t = 0.0
                        if length > 0.0:
                            t = ((px[k] - ax) * ex + (py[k] - ay) * ey) / length
                        if t <= 0.0:
                            t = 0.0
                            qx = ax
                            qy = ay
                        elif t >= 1.0:
                            t = 1.0  # the very end: ties at a corner are then ties in float64 too
                            qx = x[i + 1]
                            qy = y[i + 1]
                        else:
                            qx = ax + t * ex
                            qy = ay + t * ey
                        away = (px[k] - qx) ** 2 + (py[k] - qy) ** 2
                        edge = owner[i]
                        if away < best or (
                            away == best
                            and (edge < best_edge or (edge == best_edge and i < piece[k]))
                        ):
                            best = away
                            best_edge = edge
                            piece[k] = i
                            share[k] = t
