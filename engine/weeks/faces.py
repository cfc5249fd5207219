"""Faces and hours: whom clients have seen on other days, and when, while days are being planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.domain.base import HORIZON_S, Window
from engine.domain.plan import Plan
from engine.domain.weeks import Programme, Weeks
from engine.weeks.days import Windows


class Seen(NamedTuple):
    """Who served a programme on a day, several in a team, and when service began."""

    client: str
    workers: tuple[str, ...]
    start: int

    @property
    def worker(self) -> str:
        """Who came, in a few letters; several with a plus between them."""
        return "+".join(self.workers)


def seen_in(plan: Plan) -> dict[str, Seen]:
    """Programme -> who served it and when, of one day."""
    found: dict[str, Seen] = {}
    for route in plan.routes:
        for trip in route.trips:
            for stop in trip.stops:
                known = found.get(stop.order)
                workers = (*(known.workers if known else ()), route.worker)
                start = min(stop.start_s, known.start) if known else stop.start_s
                found[stop.order] = Seen(stop.client, workers, start)
    return found


@dataclass
class Faces:
    """Visits of all days that are planned so far.

    Attributes
    ----------
    days : day -> programme -> who and when.
    """

    weeks: Weeks
    days: dict[int, dict[str, Seen]] = field(default_factory=dict)
    _known: dict[str, set[str]] = field(default_factory=dict)
    _faces: dict[str, dict[int, set[str]]] = field(default_factory=dict)  # client -> day -> workers
    _hours: dict[str, dict[int, int]] = field(default_factory=dict)  # programme -> day -> start

    def __post_init__(self) -> None:
        for row in self.weeks.history:
            self._known.setdefault(row.client, set()).add(row.worker)
        for client in self.weeks.clients:
            self._known.setdefault(client.id, set()).update(
                client.known_workers, client.preferred_workers
            )

    def put(self, day: int, seen: Mapping[str, Seen]) -> None:
        """Set what is planned on a day, in place of what was."""
        for programme, old in self.days.get(day, {}).items():
            self._faces[old.client].pop(day, None)
            self._hours[programme].pop(day, None)
        self.days[day] = dict(seen)
        for programme, new in seen.items():
            self._faces.setdefault(new.client, {}).setdefault(day, set()).update(new.workers)
            self._hours.setdefault(programme, {})[day] = new.start

    def others(self, client: str, day: int) -> set[str]:
        """Workers whom a client sees on other days, or knows from before."""
        faces = set(self._known.get(client, ()))
        for other, workers in self._faces.get(client, {}).items():
            if other != day:
                faces |= workers
        return faces

    def usual(self, programme: str, day: int) -> int | None:
        """When the first visit of a programme begins, this day's aside; None: there is none."""
        starts = {d: s for d, s in self._hours.get(programme, {}).items() if d != day}
        return starts[min(starts)] if starts else None

    def windows(self, programme: Programme, day: int) -> Windows | None:
        """Narrow the windows to the usual hour; None where there is none, or it is not allowed."""
        usual, band = self.usual(programme.id, day), self.weeks.continuity.hour_band_s
        pinned = programme.pin is not None and programme.pin.start_s is not None
        if usual is None or not band or pinned:
            return None
        early, late = max(0, usual - band), min(HORIZON_S, usual + band)
        given = programme.windows or (Window(start_s=0, end_s=HORIZON_S),)
        kept = tuple(
            Window(start_s=max(w.start_s, early), end_s=min(w.end_s, late))
            for w in given
            if w.start_s <= late and w.end_s >= early
        )
        return kept or None

    def price(self, day: int, seen: Mapping[str, Seen]) -> int:
        """Cents that the faces and hours of a day cost beside those of all other days."""
        prices = self.weeks.continuity
        today: dict[str, set[str]] = {}
        moved = 0
        for programme, visit in seen.items():
            today.setdefault(visit.client, set()).update(visit.workers)
            moved += moved_seconds(self.usual(programme, day), visit.start, prices.hour_band_s)
        new = sum(len(w - self.others(c, day)) for c, w in today.items())
        return prices.new_face_cents * new + prices.hour_moved_cents * moved // 3_600

    def lonely(self, day: int) -> int:
        """Faces that clients see on this day alone though they see others on other days."""
        return sum(
            len(set(visit.workers) - others)
            for visit in self.days.get(day, {}).values()
            if (others := self.others(visit.client, day))
        )


def moved_seconds(usual: int | None, start: int, band: int) -> int:
    """Seconds beyond the band around the usual hour."""
    return 0 if usual is None else max(0, abs(start - usual) - band)


def faces_of(weeks: Weeks, plans: Iterable[Plan], wanted: set[str]) -> dict[str, set[str]]:
    """Client -> workers who serve some of the wanted programmes."""
    faces: dict[str, set[str]] = {}
    for plan in plans:
        for programme, visit in seen_in(plan).items():
            if programme in wanted:
                faces.setdefault(visit.client, set()).update(visit.workers)
    return faces
