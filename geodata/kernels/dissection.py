"""In which order to contract a road network: dead ends and bends first, then nested dissection.

A small set of nodes that parts the network is contracted last, and its two sides likewise before it, down to single
nodes (George, Nested dissection of a regular finite element mesh, 1973). Roads have coordinates: the least cut between
both ends of the nodes along a direction is a good one (Schild and Sommer, On balanced separators in road networks, 2015).
"""  # noqa: E501

from __future__ import annotations

from geodata.kernels.jit import lean_kernel

NO_PART = -1
UNSEEN = -3
OUTSIDE = -2
NOWHERE = -1
LEFT = 0
RIGHT = 1
BETWEEN = 2
FIXED = 0.25  # share of the nodes at either end that a cut must part
FEW = 12  # nodes that a sweep alone parts well
N_BUCKETS = 4096  # positions of a sweep line that are told apart


@lean_kernel
def peel(ptr, adj, degree, is_peeled, order):
    """Contract nodes with at most two neighbours, again and again.

    Parameters
    ----------
    ptr, adj : neighbours of each node, symmetric, without loops and repetitions, shape (n + 1,)
        and (k,), int32. ``adj`` is overwritten: the neighbours that are left, with the links that
        stand for contracted nodes.
    degree : shape (n,), int32. Overwritten: how many are left; valid where not peeled.
    is_peeled : shape (n,), bool. Overwritten.
    order : shape (n,), int32. Overwritten at its beginning: contracted nodes in their order.

    Returns
    -------
    n_peeled : contracted nodes.

    Notes
    -----
    O(n + k): a contracted node gives its place in the rows of its neighbours to the link between
    them, so no row grows.
    """
    n = len(degree)
    n_queued = 0
    for v in range(n):
        is_peeled[v] = False
        degree[v] = ptr[v + 1] - ptr[v]
        if degree[v] <= 2:
            order[n_queued] = v
            n_queued += 1
    done = 0
    while done < n_queued:
        v = order[done]
        done += 1
        is_peeled[v] = True
        if degree[v] == 0:
            continue
        a = adj[ptr[v]]
        b = adj[ptr[v] + 1] if degree[v] == 2 else -1
        is_linked = b < 0
        if b >= 0:
            for k in range(ptr[a], ptr[a] + degree[a]):
                if adj[k] == b:
                    is_linked = True
        for side in range(2):
            near = a if side == 0 else b
            far = b if side == 0 else a
            if near < 0:
                continue
            k = ptr[near]
            while adj[k] != v:
                k += 1
            if is_linked:
                degree[near] -= 1
                adj[k] = adj[ptr[near] + degree[near]]
                if degree[near] == 2:
                    order[n_queued] = near
                    n_queued += 1
            else:
                adj[k] = far
    return done


@lean_kernel
def sort_along(perm, lo, hi, x, y, dx, dy, bucket, key, order):
    """Sort ``perm[lo:hi]`` along a direction into ``order[:hi - lo]``, to a part in 4,096."""
    least = x[perm[lo]] * dx + y[perm[lo]] * dy
    most = least
    for i in range(lo, hi):
        p = x[perm[i]] * dx + y[perm[i]] * dy
        least = min(least, p)
        most = max(most, p)
    scale = (N_BUCKETS - 1) / (most - least) if most > least else 0.0
    for k in range(N_BUCKETS + 1):
        bucket[k] = 0
    for i in range(lo, hi):
        k = int((x[perm[i]] * dx + y[perm[i]] * dy - least) * scale)
        key[i - lo] = k
        bucket[k + 1] += 1
    for k in range(N_BUCKETS):
        bucket[k + 1] += bucket[k]
    for i in range(lo, hi):
        k = key[i - lo]
        order[bucket[k]] = perm[i]
        bucket[k] += 1


@lean_kernel
def split_components(ptr, adj, part, perm, lo, hi, queue, ends):
    """Group ``perm[lo:hi]``, one part, by connected pieces.

    ``part`` becomes ``NO_PART`` for its nodes. ``ends`` is overwritten with where each piece ends
    in ``perm``; returns their number.
    """
    own = part[perm[lo]]
    n_done = 0
    n_pieces = 0
    for i in range(lo, hi):
        if part[perm[i]] != own:
            continue
        queue[n_done] = perm[i]
        part[perm[i]] = NO_PART
        last = n_done + 1
        while n_done < last:
            v = queue[n_done]
            n_done += 1
            for k in range(ptr[v], ptr[v + 1]):
                if part[adj[k]] == own:
                    part[adj[k]] = NO_PART
                    queue[last] = adj[k]
                    last += 1
        ends[n_pieces] = lo + n_done
        n_pieces += 1
    for i in range(hi - lo):
        perm[lo + i] = queue[i]
    return n_pieces


