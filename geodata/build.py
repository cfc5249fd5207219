"""From raw street pieces to a network: connected parts, merged bends, compressed rows.

Every source (OSM file, osmnx graph, synthetic city) only has to produce ``RawStreets``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geodata.chains import Chains, chain_geometry, merge_bends
from geodata.coordinates import distance_m
from geodata.errors import NetworkError
from geodata.network import Network
from geodata.profiles import CLOSED, PROFILES
from geodata.raw import RawStreets
from geodata.restrictions import Bans, Sequenced

Progress = Callable[[str, float], None]
"""Told a stage's name and the share of the whole that is done, 0 to 1."""

_SIMILAR: Final = 0.1  # of the nodes of the largest part: more is no island or courtyard
_FAR_M: Final = 2_000.0  # a river is narrower, the next town is further
_SHORTEST_DM: Final = 1  # an edge of no length or time would make ties that nothing decides
_SHORTEST_MS: Final = 1
_DM_BITS: Final = 24  # as in the search: the weight that orders paths is time, then length


def build_network(
    raw: RawStreets,
    name: str,
    counts: dict[str, int] | None = None,
    profiles: Sequence[str] | None = None,
    on_progress: Progress | None = None,
    largest_part: bool = False,
) -> Network:
    """Clean raw streets into a network.

    Parameters
    ----------
    raw : pieces of street.
    name : for people.
    counts : facts about reading, kept in the network beside the facts about building.
    profiles : profiles that must have streets; by default all that have some.
    on_progress : called with a stage and the share done.
    largest_part : whether a second network far away is dropped, and counted, instead of refused.

    Raises
    ------
    NetworkError : ``E3202``, no profile has connected streets, or one that was asked for has none;
        ``E3203``, two networks of similar size lie far apart.

    Notes
    -----
    1. Per profile the largest strongly connected part; pieces that leave it are closed.
    2. Bends are merged: lengths and times are summed unrounded, the geometry is kept.
    3. A loop is cut in three and a second way between the same two junctions in two, so that no
       street disappears as a self-loop or a duplicate; what is still parallel and better for nobody
       is dropped.
    4. Nodes are numbered along a Morton curve: neighbours lie close in memory.
    """
    tell = on_progress or (lambda stage, share: None)
    tell("connecting", 0.0)
    facts = dict(counts or {})
    facts["pieces_read"] = len(raw.tail)
    time = np.full(raw.speed.shape, np.inf)
    is_open = (raw.speed > 0.0) & (raw.tail != raw.head)
    length = np.broadcast_to(raw.length, raw.speed.shape)
    time[is_open] = length[is_open] * 3600.0 / raw.speed[is_open]  # m / (km/h) in ms
    facts["loops_dropped"] = int(np.count_nonzero(raw.tail == raw.head))

    wanted = list(PROFILES) if profiles is None else list(profiles)
    unknown = [profile for profile in wanted if profile not in PROFILES]
    if unknown:
        raise NetworkError("E3201", profile=unknown[0], known=", ".join(PROFILES))
    parts: dict[str, NDArray[np.bool_]] = {}
    widest = second = np.zeros(len(raw.lon), np.bool_)
    for row, profile in enumerate(PROFILES):
        part, other = _largest_parts(len(raw.lon), raw.tail, raw.head, is_open[row])
        if part.sum() > widest.sum():
            widest, second = part, other
        if profile not in wanted or not part.any():
            time[row] = np.inf
            continue
        parts[profile] = part
        time[row, ~(part[raw.tail] & part[raw.head])] = np.inf
    for profile in wanted:
        if profile not in parts and (profiles is not None or not parts):
            known = ", ".join(parts) or "-"
            raise NetworkError("E3202", profile=profile, name=name, known=known)

    _look_for_far_parts(raw, name, widest, second, facts, largest_part)
    tell("merging", 0.4)
    used = np.flatnonzero(np.isfinite(time).any(axis=0))
    facts["pieces_unconnected"] = len(raw.tail) - len(used) - facts["loops_dropped"]
    bans, corners = _open_bans(raw, time)
    chains = merge_bends(len(raw.lon), raw.tail, raw.head, raw.length, time, used, corners)
    tell("compressing", 0.8)
    network = _compress(raw, name, facts, time, chains, parts, bans)
    tell("done", 1.0)
    return network


