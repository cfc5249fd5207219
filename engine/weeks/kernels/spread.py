"""Turn after turn, the days that are cheapest for all of its visits beside those of all others."""

from __future__ import annotations

from engine.weeks.kernels.calendar import cheapest_days
from engine.weeks.kernels.jit import kernel, part
from engine.weeks.kernels.rows import CLIENT, DISTRICT, KIND, LOAD

#: A group of people is well used at three quarters of its hours; above it each second weighs more.
_STEEP = 30
#: What a second counts of the way from the main worker's nearest client of the same day.
_WAY = 6
#: What a day without the main worker costs, in seconds, as prices of days are.
_MAIN_OFF = 7_200
#: What a day is worth on which nobody at all could serve a visit.
_NOBODY = 1_000_000
#: No price of a day is above this.
_MOST = 10 * _NOBODY
#: Ways beyond this are as far as any.
FAR_S = 7_200


@part
def crowding(load, hours):
    """Return how much a load weighs beside the hours of those who share it."""
    over = max(load - 3 * hours // 4, 0)
    return load * load // hours + _STEEP * over * over // hours


@part
def added(crowd, row, day, load):
    """Return what a visit adds to the crowding of a group."""
    hours, before = max(crowd.hours[row, day], 1), crowd.load[row, day]
    return min(crowding(before + load, hours) - crowding(before, hours), _MOST)


@part
def way_from_near(facts, crowd, client, worker, day):
    """Find the seconds to a client from the nearest whom a main worker visits on the day."""
    n = facts.near.shape[1]
    for k in range(n):
        other = facts.near[client, k]
        for j in range(facts.own_ptr[other], facts.own_ptr[other + 1]):
            q = facts.own[j]
            if crowd.main[q] == worker and crowd.on[q, day]:
                return facts.near_s[client, k]
    return max(min(facts.start_s[worker, client], FAR_S), facts.near_s[client, n - 1])


@part
def price_days(facts, crowd, p, prices):
    """Add to the price of each day what a programme's visit adds to the crowding on it."""
    kind, client, load = facts.rows[p, KIND], facts.rows[p, CLIENT], facts.rows[p, LOAD]
    main = crowd.main[p]
    for d in range(len(prices)):
        price = added(crowd, facts.rows[p, DISTRICT], d, load)
        for k in range(crowd.kind_ptr[kind], crowd.kind_ptr[kind + 1]):
            price += added(crowd, crowd.kind_rows[k], d, load)
        somebody = False
        for w in range(facts.able.shape[1]):
            if facts.able[kind, w, d]:
                somebody = True
                break
        if not somebody:
            price += _NOBODY
        if main >= 0:
            price += added(crowd, crowd.first_worker + main, d, load)
            price += _WAY * way_from_near(facts, crowd, client, main, d)
            if facts.able[kind, main, d] == 0:
                price += _MAIN_OFF
        prices[d] += min(price, _MOST)


@part
def settle(facts, calendars, budgets, crowd, t, chosen, times):
    """Count the visits of a turn on the days chosen; -1 takes them away."""
    for k in range(calendars.slot_ptr[t + 1] - calendars.slot_ptr[t]):
        d = chosen[k]
        if d < 0:
            continue
        for j in range(calendars.member_ptr[t], calendars.member_ptr[t + 1]):
            p = calendars.member[j]
            load = times * facts.rows[p, LOAD]
            crowd.on[p, d] = times > 0
            crowd.load[facts.rows[p, DISTRICT], d] += load
            kind = facts.rows[p, KIND]
            for i in range(crowd.kind_ptr[kind], crowd.kind_ptr[kind + 1]):
                crowd.load[crowd.kind_rows[i], d] += load
            if crowd.main[p] >= 0:
                crowd.load[crowd.first_worker + crowd.main[p], d] += load
        for j in range(budgets.cover_ptr[t], budgets.cover_ptr[t + 1]):
            for unit in range(2):
                used = times * budgets.cover[j, 1 + unit]
                budgets.used[budgets.cover[j, 0], calendars.month[d], unit] += used


@part
def find_limits(budgets, t, limits):
    """Most visits of a turn in each month beside all others; returns whether any are covered."""
    limits[:] = 1 << 30
    for j in range(budgets.cover_ptr[t], budgets.cover_ptr[t + 1]):
        entry = budgets.cover[j, 0]
        for m in range(len(limits)):
            for unit in range(2):
                left = budgets.limit[entry, unit] - budgets.used[entry, m, unit]
                each = max(budgets.cover[j, 1 + unit], 1)
                limits[m] = max(0, min(limits[m], left // each))
    return budgets.cover_ptr[t + 1] > budgets.cover_ptr[t]


@kernel
def spread_once(facts, calendars, budgets, crowd, turns, is_new, is_paid, days, prices, limits,
                cost, parent, chosen):
    """Choose the days of every turn once more; returns how many have moved.

    Parameters
    ----------
    turns : (t,) int32 in which order.
    is_new : whether the visits are not counted yet.
    is_paid : whether entitlements are obeyed.
    days : (slots of all turns,) int32, -1 left out. Overwritten.
    prices, limits, cost, parent, chosen : scratch, see ``cheapest_days``.
    """
    moved = 0
    for k in range(-len(turns) if is_new else 0, len(turns)):
        times = 1 if k < 0 else -1
        t = turns[k]  # from the end, so that all are counted before the first is moved
        begin, end = calendars.slot_ptr[t], calendars.slot_ptr[t + 1]
        settle(facts, calendars, budgets, crowd, t, days[begin:end], times)
        if k < 0:
            continue
        prices[:] = 0
        for j in range(calendars.member_ptr[t], calendars.member_ptr[t + 1]):
            price_days(facts, crowd, calendars.member[j], prices)
        covered = find_limits(budgets, t, limits)
        cheapest_days(
            calendars, t, prices, limits, covered and is_paid, cost, parent, chosen
        )
        has_moved = False
        for j in range(end - begin):
            has_moved = has_moved or days[begin + j] != chosen[j]
            days[begin + j] = chosen[j]
        moved += has_moved
        settle(facts, calendars, budgets, crowd, t, days[begin:end], -times)
    return moved