@lean_kernel
def sweep_cut(ptr, adj, part, own, order, n, outside):
    """Best place to part ``order[:n]`` into a beginning and an end, and its score, less is better.

    A beginning's separator are its nodes that have neighbours in the end. ``outside`` is
    overwritten: shape (n,), neighbours of a node that the sweep has not met; -1 before its turn.
    """
    for i in range(n):
        outside[order[i]] = -1
    n_border = 0
    best = 1e300
    place = n // 2
    for i in range(n):
        v = order[i]
        count = 0
        for k in range(ptr[v], ptr[v + 1]):
            u = adj[k]
            if part[u] != own:
                continue
            if outside[u] < 0:
                count += 1
            else:
                outside[u] -= 1
                if outside[u] == 0:
                    n_border -= 1
        outside[v] = count
        if count > 0:
            n_border += 1
        ahead = i + 1 - n_border
        behind = n - 1 - i
        if 4 * min(ahead, behind) >= n:
            score = n_border * (1.0 + abs(ahead - behind) / n)
            if score < best:
                best = score
                place = i + 1
    return best, place


@lean_kernel
def flow_cut(
    ptr, adj, part, own, order, n, fixed, limit, place, before, after, came, root, is_full, queue
):
    """Least set of nodes that parts the beginning of ``order[:n]`` from its end.

    Parameters
    ----------
    ptr, adj, part, own : neighbours, those of ``part`` ``own`` count.
    order, n : nodes along a direction; the first and the last ``fixed`` of them are to be parted.
    limit : a cut of this size is not worth finding.
    place, before, after : scratch, shape (n_all,), int32.
    came, root : scratch, shape (2 n_all,), int32. ``came`` afterwards tells the sides: a node is
        before the cut where ``came[2 v + 1] != UNSEEN``, in it where only ``came[2 v]`` is seen.
    is_full : scratch, shape (n_all,), bool.
    queue : scratch, shape (2 n_all,), int32.

    Returns
    -------
    size : nodes of the cut; ``limit`` if it is not smaller, or the ends are joined by an edge.

    Notes
    -----
    Paths without a common node from one end to the other, as many as there are: a node is two places, where
    paths arrive (2 v) and where they leave (2 v + 1), with room for one path between them. Each round grows
    a tree from every node beside the beginning and adds a path for every tree that meets the end; the trees
    have no place in common, so neither have the paths. Menger (1927); rounds as in Hopcroft and Karp (1973).
    """  # noqa: E501
    for i in range(n):
        v = order[i]
        place[v] = i
        before[v] = NOWHERE
        after[v] = NOWHERE
    end = n - fixed
    size = 0
    while True:
        for i in range(n):
            v = order[i]
            came[2 * v] = UNSEEN
            came[2 * v + 1] = UNSEEN
            is_full[v] = False
        last = 0
        for i in range(fixed):
            v = order[i]
            came[2 * v + 1] = OUTSIDE
            for k in range(ptr[v], ptr[v + 1]):
                u = adj[k]
                if part[u] != own or place[u] < fixed:
                    continue
                if place[u] >= end:
                    return limit
                if came[2 * u] == UNSEEN:
                    came[2 * u] = OUTSIDE
                    root[2 * u] = u
                    queue[last] = 2 * u
                    last += 1
        grown = size
        first = 0
        while first < last:
            here = queue[first]
            first += 1
            v = here >> 1
            tree = root[here]
            if is_full[tree]:
                continue
            if here & 1 == 0:
                back = 2 * v + 1 if before[v] == NOWHERE else 2 * before[v] + 1
                if back > 0 and came[back] == UNSEEN:
                    came[back] = here
                    root[back] = tree
                    queue[last] = back
                    last += 1
                continue
            if after[v] != NOWHERE and came[2 * v] == UNSEEN:
                came[2 * v] = here
                root[2 * v] = tree
                queue[last] = 2 * v
                last += 1
            for k in range(ptr[v], ptr[v + 1]):
                u = adj[k]
                if part[u] != own or place[u] < fixed:
                    continue
                if place[u] >= end:
                    if after[v] == OUTSIDE:
                        continue
                    is_full[tree] = True
                    queue[grown - size] = here  # places before `first` are free
                    grown += 1
                    break
                if came[2 * u] == UNSEEN:
                    came[2 * u] = here
                    root[2 * u] = tree
                    queue[last] = 2 * u
                    last += 1
        if grown == size:
            return size
        for i in range(grown - size):
            v = queue[i] >> 1
            to = OUTSIDE
            while True:
                after[v] = to
                met = came[2 * v + 1] >> 1
                origin = came[2 * met]
                if origin == OUTSIDE:
                    before[met] = OUTSIDE
                    break
                if origin >> 1 == met:  # a path that went through here does so no more
                    before[met] = NOWHERE
                    to = NOWHERE
                    v = met
                else:
                    before[met] = origin >> 1
                    v = origin >> 1
                    to = met
        size = grown
        if size >= limit:
            return limit


