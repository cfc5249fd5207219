"""The HTTP verbs inside a solving process: bytes in, answer out, limits on the way."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import orjson

from api import service
from api import weeks as week_verbs
from api.days import Beginning
from api.negotiation import FORMATS, GEOJSON, XLSX
from api.problems import Answer, RequestError
from api.schemas import (
    BrokenPromise,
    CheckAnswer,
    DayHead,
    MealRequestParams,
    OfferAnswer,
    Params,
    WeeksParams,
)
from api.service import Given
from api.settings import Settings
from engine.domain.faults import Words, fault
from engine.domain.parse import parse_plan, parse_problem
from engine.domain.plan import Plan
from engine.domain.problem import NetworkRef, Problem, SyntheticNetwork
from engine.domain.shapes import ROOT, not_a_list, not_an_object, read_entity, unknown_key
from engine.domain.weeks import Weeks
from engine.domain.weeks_parse import parse_weeks
from engine.errors import Fault, InputError
from engine.formats.weeks_json import weeks_plan_data
from engine.offers import Ask
from engine.roads import Question, ReachRequest, RouteRequest, read_question

T = TypeVar("T")
Q = TypeVar("Q", bound=Question)
#: A workbook unpacks to so many bodies at most: XML packs well, a bomb better.
_UNPACKED: Final = 8
#: Days that an offer may be looked for in one request.
MAX_DAYS: Final = 31


def plan(
    *,
    settings: Settings,
    should_stop: Callable[[], bool],
    body: bytes,
    kind: str,
    query: dict[str, Any],
    wanted: str,
    on_progress: Callable[[float], None] | None = None,
) -> Answer:
    """Plan the problem of a body and render the plan in the wanted format.

    Raises
    ------
    InputError : faults of the body, all of them; paths point into the body as it was sent.
    RequestError : ``E1606``, more than a request may wait for.
    """
    if kind == XLSX:
        given, params = _read_workbook(body, query, settings)
        previous = None
    else:
        given, params, previous = _read_plan_request(body, query, settings)
    seconds = _limit(given, params, settings)
    with service.located(given.locate):
        result = service.plan(
            given.problem,
            seconds=seconds,
            iterations=params.iterations,
            seed=params.seed,
            threads=params.threads,
            backend=params.backend,
            named_folder=settings.networks,
            on_progress=on_progress,
            should_stop=should_stop,
            previous=previous,
            move_client_cents=params.move_client_cents,
            move_minute_cents=params.move_minute_cents,
            move_free_s=params.move_free_s,
        )
    return Answer(service.render(given, result, wanted), FORMATS[wanted])


def check(*, settings: Settings, should_stop: Callable[[], bool], body: bytes) -> Answer:
    """Hold the plan of a body against the problem beside it; errors as in ``plan``."""
    found = _Faults()
    document = found.envelope(body, needed=("problem", "plan"))
    problem = found.part(document, "problem", _parser(settings))
    made = found.part(document, "plan", parse_plan)
    if problem is None or made is None or found:
        raise InputError(found)
    given = Given(problem, None, partial(_relocate, "problem"))
    _limit(given, Params(), settings)
    with service.located(given.locate):
        violations = service.check(problem, made, named_folder=settings.networks)
    answer = CheckAnswer(
        clean=not violations,
        violations=tuple(BrokenPromise(**v._asdict()) for v in violations),
    )
    return Answer(answer.model_dump_json().encode())


def offers(*, settings: Settings, should_stop: Callable[[], bool], body: bytes) -> Answer:
    """Find windows for the visit of a body beside the planned days in it; errors as in ``plan``."""
    found = _Faults()
    document = found.envelope(
        body, needed=("days", "client", "service"), others=tuple(Ask.model_fields)
    )
    listed = document.pop("days", ())
    asked = {key: value for key, value in document.items() if key in Ask.model_fields}
    ask, faults = read_entity(Ask, asked, "")
    found += [f for f in faults if f.code != "E1003"]  # told by the envelope
    if not isinstance(listed, list):
        found.append(not_a_list("days", listed))
        listed = []
    elif not 0 < len(listed) <= MAX_DAYS:
        found.append(fault("E1013", "days", field="days") if not listed else fault(
            "E1006", "days", field="days", limit=Words(f"at most {MAX_DAYS}", f"不大于 {MAX_DAYS}")
        ))
    days = []
    for k, day in enumerate(listed[:MAX_DAYS]):
        path = f"days[{k}]"
        if not isinstance(day, dict):
            found.append(not_an_object(path, day))
            continue
        found += [fault("E1003", path, field=key) for key in ("problem", "plan") if key not in day]
        found += [
            unknown_key(f"{path}.{key}", key, ["problem", "plan"])
            for key in day if key not in ("problem", "plan")
        ]
        inner = _Faults()
        problem = inner.part(day, "problem", _parser(settings))
        made = inner.part(day, "plan", parse_plan)
        found += [_relocate(path, f) for f in inner]
        if problem is not None and made is not None:
            days.append((Given(problem, None, partial(_relocate, f"{path}.problem")), made))
    if ask is None or found:
        raise InputError(found)
    for given, _ in days:
        _limit(given, Params(), settings)
    answer = OfferAnswer(offers=tuple(
        service.offers(days, ask, named_folder=settings.networks)
    ))
    return Answer(answer.model_dump_json().encode())


def reach(*, settings: Settings, should_stop: Callable[[], bool], body: bytes) -> Answer:
    """Areas within some minutes of the points of a body."""
    return _ask(service.reach, ReachRequest, settings, body)


def route(*, settings: Settings, should_stop: Callable[[], bool], body: bytes) -> Answer:
    """One leg between the two points of a body."""
    return _ask(service.route, RouteRequest, settings, body)


def _ask(
    verb: Callable[..., dict[str, Any]], model: type[Q], settings: Settings, body: bytes
) -> Answer:
    asked = read_question(model, service.loads(body))
    _limit_network(asked.network, settings)
    found = verb(asked, named_folder=settings.networks)
    return Answer(service.json_bytes(found), GEOJSON)


def weeks(
    *, settings: Settings, should_stop: Callable[[], bool], body: bytes,
    on_progress: Callable[[float], None] | None = None,
) -> Answer:
    """Plan the weeks of a body; errors as in ``plan``."""
    found = _Faults()
    document = found.envelope(body, needed=("weeks",), others=("params",))
    look = service.off_road(named_folder=settings.networks)
    given = found.part(document, "weeks", partial(parse_weeks, off_road=look))
    params, faults = read_entity(WeeksParams, document.get("params", {}), "params")
    found += faults
    if given is None or params is None or found:
        raise InputError(found)
    seconds = _limit_weeks(given, params, settings)
    with service.located(partial(_relocate, "weeks")):
        result = week_verbs.plan(
            given,
            seconds=seconds,
            iterations=params.iterations,
            seed=params.seed,
            continuity=params.continuity,
            compare=params.compare,
            named_folder=settings.networks,
            on_progress=on_progress,
            should_stop=should_stop,
        )
    return Answer(orjson.dumps({
        "report": result.report, "plan": weeks_plan_data(result.plan),
    }))


def plan_meals(
    *, settings: Settings, should_stop: Callable[[], bool], body: bytes, wanted: str,
    on_progress: Callable[[float], None] | None = None,
) -> Answer:
    """Plan the meal period of a body; errors as in ``plan``."""
    from api import meals
    from engine.domain.meal_plan import MealPlan
    from engine.domain.programme_reading import parse_programme
    from engine.meals.programme import orders_of

    found = _Faults()
    document = found.envelope(body, needed=("problem",), others=("params", "previous"))
    programme = found.part(document, "problem", parse_programme)
    previous = None
    if document.get("previous") is not None:
        previous, faults = read_entity(MealPlan, document["previous"], "previous")
        found += faults
    params, faults = read_entity(MealRequestParams, document.get("params", {}), "params")
    found += faults
    if programme is None or params is None or found:
        raise InputError(found)
    with service.located(partial(_relocate, "problem")):
        orders = orders_of(programme, params.day)
    problem = orders.problem
    _limit_network(problem.network, settings)
    for path, size, limit, what, what_zh in (
        ("problem.clients", len(problem.clients), settings.max_orders, "the number of clients",
         "服务对象数"),
        ("params.effort", params.effort * len(problem.clients), settings.max_iterations,
         "the number of iterations", "迭代次数"),
    ):
        if size > limit:
            raise RequestError("E1606", path, what=what, what_zh=what_zh, limit=f"{limit:,}")
    ends = time.monotonic() + settings.max_seconds
    with service.located(partial(_relocate, "problem")):
        result = meals.plan(
            orders, seed=params.seed, effort=params.effort, previous=previous,
            move_client_cents=params.move_client_cents, later_cents=params.later_cents,
            named_folder=settings.networks, on_progress=on_progress,
            should_stop=lambda: should_stop() or time.monotonic() > ends,
        )
    return Answer(meals.render(result, wanted), FORMATS[wanted])


#: What a slot may be asked to do.
VERBS: Final[dict[str, Callable[..., Answer]]] = {
    "plan": plan, "check": check, "offers": offers, "reach": reach, "route": route, "weeks": weeks,
    "meals": plan_meals,
}


def read_day_request(body: bytes, settings: Settings) -> tuple[str, Beginning]:
    """Read what a running day begins with; errors as in ``plan``."""
    found = _Faults()
    document = found.envelope(
        body, needed=("id", "problem", "plan"), others=("policy", "utc_offset_min")
    )
    problem = found.part(document, "problem", _parser(settings))
    made = found.part(document, "plan", parse_plan)
    head = {k: document[k] for k in ("id", "policy", "utc_offset_min") if k in document}
    asked, faults = read_entity(DayHead, head, "")
    found += [f for f in faults if f.path != "id" or "id" in document]
    if problem is None or made is None or asked is None or found:
        raise InputError(found)
    _limit_network(problem.network, settings)
    _hold((("problem.orders", len(problem.orders), settings.max_day_orders,
            "the number of orders", "工单数"),))
    return asked.id, Beginning(problem, made, asked.policy, asked.utc_offset_min)


class _Faults(list[Fault]):
    """Faults of all parts of a body, collected before any is told."""

    def envelope(
        self, body: bytes, needed: tuple[str, ...], others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Read the outer object; what cannot be read at all is refused at once."""
        document = service.loads(body)
        if not isinstance(document, dict):
            raise InputError([not_an_object(ROOT, document)])
        known = [*needed, *others]
        self += [unknown_key(ROOT, key, known) for key in document if key not in known]
        self += [fault("E1003", ROOT, field=key) for key in needed if key not in document]
        return document

    def part(
        self,
        document: dict[str, Any],
        key: str,
        parse: Callable[[object], tuple[T | None, list[Fault]]],
    ) -> T | None:
        """Parse one part of the outer object; its faults get paths from the whole body."""
        if key not in document:
            return None
        parsed, faults = parse(document[key])
        self += [_relocate(key, f) for f in faults]
        return parsed


