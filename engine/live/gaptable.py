"""The gaps of all lines as arrays that change one line at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.gaps import Flags, Gap, Gaps, Ints
from engine.gaps import Row as GapRow

_READY = Gap._fields.index("ready")
_ROW = Gap._fields.index("row")


class GapTable:
    """Room for so many gaps a line; a line that needs more doubles it.

    Parameters
    ----------
    rows : worker, shift and trips of each line, as seen from its anchor.
    dimensions : load dimensions of the day.
    """

    def __init__(self, rows: Sequence[GapRow], dimensions: tuple[str, ...]) -> None:
        self.rows = list(rows)
        self.dimensions = dimensions
        n, pitch = len(rows), 16
        self._table = np.zeros((len(Gap._fields), n, pitch), dtype=np.int64)
        self._room = np.zeros((n, pitch, len(dimensions)), dtype=np.int64)
        self._count = np.zeros(n, dtype=np.int64)

    @property
    def has_gaps(self) -> Flags:
        """Which lines have any, shape (lines,)."""
        return self._count > 0

    @property
    def n_gaps(self) -> int:
        """Gaps of all lines together."""
        return int(self._count.sum())

    def put(self, index: int, row: GapRow, gaps: Gaps | None) -> None:
        """Set the gaps of one line; None: it has none."""
        self.rows[index] = row
        n = 0 if gaps is None else gaps.table.shape[1]
        self._count[index] = n
        if gaps is None or n == 0:
            return
        while n > self._table.shape[2]:
            self._table = np.concatenate([self._table, np.zeros_like(self._table)], axis=2)
            self._room = np.concatenate([self._room, np.zeros_like(self._room)], axis=1)
        self._table[:, index, :n] = gaps.table
        self._room[index, :n] = 0
        for d, name in enumerate(self.dimensions):
            if name in gaps.dimensions:
                self._room[index, :n, d] = gaps.room[:, gaps.dimensions.index(name)]

    def gaps(self, now: int, lines: Ints) -> Gaps:
        """Give the gaps of some lines, counted from 0 in their order; nobody leaves before now."""
        used = np.arange(self._table.shape[2]) < self._count[lines][:, None]
        table: Ints = self._table[:, lines][:, used]
        table[_ROW] = np.repeat(np.arange(len(lines)), self._count[lines])
        table[_READY] = np.maximum(table[_READY], now)
        rows = tuple(self.rows[i] for i in lines.tolist())
        return Gaps(table, self._room[lines][used], rows, self.dimensions)
