"""Which street network a problem means, and where it comes from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import geodata
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
    folder : where relative paths of a ``file`` count from; None: files are refused (the service never
        opens a path that a request names).
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
                raise NetworkFault([_fault(
                    "E1406", "network.kind", "a request may not name a file of the server",
                    "use a named network as GET /v1/networks lists them, or the synthetic one",
                    "请求不得指定服务器上的文件", "请使用 GET /v1/networks 列出的路网，或合成路网",
                )])
            return _read((folder / ref.path).resolve())
        return _named(ref, named_folder)
    except geodata.NetworkError as error:
        raise NetworkFault([
            _fault(error.code, "network", error.message, error.hint, error.message_zh, error.hint_zh)
        ]) from error


def list_networks(named_folder: Path | None) -> list[str]:
    """Names that a ``named`` reference may use, sorted."""
    if named_folder is None or not named_folder.is_dir():
        return []
    return sorted(p.stem for p in named_folder.glob("*.npz"))


def _named(ref: NamedNetwork, named_folder: Path | None) -> Network:
    names = list_networks(named_folder)
    if named_folder is None or ref.name not in names:
        known = ", ".join(names) or "none"
        raise NetworkFault([_fault(
            "E1405", "network.name", "no network of this name is installed", f"installed: {known}",
            "没有安装该名称的路网", f"已安装：{known}",
        )])
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


def _fault(code: str, path: str, message: str, hint: str, message_zh: str, hint_zh: str) -> Fault:
    return Fault(path=path, code=code, message=message, hint=hint, message_zh=message_zh,
                 hint_zh=hint_zh)
