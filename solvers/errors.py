"""What can go wrong in the routing library.

ValueError
└── ModelError       a model that breaks its own rules; ``faults`` lists all of them
RuntimeError
└── SolverError      a backend failed, or was asked for something it does not do
└── Unsupported  the backend names the feature it cannot express
"""

from __future__ import annotations


class ModelError(ValueError):
    """A routing model breaks its own rules; every fault found is in ``faults``."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(faults))


class SolverError(RuntimeError):
    """A backend failed: a defect, never the fault of the input."""


class Unsupported(SolverError):
    """A backend cannot express a feature of the model; the message names both."""


def refuse_unsupported(backend: str, features: frozenset[str], supported: frozenset[str]) -> None:
    """Raise :class:`Unsupported` with the names of the features that are not supported."""
    missing = sorted(features - supported)
    if missing:
        raise Unsupported(f"{backend} does not support: {', '.join(missing)}")
