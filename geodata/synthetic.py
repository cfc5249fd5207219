"""A seeded synthetic city of any size: the embedded default, with no file and no network."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from geodata.build import build_network
from geodata.countryside import draw_countryside
from geodata.errors import NetworkError
from geodata.network import Network
from geodata.raw import RawStreets
from geodata.sketch import Float, to_earth
from geodata.town_plan import TownPlan

CENTRE: Final = (114.30, 30.59)  # lon, lat: an inland river city in the plain
SMALLEST, LARGEST = 300, 400_000
_NODES_A_BLOCK: Final = 19.0  # a first guess; the rest is corrected by looking
_SHARE_VILLAGES: Final = 0.14
_NODES_A_VILLAGE: Final = 110
_CLOSE_ENOUGH: Final = (0.96, 1.06)  # of the nodes asked for
_MOST_TRIES: Final = 6


class Draft(NamedTuple):
    """A drawn city before it is cleaned, and the middle line of its river."""

    streets: RawStreets
    river_lon: Float
    river_lat: Float


def synthetic_city(
    n_nodes: int = 6000,
    seed: int = 1,
    centre: tuple[float, float] = CENTRE,
    name: str = "Synthetic city",
) -> Network:
    """Make a city: rings, main and local streets, a river with bridges, parks and villages.

    Parameters
    ----------
    n_nodes : junctions wanted; the network has 0.9 to 1.1 times as many.
    seed : the same seed and size give the same network, to the last bit on one platform.
    centre : WGS-84 longitude and latitude of the middle.
    name : for people.

    Raises
    ------
    NetworkError : ``E3601``, a size that cannot be built; ``E3302``, the centre is no place.

    Notes
    -----
    Streets are dense in the middle and thin out; half of the central local streets are one-ways.
    All three profiles have nearly all of the town; parks belong to walkers and riders. Speeds come
    from the same tables as those of real streets.
    """
    from geodata.coordinates import check_points

    if not SMALLEST <= n_nodes <= LARGEST:
        raise NetworkError("E3601", n_nodes=n_nodes, smallest=SMALLEST, largest=LARGEST)
    check_points(centre[0], centre[1])
    n_blocks = n_nodes * (1.0 - _SHARE_VILLAGES) / _NODES_A_BLOCK
    best: Network | None = None
    for _ in range(_MOST_TRIES):
        streets = draft_city(max(4, round(n_blocks)), n_nodes, seed, centre).streets
        network = build_network(streets, name)
        if best is None or abs(network.n_nodes - n_nodes) < abs(best.n_nodes - n_nodes):
            best = network
        share = network.n_nodes / n_nodes
        if _CLOSE_ENOUGH[0] <= share <= _CLOSE_ENOUGH[1]:
            break
        in_town = (share - _SHARE_VILLAGES) / (1.0 - _SHARE_VILLAGES)
        n_blocks /= min(max(in_town, 0.5), 2.0)
    assert best is not None
    return best


def draft_city(
    n_blocks: int, n_nodes: int, seed: int, centre: tuple[float, float] = CENTRE
) -> Draft:
    """Draw a town of ``n_blocks`` blocks and the villages that suit a network of ``n_nodes``."""
    plan = TownPlan(n_blocks, np.random.default_rng([seed, n_nodes]))
    in_villages = n_nodes * _SHARE_VILLAGES
    n_villages = max(3, round(in_villages / (_NODES_A_VILLAGE * max(1.0, n_nodes / 40_000))))
    draw_countryside(plan, n_villages, round(in_villages))
    river_lon, river_lat = to_earth(*plan.river, centre)
    return Draft(plan.sketch.to_raw(centre), river_lon, river_lat)