def _largest_parts(
    n: int, tail: NDArray[np.int32], head: NDArray[np.int32], is_open: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Nodes of the largest strongly connected part and of the second; none of a single node."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    u, v = tail[is_open], head[is_open]
    if len(u) == 0:
        return np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    matrix = coo_array((np.ones(len(u), np.int8), (u, v)), shape=(n, n)).tocsr()
    _, label = connected_components(matrix, directed=True, connection="strong")
    size = np.bincount(label, minlength=2)
    largest = int(np.argmax(size))
    first = np.asarray((label == largest) & (size[largest] > 1))
    size[largest] = 0
    following = int(np.argmax(size))
    return first, np.asarray((label == following) & (size[following] > 1))


def _look_for_far_parts(
    raw: RawStreets,
    name: str,
    part: NDArray[np.bool_],
    second: NDArray[np.bool_],
    facts: dict[str, int],
    largest_part: bool,
) -> None:
    """Refuse a map of two towns, or count what is dropped of it."""
    n_kept, n_second = int(part.sum()), int(second.sum())
    facts["second_part_nodes"] = n_second
    if n_second < _SIMILAR * n_kept:
        return
    from scipy.spatial import cKDTree

    east = float(np.cos(np.radians(raw.lat[part].mean())))
    places = [np.column_stack([raw.lon[k] * east, raw.lat[k]]) for k in (part, second)]
    apart, nearest = cKDTree(places[0]).query(places[1])
    k = int(np.argmin(apart))
    a, b = np.flatnonzero(part)[nearest[k]], np.flatnonzero(second)[k]
    gap = float(distance_m(raw.lon[a], raw.lat[a], raw.lon[b], raw.lat[b]))
    if gap < _FAR_M:
        return
    facts["far_parts"] = 1
    facts["far_part_m"] = round(gap)
    if not largest_part:
        raise NetworkError(
            "E3203", name=name, km=f"{gap / 1000.0:.1f}", kept=n_kept, dropped=n_second
        )


def _compress(
    raw: RawStreets,
    name: str,
    facts: dict[str, int],
    time: NDArray[np.float64],
    chains: Chains,
    parts: dict[str, NDArray[np.bool_]],
    bans: Bans,
) -> Network:
    """Round, drop what is better for nobody, number the nodes and lay the rows out."""
    rows = [row for row, profile in enumerate(PROFILES) if profile in parts]
    starts = chains.ptr[:-1]
    tail, head = raw.tail[chains.arc[starts]], raw.head[chains.arc[chains.ptr[1:] - 1]]
    metres = np.add.reduceat(raw.length[chains.arc], starts)
    length_dm = np.maximum(np.rint(metres * 10.0), _SHORTEST_DM).astype(np.int64)
    time_ms = np.full((len(rows), len(tail)), CLOSED, np.int64)
    for k, row in enumerate(rows):
        total = np.add.reduceat(time[row][chains.arc], starts)
        goes = np.isfinite(total)
        time_ms[k, goes] = np.maximum(np.rint(total[goes]), _SHORTEST_MS)

    bans = _between_edges(bans, chains, len(raw.tail))
    kept = _best_parallels(tail, head, time_ms, length_dm, bans.piece)
    facts["parallels_dropped"] = len(tail) - len(kept)
    used = _marked(len(raw.lon), tail[kept], head[kept])
    used = used[np.argsort(_morton(raw.lon[used], raw.lat[used]), kind="stable")]
    index = np.full(len(raw.lon), -1, np.int32)
    index[used] = np.arange(len(used), dtype=np.int32)
    kept = kept[np.lexsort((length_dm[kept], index[head[kept]], index[tail[kept]]))]

    place = np.full(len(tail) + 1, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    bans = _renumber(bans, place)
    facts["bans"] = len(bans.profiles)
    facts["bends_merged"] = len(_marked(len(raw.lon), raw.tail[chains.arc])) - len(used)
    longest = _longest_arc(chains, raw.length)[kept]
    name_index, street_names = _used_names(raw.street_name[longest], raw.street_names)
    geom_ptr, geom_lon, geom_lat = chain_geometry(raw, chains, kept)
    head_ptr = np.zeros(len(used) + 1, np.int32)
    np.cumsum(np.bincount(index[tail[kept]], minlength=len(used)), out=head_ptr[1:])
    return Network(
        name=name,
        node_lon=raw.lon[used],
        node_lat=raw.lat[used],
        head_ptr=head_ptr,
        head=index[head[kept]],
        length_dm=length_dm[kept].astype(np.int32),
        road_class=raw.road_class[longest],
        time_ms={p: time_ms[k, kept].astype(np.int32) for k, p in enumerate(parts)},
        routable={profile: part[used] for profile, part in parts.items()},
        geom_ptr=geom_ptr,
        geom_lon=geom_lon,
        geom_lat=geom_lat,
        street_name=name_index,
        street_names=street_names,
        ban_ptr=bans.ptr,
        ban_edge=bans.piece,
        ban_profiles=bans.profiles,
        ban_when=bans.when,
        ban_hours=bans.hours,
        counts=facts,
    )


def _open_bans(raw: RawStreets, time: NDArray[np.float64]) -> tuple[Bans, NDArray[np.int32]]:
    """Bans that somebody could break, and the nodes that have to stay to express them.

    Turning back is only ever done at a junction, so a ban on it keeps no node alive.
    """
    found: dict[Sequenced, int] = {}
    corners: set[int] = set()
    is_open = np.isfinite(time)
    for pieces, when, profiles in raw.bans.sequences():
        row = np.array(pieces)
        who = int(((1 << np.arange(len(time))) * is_open[:, row].all(axis=1)).sum()) & profiles
        if who:
            found[pieces, when] = who
            if len(pieces) > 2 or raw.head[pieces[1]] != raw.tail[pieces[0]]:
                corners.update(raw.tail[row[1:]][[0, -1]].tolist())
    return Bans.of(found, raw.bans.hours), np.array(sorted(corners), np.int32)


def _between_edges(bans: Bans, chains: Chains, n_pieces: int) -> Bans:
    """From pieces to chains; a ban within a chain or from the middle of one bans nothing."""
    chain = np.full(n_pieces, -1, np.int32)
    chain[chains.arc] = np.repeat(np.arange(len(chains.ptr) - 1), np.diff(chains.ptr))
    first, last = chains.arc[chains.ptr[:-1]], chains.arc[chains.ptr[1:] - 1]
    found: dict[Sequenced, int] = {}
    for pieces, when, profiles in bans.sequences():
        row = [key for key, _ in groupby(chain[list(pieces)].tolist())]
        if len(row) > 1 and last[row[0]] == pieces[0] and first[row[-1]] == pieces[-1]:
            found[tuple(row), when] = found.get((tuple(row), when), 0) | profiles
    return Bans.of(found, bans.hours)


def _renumber(bans: Bans, place: NDArray[np.int32]) -> Bans:
    """Bans between edges that are left, by their new numbers."""
    found = {(tuple(place[list(row)].tolist()), when): who for row, when, who in bans.sequences()}
    return Bans.of({key: who for key, who in found.items() if -1 not in key[0]}, bans.hours)


def _best_parallels(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    length_dm: NDArray[np.int64],
    banned: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Edges that no parallel edge beats or equals for every profile; the first of equals stays.

    An edge of a banned sequence beats nothing: who may not turn there may need the other.
    """
    pair = (tail.astype(np.int64) << 32) + head
    by_pair = np.argsort(pair)
    twin = np.diff(pair[by_pair]) == 0
    several = by_pair[np.append(twin, False) | np.append(False, twin)]
    weight = (time_ms[:, several] << _DM_BITS) + length_dm[several]
    weight[time_ms[:, several] == CLOSED] = np.iinfo(np.int64).max
    # Whoever beats an edge for every profile also stands before it in this order.
    order = np.lexsort((several, *weight[::-1], pair[several]))
    several, weight = several[order], weight[:, order]
    beats = ~np.isin(several, banned)
    keep = np.ones(len(several), np.bool_)
    first = 0
    for position in range(1, len(several)):
        if pair[several[position]] != pair[several[position - 1]]:
            first = position
            continue
        rivals = np.flatnonzero((keep & beats)[first:position]) + first
        keep[position] = not (weight[:, rivals] <= weight[:, position, None]).all(axis=0).any()
    best = np.ones(len(tail), np.bool_)
    best[several[~keep]] = False
    return np.flatnonzero(best)


def _longest_arc(chains: Chains, length: NDArray[np.float64]) -> NDArray[np.int32]:
    """Find each chain's longest piece: it lends the edge its class and name."""
    size = np.diff(chains.ptr)
    along = length[chains.arc]
    is_longest = along == np.repeat(np.maximum.reduceat(along, chains.ptr[:-1]), size)
    place = np.where(is_longest, np.arange(len(along)), len(along))
    return chains.arc[np.minimum.reduceat(place, chains.ptr[:-1])]


def _marked(n: int, *indexes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Indexes below ``n`` that occur, ascending."""
    found = np.zeros(n, np.bool_)
    for index in indexes:
        found[index] = True
    return np.flatnonzero(found)


def _used_names(
    index: NDArray[np.int32], names: tuple[str, ...]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    used = _marked(len(names), index[index >= 0])
    place = np.full(len(names) + 1, -1, np.int32)  # the last entry serves the index -1
    place[used] = np.arange(len(used), dtype=np.int32)
    return place[index], tuple(names[k] for k in used)


def _morton(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[Any]:
    """Position on the Z-order curve over the bounding box, 16 bits an axis."""

    def spread(values: NDArray[np.float64]) -> NDArray[np.uint64]:
        low, span = values.min(), max(float(np.ptp(values)), 1e-9)
        bits = ((values - low) / span * 65535.0).astype(np.uint64)
        for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        return np.asarray(bits)

    return np.asarray(spread(lon) | (spread(lat) << np.uint64(1)))
