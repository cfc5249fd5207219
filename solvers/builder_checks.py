"""Every fault of what a model builder has collected, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from solvers.model import (
    ANY_WORKER,
    NO_LIMIT,
    OPEN,
    OTHER_WORKER,
    SAME_WORKER,
    TIME_MAX,
    connected,
)

if TYPE_CHECKING:
    from solvers.builder import ModelBuilder

#: Sum of all prizes stays below this, so that any total fits int64 with room for the travel cost.
PRIZE_SUM_MAX = 1 << 60
_INT32_MAX = 2**31 - 1

#: Whole numbers of a task and of a vehicle, with the least and the most they may be.
_TASK_RANGES = {
    "service": (0, TIME_MAX), "soft_late": (0, TIME_MAX), "late_price": (0, _INT32_MAX),
    "release": (0, TIME_MAX), "freshness": (0, TIME_MAX),
}
_VEHICLE_RANGES = {
    "fixed": (0, PRIZE_SUM_MAX), "price_second": (0, _INT32_MAX), "price_metre": (0, _INT32_MAX),
    "price_duty": (0, _INT32_MAX), "regular_duty": (0, TIME_MAX),
    "overtime_price": (0, _INT32_MAX), "max_duty": (0, TIME_MAX), "max_travel": (0, TIME_MAX),
    "max_tasks": (1, NO_LIMIT), "max_trips": (1, NO_LIMIT), "max_trip": (0, TIME_MAX),
}


def all_faults(builder: ModelBuilder) -> list[str]:
    """Check everything that was added to a builder; an empty list if nothing is wrong."""
    if not builder._seconds:
        return ["no matrix: add_matrix must be called at least once"]
    checks = (_matrix_faults, _task_faults, _vehicle_faults, _tie_faults, _place_faults)
    return [fault for check in checks for fault in check(builder)]


def _matrix_faults(builder: ModelBuilder) -> Iterator[str]:
    shape = builder._seconds[0].shape
    for p, (sec, met) in enumerate(zip(builder._seconds, builder._metres, strict=True)):
        if sec.ndim != 2 or sec.shape[0] != sec.shape[1] or sec.shape != shape:
            like = "" if sec.shape == shape else f" like that of matrix 0, {shape}"
            yield f"matrix {p}: shape {sec.shape}, expected a square{like}"
        elif met.shape != sec.shape:
            yield f"matrix {p}: metres {met.shape} do not match seconds {sec.shape}"
        elif sec.size and (sec.min() < 0 or met.min() < 0):
            yield f"matrix {p}: negative entries"


def _task_faults(builder: ModelBuilder) -> Iterator[str]:
    n_locations = builder.n_locations
    known = {v["worker"] for v in builder._vehicles}
    # An equal share each, so that neither their sum overflows nor a required task ranks below.
    prize_limit = PRIZE_SUM_MAX // max(builder.n_tasks, 1)
    # Column by column first: a hundred thousand tasks are seldom out of range anywhere.
    ranges = {
        name: (least, most) for name, (least, most) in _TASK_RANGES.items()
        if any(not least <= t[name] <= most for t in builder._tasks)
    }
    for i, t in enumerate(builder._tasks):
        if not 0 <= t["location"] < n_locations:
            yield f"task {i}: location {t['location']} is not a row of the matrix"
        if ranges:
            yield from _range_faults(f"task {i}", t, ranges)
        if not t["windows"]:
            yield f"task {i}: no time window"
        for early, late in t["windows"]:
            if not 0 <= early <= late <= TIME_MAX:
                yield f"task {i}: window ({early}, {late}) is empty or out of range"
        for name in ("demand", "pickup"):
            if _is_no_load(builder, t[name]):
                yield f"task {i}: {name} {t[name]}, not {builder.n_dimensions} loads >= 0"
        if t["prize"] is not None and not 0 <= t["prize"] < prize_limit:
            yield f"task {i}: prize {t['prize']} is negative or too large"
        for v in t["refused"] | (t["allowed"] or frozenset()):
            if not 0 <= v < builder.n_vehicles:
                yield f"task {i}: vehicle {v} does not exist"
        for worker, cost in t["affinity"].items():
            if ("named", worker) not in known:
                yield f"task {i}: affinity to worker {worker!r}, who has no vehicle"
            if not -_INT32_MAX <= cost <= _INT32_MAX:
                yield f"task {i}: affinity {cost} is too large"


def _vehicle_faults(builder: ModelBuilder) -> Iterator[str]:
    n_locations = builder.n_locations
    for v, vehicle in enumerate(builder._vehicles):
        for side in ("start", "end"):
            if vehicle[side] != OPEN and not 0 <= vehicle[side] < n_locations:
                yield f"vehicle {v}: {side} {vehicle[side]} is not a row of the matrix"
        early, late = vehicle["shift"]
        if not 0 <= early <= late <= TIME_MAX:
            yield f"vehicle {v}: shift ({early}, {late}) is empty or out of range"
        for name in dict.fromkeys(("capacity", "first_load")):
            if _is_no_load(builder, vehicle[name]):
                yield f"vehicle {v}: {name} needs {builder.n_dimensions} entries >= 0"
                break  # the first load is the capacity where it is not given
        if not 0 <= vehicle["profile"] < len(builder._seconds):
            yield f"vehicle {v}: profile {vehicle['profile']} has no matrix"
        yield from _range_faults(f"vehicle {v}", vehicle, _VEHICLE_RANGES)
        if not 0 < vehicle["permille"] <= _INT32_MAX:
            yield f"vehicle {v}: service-time factor must be positive"
        for b in vehicle["breaks"]:
            if len(b) != 3 or not 0 <= b[0] <= b[1] <= TIME_MAX or not 0 <= b[2] <= TIME_MAX:
                yield f"vehicle {v}: break {b} is not (early, late, length) in range"
        for k in vehicle["reloads"]:
            if not 0 <= k < len(builder._reloads):
                yield f"vehicle {v}: reload {k} does not exist"
    known = {v["worker"] for v in builder._vehicles}
    for worker, most in builder._limits.items():
        if ("named", worker) not in known:
            yield f"worker {worker!r}: limited, but has no vehicle"
        if not 0 <= most <= TIME_MAX:
            yield f"worker {worker!r}: max_duty {most} is negative or too large"


def _tie_faults(builder: ModelBuilder) -> Iterator[str]:
    n = builder.n_tasks
    sound = True
    for m, pair in enumerate(builder._pairs):
        named = (pair["pickup"], pair["delivery"])
        faults = list(_unknown_tasks(f"pair {m}", named, n))
        yield from faults
        sound = sound and not faults
        if _is_no_load(builder, pair["load"]):
            yield f"pair {m}: load {pair['load']}, not {builder.n_dimensions} loads >= 0"
        yield from _range_faults(f"pair {m}", pair, {"ride": (0, TIME_MAX)})
    in_pairs = Counter(p[side] for p in builder._pairs for side in ("pickup", "delivery"))
    for i, count in in_pairs.items():
        if count > 1:
            yield f"task {i}: in {count} pairs, or twice in one"
    for m, link in enumerate(builder._links):
        faults = list(_unknown_tasks(f"link {m}", (link["first"], link["second"]), n))
        yield from faults
        sound = sound and not faults
        if link["first"] == link["second"]:
            yield f"link {m}: task {link['first']} is linked to itself"
        if not -TIME_MAX <= link["least"] <= link["most"] <= TIME_MAX:
            yield f"link {m}: {link['least']} to {link['most']} is empty or out of range"
        if link["worker"] not in (ANY_WORKER, SAME_WORKER, OTHER_WORKER):
            yield f"link {m}: worker is not any, same or other"
    for g, members in enumerate(builder._groups):
        faults = list(_unknown_tasks(f"group {g}", members, n))
        yield from faults
        sound = sound and not faults
    if not sound:
        return
    unit = connected(
        n,
        [(p["pickup"], p["delivery"]) for p in builder._pairs]
        + [(link["first"], link["second"]) for link in builder._links],
    )
    group_of: dict[int, int] = {}
    for g, members in enumerate(builder._groups):
        units = {int(unit[i]) for i in members}
        if len(units) < 2:
            yield f"group {g}: fewer than two alternatives"
        for u in sorted(units):
            if group_of.setdefault(u, g) != g:
                tasks = [i for i in range(n) if unit[i] == u]
                yield f"group {g}: tasks {tasks} are in group {group_of[u]} already"


def _place_faults(builder: ModelBuilder) -> Iterator[str]:
    n_locations = builder.n_locations
    for b, batch in enumerate(builder._batches):
        yield from _range_faults(f"batch {b}", batch, {"ready": (0, TIME_MAX)})
        if _is_no_load(builder, batch["portions"]):
            yield f"batch {b}: portions need {builder.n_dimensions} entries >= 0"
    for k, reload in enumerate(builder._reloads):
        if not 0 <= reload["location"] < n_locations:
            yield f"reload {k}: location {reload['location']} is not a row of the matrix"
        yield from _range_faults(f"reload {k}", reload, {"seconds": (0, TIME_MAX)})
        if not -1 <= reload["batch"] < len(builder._batches):
            yield f"reload {k}: batch {reload['batch']} does not exist"
    for location, seconds in builder._setup.items():
        if not 0 <= location < n_locations:
            yield f"setup: location {location} is not a row of the matrix"
        if not 0 <= seconds <= TIME_MAX:
            yield f"setup: {seconds} at location {location} is negative or too large"
    if not 0 <= builder.price_worst <= _INT32_MAX:
        yield f"price_worst {builder.price_worst} is negative or too large"


def _range_faults(
    who: str, row: dict[str, Any], ranges: dict[str, tuple[int, int]]
) -> Iterator[str]:
    for name, (least, most) in ranges.items():
        if not least <= row[name] <= most:
            yield f"{who}: {name} {row[name]} is below {least} or too large"


def _unknown_tasks(who: str, named: Iterable[int], n_tasks: int) -> Iterator[str]:
    for i in named:
        if not 0 <= i < n_tasks:
            yield f"{who}: task {i} does not exist"


def _is_no_load(builder: ModelBuilder, load: tuple[int, ...]) -> bool:
    if len(load) != builder.n_dimensions:
        return True
    return bool(load) and not (min(load) >= 0 and max(load) <= _INT32_MAX)
