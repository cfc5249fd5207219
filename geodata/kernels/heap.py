"""The queue of the searches: a 4-ary heap of keys with their nodes, written in place, with lazy deletion.

Source of the idea of four children: LaMarca and Ladner, The influence of caches on the performance of heaps (1996).
"""  # noqa: E501

from __future__ import annotations

from geodata.kernels.jit import inlined


@inlined
def push(keys, items, size, key, item):
    """Put an entry into a heap of ``size`` entries."""
    i = size
    while i > 0:
        parent = (i - 1) >> 2
        if keys[parent] <= key:
            break
        keys[i] = keys[parent]
        items[i] = items[parent]
        i = parent
    keys[i] = key
    items[i] = item


@inlined
def drop_first(keys, items, size):
    """Take the first of ``size + 1`` entries out: the last one sinks from its place."""
    key = keys[size]
    item = items[size]
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        best = child
        best_key = keys[child]
        for c in range(child + 1, min(child + 4, size)):
            if keys[c] < best_key:
                best = c
                best_key = keys[c]
        if best_key >= key:
            break
        keys[i] = best_key
        items[i] = items[best]
        i = best
    keys[i] = key
    items[i] = item
