"""Figures of a route and of a whole solution, as the evaluation measures them."""

from __future__ import annotations

from typing import NamedTuple

from solvers.timetable import BreakTaken


class RouteEvaluation(NamedTuple):
    """Timetable and figures of one route; times are absolute, a wait is ``start - arrival``.

    Tuples go by visit. At a reload ``start`` is the beginning of loading and ``departure`` the
    leaving. The figures with a default are of a used vehicle in a model with features.
    """

    arrival: tuple[int, ...]  # ready to begin: set-up is over
    start: tuple[int, ...]  # of service
    departure: tuple[int, ...]
    leave: int  # from the start location, as early as the timetable allows
    end: int  # at the end location, or after the last service of an open route
    seconds: int  # of travel
    metres: int
    load: tuple[int, ...]  # the most on board
    cost: int  # fixed and travel; 0 for an unused vehicle
    breaks: tuple[BreakTaken, ...] = ()
    duty: int = 0  # seconds from `on_duty` to `end`
    on_duty: int = 0  # latest leaving that keeps the end, see Duty in `solvers.model`
    latest: tuple[int, ...] = ()  # starts with that leaving
    lateness: int = 0  # seconds after soft ends, all visits


class Evaluation(NamedTuple):
    """Figures of a whole solution; it is feasible when ``violations`` is empty.

    ``unassigned`` names every absent task, also one whose alternative is served.
    """

    routes: tuple[RouteEvaluation, ...]
    unassigned: tuple[int, ...]
    travel_cost: int
    fixed_cost: int
    prize_lost: int
    n_used: int
    violations: tuple[str, ...]
    duty_cost: int = 0
    overtime_cost: int = 0
    lateness_cost: int = 0
    worst_cost: int = 0  # of the greatest lateness
    affinity_cost: int = 0  # negative where bonuses prevail

    @property
    def cost(self) -> int:
        """All costs and lost prizes together."""
        return (
            self.travel_cost + self.fixed_cost + self.duty_cost + self.overtime_cost
            + self.lateness_cost + self.worst_cost + self.affinity_cost + self.prize_lost
        )
