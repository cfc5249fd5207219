"""Which street network a problem means, and where it comes from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import geodata
from engine.domain.faults import fault
from engine.domain.problem import FileNetwork, NamedNetwork, NetworkRef, SyntheticNetwork
from engine.errors import Fault, NetworkFault

if TYPE_CHECKING:
    from geodata import Network


def open_network(
    ref: NetworkRef, *, folder: Path | None = None, named_folder: Path | None = None
) -> Network:
    """Open the network that a problem refers to.

    Parameters
    ----------
    ref : the problem's ``network``.
    folder : where relative paths of a ``file`` count from; None: files are refused, for the service
        never opens a path that a request names.
    named_folder : where the service keeps ``NAME.npz`` files.

    Raises
    ------
    NetworkFault : with code, path and hint.
    """
    try:
        if isinstance(ref, SyntheticNetwork):
            return _synthetic(ref.nodes, ref.seed)
        if isinstance(ref, FileNetwork):
            if folder is None:
                raise NetworkFault([fault("E1406", "network.kind")])
            return _read((folder / ref.path).resolve())
        return _named(ref, named_folder)
    except geodata.NetworkError as error:
        raise NetworkFault([Fault(
            "network", error.code, error.message, error.hint, error.message_zh, error.hint_zh
        )]) from error


def list_networks(named_folder: Path | None) -> list[str]:
    """Names that a ``named`` reference may use, sorted."""
    if named_folder is None or not named_folder.is_dir():
        return []
    return sorted(p.stem for p in named_folder.glob("*.npz"))


def _named(ref: NamedNetwork, named_folder: Path | None) -> Network:
    names = list_networks(named_folder)
    if named_folder is None or ref.name not in names:
        raise NetworkFault([fault("E1405", "network.name", installed=", ".join(names) or "-")])
    return _read(named_folder / f"{ref.name}.npz")


def _read(path: Path) -> Network:
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return _read_cached(path, stamp)


@lru_cache(maxsize=4)
def _read_cached(path: Path, _stamp: int) -> Network:
    return geodata.read_network(path)


@lru_cache(maxsize=2)
def _synthetic(nodes: int, seed: int) -> Network:
    return geodata.synthetic_city(nodes, seed=seed)
