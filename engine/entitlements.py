"""What entitlements are used for: nothing is planned that they do not cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.domain.entitlements import Entitlement
from engine.domain.orders import BaseOrder
from engine.domain.problem import Problem
from engine.visits import nominal_duration

__all__ = ["Budget", "budget_of"]

#: An entitlement that does not limit visits, or hours.
_NO_LIMIT = 1 << 40


class Budget:
    """What is taken of entitlements, month by month.

    Parameters
    ----------
    entries : what is paid for in a month.
    orders : what may be taken of them, each with the seconds of one visit; told by its number.
    months : of the calendar; what was used before is used in the first one.

    Attributes
    ----------
    covering : for each order the numbers of the entries that cover it.
    seconds : of one visit of each order.
    limit : (entries, 2) visits and seconds a month.
    used : (entries, months, 2) of them.
    """

    def __init__(
        self,
        entries: Sequence[Entitlement],
        orders: Sequence[tuple[BaseOrder, int]],
        months: int = 1,
    ) -> None:
        self.entries = entries
        of_client: dict[str | None, list[int]] = {}
        for k, entry in enumerate(entries):
            of_client.setdefault(entry.client, []).append(k)
        for_all = of_client.get(None, [])
        self.covering = [
            sorted(
                k for k in (*for_all, *of_client.get(order.client, ())) if entries[k].covers(order)
            )
            for order, _ in orders
        ]
        self.seconds = [seconds for _, seconds in orders]
        self.limit: NDArray[np.int64] = np.array([
            [_NO_LIMIT if x is None else x for x in (e.visits, e.service_s)] for e in entries
        ], dtype=np.int64).reshape(-1, 2)
        self.used: NDArray[np.int64] = np.zeros((len(entries), months, 2), dtype=np.int64)
        if months:
            self.used[:, 0] = np.array(
                [(e.used_visits, e.used_service_s) for e in entries], dtype=np.int64
            ).reshape(-1, 2)

    def short_of(self, orders: Sequence[int], month: int = 0) -> list[int]:
        """List the entries that do not cover one more visit of each of these orders together."""
        for p in orders:
            self.take(p, month)
        entries = sorted({k for p in orders for k in self.covering[p]})
        short = [k for k in entries if (self.used[k, month] > self.limit[k]).any()]
        for p in orders:
            self.take(p, month, -1)
        return short

    def has_room(self, orders: Sequence[int], month: int) -> bool:
        """Whether one more visit of each of some orders is covered."""
        return not self.short_of(orders, month)

    def take(self, p: int, month: int = 0, times: int = 1) -> None:
        """Count visits of an order; -1 gives one back."""
        for k in self.covering[p]:
            self.used[k, month] += (times, times * self.seconds[p])


def budget_of(problem: Problem) -> Budget:
    """Make the budget of a day, of which nothing is taken yet; orders by their place in it."""
    return Budget(problem.entitlements, [(o, nominal_duration(problem, o)) for o in problem.orders])
