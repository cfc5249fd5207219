"""Running days on disk: what a day began with, and its log, event by event.

SQLite in WAL mode where nothing else is said, PostgreSQL by URL. The log is append-only: an event
is in it once it is committed, under a sequence number of its day and an id that is there once. What
a day looks like is worked out from its log (``engine.live.day``), so a crash at any moment loses
nothing that was answered and repeats nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Engine

_TABLES = sa.MetaData()
_DAYS = sa.Table(
    "careroute_days", _TABLES,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("start", sa.LargeBinary, nullable=False),
)
_EVENTS = sa.Table(
    "careroute_events", _TABLES,
    sa.Column("day", sa.String(64), sa.ForeignKey("careroute_days.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.String(64), nullable=False),
    sa.Column("event", sa.LargeBinary, nullable=False),
    sa.Column("outcome", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("day", "event_id"),
)
#: What days looked like after some event: nothing that the log does not tell, only sooner.
_SNAPSHOTS = sa.Table(
    "careroute_snapshots", _TABLES,
    sa.Column("day", sa.String(64), sa.ForeignKey("careroute_days.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
#: Another process that writes is waited for so long.
_BUSY_S = 30


#: Stands for the outcome of an event that is in the log and was answered, but not worked out yet.
_OPEN = b"null"


class Entry(NamedTuple):
    """One event of a log, and what came of it, as plain data; None: that was not written yet."""

    seq: int
    event: dict[str, Any]
    outcome: dict[str, Any] | None


class DayExists(Exception):
    """A day of this name was stored before, with another beginning."""


class LostRace(Exception):
    """Another process has appended to this day's log meanwhile; read it anew."""


def default_url() -> str:
    """Name a SQLite file in the user's own data folder."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return f"sqlite:///{Path(home) / 'careroute' / 'days.sqlite'}"


class DayStore:
    """The database of running days.

    Parameters
    ----------
    url : of SQLAlchemy, such as ``sqlite:///days.sqlite`` or ``postgresql+psycopg://...``.
    """

    def __init__(self, url: str) -> None:
        at = sa.make_url(url)
        is_sqlite = at.get_backend_name() == "sqlite"
        if is_sqlite and at.database not in (None, "", ":memory:"):
            Path(str(at.database)).parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"connect_args": {"timeout": _BUSY_S}} if is_sqlite else {}
        self._engine: Engine = sa.create_engine(at, pool_pre_ping=not is_sqlite, **options)
        if is_sqlite:
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
        _TABLES.create_all(self._engine)

    def close(self) -> None:
        """Let all connections go."""
        self._engine.dispose()

    def add_day(self, day: str, start: dict[str, Any]) -> bool:
        """Store what a day begins with.

        Returns
        -------
        is_new : False where the same day was stored before.

        Raises
        ------
        DayExists : it was stored with another beginning.
        """
        body = orjson.dumps(start)  # in the order given, by which problems have their fingerprint
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    sa.insert(_DAYS).values(id=day, created=int(time.time()), start=body)
                )
        except sa.exc.IntegrityError:
            if self.start(day) != orjson.loads(body):
                raise DayExists(day) from None
            return False
        return True

    def start(self, day: str) -> dict[str, Any] | None:
        """Read what a day began with; None: there is no such day."""
        body = self._start(day)
        return None if body is None else orjson.loads(body)

    def days(self) -> list[str]:
        """Names of all days, sorted."""
        with self._engine.connect() as connection:
            return list(connection.scalars(sa.select(_DAYS.c.id).order_by(_DAYS.c.id)))

    def append(
        self, day: str, first: int, entries: Sequence[tuple[dict[str, Any], object]]
    ) -> None:
        """Append events with their outcomes, all or none; they are on disk when this returns.

        Parameters
        ----------
        first : sequence number of the first one, one more than the last of the log.
        entries : events with their outcomes; None: it follows by :meth:`set_outcome`.

        Raises
        ------
        LostRace : the log has grown meanwhile.
        """
        if not entries:
            return
        rows = [
            {
                "day": day, "seq": first + k, "event_id": event["id"],
                "event": orjson.dumps(event), "outcome": orjson.dumps(outcome),
            }
            for k, (event, outcome) in enumerate(entries)
        ]
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_EVENTS), rows)
        except sa.exc.IntegrityError as error:
            raise LostRace(day) from error

    def set_outcome(self, day: str, seq: int, outcome: object) -> None:
        """Write what came of an event that is in the log."""
        row = (_EVENTS.c.day == day) & (_EVENTS.c.seq == seq)
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(_EVENTS).where(row).values(outcome=orjson.dumps(outcome))
            )

    def take_back(self, day: str, seq: int) -> None:
        """Take the last event out of the log, whose outcome could not be worked out."""
        row = (_EVENTS.c.day == day) & (_EVENTS.c.seq == seq) & (_EVENTS.c.outcome == _OPEN)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_EVENTS).where(row))

    def add_snapshot(self, day: str, seq: int, body: bytes) -> None:
        """Keep what a day looks like after an event, and the one before it."""
        table = _SNAPSHOTS
        with self._engine.begin() as connection:
            mine = table.c.day == day
            kept = list(connection.scalars(
                sa.select(table.c.seq).where(mine & (table.c.seq < seq))
                .order_by(table.c.seq.desc()).limit(1)
            ))
            connection.execute(sa.delete(table).where(mine & table.c.seq.not_in(kept)))
            connection.execute(sa.insert(table).values(day=day, seq=seq, body=body))

    def snapshots(self, day: str) -> Iterator[tuple[int, bytes]]:
        """Sequence numbers and bodies of the snapshots of a day, the latest first."""
        table = _SNAPSHOTS
        query = (
            sa.select(table.c.seq, table.c.body).where(table.c.day == day)
            .order_by(table.c.seq.desc())
        )
        with self._engine.connect() as connection:
            for seq, body in connection.execute(query).all():
                yield int(seq), bytes(body)

    def read(self, day: str, after: int = 0, most: int | None = None) -> Iterator[Entry]:
        """Read a log in its order, from after a sequence number on."""
        query = (
            sa.select(_EVENTS.c.seq, _EVENTS.c.event, _EVENTS.c.outcome)
            .where(_EVENTS.c.day == day, _EVENTS.c.seq > after)
            .order_by(_EVENTS.c.seq)
        )
        if most is not None:
            query = query.limit(most)
        with self._engine.connect() as connection:
            for seq, event, outcome in connection.execute(query):
                yield Entry(seq, orjson.loads(event), orjson.loads(outcome))

    def _start(self, day: str) -> bytes | None:
        query = sa.select(_DAYS.c.start).where(_DAYS.c.id == day)
        with self._engine.connect() as connection:
            body = connection.scalar(query)
        return None if body is None else bytes(body)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what was answered survives a power cut, too
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
