"""Streets of a PBF file, block by block, without an object per way.

osmium's pass (``osm_pass.py``) gives the same and reads every form of file; here only what nearly everybody writes is
read, dense nodes packed with zlib, and anything else is left to it. Format: the wiki page PBF Format.
"""  # noqa: E501

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geodata.kernels.pbf import (
    count_members,
    find_relations,
    find_texts,
    read_nodes,
    read_ways,
)
from geodata.restrictions import read_restriction
from geodata.tags import WAY_KEYS
from geodata.ways import FoundWays, WayCollector

_WANTED: Final = (*WAY_KEYS, "name", "ref", "barrier")
_SLOT: Final = {key.encode(): place for place, key in enumerate(_WANTED)}
_HIGHWAY: Final = _WANTED.index("highway")
_ROUTE: Final = _WANTED.index("route")
_NAME: Final = _WANTED.index("name")
_REF: Final = _WANTED.index("ref")
_BARRIER: Final = _WANTED.index("barrier")
_FEATURES: Final = frozenset({b"OsmSchema-V0.6", b"DenseNodes"})
_TYPES: Final = ("n", "w", "r")
_TEXT: Final = 2  # protobuf's wire type of texts, messages and packed numbers
_NANO: Final = 100  # nanodegrees in osmium's step of 1e-7 degrees


class OtherForm(ValueError):
    """The file is damaged or of a form that is left to osmium."""


class _Block(NamedTuple):
    raw: bytes
    data: NDArray[np.uint8]
    text: list[bytes]
    slot: NDArray[np.int16]
    groups: list[tuple[int, int]]
    step: int
    offset: tuple[int, int]


def collect_pbf(path: Path) -> FoundWays:
    """Streets, barriers and turn restrictions of a PBF file.

    Raises
    ------
    OtherForm : see there.
    """
    found = WayCollector()
    nodes: list[tuple[NDArray[np.int64], ...]] = []
    try:
        for data in _blocks(path):
            block = _open(data)
            for first, last in block.groups:
                size = count_members(block.data, first, last)
                if size[0] or size[1]:
                    raise OtherForm("damaged, or nodes one by one")
                if size[2]:
                    nodes += _read_nodes(found, block, first, last)
                if size[3]:
                    _read_ways(found, block, first, last, int(size[3]))
                if size[4]:
                    _read_relations(found, block, first, last, int(size[4]))
    except (zlib.error, struct.error, IndexError, KeyError, UnicodeError, OverflowError) as error:
        raise OtherForm(str(error)) from error
    return found.with_places(*_all_nodes(nodes))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while start := stream.read(4):
            kind, size = b"", 0
            for name, value in _fields(stream.read(struct.unpack(">I", start)[0])):
                kind = value if name == 1 and isinstance(value, bytes) else kind
                size = value if name == 3 and isinstance(value, int) else size
            blob = stream.read(size)
            if len(blob) < size:
                raise OtherForm("cut off")
            content = dict(_fields(blob))
            raw, packed = content.get(1), content.get(3)
            if isinstance(packed, bytes):
                raw = zlib.decompress(packed)
            if not isinstance(raw, bytes):
                raise OtherForm("another compression")
            if kind == b"OSMData":
                yield raw
            elif kind == b"OSMHeader":
                needs = {value for name, value in _fields(raw) if name == 4}
                if not needs <= _FEATURES:
                    raise OtherForm("another feature")


