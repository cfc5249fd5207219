"""Merging what is only a bend: nodes of degree two between two junctions.

Idea: Boeing, OSMnx (2017), section 2.2.2, here with several profiles at once and on directed arcs.
"""

from __future__ import annotations

from geodata.kernels.jit import kernel


@kernel
def mark_bends(out_ptr, head, in_ptr, in_arc, tail, mask, is_bend):
    """Mark nodes that every traveller only passes through.

    A bend has exactly two neighbours, at most one arc each way to either, and whoever may enter from
    one side may leave on the other.

    Parameters
    ----------
    out_ptr, head : arcs in compressed rows, shape (n + 1,) and (m,), int32.
    in_ptr, in_arc : arcs into each node, shape (n + 1,) and (m,), int32.
    tail : node that an arc leaves, shape (m,), int32.
    mask : bit per profile that may use the arc, shape (m,), uint8, never 0.
    is_bend : shape (n,), bool. Overwritten.
    """  # noqa: E501
    for v in range(len(is_bend)):
        is_bend[v] = False
        n_out = out_ptr[v + 1] - out_ptr[v]
        n_in = in_ptr[v + 1] - in_ptr[v]
        if n_out > 2 or n_in > 2 or n_out + n_in < 2:
            continue
        a = -1
        b = -1
        to_a = 0
        to_b = 0
        from_a = 0
        from_b = 0
        fits = True
        for k in range(out_ptr[v], out_ptr[v + 1]):
            other = head[k]
            if a == -1:
                a = other
                to_a = mask[k]
            elif other != a:
                b = other
                to_b = mask[k]
            else:
                fits = False  # two arcs to the same neighbour
        for j in range(in_ptr[v], in_ptr[v + 1]):
            k = in_arc[j]
            other = tail[k]
            if a == -1 or other == a:
                fits = fits and from_a == 0
                a = other
                from_a = mask[k]
            elif b == -1 or other == b:
                fits = fits and from_b == 0
                b = other
                from_b = mask[k]
            else:
                fits = False  # a third neighbour
        is_bend[v] = fits and a != -1 and b != -1 and from_a == to_b and from_b == to_a


@kernel
def trace_chains(out_ptr, head, tail, is_bend, chain_ptr, chain_arc):
    """Follow every arc that leaves a junction through the bends to the next junction.

    Parameters
    ----------
    out_ptr, head, tail, is_bend : as in ``mark_bends``.
    chain_ptr : shape (m + 1,), int32. Overwritten: offsets of the chains found.
    chain_arc : shape (m,), int32. Overwritten: arcs of each chain in travel order.

    Returns
    -------
    n_chains : chains found; ``chain_ptr[n_chains] < m`` means that a ring without junction is left.
    """
    n_chains = 0
    count = 0
    chain_ptr[0] = 0
    for first in range(len(head)):
        if is_bend[tail[first]]:
            continue
        arc = first
        chain_arc[count] = arc
        count += 1
        while is_bend[head[arc]]:
            node = head[arc]
            following = out_ptr[node]
            if head[following] == tail[arc]:
                following += 1
            arc = following
            chain_arc[count] = arc
            count += 1
        n_chains += 1
        chain_ptr[n_chains] = count
    return n_chains
