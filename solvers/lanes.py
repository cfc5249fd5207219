"""Bulk from sources to sinks in vans with a fixed price a trip: a plan, and a lower bound.

    min  sum_ij  price_ij * x_ij + trip_ij * y_ij
    sum_i x_ij = demand_j      sum_j x_ij <= supply_i      x_ij <= van * y_ij,  y_ij whole

The plan comes from slope scaling (Kim and Pardalos, 1999: a trip's price is spread over the units
that the last plan sent along the lane, and the flow is solved again), then from giving up trips
whose load fits into other vans. The bound is a linear program, tightened until no cut is broken by

- residual capacity inequalities (Magnanti, Mirchandani and Vachani, 1993), for a sink and any set S
  of its lanes: sum over the others of x + r * sum over S of y >= r * ceil(demand / van), with
  r = demand - van * (ceil(demand / van) - 1); S = all lanes is the cover cut on trips;
- x_ij <= min(van, demand_j) * y_ij, the same on a single lane.

An integer program over the lanes that the program likes, started from that plan, improves it for a
stated time; the bound of the same program over all lanes stands, as it is solved to its end.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.errors import ModelError, SolverError

Int64 = NDArray[np.int64]

_ROUNDS = 40  # of slope scaling; the best plan is kept
_CUT_ROUNDS = 25
_VIOLATED = 1e-4
_KEPT = 0.02  # lanes whose reduced cost is below this share of a mean trip go into the program


class LanePlan(NamedTuple):
    """Units and trips by lane, their cost, and a lower bound on the cost of every plan."""

    units: Int64  # (sources, sinks)
    trips: Int64
    cost: int
    bound: int

    @property
    def gap(self) -> float:
        """Share of the bound by which the plan may be dearer than the best."""
        return (self.cost - self.bound) / self.bound if self.bound else 0.0


def plan_lanes(
    supply: ArrayLike,
    demand: ArrayLike,
    price: ArrayLike,
    trip: ArrayLike,
    van: int,
    seconds: float = 0.0,
) -> LanePlan:
    """Send every sink its demand.

    Parameters
    ----------
    supply, demand : units, (m,) and (n,).
    price, trip : of a unit and of a van's trip, (m, n), whole and not negative.
    van : units a trip.
    seconds : of improvement by an integer program, wall clock; 0: slope scaling alone, which gives
        the same plan every time.

    Raises
    ------
    ModelError : wrong shapes, negative figures, or more demand than supply.
    SolverError : a solver failed.
    """
    have, want = (np.asarray(x, np.int64) for x in (supply, demand))
    unit, fixed = (np.asarray(x, np.int64) for x in (price, trip))
    shape = (len(have), len(want))
    if unit.shape != shape or fixed.shape != shape:
        raise ModelError([f"price and trip: shapes {unit.shape} and {fixed.shape}, not {shape}"])
    if van < 1 or any(x.size and x.min() < 0 for x in (have, want, unit, fixed)):
        raise ModelError(["a van needs room, and nothing may be negative"])
    if want.sum() > have.sum():
        raise ModelError([f"supply: {have.sum()} units for a demand of {want.sum()}"])
    if not want.sum():
        none = np.zeros(shape, np.int64)
        return LanePlan(none, none, 0, 0)
    units = scale_slopes(have, want, unit, fixed, van)
    units = merge_trips(units, have, unit, fixed, van)
    relaxed = _Relaxation(have, want, unit, fixed, van)
    bound, reduced = relaxed.solve()
    if seconds > 0:
        liked = reduced < _KEPT * float(fixed.mean() + van * unit.mean()) + 1.0
        units = relaxed.improve(units, liked | (units > 0), seconds)
        units = merge_trips(units, have, unit, fixed, van)
    return LanePlan(units, _trips(units, van), plan_cost(units, unit, fixed, van), bound)


def plan_cost(units: Int64, price: Int64, trip: Int64, van: int) -> int:
    """Cost of units by lane."""
    return int((units * price + _trips(units, van) * trip).sum())


def _trips(units: Int64, van: int) -> Int64:
    return -(-units // van)


def scale_slopes(supply: Int64, demand: Int64, price: Int64, trip: Int64, van: int) -> Int64:
    """Best units by lane of some rounds of slope scaling, (m, n)."""
    scale = 100.0  # slopes are fractions of a money unit
    slope = price + trip / np.minimum(van, np.maximum(demand, 1))[None, :]
    room = np.tile(demand, (len(supply), 1))
    best: Int64 | None = None
    least = 0
    for _ in range(_ROUNDS):
        units = _flow(supply, demand, np.round(scale * slope).astype(np.int64), room)
        cost = plan_cost(units, price, trip, van)
        if best is None or cost < least:
            best, least = units, cost
        used = units > 0
        real = price + trip * _trips(units, van) / np.maximum(units, 1)
        # Lanes without a unit keep their slope; moving half-way keeps the rounds from cycling.
        moved = np.where(used, 0.5 * (slope + real), slope)
        if np.allclose(moved, slope, rtol=1e-4):
            break
        slope = moved
    assert best is not None
    return best


def _flow(supply: Int64, demand: Int64, price: Int64, room: Int64) -> Int64:
    from ortools.graph.python import min_cost_flow

    m, n = price.shape
    lane = np.arange(m * n)
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([lane // n + 1, np.zeros(m, int)]),
        np.concatenate([lane % n + 1 + m, np.arange(1, m + 1)]),
        np.concatenate([room.reshape(-1), supply]),
        np.concatenate([price.reshape(-1), np.zeros(m, np.int64)]),
    )
    needs = np.concatenate([[demand.sum()], np.zeros(m, np.int64), -demand])
    solver.set_nodes_supplies(np.arange(m + n + 1), needs)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise SolverError(f"min-cost flow ended with status {status}")
    return np.asarray(solver.flows(lane), dtype=np.int64).reshape(m, n)


def merge_trips(units: Int64, supply: Int64, price: Int64, trip: Int64, van: int) -> Int64:
    """Give up trips whose load fits into vans that go to the same sink anyway, while it pays."""
    units = units.copy()
    left = supply - units.sum(axis=1)
    improved = True
    while improved:
        improved = False
        for i, j in np.argwhere(units > 0).tolist():
            load = int(units[i, j]) - van * (-(-int(units[i, j]) // van) - 1)
            saved = int(trip[i, j]) + load * int(price[i, j])
            for k in np.argsort(price[:, j] * load + trip[:, j], kind="stable").tolist():
                if k == i or left[k] < load:
                    continue
                before = -(-int(units[k, j]) // van)
                after = -(-(int(units[k, j]) + load) // van)
                paid = (after - before) * int(trip[k, j]) + load * int(price[k, j])
                if paid < saved:
                    units[i, j] -= load
                    units[k, j] += load
                    left[i] += load
                    left[k] -= load
                    improved = True
                    break
    return units


class _Relaxation:
    """The model in MathOpt: a linear program that is cut, then an integer one."""

    def __init__(
        self, supply: Int64, demand: Int64, price: Int64, trip: Int64, van: int
    ) -> None:
        from ortools.math_opt.python import mathopt

        self._opt: Any = mathopt
        self._supply, self._demand, self._van = supply, demand, van
        self._price, self._trip = price, trip
        m, n = price.shape
        self._model = model = mathopt.Model()
        room = np.minimum(van, np.maximum(demand, 1))
        self._x = [[model.add_variable(lb=0.0, ub=float(demand[j])) for j in range(n)]
                   for _ in range(m)]
        self._y = [[model.add_variable(lb=0.0, ub=float(-(-demand[j] // van))) for j in range(n)]
                   for _ in range(m)]
        for i in range(m):
            model.add_linear_constraint(mathopt.fast_sum(self._x[i]) <= float(supply[i]))
            for j in range(n):
                model.add_linear_constraint(self._x[i][j] <= float(room[j]) * self._y[i][j])
        for j in range(n):
            column = [self._x[i][j] for i in range(m)]
            model.add_linear_constraint(mathopt.fast_sum(column) == float(demand[j]))
            trips = [self._y[i][j] for i in range(m)]
            model.add_linear_constraint(mathopt.fast_sum(trips) >= float(-(-demand[j] // van)))
        model.minimize(mathopt.fast_sum([
            float(price[i, j]) * self._x[i][j] + float(trip[i, j]) * self._y[i][j]
            for i in range(m) for j in range(n)
        ]))

    def solve(self) -> tuple[int, NDArray[np.float64]]:
        """Cut until nothing is broken; the bound, and the reduced cost of every lane's trips."""
        m, n = self._price.shape
        opt = self._opt
        least = 0.0
        reduced = np.zeros((m, n))
        for _ in range(_CUT_ROUNDS):
            found = opt.solve(self._model, opt.SolverType.GLOP)
            if found.termination.reason != opt.TerminationReason.OPTIMAL:
                raise SolverError(f"GLOP ended with {found.termination.reason.name}")
            least = found.dual_bound()
            values, prices = found.variable_values(), found.reduced_costs()
            x = np.array([[values[v] for v in row] for row in self._x])
            y = np.array([[values[v] for v in row] for row in self._y])
            reduced = np.array([
                [prices[self._y[i][j]] + prices[self._x[i][j]] for j in range(n)]
                for i in range(m)
            ])
            if not self._cut(x, y):
                break
        return math.ceil(least - 1e-6 * max(1.0, abs(least))), reduced

    def _cut(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> int:
        added = 0
        for j, want in enumerate(self._demand.tolist()):
            trips = -(-want // self._van)
            rest = want - self._van * (trips - 1)
            if not want or rest == self._van:
                continue
            inside = rest * y[:, j] < x[:, j]
            if (rest * y[inside, j].sum() + x[~inside, j].sum()
                    < rest * trips - _VIOLATED * rest * trips):
                self._model.add_linear_constraint(self._opt.fast_sum([
                    float(rest) * self._y[i][j] if inside[i] else self._x[i][j]
                    for i in range(len(inside))
                ]) >= float(rest * trips))
                added += 1
        return added

    def improve(self, units: Int64, liked: NDArray[np.bool_], seconds: float) -> Int64:
        """Search the lanes that are liked by an integer program; never worse than ``units``."""
        opt = self._opt
        for i, j in np.argwhere(~liked).tolist():
            self._y[i][j].upper_bound = 0.0
        for row in self._y:
            for v in row:
                v.integer = True
        hint = opt.SolutionHint(variable_values={
            **{self._x[i][j]: float(units[i, j]) for i, j in np.ndindex(*units.shape)},
            **{self._y[i][j]: float(-(-units[i, j] // self._van))
               for i, j in np.ndindex(*units.shape)},
        })
        limits = opt.SolveParameters(time_limit=timedelta(seconds=seconds))
        found = opt.solve(
            self._model, opt.SolverType.GSCIP, params=limits,
            model_params=opt.ModelSolveParameters(solution_hints=[hint]),
        )
        if not found.has_primal_feasible_solution():
            return units
        values = found.variable_values()
        trips = np.array([[round(values[v]) for v in row] for row in self._y], np.int64)
        # With the trips fixed the units are a flow, which is whole.
        better = _flow(self._supply, self._demand, self._price, trips * self._van)
        old, new = (plan_cost(u, self._price, self._trip, self._van) for u in (units, better))
        return better if new < old else units
