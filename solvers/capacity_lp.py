"""The assignment under capacities that cross: linear programs, tier by tier, whole in the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.capacity_model import (
    UNLIMITED,
    Assignment,
    Caps,
    Demand,
    Int64,
    Supply,
    shortage_slices,
)
from solvers.errors import SolverError

_WHOLE = 1e-6  # a value this near a whole number is one
_TIME_LIMIT_S = 60.0


def assign_by_lp(
    demand: Demand, supply: Supply, cost: Int64, caps: Sequence[Caps], spread: int
) -> Assignment:
    """Solve with OR-Tools' MathOpt: GLOP, and HiGHS where GLOP's optimum is not whole.

    One program a tier gives its least shortage, which the next ones keep; with capacities that
    cross no prices could tell tiers apart. One more spreads shortage and pays the least.

    Raises
    ------
    SolverError : no solver found an optimum in time.
    """
    from ortools.math_opt.python import mathopt

    g, (b, kinds) = len(demand.units), supply.by_kind.shape
    group, batch = np.nonzero(cost >= 0)

    def program(whole: bool) -> tuple[Any, list[Any], list[Any]]:
        model = mathopt.Model()
        units = [
            model.add_variable(lb=0.0, ub=float(demand.units[i]), is_integer=whole) for i in group
        ]
        slices = shortage_slices(demand, cost, spread)
        short = [model.add_variable(lb=0.0, ub=float(n)) for n in slices[1]]
        lost: list[list[Any]] = [[] for _ in range(g)]
        for s, i in zip(short, slices[0], strict=True):
            lost[i].append(s)
        served: list[list[Any]] = [[] for _ in range(g)]
        use: dict[tuple[int, int], list[Any]] = {}
        for x, i, j in zip(units, group.tolist(), batch.tolist(), strict=True):
            served[i].append(x)
            use.setdefault((j, int(demand.kind[i])), []).append(x)
        for i in range(g):
            model.add_linear_constraint(
                mathopt.fast_sum([*served[i], *lost[i]]) == float(demand.units[i])
            )

        def limit(pairs: NDArray[np.bool_], most: int) -> None:
            found = [x for jk in np.argwhere(pairs).tolist() for x in use.get((jk[0], jk[1]), ())]
            if found and most < UNLIMITED:
                model.add_linear_constraint(mathopt.fast_sum(found) <= float(most))

        for j in range(b):
            rows = np.zeros((b, kinds), bool)
            rows[j] = True
            limit(rows, int(supply.units[j]))
            for k in range(kinds):
                cell = np.zeros((b, kinds), bool)
                cell[j, k] = True
                limit(cell, int(supply.by_kind[j, k]))
        for m, most in enumerate(supply.maker_units):
            limit(np.repeat((supply.maker == m)[:, None], kinds, axis=1), int(most))
        for cap in caps:
            limit(cap.pairs, cap.limit)
        return model, units, lost

    def run(whole: bool) -> tuple[NDArray[np.float64], float, str]:
        model, units, lost = program(whole)
        kind = mathopt.SolverType.HIGHS if whole else mathopt.SolverType.GLOP
        limits = mathopt.SolveParameters(time_limit=timedelta(seconds=_TIME_LIMIT_S))
        for tier in np.unique(demand.tier):
            mine = [s for i in np.flatnonzero(demand.tier == tier) for s in lost[i]]
            model.minimize(mathopt.fast_sum(mine))
            least = _solve(mathopt, model, kind, limits).objective_value()
            if whole:
                least = float(round(least))
            model.add_linear_constraint(
                mathopt.fast_sum(mine) <= least + (0.5 if whole else _WHOLE)
            )
        # Which tier loses how much is settled above: now every slice costs by its rank alone.
        weight = float(max(int(cost.max(initial=0)), 1)) * 4.0
        ranked = [(weight * k, s) for one in lost for k, s in enumerate(one)]
        model.minimize(mathopt.fast_sum(
            [float(c) * x for c, x in zip(cost[group, batch], units, strict=True)]
            + [price * s for price, s in ranked]
        ))
        found = _solve(mathopt, model, kind, limits)
        values = np.array([found.variable_values()[x] for x in units])
        given_up = sum(price * found.variable_values()[s] for price, s in ranked)
        return values, found.dual_bound() - given_up, kind.name.lower()

    values, bound, solver = run(whole=False)
    if (np.abs(values - np.round(values)) > _WHOLE).any():
        values, bound, solver = run(whole=True)
    amount = np.zeros((g, b), np.int64)
    amount[group, batch] = np.round(values).astype(np.int64)
    total = int((amount * np.maximum(cost, 0)).sum())
    whole_bound = math.ceil(bound - 1e-6 * max(1.0, abs(bound)))
    return Assignment(
        amount, demand.units - amount.sum(axis=1), total, min(whole_bound, total),
        whole_bound >= total, solver,
    )


def _solve(mathopt: Any, model: Any, kind: Any, limits: Any) -> Any:
    found = mathopt.solve(model, kind, params=limits)
    if found.termination.reason != mathopt.TerminationReason.OPTIMAL:
        raise SolverError(f"{kind.name} ended with {found.termination.reason.name}")
    return found
