"""Arrays that days and carers are chosen with; all numbers are integers, times are in seconds."""

from __future__ import annotations

from typing import Any, NamedTuple

# -- Calendars.rows: one row a turn ---------------------------------------------------------------
#: Least and greatest days from one visit to the next, ``NO_MOST``: none; day of the last visit
#: before the horizon, ``NOT_KNOWN`` if there is none.
LEAST, MOST, BEFORE = range(3)
NO_MOST, NOT_KNOWN = 1 << 20, -(1 << 20)

# -- Facts.rows: one row a programme ---------------------------------------------------------------
#: Number of the client; row of ``able``; seconds of a visit with the way to it; row of the district
#: in ``Crowd.hours``.
CLIENT, KIND, LOAD, DISTRICT = range(4)


class Calendars(NamedTuple):
    """When the visits of turns (t) may be: a programme, or several that share their days."""

    rows: Any  # (t, 3) int32
    slot_ptr: Any  # (t + 1,) int32 CSR ...
    slots: Any  # (n, 3) int32 ... first day, last day, days after the slot before, ideally
    free: Any  # (t, days) uint8
    idle: Any  # (t, days + 1) int32 days before that do not count for the greatest gap
    month: Any  # (days,) int32
    member_ptr: Any  # (t + 1,) int32 CSR ...
    member: Any  # (p,) int32 ... programmes


class Budgets(NamedTuple):
    """What entitlements (e) leave for the visits of turns, by month (m)."""

    cover_ptr: Any  # (t + 1,) int32 CSR ...
    cover: Any  # (n, 3) int64 ... entitlement, visits and seconds that one visit of the turn uses
    limit: Any  # (e, 2) int64 visits and seconds a month
    used: Any  # (e, m, 2) int64


class Facts(NamedTuple):
    """Who (w) could serve what (p programmes of c clients, k kinds) when, and where clients are."""

    rows: Any  # (p, 4) int32
    part: Any  # (p, parts of the day) int32 seconds of a visit in each part, by its windows
    able: Any  # (k, w, days) uint8
    refused_ptr: Any  # (p + 1,) int32 CSR ...
    refused: Any  # int32 ... workers
    hours: Any  # (w, days) int32 seconds at work
    hours_in: Any  # (w, days, parts) int32
    near: Any  # (c, n) int32 nearest clients, the client first
    near_s: Any  # (c, n) int32 seconds to them
    start_s: Any  # (w, c) int32 seconds from where workers start
    own_ptr: Any  # (c + 1,) int32 CSR ...
    own: Any  # (p,) int32 ... programmes of a client
    prices: Any  # (w, 2) int64 of a shift and an hour of travel, cents


class Crowd(NamedTuple):
    """How crowded days are, for every group (g) in which a programme's visit counts."""

    kind_ptr: Any  # (k + 1,) int32 CSR ...
    kind_rows: Any  # int32 ... groups of a kind; districts and main workers come after these
    first_worker: Any  # () int64 row of the first worker
    hours: Any  # (g, days) int64
    load: Any  # (g, days) int64
    main: Any  # (p,) int32 main worker or -1
    on: Any  # (p, days) uint8 whether a visit is on the day


class Book(NamedTuple):
    """What workers have been given."""

    load: Any  # (w, days) int64
    load_in: Any  # (w, days, parts) int64
    server: Any  # (p, days) int32 who serves the visit of the day, or -1
    faces: Any  # (c, w) int32 programmes, and visits in former weeks, that make a face known
