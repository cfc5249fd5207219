"""One door for local map files: the suffix says which reader."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final

from geodata.build import build_network
from geodata.errors import NetworkError
from geodata.files import check_file
from geodata.map_cache import cached_path, load_cached, store
from geodata.network import Network

_GRAPHML: Final = (".graphml", ".graphml.xml")


def read_network(
    path: str | os.PathLike[str],
    name: str | None = None,
    on_progress: Callable[[str, float], None] | None = None,
    profiles: Sequence[str] | None = None,
    largest_part: bool = False,
    cache: bool = True,
) -> Network:
    """Read a street network from a local file.

    Parameters
    ----------
    path : ``.osm``, ``.osm.gz``, ``.osm.pbf``, ``.graphml`` (as osmnx saves it) or ``.npz`` (as
        ``Network.save`` writes it).
    name : for people; by default the file's name without its suffix.
    on_progress : called with a stage and the share of it that is done.
    profiles : profiles that must have streets; by default all that have some. A saved network keeps
        the profiles it was saved with; one that lacks a wanted profile is refused.
    largest_part : whether to take the largest of several street networks that lie far apart,
        instead of refusing the map.
    cache : whether to look for what an earlier reading of the same content kept, and to keep it.

    Raises
    ------
    NetworkError : ``E3001`` to ``E3010`` the file, ``E3101`` and ``E3102`` a saved network,
        ``E3201`` and ``E3202`` a wanted profile, ``E3203`` parts far from each other.
    """
    lowered = os.fspath(path).lower()
    tell = on_progress or (lambda stage, share: None)
    suffix = next((s for s in _readers() if lowered.endswith(s)), None)
    source = check_file(path)
    if suffix is None:
        raise NetworkError("E3003", path=source)
    title = name or source.name[: -len(suffix)] or source.name
    if suffix == ".npz":
        network = Network.load(source)
        for profile in profiles or ():
            network.require_profile(profile)
        return network
    kept = cached_path(source, suffix, profiles) if cache else None
    found = load_cached(kept, title) if kept is not None else None
    if found is not None and (largest_part or not found.counts.get("far_parts")):
        tell("done", 1.0)
        return found
    if suffix in _GRAPHML:
        from geodata.osm import read_graphml

        streets, counts = read_graphml(source, tell)
    else:
        from geodata.osm_file import read_osm_file

        streets, counts = read_osm_file(source, tell)
    network = build_network(streets, title, counts, profiles, on_progress, largest_part)
    if kept is not None:
        store(network, kept)
    return network


def _readers() -> tuple[str, ...]:
    """Known suffixes, the longest first, so that ``.osm.gz`` is not taken for something else."""
    from geodata.osm_file import SUFFIXES

    return tuple(sorted((*SUFFIXES, *_GRAPHML, ".npz"), key=len, reverse=True))
