"""Reading the packed numbers of a PBF block. Format: the wiki page PBF Format; protobuf's encoding guide.

Every read stays within ``last``: a number that runs over it ends there, and the caller sees that it did not end where
its message does (``DAMAGED``). What is skipped costs one number per field.
"""  # noqa: E501

from __future__ import annotations

import numpy as np

from geodata.kernels.jit import kernel

DAMAGED = -1
OTHER_FORM = -2  # nodes one by one, as almost nobody writes them any more
_TEXT = 2  # wire type of texts, messages and packed numbers


@kernel
def number(data, place, last):
    """Variable-length unsigned number at ``place`` and the place after it."""
    value = np.uint64(0)
    shift = np.uint64(0)
    while place < last:
        byte = data[place]
        place += 1
        value |= np.uint64(byte & 127) << shift
        if byte < 128:
            return np.int64(value), place
        shift += np.uint64(7)
        if shift > 63:
            break
    return np.int64(0), last + 1


@kernel
def signed(data, place, last):
    """Zigzag-coded signed number at ``place`` and the place after it."""
    value, place = number(data, place, last)
    unsigned = np.uint64(value)
    return np.int64(unsigned >> np.uint64(1)) ^ -np.int64(unsigned & np.uint64(1)), place


@kernel
def field(data, place, last):
    """Field number, start and end of its content (a number: its value, 0), and the place after it.

    A field of another kind, or one that runs over the end, moves the place behind ``last``.
    """
    tag, place = number(data, place, last)
    value, place = number(data, place, last)
    kind = tag & 7
    if kind == 0:
        return tag >> 3, value, np.int64(0), place
    if kind != _TEXT or value < 0 or value > last - place:
        return np.int64(0), np.int64(0), np.int64(0), last + 1
    return tag >> 3, place, place + value, place + value


@kernel
def count_members(data, place, last):
    """Texts of a string table, or ways and relations of a group: fields by number 1 to 4."""
    found = np.zeros(5, np.int64)
    while place < last:
        name, _, _, place = field(data, place, last)
        if 1 <= name <= 4:
            found[name] += 1
    if place != last:
        found[0] = DAMAGED
    return found


@kernel
def find_texts(data, place, last, start, end):
    """Where the texts of a string table stand; ``start`` and ``end`` are overwritten."""
    count = 0
    while place < last:
        name, first, after, place = field(data, place, last)
        if name == 1:
            start[count] = first
            end[count] = after
            count += 1
    return count


@kernel
def read_nodes(data, place, last, slot, barrier, ids, x, y, tagged, tag_place):
    """Dense nodes of a group.

    Parameters
    ----------
    data, place, last : bytes of the message DenseNodes.
    slot : which wanted key a text is, or -1, shape (texts,), int16.
    barrier : the slot whose nodes are wanted with their tags.
    ids, x, y : int64, as long as the message has bytes. Overwritten: ids, and coordinates in the
        file's own steps.
    tagged, tag_place : int64, as long. Overwritten: nodes with a barrier, and where their tags are.

    Returns
    -------
    n_nodes, n_tagged : or ``DAMAGED`` and 0.
    """
    count = np.zeros(3, np.int64)
    n_tagged = 0
    while place < last:
        name, first, after, place = field(data, place, last)
        if name == 1 or name == 8 or name == 9:
            out = ids if name == 1 else (y if name == 8 else x)
            total = np.int64(0)
            k = 0
            while first < after:
                step, first = signed(data, first, after)
                total += step
                out[k] = total
                k += 1
            if first != after:
                return np.int64(DAMAGED), np.int64(0)
            count[0 if name == 1 else name - 7] = k
        elif name == 10:
            node = np.int64(0)
            begin = first
            hit = False
            while first < after:
                key, first = number(data, first, after)
                if key == 0:
                    if hit:
                        tagged[n_tagged] = node
                        tag_place[n_tagged] = begin
                        n_tagged += 1
                    node += 1
                    begin = first
                    hit = False
                    continue
                _, first = number(data, first, after)
                if 0 <= key < len(slot) and slot[key] == barrier:
                    hit = True
            if first != after:
                return np.int64(DAMAGED), np.int64(0)
    if place != last or count[0] != count[1] or count[0] != count[2]:
        return np.int64(DAMAGED), np.int64(0)
    return count[0], np.int64(n_tagged)


@kernel
def read_ways(data, place, last, slot, highway, route, ids, row, mark, ptr, refs):
    """Ways of a group that have a highway or a route.

    Parameters
    ----------
    data, place, last : bytes of the group.
    slot : which wanted key a text is, or -1, shape (texts,), int16.
    highway, route : slots.
    ids : shape (w,), int64. Overwritten.
    row : shape (w, slots), int32. Overwritten: text of each wanted key plus one, 0 where it lacks.
    mark : shape (w,), uint64. Overwritten: a hash of the row.
    ptr : shape (w + 1,), int64. Overwritten: references of way ``k`` are ``refs[ptr[k]:ptr[k + 1]]``.
    refs : int64, as long as the group has bytes. Overwritten.

    Returns
    -------
    n_ways : or ``DAMAGED``.
    """  # noqa: E501
    count = 0
    n_refs = np.int64(0)
    ptr[0] = 0
    while place < last:
        name, inner, inner_last, place = field(data, place, last)
        if name != 3:
            continue
        row[count, :] = 0
        keys = keys_last = values = values_last = node = node_last = np.int64(0)
        way_id = np.int64(0)
        while inner < inner_last:
            part, first, after, inner = field(data, inner, inner_last)
            if part == 1:
                way_id = first
            elif part == 2:
                keys, keys_last = first, after
            elif part == 3:
                values, values_last = first, after
            elif part == 8:
                node, node_last = first, after
        if inner != inner_last:
            return DAMAGED
        while keys < keys_last and values < values_last:
            key, keys = number(data, keys, keys_last)
            value, values = number(data, values, values_last)
            if 0 <= key < len(slot) and slot[key] >= 0:
                row[count, slot[key]] = value + 1
        if keys != keys_last or values != values_last:
            return DAMAGED
        if row[count, highway] == 0 and row[count, route] == 0:
            continue
        total = np.int64(0)
        while node < node_last:
            step, node = signed(data, node, node_last)
            total += step
            refs[n_refs] = total
            n_refs += 1
        if node != node_last:
            return DAMAGED
        digest = np.uint64(14695981039346656037)  # FNV-1a over whole numbers
        for k in range(row.shape[1]):
            digest = (digest ^ np.uint64(row[count, k])) * np.uint64(1099511628211)
        mark[count] = digest
        ids[count] = way_id
        count += 1
        ptr[count] = n_refs
    return count if place == last else DAMAGED


@kernel
def find_relations(data, place, last, key, value, start, end):
    """Relations of a group that have one tag; their bytes into ``start`` and ``end``.

    Returns
    -------
    n_relations : or ``DAMAGED``.
    """
    count = 0
    while place < last:
        name, begin, inner_last, place = field(data, place, last)
        if name != 4:
            continue
        inner = begin
        keys = keys_last = values = values_last = np.int64(0)
        while inner < inner_last:
            part, first, after, inner = field(data, inner, inner_last)
            if part == 2:
                keys, keys_last = first, after
            elif part == 3:
                values, values_last = first, after
        if inner != inner_last:
            return DAMAGED
        hit = False
        while keys < keys_last and values < values_last:
            k, keys = number(data, keys, keys_last)
            v, values = number(data, values, values_last)
            hit = hit or (k == key and v == value)
        if hit:
            start[count] = begin
            end[count] = inner_last
            count += 1
    return count if place == last else DAMAGED
