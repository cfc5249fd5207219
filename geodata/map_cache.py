"""Networks that were read before, by a hash of the map file and of everything that decides how it is read.

They lie in ``networks`` under ``CAREROUTE_CACHE_DIR`` (by default ``~/.cache/careroute``), the newest few of them. A
cache that cannot be written or read only costs time.
"""  # noqa: E501

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from geodata.errors import NetworkError
from geodata.network import Network

_KEPT: Final = 16
_CHUNK: Final = 1 << 20


def folder() -> Path:
    """Where networks are kept."""
    root = Path(os.environ.get("CAREROUTE_CACHE_DIR") or "~/.cache/careroute").expanduser()
    return root / "networks"


def cached_path(source: Path, suffix: str, profiles: Sequence[str] | None) -> Path:
    """Where the network of a map file lies, if it was read before.

    The name is a hash of the file's content and kind, the profiles asked for, and this room's
    source code, which holds the tables of speeds and access: whatever changes there is read again.
    Speed factors by the hour are no part of it, because they are put on a network after reading.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{_code()} {suffix} {None if profiles is None else sorted(profiles)};".encode())
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return folder() / f"{digest.hexdigest()}.npz"


def load_cached(path: Path, name: str) -> Network | None:
    """Network that lies there, under a name of its own; None when there is none that is whole."""
    if not path.exists():
        return None
    try:
        network = Network.load(path)
    except NetworkError:
        return None
    with suppress(OSError):
        os.utime(path)
    return network if network.name == name else replace(network, name=name)


def store(network: Network, path: Path) -> None:
    """Keep a network there, and no more than a few beside it."""
    with suppress(OSError, NetworkError):
        path.parent.mkdir(parents=True, exist_ok=True)
        network.save(path)
        entries = sorted(path.parent.glob("*.npz"), key=lambda entry: -entry.stat().st_mtime)
        for old in entries[_KEPT:]:
            old.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _code() -> str:
    digest = hashlib.blake2b(digest_size=16)
    room = Path(__file__).parent
    for source in sorted([*room.glob("*.py"), *room.glob("kernels/*.py")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()