def _read_plan_request(
    body: bytes, query: dict[str, Any], settings: Settings
) -> tuple[Given, Params, Plan | None]:
    found = _Faults()
    document = found.envelope(body, needed=("problem",), others=("params", "previous"))
    # Beside a JSON body they would be a second place that says the same thing.
    found += [unknown_key(f"query.{key}", key, ["format"]) for key in query]
    problem = found.part(document, "problem", _parser(settings))
    params, faults = read_entity(Params, document.get("params", {}), "params")
    found += faults
    previous = found.part(document, "previous", parse_plan)
    if problem is None or params is None or found:
        raise InputError(found)
    return Given(problem, None, partial(_relocate, "problem")), params, previous


def _read_workbook(body: bytes, query: dict[str, Any], settings: Settings) -> tuple[Given, Params]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        unpacked = 0  # the reader of workbooks tells what is wrong
    if unpacked > _UNPACKED * settings.max_body:
        raise RequestError("E1601", "body", limit_mb=_UNPACKED * settings.max_body_mb)
    # The query was read strictly before it came here.
    return service.parse_workbook(body, settings.networks), Params(**query)


def _parser(settings: Settings) -> Callable[[object], tuple[Problem | None, list[Fault]]]:
    return partial(parse_problem, off_road=service.off_road(named_folder=settings.networks))


