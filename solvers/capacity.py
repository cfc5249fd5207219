"""Which supply serves which demand: the cheapest assignment under capacities, with proof.

Demand comes in groups of equal units (place, kind, tier, count); supply in batches, each with a
number of units by kind and in all, grouped into makers. Where every capacity nests (kind in batch
in maker) the problem is a network flow and OR-Tools' ``SimpleMinCostFlow`` solves it exactly;
capacities that cross (``Caps``) need a linear or, where that is not whole, an integer program.

Shortage is never infeasible, it is paid: a unit of an earlier tier outweighs any cost, and any unit
of a later tier. In a flow the sets that can be served together form a matroid, so one unit more of
a tier costs at most one of a later one, and prices need only be apart by more than any rerouting
can save; no powers of large numbers are needed. Within a tier shortage is spread: a group's
units are given up in ``spread`` slices of rising price, so that groups lose like shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvers.capacity_lp import assign_by_lp
from solvers.capacity_model import (
    FORBIDDEN,
    Assignment,
    Caps,
    Demand,
    Int64,
    Supply,
    shortage_slices,
    step_between_tiers,
)
from solvers.errors import ModelError, SolverError

#: Costs above would leave int64 once OR-Tools has multiplied them by the number of nodes.
_MAX_PRICE = 2**45


def assign(
    demand: Demand,
    supply: Supply,
    cost: ArrayLike,
    caps: Sequence[Caps] = (),
    spread: int = 10,
) -> Assignment:
    """Serve as much as there is, the early tiers first, at the least cost.

    Parameters
    ----------
    demand, supply : g groups and b batches.
    cost : (g, b) of a unit, whole and not negative; ``FORBIDDEN`` where a batch may not serve.
    caps : capacities that do not nest; they make it a linear program.
    spread : slices by which shortage is spread within a tier; 1 does not care whom it hits.

    Raises
    ------
    ModelError : shapes that do not fit, negative figures, costs too large.
    SolverError : the solver failed.

    Notes
    -----
    The bound of a flow is the value of dual prices that are found and added up here, not a word of
    the solver: weak duality makes it valid whatever they are.
    """
    prices = np.ascontiguousarray(cost, dtype=np.int64)
    _check(demand, supply, prices, caps, spread)
    if caps:
        return assign_by_lp(demand, supply, prices, caps, spread)
    return _assign_by_flow(demand, supply, prices, spread)


def _check(
    demand: Demand, supply: Supply, cost: Int64, caps: Sequence[Caps], spread: int
) -> None:
    g, (b, kinds) = len(demand.units), supply.by_kind.shape
    faults = []
    if cost.shape != (g, b):
        faults.append(f"cost: shape {cost.shape}, not ({g}, {b})")
    if any(len(x) != g for x in demand):
        faults.append("demand: fields of different lengths")
    if len(supply.maker) != b or len(supply.units) != b:
        faults.append("supply: fields of different lengths")
    if g and not (demand.kind.min() >= 0 and demand.kind.max() < kinds):
        faults.append(f"demand: a kind outside 0..{kinds - 1}")
    if b and not (supply.maker.min() >= 0 and supply.maker.max() < len(supply.maker_units)):
        faults.append("supply: a maker that does not exist")
    for name, values in (("demand units", demand.units), ("tier", demand.tier),
                         ("units", supply.units), ("by_kind", supply.by_kind),
                         ("maker_units", supply.maker_units)):
        if values.size and values.min() < 0:
            faults.append(f"{name}: negative")
    if cost.size and cost.min() < FORBIDDEN:
        faults.append("cost: negative")
    if any(c.pairs.shape != (b, kinds) or c.limit < 0 for c in caps):
        faults.append(f"caps: a shape that is not ({b}, {kinds}), or a negative limit")
    if spread < 1:
        faults.append("spread: at least 1")
    if not faults:
        n_tiers = len(np.unique(demand.tier)) + 1
        if step_between_tiers(cost, spread) * n_tiers * (g + b * (kinds + 1) + 2) > 2**62 or (
            int(cost.max(initial=0)) > _MAX_PRICE
        ):
            faults.append("cost: too large to tell tiers apart; use a coarser unit")
    if faults:
        raise ModelError(faults)


def _assign_by_flow(demand: Demand, supply: Supply, cost: Int64, spread: int) -> Assignment:
    from ortools.graph.python import min_cost_flow

    g, (b, kinds) = len(demand.units), supply.by_kind.shape
    makers = len(supply.maker_units)
    # Nodes: source, makers, batches, (batch, kind), groups.
    first_batch, first_kind = 1 + makers, 1 + makers + b
    first_group = first_kind + b * kinds
    group, batch = np.nonzero(cost >= 0)
    of_kind = batch * kinds + demand.kind[group]
    short_group, short_units, short_price = shortage_slices(demand, cost, spread)
    batches, pairs = np.arange(b), np.arange(b * kinds)
    tail = np.concatenate([
        np.zeros(makers, int), 1 + supply.maker, first_batch + pairs // max(kinds, 1),
        first_kind + of_kind, np.zeros(len(short_group), int),
    ])
    head = np.concatenate([
        1 + np.arange(makers), first_batch + batches, first_kind + pairs,
        first_group + group, first_group + short_group,
    ])
    capacity = np.concatenate([
        supply.maker_units, supply.units, supply.by_kind.reshape(-1), demand.units[group],
        short_units,
    ])
    capacity = np.minimum(capacity, int(demand.units.sum()))
    price = np.concatenate([
        np.zeros(makers + b + b * kinds, np.int64), cost[group, batch], short_price,
    ])
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(tail, head, capacity, price)
    needs = np.zeros(first_group + g, np.int64)
    needs[0] = demand.units.sum()
    needs[first_group:] = -demand.units
    solver.set_nodes_supplies(np.arange(len(needs)), needs)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise SolverError(f"min-cost flow ended with status {status}")
    flow = np.asarray(solver.flows(np.arange(len(tail))), dtype=np.int64)
    dual = dual_value(tail, head, capacity, price, flow, needs)
    units = np.zeros((g, b), np.int64)
    served = slice(makers + b + b * kinds, len(tail) - len(short_group))
    units[group, batch] = flow[served]
    total = int(flow @ price)
    cost_served = int(flow[served] @ price[served])
    return Assignment(
        units, demand.units - units.sum(axis=1), cost_served,
        dual - (total - cost_served), dual == total, "min-cost flow",
    )


def dual_value(
    tail: NDArray[Any], head: NDArray[Any], capacity: Int64, price: Int64, flow: Int64,
    needs: Int64,
) -> int:
    """Value of the best dual prices that a few rounds find: a lower bound on every flow's cost.

    Bellman and Ford's rounds over the arcs of the residual network end after as many rounds as the
    longest shortest path has arcs where the flow is optimal; otherwise they would go on for ever,
    and what stands after the last round is a bound all the same.
    """
    forward, backward = flow < capacity, flow > 0
    start = np.concatenate([tail[forward], head[backward]])
    end = np.concatenate([head[forward], tail[backward]])
    length = np.concatenate([price[forward], -price[backward]])
    order = np.argsort(end, kind="stable")
    start, end, length = start[order], end[order], length[order]
    heads, first = np.unique(end, return_index=True)
    label = np.zeros(len(needs), np.int64)
    for _ in range(len(needs) if len(start) else 0):
        least = np.minimum(label[heads], np.minimum.reduceat(label[start] + length, first))
        if (least == label[heads]).all():
            break
        label[heads] = least
    reduced = price + label[tail] - label[head]
    # min c.f  >=  sum of -label * needs + capacity * min(0, reduced cost)
    return int(-(label @ needs) + capacity @ np.minimum(reduced, 0))
