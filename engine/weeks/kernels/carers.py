"""Programme after programme, the worker for whom its visits cost least beside all others.

Costs are in cents an hour of travel costs a second: 3,600 of them are a cent.
"""

from __future__ import annotations

from engine.weeks.kernels.jit import kernel, part
from engine.weeks.kernels.rows import CLIENT, KIND, LOAD
from engine.weeks.kernels.spread import FAR_S

#: A day and a part of it are full at this percentage of its hours; cents a second above that.
_FULL_DAY, _FULL_PART, _OVERLOAD = 85, 90, 4
_CENT = 3_600


@kernel
def give(facts, book, p, worker, days, times):
    """Give visits of a programme to a worker who may serve them; -1 takes them back."""
    kind, client, load = facts.rows[p, KIND], facts.rows[p, CLIENT], facts.rows[p, LOAD]
    for d in days:
        if facts.able[kind, worker, d] == 0:
            continue
        book.server[p, d] = worker if times > 0 else -1
        book.load[worker, d] += times * load
        for k in range(facts.part.shape[1]):
            book.load_in[worker, d, k] += times * facts.part[p, k]
    book.faces[client, worker] += times


@part
def ways(facts, book, client, days, way, total):
    """Sum up for every worker the seconds to a client from the nearest of the same day."""
    n = facts.near.shape[1]
    total[:] = 0
    for d in days:
        for w in range(len(way)):
            way[w] = max(min(facts.start_s[w, client], FAR_S), facts.near_s[client, n - 1])
        for k in range(n - 1, -1, -1):  # the nearest comes last, and stays
            other = facts.near[client, k]
            for j in range(facts.own_ptr[other], facts.own_ptr[other + 1]):
                w = book.server[facts.own[j], d]
                if w >= 0:
                    way[w] = facts.near_s[client, k]
        for w in range(len(way)):
            total[w] += way[w]


@part
def overload(facts, book, p, w, d):
    """Seconds of a visit beyond what a worker's day, and the parts of it, hold."""
    room = _FULL_DAY * facts.hours[w, d] // 100 - book.load[w, d]
    parts = 0
    # A visit can go to any part of its window, so the parts together have to hold it.
    for k in range(facts.part.shape[1]):
        if facts.part[p, k] > 0:
            parts += max(_FULL_PART * facts.hours_in[w, d, k] // 100 - book.load_in[w, d, k], 0)
    return max(facts.rows[p, LOAD] - max(min(room, parts), 0), 0)


@kernel
def choose(facts, book, p, days, new_face, shut, way, total):
    """Find the worker who costs least for visits of a programme; -1: nobody may serve any.

    Parameters
    ----------
    days : (visits,) int32.
    new_face : cents.
    shut : (w,) uint8, zeros; way, total : (w,) int64 scratch.
    """
    kind, client = facts.rows[p, KIND], facts.rows[p, CLIENT]
    for k in range(facts.refused_ptr[p], facts.refused_ptr[p + 1]):
        shut[facts.refused[k]] = 1
    ways(facts, book, client, days, way, total)
    best, least = -1, 1 << 62
    for w in range(len(way)):
        if shut[w]:
            continue
        n_there, cents = 0, 0 if book.faces[client, w] > 0 else new_face
        for d in days:
            if facts.able[kind, w, d] == 0:
                cents += new_face
                continue
            n_there += 1
            cents += _OVERLOAD * overload(facts, book, p, w, d)
            if book.load[w, d] <= 0:
                cents += facts.prices[w, 0]
        cost = _CENT * cents + 2 * facts.prices[w, 1] * total[w]
        if n_there and cost < least:
            best, least = w, cost
    for k in range(facts.refused_ptr[p], facts.refused_ptr[p + 1]):
        shut[facts.refused[k]] = 0
    return best


@kernel
def assign_once(facts, book, day_ptr, days, turns, new_face, main, shut, way, total):
    """Choose the main worker of every programme once more; returns how many have changed.

    Parameters
    ----------
    day_ptr, days : CSR, days of every programme's visits, int32.
    turns : (p,) int32 in which order.
    main : (p,) int32, -1 nobody. Overwritten.
    """
    moved = 0
    for p in turns:
        own = days[day_ptr[p] : day_ptr[p + 1]]
        before = main[p]
        if before >= 0:
            give(facts, book, p, before, own, -1)
        chosen = choose(facts, book, p, own, new_face, shut, way, total)
        if chosen >= 0:
            give(facts, book, p, chosen, own, 1)
        moved += 1 if chosen != before else 0
        main[p] = chosen
    return moved
