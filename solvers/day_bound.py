"""Below what no whole days of trips can go that bring every stop its units.

A carrier's day is made of whole trips from an end to an end, one after another, that take at most
``time`` together. That their sum fits is what :func:`solvers.trip_bound.bound_trips` knows; here
is known besides that three trips and a third are no day.

Proof. Let ``r`` be the reference time and price a day's price 1 there. Two lines are drawn, one
for days of at most ``k`` trips, one for days of more::

    few(t)  = (1 - u) / k       + u t / r      with 0 < u <= 1
    many(t) = (1 - w) / (k + 1) + w t / r      with w >= 1

A day of ``j <= k`` trips that takes ``t`` pays ``j (1 - u) / k + u t / r <= (1 - u) + u t / r`` by
the first line, for ``u <= 1``; a day of ``j > k`` trips pays by the second, ``w >= 1`` making each
trip beyond cheaper, at most ``(1 - w) + w t / r``. For a day of time ``r`` that is 1, for another
time ``T`` at most ``V(T) = max((1 - u) + u T / r, (1 - w) + w T / r)``. Where, for prices ``y_i``
of a unit, no trip's units are worth more than the lesser of its lines, no day's are worth more than
``V``. Such ``y`` come of any prices as in ``solvers.trip_bound``: ``p_i + b_i``, with ``b_i`` the
least over the walks by stop ``i``, and by either line, of what is paid beyond their prices, a unit.
By weak duality a plan whose carriers ``c`` each have a day of time ``T_c`` and price ``F_c`` costs,
for any scale ``s >= 0``, at least ::

    s sum_i demand_i y_i - sum_c max(0, s V(T_c) - F_c).

With ``u = w = 1`` both lines are ``t / r``: the bound on the sum of trips is a special case. Where
the days' best trips take between ``r / (k + 1)`` and ``r / k``, as they do where a full load leaves
time for no other trip, the lines lie above it. Prices are
found by subgradient; of ``u`` and ``w`` a few are tried.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.errors import ModelError
from solvers.trip_bound import ABOVE, PATIENCE, PRECISION, Walks

__all__ = ["bound_days"]

Float64 = NDArray[np.float64]

#: Steps before the two lines part, and then for each way of parting.
_TOGETHER, _APART = 14, 20
#: ``u`` and ``w`` that are tried; of 20,000 meals' trips the second pair was best. The last are for
#: trips that take the same time however little they bring.
_PARALLEL = (1.0, 1.0)
_TURNS = ((0.85, 1.07), (0.7, 1.15), (0.6, 1.2), (0.4, 2.0), (0.05, 5.0))
#: Lines whose first steps come no nearer to the best bound than this are given up.
_FIRST_STEPS, _NEAR = 3, 0.98


def bound_days(
    way: ArrayLike,
    end: ArrayLike,
    demand: ArrayLike,
    capacity: int,
    time: ArrayLike,
    price: ArrayLike,
    *,
    trip: float = 0.0,
    visit: float = 0.0,
    unit: ArrayLike = 0.0,
    steps: int = 100,
) -> float:
    """Price below which no carriers' days bring every stop its units.

    Parameters
    ----------
    way, end, demand, capacity : see :func:`solvers.trip_bound.bound_trips`; ways in seconds.
    time, price : most seconds of each carrier's day, and what it costs if there is one, (c,).
    trip, visit : seconds of a trip, and of each stop on it, besides ways.
    unit : seconds of each unit left at a stop, (n,) or one for all.
    steps : evaluations of prices.

    Raises
    ------
    ModelError : wrong shapes, or figures that are too small.
    """
    walks = Walks(way, end, demand, capacity)
    times, prices = (np.asarray(x, np.float64) for x in (time, price))
    units = np.broadcast_to(np.asarray(unit, np.float64), (walks.n,))
    if times.shape != prices.shape or times.ndim != 1:
        raise ModelError([f"time and price: shapes {times.shape} and {prices.shape}"])
    if min(trip, visit, float(units.min(initial=0)), float(prices.min(initial=0))) < 0:
        raise ModelError(["no time and no price is negative"])
    usable = times > 0
    if not walks.n or not usable.any() or not prices.any():
        return 0.0
    days = _Days(walks, times[usable], prices[usable], trip, visit, units)
    left = steps - days.climb(min(_TOGETHER, steps))
    first = days.kept
    found = [first]
    k = max(1, int(days.reference // max(days.mean_trip(), 1.0)))
    for turn in _TURNS:
        if left <= 0:
            break
        days.draw(first.price, k, turn)
        left -= days.climb(min(_APART, left), _NEAR * max(x.worth for x in found))
        found.append(days.kept)
    best = max(found, key=lambda x: x.worth)
    if left > 0:
        days.draw(best.price, k, best.turn)
        days.climb(left)
    return max(0.0, days.best)


class _Kept(NamedTuple):
    worth: float
    price: Float64
    turn: tuple[float, float]


class _Days:
    """Prices, the two lines, and the best bound so far."""

    def __init__(
        self, walks: Walks, times: Float64, prices: Float64, trip: float, visit: float,
        units: Float64,
    ) -> None:
        self.lines = walks, walks.twin()
        self.demand = walks.demand.astype(np.float64)
        self.times, self.day_prices = times, prices
        self.trip, self.visit, self.units = trip, visit, units
        # Of the days, the one whose time is cheapest sets the lines.
        self.reference = float(times[np.argmin(prices / times)])
        self.k, self.together = 1, True
        self.turn = _PARALLEL
        self.price = (walks.first_price(trip, visit) + units) / self.reference
        self.best = -math.inf
        self.kept = _Kept(-math.inf, self.price, self.turn)
        self.trips, self.seconds = np.zeros(2), np.zeros(2)

    def draw(self, price: Float64, k: int, turn: tuple[float, float]) -> None:
        """Go on from prices, with lines for days of at most ``k`` trips and of more."""
        self.price, self.k, self.turn, self.together = price, k, turn, turn == _PARALLEL

    def mean_trip(self) -> float:
        """Seconds of the walks of the last step, on average."""
        return float(self.seconds.sum() / self.trips.sum())

    def climb(self, steps: int, least: float = 0.0) -> int:
        """Better the prices, step by step; the steps taken. The best are left in ``kept``.

        ``least``: what the first steps have to come to.
        """
        step, stuck, most = 1.0, 0, -math.inf
        done = 0
        while done < steps:
            if done == _FIRST_STEPS and most < least:
                break
            prices, covered = self._evaluate()
            done += 1
            total = float((self.demand * prices).sum())
            self.best = max(self.best, self._worth(total))
            if total > most + 1e-9 * abs(total):
                most, stuck, self.kept = total, 0, _Kept(total, prices, self.turn)
            else:
                stuck += 1
                if stuck >= PATIENCE:
                    step, stuck, self.price = step / 2, 0, self.kept.price
                    continue
            short = self.demand - covered
            norm = float((short * short).sum())
            if norm < 1e-9:
                break
            self.price = prices + step * (ABOVE * most - total) / norm * short
        return done

    def _evaluate(self) -> tuple[Float64, Float64]:
        """Find prices that no day exceeds, and what the walks that meet them leave at each stop."""
        share: list[Float64] = []
        slopes = []
        for which, walks in enumerate(self.lines[: 1 if self.together else 2]):
            slope = self.turn[which] / self.reference
            fixed = (1.0 - self.turn[which]) / (self.k + which)
            walks.price(self.price / slope - self.units, self.trip + fixed / slope, self.visit)
            share.append(walks.share * slope)
            slopes.append((slope, fixed))
        least = np.min(share, axis=0)
        which_line = np.argmin(share, axis=0)
        covered = np.zeros(len(least))
        self.trips[:] = self.seconds[:] = 0.0
        for line, (walks, (slope, fixed)) in enumerate(zip(self.lines, slopes, strict=False)):
            mine = which_line == line
            left = np.zeros(len(least))
            walks.trace(mine, left)
            covered += left
            trips = float((self.demand / walks.units)[mine].sum())
            paid = float((self.demand * share[line])[mine].sum() + (self.price * left).sum())
            self.trips[line], self.seconds[line] = trips, (paid - fixed * trips) / slope
        return self.price + least, covered

    def _worth(self, total: float) -> float:
        """Bound on the price of days, where days of the reference time cost at least ``total``."""
        total *= 1 - PRECISION  # ways are kept in single precision
        value = np.maximum(*(
            1.0 - turn + turn * self.times / self.reference for turn in self.turn
        ))
        prices = self.day_prices
        if np.ptp(value) == 0 and np.ptp(prices) == 0:  # whole days of one kind
            return math.ceil(total / float(value[0]) - 1e-9) * float(prices[0])
        scales = prices / value
        spare = np.maximum(0.0, scales[:, None] * value[None, :] - prices[None, :])
        return float((scales * total - spare.sum(axis=1)).max())
