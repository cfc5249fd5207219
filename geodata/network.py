"""The street network: nodes and directed edges in compressed rows, immutable.

Everything that routes, snaps or draws takes this one object, wherever it was read from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from os import PathLike
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NetworkError
from geodata.periods import SpeedPeriods, SpeedRule, speed_periods
from geodata.profiles import PROFILES
from geodata.storage import read_columns, write_columns

NO_NAME: Final = -1
"""``street_name`` of an edge that has none."""

_TIMELESS: Final = ("tail", "topology.", "snap.")

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Network:
    """A street network for several profiles.

    The nodes are the union of each profile's largest strongly connected part; an edge that leaves a
    profile's part is ``CLOSED`` to it. So two nodes that are ``routable`` for a profile always reach
    each other. There are no self-loops, and of two parallel edges each is better for somebody.

    Attributes
    ----------
    name : for people.
    node_lon, node_lat : WGS-84 degrees, shape (n,), float64.
    head_ptr : edges out of node ``i`` are ``head_ptr[i]:head_ptr[i + 1]``, shape (n + 1,), int32.
    head : node that an edge leads to, shape (m,), int32.
    length_dm : decimetres, shape (m,), int32, at least 1.
    road_class : index into ``ROAD_CLASSES``, shape (m,), uint8.
    time_ms : per profile milliseconds, shape (m,), int32, at least 1; ``CLOSED`` where it may not go.
    routable : per profile, whether a node is in its part, shape (n,), bool.
    geom_ptr : points of edge ``e`` are ``geom_ptr[e]:geom_ptr[e + 1]``, both ends included,
        shape (m + 1,), int32.
    geom_lon, geom_lat : WGS-84 degrees, float64.
    street_name : index into ``street_names`` or ``NO_NAME``, shape (m,), int32.
    street_names : names, each once.
    ban_ptr, ban_edge : edges of banned sequence ``b``, in travel order, two or more:
        ``ban_edge[ban_ptr[b]:ban_ptr[b + 1]]``, shape (b + 1,), int32. Only ``turns=True`` obeys.
    ban_profiles : who has to obey: bit ``k`` for the profile at place ``k`` of ``PROFILES``,
        shape (b,), uint8.
    ban_when : 0 for who has to obey always, else the number of the condition, shape (b,), int32.
    ban_hours : number of a condition, weekdays as bits (Monday is bit 0), and from when to when it holds
        on them, seconds since midnight, shape (t, 4), int32. See ``at``.
    counts : facts about reading, such as ``dangling_references``.

    Notes
    -----
    Arrays are C-contiguous and read-only. Two networks are the same when their fingerprints are.
    """  # noqa: E501

    name: str
    node_lon: NDArray[np.float64]
    node_lat: NDArray[np.float64]
    head_ptr: NDArray[np.int32]
    head: NDArray[np.int32]
    length_dm: NDArray[np.int32]
    road_class: NDArray[np.uint8]
    time_ms: dict[str, NDArray[np.int32]]
    routable: dict[str, NDArray[np.bool_]]
    geom_ptr: NDArray[np.int32]
    geom_lon: NDArray[np.float64]
    geom_lat: NDArray[np.float64]
    street_name: NDArray[np.int32]
    street_names: tuple[str, ...] = ()
    ban_ptr: NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))
    ban_edge: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    ban_profiles: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    ban_when: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    ban_hours: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 4), np.int32))
    counts: dict[str, int] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _kept_for_all_times: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for column in fields(self):
            value = getattr(self, column.name)
            for array in value.values() if isinstance(value, dict) else (value,):
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False

    def __repr__(self) -> str:
        return (
            f"Network({self.name!r}, {self.n_nodes:,} nodes, {self.n_edges:,} edges, "
            f"profiles {', '.join(self.profiles)})"
        )

    @property
    def n_nodes(self) -> int:
        """How many nodes."""
        return len(self.node_lon)

    @property
    def n_edges(self) -> int:
        """How many directed edges."""
        return len(self.head)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that have streets here."""
        return tuple(self.time_ms)

    @property
    def tail(self) -> NDArray[np.int32]:
        """Node that an edge leaves, shape (m,), int32."""
        return self.keep(
            "tail",
            lambda: np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.head_ptr)),
        )

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the drawn streets, degrees."""
        return (
            float(self.geom_lon.min()),
            float(self.geom_lat.min()),
            float(self.geom_lon.max()),
            float(self.geom_lat.max()),
        )

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides routes and drawings, hexadecimal; not of the name."""

        def compute() -> str:
            digest = hashlib.blake2b(digest_size=16)
            for key, array in self.arrays().items():
                if key.startswith("ban_") and not len(self.ban_profiles):
                    continue  # as before there were any: plans name networks by this
                if key in ("ban_when", "ban_hours") and not len(self.ban_hours):
                    continue
                digest.update(f"{key} {array.dtype} {array.shape};".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
            return digest.hexdigest()

        return self.keep("fingerprint", compute)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by name, those of a profile as ``time_ms.car``."""
        found: dict[str, NDArray[Any]] = {}
        for column in fields(self):
            value = getattr(self, column.name)
            if isinstance(value, np.ndarray):
                found[column.name] = value
        for profile in self.profiles:
            found[f"time_ms.{profile}"] = self.time_ms[profile]
            found[f"routable.{profile}"] = self.routable[profile]
        return found

    def require_profile(self, profile: str) -> str:
        """Return the profile's name.

        Raises
        ------
        NetworkError : ``E3201`` there is no such profile; ``E3202`` no streets for it here.
        """
        if profile in self.time_ms:
            return profile
        if profile not in PROFILES:
            raise NetworkError("E3201", profile=profile, known=", ".join(self.profiles))
        raise NetworkError("E3202", profile=profile, name=self.name, known=", ".join(self.profiles))

    def require_nodes(self, nodes: Any) -> NDArray[np.int32]:
        """Node indexes as int32, shape (k,).

        Raises
        ------
        NetworkError : ``E3401``, an index is not a node of this network.
        """
        found = np.asarray(nodes).reshape(-1)
        if found.size == 0:
            return np.empty(0, np.int32)
        bad = (found < 0) | (found >= self.n_nodes)
        if bad.any():
            raise NetworkError(
                "E3401",
                n_bad=int(bad.sum()),
                last=self.n_nodes - 1,
                first=int(found[np.argmax(bad)]),
            )
        return np.ascontiguousarray(found, np.int32)

    def keep(self, key: str, compute: Callable[[], T]) -> T:
        """Work something out from this network once and keep it: the network never changes.

        Two threads may compute the same thing once each; both results are equal. What depends on
        no travel time, by the start of its key, is shared with networks of other times.
        """
        kept = self._kept_for_all_times if key.startswith(_TIMELESS) else self._kept
        if key not in kept:
            kept[key] = compute()
        value: T = kept[key]
        return value

    def with_times(self, time_ms: dict[str, NDArray[np.int32]]) -> Network:
        """Return the same streets with other travel times, open to the same profiles as before."""
        other = replace(self, time_ms=time_ms)
        object.__setattr__(other, "_kept_for_all_times", self._kept_for_all_times)
        return other

    def at(self, departure: int, weekday: int = 0) -> Network:
        """Return the same streets with the turn restrictions that hold for a departure.

        Parameters
        ----------
        departure : seconds since midnight; the rules of that moment hold for the whole trip.
        weekday : 0 is Monday, which stands for any working day.
        """
        from geodata.hours import holding

        numbers = holding(self.ban_hours, departure, weekday)
        if not numbers:
            return self

        def obey() -> Network:
            when = np.where(np.isin(self.ban_when, numbers), 0, self.ban_when).astype(np.int32)
            other = replace(self, ban_when=when)
            object.__setattr__(other, "_kept_for_all_times", self._kept_for_all_times)
            return other

        return self.keep(f"at.{numbers}", obey)

    def with_speeds(self, rules: Iterable[SpeedRule]) -> SpeedPeriods:
        """Networks by departure under speed factors, as ``read_speeds`` reads them.

        ``network.with_speeds(rules).at(8 * 3600)`` is the network of who leaves at eight; the other
        functions take it as any other.

        Raises
        ------
        NetworkError : ``E3702``, a rule that cannot be.
        """
        return speed_periods(self, rules)

    def save(self, path: str | PathLike[str]) -> None:
        """Write to ``path`` as ``.npz``; replaced in one step, so a reader never sees half a file.

        Raises
        ------
        NetworkError : ``E3103``, the place cannot be written to.
        """
        about = {
            "name": self.name,
            "profiles": self.profiles,
            "street_names": self.street_names,
            "counts": self.counts,
        }
        write_columns(path, about, self.arrays())

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Network:
        """Read what ``save`` wrote.

        Raises
        ------
        NetworkError : ``E3001`` to ``E3010`` the file; ``E3101`` it is something else; ``E3102`` of
            another version.
        """
        return cls(**read_columns(path))
