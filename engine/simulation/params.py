"""What a simulation is asked for: how much goes wrong, how often, and under which policies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.domain.base import DAY_S, LAX, Duration, Entity, Id

PolicyName = Literal["nearest", "ours", "cover", "replan"]
POLICY_NAMES: tuple[PolicyName, ...] = ("nearest", "ours", "cover", "replan")

#: Alarms by hour of the day, from midnight on: few at night, most when people rise and at noon.
HOURS = (1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 9, 8, 7, 7, 7, 7, 6, 5, 4, 3, 2, 2, 1)

_Share = Annotated[float, Field(ge=0, le=1)]
_Spread = Annotated[float, Field(ge=0, le=1.5)]
_Weight = Annotated[float, Field(ge=0, le=1e9)]


class SimulationParams(Entity):
    """How a day is lived through.

    ``seeds`` days are drawn, ``first_seed`` and on. ``alarms`` ring a day, between ``from_s`` and
    ``until_s``: the hour by ``hours`` (weights from midnight on; an hour without one has none), the
    district by ``districts`` (weight of each; without: by its clients), the client evenly.
    ``response_s`` is the standard they are held to.

    ``way_spread`` and ``visit_spread``: standard deviation of the logarithm of how much longer ways
    and visits take than planned; they take as long on average. ``no_show``, ``sick``, ``late``:
    shares of visits at which nobody opens, of workers who fall ill before or in the shift, of
    workers who begin late, by ``late_mean_s`` on average. ``door_s``: before a worker gives up.

    ``moved_s``: a visit that is told to begin so much earlier or later has moved for its client.
    ``replan_iterations``: of the batch solver at each change, under the policy ``replan``.
    """

    seeds: int = Field(default=20, ge=1, le=100_000)
    first_seed: int = Field(default=1, ge=0, le=2**53)
    policies: Annotated[tuple[PolicyName, ...], LAX] = Field(default=POLICY_NAMES, min_length=1)
    alarms: int = Field(default=60, ge=0, le=100_000)
    from_s: Duration = 8 * 3_600
    until_s: Duration = 18 * 3_600
    hours: Annotated[tuple[_Weight, ...], LAX] = Field(default=HOURS, min_length=1)
    districts: dict[Id, _Weight] = Field(default_factory=dict)
    response_s: int = Field(default=900, ge=60, le=DAY_S)
    way_spread: _Spread = 0.2
    visit_spread: _Spread = 0.25
    no_show: _Share = 0.03
    sick: _Share = 0.02
    late: _Share = 0.05
    late_mean_s: int = Field(default=900, ge=1, le=DAY_S)
    door_s: int = Field(default=300, ge=0, le=7_200)
    moved_s: int = Field(default=900, ge=1, le=DAY_S)
    replan_iterations: int = Field(default=2_000, ge=1, le=10**8)