def _relocate(base: str, found: Fault) -> Fault:
    inner = "" if found.path == ROOT else found.path
    return replace(found, path=f"{base}.{inner}" if inner else base)


def _limit(given: Given, params: Params, settings: Settings) -> float:
    """Seconds to search; refuses what a request may not wait for."""
    problem, seconds = given.problem, params.seconds
    _limit_network(problem.network, settings)
    if seconds is None:  # iterations alone: the clock is only there in case they take too long
        most = settings.max_seconds
        seconds = most if params.iterations else min(settings.default_seconds, most)
    sizes = (
        ("orders", len(problem.orders), settings.max_orders, "the number of orders", "工单数"),
        (
            "clients",
            len(problem.clients) + len(problem.facility_by_id),
            settings.max_points,
            "the number of places",
            "地点数",
        ),
        ("seconds", seconds, settings.max_seconds, "the time to search", "求解时间"),
        (
            "iterations",
            params.iterations or 0,
            settings.max_iterations,
            "the number of iterations",
            "迭代次数",
        ),
        ("threads", params.threads, settings.max_threads, "the number of threads", "线程数"),
    )
    _hold(sizes)
    return seconds


def _limit_weeks(given: Weeks, params: WeeksParams, settings: Settings) -> float:
    """Hold weeks against the limits of one request; days and passes count together."""
    searches = given.days * ((2 if params.continuity else 1) + params.compare)
    network = given.network
    seconds = params.seconds
    if seconds is None:
        most = settings.max_seconds
        total = most if params.iterations else min(settings.default_seconds, most)
        seconds = total / searches
    _hold((
        ("weeks.programmes", len(given.programmes), settings.max_orders,
         "the number of programmes", "服务计划数"),
        ("weeks.clients", len(given.clients) + len(given.base.facility_by_id),
         settings.max_points, "the number of places", "地点数"),
        ("weeks.network", network.nodes if isinstance(network, SyntheticNetwork) else 0,
         settings.max_nodes, "the number of nodes", "路网节点数"),
        ("params.seconds", round(seconds * searches, 3), settings.max_seconds,
         "the time to search, all days and passes together", "全部天数与轮次的求解时间"),
        ("params.iterations", (params.iterations or 0) * searches, settings.max_iterations,
         "the number of iterations, all days and passes together", "全部天数与轮次的迭代次数"),
    ))
    return seconds


def _hold(sizes: Iterable[tuple[str, float, float, str, str]]) -> None:
    for path, size, limit, what, what_zh in sizes:
        if size > limit:
            raise RequestError("E1606", path, what=what, what_zh=what_zh, limit=f"{limit:,}")


def _limit_network(network: NetworkRef, settings: Settings) -> None:
    if isinstance(network, SyntheticNetwork) and network.nodes > settings.max_nodes:
        raise RequestError(
            "E1606", "network", what="the number of nodes", what_zh="路网节点数",
            limit=f"{settings.max_nodes:,}",
        )