@lean_kernel
def dissect(
    ptr, adj, x, y, perm, part, side, order, outside, key, ends, before, after, came, root, queue,
    is_full, bucket, stack,
):  # fmt: skip
    """Nested dissection: cut along four directions, and keep the best one.

    Parameters
    ----------
    ptr, adj : neighbours, symmetric, without loops and repetitions, shape (n + 1,) and (k,), int32.
    x, y : coordinates in one unit, shape (n,), float64.
    perm : shape (n,), int32. Overwritten: nodes in the order of their contraction.
    part, side, order, outside, key, ends, before, after : scratch, shape (n,), int32.
    came, root, queue : scratch, shape (2 n,), int32.
    is_full : scratch, shape (n,), bool.
    bucket : scratch, shape (N_BUCKETS + 1,), int32.
    stack : scratch, shape (n + 1, 3), int32.
    """
    n = len(perm)
    for v in range(n):
        perm[v] = v
        part[v] = 0
    stack[0, 0] = 0
    stack[0, 1] = n
    stack[0, 2] = 0
    size = 1
    while size > 0:
        size -= 1
        lo = stack[size, 0]
        hi = stack[size, 1]
        count = hi - lo
        if count <= 2:
            for i in range(lo, hi):
                part[perm[i]] = NO_PART
            continue
        if stack[size, 2] == 0:
            n_pieces = split_components(ptr, adj, part, perm, lo, hi, order, ends)
            first = lo
            for p in range(n_pieces):
                for i in range(first, ends[p]):
                    part[perm[i]] = first
                stack[size, 0] = first
                stack[size, 1] = ends[p]
                stack[size, 2] = 1
                size += 1
                first = ends[p]
            continue
        best = 1e301  # above what any cut scores
        for direction in range(4):
            dx = 1.0 if direction != 1 else 0.0
            dy = 0.0 if direction == 0 else (-1.0 if direction == 3 else 1.0)
            sort_along(perm, lo, hi, x, y, dx, dy, bucket, key, order)
            fixed = int(count * FIXED)
            limit = count if best > count else int(best) + 1
            cut = limit
            if count >= FEW:
                cut = flow_cut(
                    ptr, adj, part, lo, order, count, fixed, limit, outside, before, after,
                    came, root, is_full, queue,
                )  # fmt: skip
            if cut < limit:
                n_left = 0
                for i in range(count):
                    v = order[i]
                    if came[2 * v + 1] != UNSEEN:
                        key[i] = LEFT
                        n_left += 1
                    else:
                        key[i] = RIGHT if came[2 * v] == UNSEEN else BETWEEN
                score = cut * (1.0 + abs(count - cut - 2 * n_left) / count)
                if score < best:
                    best = score
                    for i in range(count):
                        side[order[i]] = key[i]
            elif best > count:
                score, place = sweep_cut(ptr, adj, part, lo, order, count, outside)
                if score + count < best:  # behind any cut by flow
                    best = score + count
                    for i in range(count):
                        outside[order[i]] = i
                    for i in range(count):
                        v = order[i]
                        side[v] = RIGHT if i >= place else LEFT
                        for k in range(ptr[v], ptr[v + 1]):
                            u = adj[k]
                            if i < place and part[u] == lo and outside[u] >= place:
                                side[v] = BETWEEN
        left = lo
        top = hi
        right = 0
        for i in range(lo, hi):
            order[i - lo] = perm[i]
        for i in range(count):
            v = order[i]
            if side[v] == LEFT:
                perm[left] = v
                left += 1
            elif side[v] == BETWEEN:
                top -= 1
                perm[top] = v
            else:
                order[right] = v
                right += 1
        for i in range(right):
            perm[left + i] = order[i]
        for i in range(top, hi):
            part[perm[i]] = NO_PART
        for i in range(left, top):
            part[perm[i]] = left
        for half in range(2):
            stack[size, 0] = lo if half == 0 else left
            stack[size, 1] = left if half == 0 else top
            stack[size, 2] = 0
            size += stack[size, 1] > stack[size, 0]
