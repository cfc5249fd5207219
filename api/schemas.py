"""What requests and answers look like on the wire, beside the problem and the plan themselves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.domain.base import LAX, Day, Entity, Id
from engine.domain.meal_plan import MealPlan
from engine.domain.meal_programme import MealChange, ProgrammeHead, StandingOrder
from engine.domain.meals import MealsProblem
from engine.domain.plan import Plan
from engine.domain.problem import Problem
from engine.domain.services import Service, Skill
from engine.domain.weeks import Weeks
from engine.live.answers import LivePolicy
from engine.live.events import Event
from engine.offers import Ask, Offer
from engine.weeks.horizon import WeeksPlan

Backend = Literal["search", "ortools"]
Format = Literal["json", "geojson", "xlsx", "html"]
Seconds = Annotated[
    float, Field(gt=0, le=3600, description="of search; capped lower by the service")
]
Iterations = Annotated[
    int, Field(ge=1, le=10**9, description="same seed and iterations: same plan, bit for bit")
]
Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]
Threads = Annotated[
    int, Field(ge=1, le=64, description="of the search; another number, another plan")
]


MoveClient = Annotated[
    int, Field(ge=0, le=100_000, description="with previous: of a visit by another worker")
]
MoveMinute = Annotated[
    int, Field(ge=0, le=10_000, description="with previous: of a minute earlier or later")
]


MoveFree = Annotated[
    int, Field(ge=0, le=14_400, description="with previous: seconds of a move that nobody minds")
]


class Params(Entity):
    """How long and how to search; the first limit that is reached ends it."""

    seconds: Seconds | None = None
    iterations: Iterations | None = None
    seed: Seed = 1
    threads: Threads = 1
    backend: Backend = "search"
    move_client_cents: MoveClient = 1_000
    move_minute_cents: MoveMinute = 20
    move_free_s: MoveFree = 0


class WeeksParams(Entity):
    """How long and how to plan weeks; ``seconds`` and ``iterations`` are a day and pass."""

    seconds: Seconds | None = None
    iterations: Iterations | None = None
    seed: Seed = 1
    continuity: bool = True
    compare: bool = False


class WeeksRequest(Entity):
    """Weeks to plan."""

    weeks: Weeks
    params: WeeksParams = WeeksParams()


class WeeksAnswer(Entity):
    """Figures of the weeks, and every day's plan."""

    report: dict[str, Any]
    plan: WeeksPlan


class PlanRequest(Entity):
    """A problem to plan; ``previous`` is a former plan that is not to be left without need."""

    problem: Problem
    params: Params = Params()
    previous: Plan | None = None


class MealRequestParams(Entity):
    """How hard to search: iterations a home; same seed and effort, same plan."""

    effort: int = Field(default=60, ge=1, le=10_000)
    seed: Seed = 1
    day: Day | None = Field(default=None, description="with standing orders: the day to plan")
    move_client_cents: int = Field(
        default=3_000, ge=0, le=100_000, description="with previous: of a door by another courier"
    )
    later_cents: int = Field(
        default=60, ge=0, le=1_000,
        description="with previous: of a minute that somebody eats later than told",
    )


class MealDocument(MealsProblem, ProgrammeHead):
    """A meal period of one day, or with standing orders and their changes of any day."""

    standing: Annotated[tuple[StandingOrder, ...], LAX] = ()
    changes: Annotated[tuple[MealChange, ...], LAX] = ()


class MealRequest(Entity):
    """A meal period to plan; ``previous``: yesterday's plan, not to be left without need."""

    problem: MealDocument
    previous: MealPlan | None = None
    params: MealRequestParams = MealRequestParams()


class CheckRequest(Entity):
    """A plan to hold against the problem it was made for."""

    problem: Problem
    plan: Plan


class OfferRequest(Ask):
    """A visit that somebody asks for, and the planned days that it may go to."""

    days: tuple[CheckRequest, ...] = Field(min_length=1, max_length=31)


class OfferAnswer(Entity):
    """The best windows, the cheapest first."""

    offers: tuple[Offer, ...]


class BrokenPromise(Entity):
    """One promise that a plan breaks: its code, its rule, and where in the plan."""

    code: str
    rule: str
    path: str
    message: str
    message_zh: str


class CheckAnswer(Entity):
    """``clean`` when no promise is broken."""

    clean: bool
    violations: tuple[BrokenPromise, ...]


class DayHead(Entity):
    """A running day beside its problem and plan.

    ``utc_offset_min``: of the city; then an event of the future is refused by the true clock.
    """

    id: Id
    policy: LivePolicy = LivePolicy()
    utc_offset_min: int | None = Field(default=None, ge=-840, le=840)


class DayRequest(DayHead):
    """What a running day begins with; the plan is one for the problem."""

    problem: Problem
    plan: Plan


class EventsRequest(Entity):
    """Several events at once; one may also be sent alone."""

    events: Annotated[tuple[Event, ...], LAX]


class FaultDocument(Entity):
    """One fault of an input: a stable code, the path into what was sent, and what to do."""

    code: str
    path: str
    message: str
    hint: str
    message_zh: str
    hint_zh: str


class MealAnswer(Entity):
    """A plan of a meal period, and what will leave somebody without."""

    plan: MealPlan
    warnings: tuple[FaultDocument, ...]


class ProblemDetails(BaseModel):
    """RFC 9457: every error of this service."""

    type: str
    title: str
    title_zh: str
    status: int
    detail: str
    instance: str | None = None
    faults: tuple[FaultDocument, ...]


class NetworkList(Entity):
    """Networks that a problem's ``{"kind": "named", "name": ...}`` may mean."""

    networks: tuple[str, ...]


class Catalogue(Entity):
    """What can be ordered and what it asks of a worker, in English and Chinese."""

    services: tuple[Service, ...]
    skills: tuple[Skill, ...]


class Health(Entity):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str


class Ready(Entity):
    """``slots`` solving processes are warm."""

    status: Literal["ready"] = "ready"
    slots: int


class MealQuery(Entity):
    """Format of the answer; else by Accept."""

    format: Literal["json", "xlsx", "html"] | None = None


class ReportQuery(MealQuery):
    """Format of a day's report; ``lang`` is of the page, for the workbook has both languages."""

    lang: Literal["en", "zh"] = "en"


class PlanQuery(Entity):
    """``format`` for any body; the rest for an XLSX body, which has no room for parameters."""

    # From a query string everything is text, so this one model converts.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)

    format: Format | None = Field(default=None, description="of the answer; else by Accept")
    seconds: Seconds | None = None
    iterations: Iterations | None = None
    seed: Seed | None = None
    threads: Threads | None = None
    backend: Backend | None = None

    def params(self) -> dict[str, Any]:
        """Only what was given, as ``params`` of a JSON body would be."""
        return self.model_dump(exclude={"format"}, exclude_none=True)
