"""The cheapest days of a turn's visits, exactly, by dynamic programming over its slots.

A state says where a turn stands after some slots: ``(last * 2 + excused) * n_counts + count`` with
the day of the last visit (0: before the horizon, else the day plus one), whether a visit was left
out since, and the visits in the month of the last one, where these are limited.
"""

from __future__ import annotations

import numpy as np

from engine.weeks.kernels.jit import kernel
from engine.weeks.kernels.rows import BEFORE, LEAST, MOST, NO_MOST, NOT_KNOWN

#: What leaving a visit out costs: more than any day of any visit.
LEFT_OUT = 1_000_000_000
#: What a day away from an even spacing costs, squared, in the seconds that days are priced in.
UNEVEN = 300
_NEVER = 1 << 60


@kernel
def cheapest_days(calendars, t, prices, limits, is_limited, cost, parent, chosen):
    """Find the cheapest days of all visits of a turn.

    Parameters
    ----------
    prices : (days,) int64 of a visit on each day.
    limits : (months,) int64 most visits in each month, if ``is_limited``.
    cost : (2, (days + 1) * 2 * (slots + 1)) int64. Overwritten.
    parent : (slots, (days + 1) * 2 * (slots + 1), 2) int32: state before, day. Overwritten.
    chosen : (slots,) int32 days, -1 left out. Overwritten.

    Returns
    -------
    cost : prices, and what uneven spacing costs; without the price of leaving visits out.
    """
    first = calendars.slot_ptr[t]
    n_slots = calendars.slot_ptr[t + 1] - first
    least, most = calendars.rows[t, LEAST], calendars.rows[t, MOST]
    before = calendars.rows[t, BEFORE]
    n_counts = n_slots + 1 if is_limited else 1
    n_states = (len(prices) + 1) * 2 * n_counts
    now = 0
    cost[now, :n_states] = _NEVER
    cost[now, (1 if before == NOT_KNOWN else 0) * n_counts] = 0
    for k in range(n_slots):
        begin, end = calendars.slots[first + k, 0], calendars.slots[first + k, 1]
        ideal = calendars.slots[first + k, 2]
        then = 1 - now
        cost[then, :n_states] = _NEVER
        for known in range(n_states):
            paid = cost[now, known]
            if paid >= _NEVER:
                continue
            count = known % n_counts
            excused = known // n_counts % 2
            at = known // n_counts // 2
            last = at - 1 if at > 0 else before
            # Who reads the plan knows of a visit left out only between which days it was due: it
            # excuses a gap that it could lie in.
            out = (at * 2 + (1 if excused or last < end else 0)) * n_counts + count
            if paid + LEFT_OUT < cost[then, out]:
                cost[then, out] = paid + LEFT_OUT
                parent[k, out, 0], parent[k, out, 1] = known, -1
            for d in range(begin, end + 1):
                if calendars.free[t, d] == 0:
                    continue
                price = paid + prices[d]
                if last != NOT_KNOWN:
                    gap = d - last
                    if gap < least:
                        continue
                    if excused == 0 or d == begin:
                        idle = calendars.idle[t, d] - calendars.idle[t, max(0, last + 1)]
                        if most != NO_MOST and gap - idle > most:
                            continue
                        price += UNEVEN * (gap - ideal) * (gap - ideal)
                number = 0
                if is_limited:
                    same = at > 0 and calendars.month[at - 1] == calendars.month[d]
                    number = count + 1 if same else 1
                    if number > limits[calendars.month[d]]:
                        continue
                later = (d + 1) * 2 * n_counts + number
                if price < cost[then, later]:
                    cost[then, later] = price
                    parent[k, later, 0], parent[k, later, 1] = known, d
        now = then
    state = np.int64(0)
    for other in range(n_states):
        if cost[now, other] < cost[now, state]:
            state = np.int64(other)
    total = cost[now, state]
    for k in range(n_slots - 1, -1, -1):
        chosen[k] = parent[k, state, 1]
        if chosen[k] < 0:
            total -= LEFT_OUT
        state = np.int64(parent[k, state, 0])
    return total
