"""The service catalogue: the six helps and the wider menu, as data.

A new service needs a row here, or a row in the ``services`` of a problem; never code. Durations
are the usual planned length at a home, from the service lists that city plans publish; an order or
a problem's own row overrides them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.domain.base import LAX, Duration, Entity, Id
from engine.domain.teams import TeamMember

OrderKind = Literal["visit", "meal", "emergency"]


class Skill(Entity):
    """Something a worker is certified or cleared to do."""

    id: Id
    name: str
    name_zh: str


class Service(Entity):
    """What can be ordered. A worker needs a valid certificate for every one of ``skills``.

    ``same_gender``: a client whose gender is stated is served by a worker of the same.
    ``team``: the people who do it together, for visits; empty: one person. ``credits_per_hour`` is
    what a volunteer earns in the time bank (时间银行).
    """

    id: Id
    kind: OrderKind
    name: str
    name_zh: str
    service_duration_s: Duration
    skills: Annotated[tuple[Id, ...], LAX] = ()
    same_gender: bool = False
    team: Annotated[tuple[TeamMember, ...], LAX] = ()
    credits_per_hour: float = Field(default=1.0, ge=0, le=100)


SKILLS: tuple[Skill, ...] = tuple(
    Skill(id=i, name=en, name_zh=zh)
    for i, en, zh in (
        ("personal_care", "personal care", "生活照护"),
        ("bathing", "assisted bathing", "助浴"),
        ("housekeeping", "housekeeping", "家政保洁"),
        ("nursing", "nursing", "护理（护士）"),
        ("medical", "medical practice", "医疗（医师）"),
        ("rehabilitation", "rehabilitation therapy", "康复治疗"),
        ("escort", "escort", "陪同出行"),
        ("first_aid", "first aid", "急救"),
        ("meal_delivery", "meal delivery", "送餐"),
        ("counselling", "counselling", "心理慰藉"),
        ("hairdressing", "hairdressing", "理发"),
        ("repair", "appliance repair", "家电维修"),
        ("adaptation", "home adaptation", "适老化改造"),
    )
)

_ROWS: tuple[tuple[str, OrderKind, str, str, int, tuple[str, ...]], ...] = (
    # the six helps (六助)
    ("meal", "meal", "meal delivery", "助餐", 3, ("meal_delivery",)),
    ("bath", "visit", "bathing", "助浴", 60, ("bathing",)),
    ("cleaning", "visit", "cleaning", "助洁", 90, ("housekeeping",)),
    ("medical", "visit", "medical help", "助医", 40, ("nursing",)),
    ("escort", "visit", "escort", "助行", 90, ("escort",)),
    ("urgent", "emergency", "urgent help", "助急", 30, ("first_aid",)),
    # the wider menu
    ("errands", "visit", "errands", "代买代购", 40, ()),
    ("medicine", "visit", "medicine delivery", "送医取药", 20, ()),
    ("repair", "visit", "appliance repair", "家电维修", 60, ("repair",)),
    ("haircut", "visit", "haircut", "理发", 30, ("hairdressing",)),
    ("companionship", "visit", "companionship", "精神慰藉", 60, ("counselling",)),
    ("rehabilitation", "visit", "rehabilitation", "康复", 45, ("rehabilitation",)),
    ("respite", "visit", "respite care", "喘息服务", 180, ("personal_care",)),
    ("adaptation", "visit", "home adaptation", "适老化改造", 240, ("adaptation",)),
    ("check_in", "visit", "check-in visit", "探访关爱", 20, ()),
    ("bed_round", "visit", "home-bed round", "家庭病床巡诊", 45, ("medical",)),
    ("personal_care", "visit", "personal care", "生活照护", 60, ("personal_care",)),
    # by several people together
    ("bath_two", "visit", "bathing by two", "双人助浴", 60, ()),
    ("bed_round_team", "visit", "home-bed round by a team", "家庭病床团队巡诊", 45, ()),
)

_SAME_GENDER = {"bath", "bath_two"}
_TEAMS: dict[str, tuple[TeamMember, ...]] = {
    "bath_two": (
        TeamMember(id="lead", skills=("bathing",)),
        TeamMember(id="helper", skills=("personal_care",)),
    ),
    "bed_round_team": (
        TeamMember(id="doctor", skills=("medical",), roles=("family_doctor",)),
        TeamMember(id="nurse", skills=("nursing",), roles=("nurse",)),
        TeamMember(id="caregiver", skills=("personal_care",), roles=("caregiver",)),
    ),
}

SERVICES: tuple[Service, ...] = tuple(
    Service(
        id=i, kind=kind, name=en, name_zh=zh, service_duration_s=60 * minutes, skills=skills,
        same_gender=i in _SAME_GENDER,
        team=_TEAMS.get(i, ()),
    )
    for i, kind, en, zh, minutes, skills in _ROWS
)
