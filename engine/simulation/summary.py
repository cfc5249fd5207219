"""From many days under each policy to a table: means, intervals, and how policies differ.

Every seed is one pair of days that differ in the policy alone, so differences are taken seed by seed:
their intervals are much narrower than those of the figures themselves.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.simulation.params import PolicyName, SimulationParams
from engine.simulation.record import FIGURES
from engine.simulation.run import Run

#: Of the intervals.
LEVEL = 0.95
#: Until so many minutes after the alarm the curves are told.
CURVE_MIN = 60


class Estimate(NamedTuple):
    """A mean over days and half the width of its interval; None: one day has none."""

    mean: float
    half: float | None

    @property
    def low(self) -> float:
        """Lower end."""
        return self.mean - (self.half or 0.0)

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + (self.half or 0.0)


def estimate(values: Sequence[float] | NDArray[np.float64]) -> Estimate:
    """Mean of independent values, with the interval of Student's t distribution at ``LEVEL``."""
    from scipy.special import stdtrit

    x = np.asarray(values, dtype=np.float64)
    if len(x) < 2:
        return Estimate(float(x.mean()), None)
    t = float(stdtrit(len(x) - 1, (1 + LEVEL) / 2))
    return Estimate(float(x.mean()), t * float(x.std(ddof=1)) / sqrt(len(x)))


def summarize(runs: Sequence[Run], params: SimulationParams) -> dict[str, Any]:
    """Put runs into one document.

    Returns
    -------
    summary : ``params``; ``days``; ``policies``, each with ``figures`` (name -> mean, low, high),
        ``curve`` (share of alarms answered within 0, 1, .. minutes); ``differences``, one entry a
        pair of policies: figure -> mean, low, high of the second less the first, and ``better``:
        the second (True), the first (False), not told apart (None); ``runs``, every day's figures;
        ``refused``: events that a day refused, none in a sound simulation.
    """
    names: list[PolicyName] = [p for p in params.policies if any(r.policy == p for r in runs)]
    by_policy = {p: [r for r in runs if r.policy == p] for p in names}
    return {
        "params": params.model_dump(mode="json"),
        "days": len(by_policy[names[0]]) if names else 0,
        "policies": {
            p: {
                "figures": {f: _told(estimate(_column(by_policy[p], f))) for f in FIGURES},
                "curve": _curve(by_policy[p]),
            }
            for p in names
        },
        "differences": [
            {"first": a, "second": b, "figures": _differences(by_policy[a], by_policy[b])}
            for k, a in enumerate(names) for b in names[k + 1 :]
        ],
        "runs": [
            {"seed": r.seed, "policy": r.policy, **r.figures, "responses_s": list(r.responses)}
            for r in runs
        ],
        "refused": sum(len(r.refused) for r in runs),
    }


def _column(runs: Sequence[Run], figure: str) -> NDArray[np.float64]:
    return np.array([r.figures[figure] for r in runs], dtype=np.float64)


def _told(one: Estimate) -> dict[str, float | None]:
    return {
        "mean": one.mean,
        "low": None if one.half is None else one.low,
        "high": None if one.half is None else one.high,
    }


def _differences(first: Sequence[Run], second: Sequence[Run]) -> dict[str, dict[str, Any]]:
    assert [r.seed for r in first] == [r.seed for r in second]
    found = {}
    for figure, more_is_better in FIGURES.items():
        one = estimate(_column(second, figure) - _column(first, figure))
        better = None
        if one.half is not None and (one.low > 0 or one.high < 0):
            better = (one.mean > 0) == more_is_better
        found[figure] = {**_told(one), "better": better}
    return found


def _curve(runs: Sequence[Run]) -> list[float]:
    """Share of all alarms of all days that were answered within 0, 1, .. minutes."""
    seconds = np.sort(np.array([s for r in runs for s in r.responses], dtype=np.int64))
    minutes = np.arange(CURVE_MIN + 1)
    if not len(seconds):
        return [1.0] * len(minutes)
    return [float(n) / len(seconds) for n in np.searchsorted(seconds, 60 * minutes, side="right")]
