"""From care level and living situation to services: the policy table (能力等级 → 服务清单).

A city's assessment rules say which services a client is owed, how often, and how long. That is a
table here, not code: :data:`POLICY` is a beginning, and a city brings its own rows. The rows become
programmes of weeks, one a client and service, that anybody can read and edit before planning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.domain.base import LAX, Duration, Entity, Id
from engine.domain.faults import fault
from engine.domain.places import Client, Living
from engine.domain.services import SERVICES
from engine.domain.shapes import ROOT, not_a_list, not_an_object, read_entity
from engine.domain.weeks import Programme, Weeks
from engine.domain.words import did_you_mean, listing, shown
from engine.errors import Fault, InputError

#: Clients of whom no living situation is stated count as living with family.
_UNSTATED: Living = "with_family"


class PolicyRow(Entity):
    """Who gets a service, how often, and how long.

    For clients of one of ``care_levels``; ``living`` and ``guaranteed`` narrow that down, None:
    whoever. One of ``visits_per_week`` and ``every_weeks``. ``service_duration_s`` None: the
    catalogue's; ``skills`` beyond the service's. Of several rows that fit a client, the last
    one of a service counts.
    """

    care_levels: Annotated[tuple[Annotated[int, Field(ge=0, le=3)], ...], LAX] = Field(min_length=1)
    living: Annotated[tuple[Living, ...], LAX] | None = Field(default=None, min_length=1)
    guaranteed: bool | None = None
    service: Id
    visits_per_week: int | None = Field(default=None, ge=1, le=7)
    every_weeks: int | None = Field(default=None, ge=1, le=4)
    min_gap_days: int = Field(default=1, ge=1, le=28)
    service_duration_s: Duration | None = None
    skills: Annotated[tuple[Id, ...], LAX] = ()

    def fits(self, client: Client) -> bool:
        """Whether the client is one of those whom the row is for."""
        return (
            client.care_level in self.care_levels
            and (self.living is None or (client.living or _UNSTATED) in self.living)
            and self.guaranteed in (None, client.guaranteed)
        )


_APART: tuple[Living, ...] = ("alone", "empty_nest", "left_behind")

#: Check-ins by risk, baths and cleaning by need, home beds twice a week: what the city plans that
#: this was made for have in common. Not a rule of any one city.
POLICY: tuple[PolicyRow, ...] = (
    PolicyRow(care_levels=(0, 1), living=("empty_nest", "left_behind"), service="check_in",
              every_weeks=2, min_gap_days=7),
    PolicyRow(care_levels=(0, 1), living=("alone",), service="check_in", visits_per_week=1,
              min_gap_days=4),
    PolicyRow(care_levels=(2, 3), living=_APART, service="check_in", visits_per_week=2,
              min_gap_days=2),
    PolicyRow(care_levels=(0, 1), guaranteed=True, service="cleaning", every_weeks=2,
              min_gap_days=7),
    PolicyRow(care_levels=(0, 1, 2, 3), guaranteed=True, service="haircut", every_weeks=4),
    PolicyRow(care_levels=(1,), service="cleaning", every_weeks=2, min_gap_days=7),
    PolicyRow(care_levels=(2, 3), service="cleaning", visits_per_week=1, min_gap_days=4),
    PolicyRow(care_levels=(2,), service="bath", visits_per_week=1, min_gap_days=4),
    PolicyRow(care_levels=(3,), service="bath_two", visits_per_week=1, min_gap_days=4),
    PolicyRow(care_levels=(2,), service="personal_care", visits_per_week=2, min_gap_days=2),
    PolicyRow(care_levels=(3,), service="personal_care", visits_per_week=5),
    PolicyRow(care_levels=(2,), service="rehabilitation", every_weeks=1, min_gap_days=4),
    PolicyRow(care_levels=(3,), service="bed_round", visits_per_week=2, min_gap_days=2),
    PolicyRow(care_levels=(3,), living=("with_family",), service="respite", every_weeks=2,
              min_gap_days=7),
)


def read_policy(data: object, services: Sequence[str] = ()) -> tuple[PolicyRow, ...]:
    """Make rows of parsed JSON: a list of objects; ``services`` are known beside the catalogue.

    Raises
    ------
    InputError : with all faults.
    """
    if not isinstance(data, list):
        raise InputError([not_a_list(ROOT, data)])
    known = {s.id for s in SERVICES} | set(services)
    rows: list[PolicyRow] = []
    faults: list[Fault] = []
    for k, item in enumerate(data):
        path = f"[{k}]"
        if not isinstance(item, dict):
            faults.append(not_an_object(path, item))
            continue
        row, found = read_entity(PolicyRow, item, path)
        faults += found
        if row is None:
            continue
        rows.append(row)
        if row.service not in known:
            faults.append(fault(
                "E1103", f"{path}.service", id=shown(row.service), known=listing(sorted(known)),
                suggestion=did_you_mean(row.service, known),
            ))
        if (row.visits_per_week is None) == (row.every_weeks is None):
            n_given = 0 if row.every_weeks is None else 2
            faults.append(fault("E1701", path, found=n_given))
    if faults:
        raise InputError(faults)
    return tuple(rows)


def services_for(client: Client, rows: Sequence[PolicyRow] = POLICY) -> tuple[PolicyRow, ...]:
    """Tell what a client is owed: at most one row a service, in the order of the table."""
    last = {row.service: row for row in rows if row.fits(client)}
    return tuple(row for row in rows if last.get(row.service) is row)


def apply_policy(weeks: Weeks, rows: Sequence[PolicyRow] = POLICY) -> Weeks:
    """Add a programme for each service that a client is owed and has no programme of yet.

    What is there already stays as it is, and so does a second call. A new programme's id is
    the client's and the service's.
    """
    own = {(p.client, p.service) for p in weeks.programmes}
    taken = {p.id for p in weeks.programmes}
    added: list[Programme] = []
    for client in weeks.clients:
        for row in services_for(client, rows):
            if (client.id, row.service) in own:
                continue
            name = f"{client.id}-{row.service}"
            while name in taken:
                name += "-p"
            taken.add(name)
            fields: dict[str, Any] = {
                key: getattr(row, key)
                for key in ("service", "visits_per_week", "every_weeks", "min_gap_days",
                            "service_duration_s", "skills")
            }
            added.append(Programme(id=name, client=client.id, **fields))
    return weeks.model_copy(update={"programmes": (*weeks.programmes, *added)})


def policy_data(rows: Sequence[PolicyRow] = POLICY) -> list[dict[str, Any]]:
    """Make the plain data of rows, which :func:`read_policy` reads back."""
    return [row.model_dump(mode="json", exclude_defaults=True) for row in rows]


_LIVING = {
    "alone": ("alone", "独居"), "empty_nest": ("empty nest", "空巢"),
    "left_behind": ("left behind", "留守"), "with_family": ("with family", "与家人同住"),
}
_LEVELS = (("able", "能力完好"), ("mild", "轻度"), ("moderate", "中度"), ("severe", "重度"))


def policy_lines(rows: Sequence[PolicyRow], lang: Literal["en", "zh"]) -> list[str]:
    """Tell each row in a line: for whom, what, how often, how long."""
    k = 0 if lang == "en" else 1
    catalogue = {s.id: s for s in SERVICES}
    lines = []
    for row in rows:
        whom = [", ".join(_LEVELS[level][k] for level in row.care_levels)]
        if row.living is not None:
            whom.append(", ".join(_LIVING[name][k] for name in row.living))
        if row.guaranteed is not None:
            words = (("guaranteed", "兜底保障"), ("not guaranteed", "非兜底保障"))
            whom.append(words[not row.guaranteed][k])
        service = catalogue.get(row.service)
        what = row.service if service is None else (service.name, service.name_zh)[k]
        if row.visits_per_week is not None:
            often = (f"{row.visits_per_week} a week", f"每周 {row.visits_per_week} 次")[k]
        else:
            often = (f"every {row.every_weeks} weeks", f"每 {row.every_weeks} 周 1 次")[k]
        seconds = row.service_duration_s or (service.service_duration_s if service else None)
        length = "" if seconds is None else f", {seconds // 60} {('min', '分钟')[k]}"
        lines.append(f"{'; '.join(whom)}: {what}, {often}{length}")
    return lines