def _open(raw: bytes) -> _Block:
    data = np.frombuffer(raw, np.uint8)
    text: list[bytes] = []
    groups: list[tuple[int, int]] = []
    numbers = {17: 100, 19: 0, 20: 0}  # granularity, offsets of latitude and longitude
    for name, first, last in _places(raw, 0, len(raw)):
        if name == 1:
            n = int(count_members(data, first, last)[1])
            start, end = np.empty(n, np.int64), np.empty(n, np.int64)
            find_texts(data, first, last, start, end)
            text = [raw[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]
        elif name == 2:
            groups.append((first, last))
        elif name in numbers:
            numbers[name] = first
    slot = np.array([_SLOT.get(word, -1) for word in text], np.int16)
    return _Block(raw, data, text, slot, groups, numbers[17], (numbers[20], numbers[19]))


def _read_nodes(
    found: WayCollector, block: _Block, first: int, last: int
) -> list[tuple[NDArray[np.int64], ...]]:
    """Ids and coordinates of each set of dense nodes, in steps of 1e-7 degrees."""
    sets = []
    for name, start, end in _places(block.raw, first, last):
        if name != 2:
            continue
        ids, x, y, tagged, place = (np.empty(end - start, np.int64) for _ in range(5))
        n, n_tagged = read_nodes(
            block.data, start, end, block.slot, _BARRIER, ids, x, y, tagged, place
        )
        if n < 0:
            raise OtherForm("damaged nodes")
        degrees = [
            np.fix((offset + block.step * steps[:n]) / _NANO).astype(np.int64)
            for offset, steps in zip(block.offset, (x, y), strict=True)
        ]
        sets.append((ids[:n].copy(), *degrees))
        for node, at in zip(tagged[:n_tagged].tolist(), place[:n_tagged].tolist(), strict=True):
            found.add_barrier(int(ids[node]), _node_tags(block.raw, at, block.text))
    return sets


def _node_tags(raw: bytes, place: int, text: list[bytes]) -> dict[str, str]:
    tags: dict[str, str] = {}
    while True:
        key, place = _integer(raw, place)
        if key == 0:
            return tags
        value, place = _integer(raw, place)
        tags[text[key].decode()] = text[value].decode()


def _read_ways(found: WayCollector, block: _Block, first: int, last: int, n: int) -> None:
    ids, mark = np.empty(n, np.int64), np.empty(n, np.uint64)
    row, ptr = np.empty((n, len(_WANTED)), np.int32), np.empty(n + 1, np.int64)
    refs = np.empty(last - first, np.int64)
    n = read_ways(block.data, first, last, block.slot, _HIGHWAY, _ROUTE, ids, row, mark, ptr, refs)
    if n < 0:
        raise OtherForm("damaged ways")
    row, ptr = row[:n], ptr[: n + 1]
    # Streets share few combinations of tags: each is interpreted once.
    _, example, which = np.unique(mark[:n], return_index=True, return_inverse=True)

    def word(index: int) -> str | None:
        return block.text[index - 1].decode() if index else None

    rules = [
        found.rule_of(tuple(map(word, row[k, : len(WAY_KEYS)].tolist()))) for k in example.tolist()
    ]
    rule = np.array(rules, np.int32)[which] if n else np.empty(0, np.int32)
    found.n_tagged += int(np.count_nonzero(row[:, _HIGHWAY]))
    kept = np.flatnonzero(rule >= 0)
    called = np.where(row[kept, _NAME] > 0, row[kept, _NAME], row[kept, _REF])
    names = {k: found.name_of(word(k)) for k in dict.fromkeys(called.tolist())}
    mine = np.repeat(rule >= 0, ptr[1:] - ptr[:-1])
    found.add(
        ids[kept], refs[: int(ptr[-1])][mine], (ptr[1:] - ptr[:-1])[kept], rule[kept],
        np.array([names[k] for k in called.tolist()], np.int32),
    )  # fmt: skip


def _read_relations(found: WayCollector, block: _Block, first: int, last: int, n: int) -> None:
    try:
        key, value = block.text.index(b"type"), block.text.index(b"restriction")
    except ValueError:
        return
    start, end = np.empty(n, np.int64), np.empty(n, np.int64)
    n = find_relations(block.data, first, last, key, value, start, end)
    if n < 0:
        raise OtherForm("damaged relations")
    for a, b in zip(start[:n].tolist(), end[:n].tolist(), strict=True):
        about = dict(_fields(block.raw[a:b]))
        keys, values, roles, steps, kinds = (
            _packed(about.get(name, b"")) for name in (2, 3, 8, 9, 10)
        )
        tags = {
            block.text[k].decode(): block.text[v].decode()
            for k, v in zip(keys, values, strict=True)
        }
        ids = np.cumsum([(step >> 1) ^ -(step & 1) for step in steps], dtype=np.int64).tolist()
        members = [
            (block.text[role].decode(), _TYPES[kind], ref)
            for role, kind, ref in zip(roles, kinds, ids, strict=True)
        ]
        relation = about.get(1, 0)
        if not isinstance(relation, int):
            raise OtherForm("damaged relations")
        found.add_restriction(read_restriction(relation, tags, members))


def _all_nodes(
    sets: list[tuple[NDArray[np.int64], ...]],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Ids in ascending order, longitudes and latitudes."""
    if not sets:
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    ids, x, y = (np.concatenate(column) for column in zip(*sets, strict=True))
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, x, y = ids[order], x[order], y[order]
    return ids, x / 1e7, y / 1e7


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of a message of numbers and texts."""
    for name, first, last in _places(message, 0, len(message)):
        yield name, message[first:last] if last >= 0 else first


def _places(message: bytes, place: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Field numbers with start and end of their content; a number stands there with end -1."""
    while place < end:
        tag, place = _integer(message, place)
        value, place = _integer(message, place)
        if tag & 7 == _TEXT:
            if value > end - place:
                raise OtherForm("cut off")
            yield tag >> 3, place, place + value
            place += value
        elif tag & 7 == 0:
            yield tag >> 3, value if value < 1 << 63 else value - (1 << 64), -1
        else:
            raise OtherForm("an unknown kind of field")


def _packed(content: int | bytes) -> list[int]:
    values, place = [], 0
    if isinstance(content, int):
        raise OtherForm("numbers that are not packed")
    while place < len(content):
        value, place = _integer(content, place)
        values.append(value)
    return values


def _integer(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place += 1
        shift += 7
        if byte < 128:
            return value, place
