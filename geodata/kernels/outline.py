"""Outlines of a set of grid cells."""

from __future__ import annotations

from geodata.kernels.jit import kernel


@kernel
def trace_rings(inside, is_done, x, y, ring_ptr, ring_row, ring_column):
    """Walk around sets of cells with the inside on the left; cells joined by a corner alone are apart.

    A ring goes through the middles of the cells' sides, so its corners are cut and no two rings touch.

    Parameters
    ----------
    inside : cells, shape (h, w), bool; False along the border.
    is_done : shape (h, w, 4), bool, False. Overwritten.
    x, y : shape (s,) for s sides between inside and outside. Overwritten: points of all rings in units of
        cells; only those where a ring turns.
    ring_ptr : shape (s + 1,), int32. Overwritten: points of each ring.
    ring_row, ring_column : a cell inside that each ring goes along, shape (s,), int32. Overwritten.

    Returns
    -------
    n_rings : int.
    """  # noqa: E501
    down = (-1, 0, 1, 0)  # rows and columns to the neighbour beyond sides south, east, north, west
    right = (0, 1, 0, -1)
    n_rings = 0
    n_points = 0
    ring_ptr[0] = 0
    for row in range(1, inside.shape[0] - 1):
        for column in range(1, inside.shape[1] - 1):
            if not inside[row, column]:
                continue
            for side in range(4):
                if is_done[row, column, side] or inside[row + down[side], column + right[side]]:
                    continue
                ring_row[n_rings] = row
                ring_column[n_rings] = column
                r = row
                c = column
                d = side
                before = -1
                while True:
                    is_done[r, c, d] = True
                    # One step: left round the same cell, on along its neighbour, or right.
                    left = (d + 1) % 4
                    ahead_r = r + down[left]
                    ahead_c = c + right[left]
                    if not inside[ahead_r, ahead_c]:
                        step = 0
                        next_r = r
                        next_c = c
                        next_d = left
                    elif not inside[ahead_r + down[d], ahead_c + right[d]]:
                        step = 1
                        next_r = ahead_r
                        next_c = ahead_c
                        next_d = d
                    else:
                        step = 2
                        next_r = ahead_r + down[d]
                        next_c = ahead_c + right[d]
                        next_d = (d + 3) % 4
                    if step != 1 or before != 1:
                        x[n_points] = c + 0.5 + 0.5 * right[d]
                        y[n_points] = r + 0.5 + 0.5 * down[d]
                        n_points += 1
                    before = step
                    r = next_r
                    c = next_c
                    d = next_d
                    if r == row and c == column and d == side:
                        break
                n_rings += 1
                ring_ptr[n_rings] = n_points
    return n_rings
