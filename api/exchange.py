"""The HTTP verbs inside a solving process: bytes in, answer out, limits on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from api import service
from api.negotiation import FORMATS, XLSX
from api.problems import Answer, RequestError
from api.schemas import BrokenPromise, CheckAnswer, Params
from api.settings import Settings
from engine.domain.faults import fault
from engine.domain.problem import Problem, SyntheticNetwork
from engine.domain.shapes import ROOT, not_an_object, read_entity, unknown_key
from engine.errors import Fault, InputError

#: An unpacked workbook may be so many times larger than a body: XML packs well, a bomb better.
_UNPACKED = 8


def plan(
    *,
    settings: Settings,
    should_stop: Callable[[], bool],
    body: bytes,
    kind: str,
    query: dict[str, Any],
    wanted: str,
) -> Answer:
    """Plan the problem of a body and render the plan in the wanted format.

    Raises
    ------
    InputError : faults of the body, all of them; paths point into the body as it was sent.
    RequestError : ``E1606``, more than a request may wait for.
    """
    found = _Faults()
    problem: Problem | None = None
    if kind == XLSX:
        raw_params, base = query, "query"
        with found.under(""):
            problem = service.parse_workbook(body, max_unpacked=_UNPACKED * settings.max_body)
    else:
        document = found.envelope(body, needed=("problem",), others=("params",))
        raw_params, base = document.get("params", {}), "params"
        found += [unknown_key(f"query.{key}", key, ["format"]) for key in query]
        if "problem" in document:
            with found.under("problem"):
                problem = service.parse_problem(document["problem"])
    params, faults = read_entity(Params, raw_params, base)
    found += faults
    found.refuse()
    assert problem is not None
    assert params is not None
    seconds = _limit(problem, params, settings)
    with _relocated("" if kind == XLSX else "problem"):
        result = service.plan(
            problem,
            service.day_params(seconds, params.iterations, params.seed, params.backend),
            named_folder=settings.networks,
            should_stop=should_stop,
        )
    return Answer(service.render(problem, result, wanted), FORMATS[wanted])


def check(*, settings: Settings, should_stop: Callable[[], bool], body: bytes) -> Answer:
    """Hold the plan of a body against the problem beside it."""
    found = _Faults()
    document = found.envelope(body, needed=("problem", "plan"))
    problem = made = None
    if "problem" in document:
        with found.under("problem"):
            problem = service.parse_problem(document["problem"])
    if "plan" in document:
        with found.under("plan"):
            made = service.parse_plan(document["plan"])
    found.refuse()
    assert problem is not None
    assert made is not None
    _limit(problem, Params(), settings)
    with _relocated("problem"):
        violations = service.check(problem, made, named_folder=settings.networks)
    answer = CheckAnswer(
        clean=not violations,
        violations=tuple(BrokenPromise(**v._asdict()) for v in violations),
    )
    return Answer(answer.model_dump_json().encode())


#: What a slot may be asked to do.
VERBS: Final[dict[str, Callable[..., Answer]]] = {"plan": plan, "check": check}


class _Faults(list[Fault]):
    """Faults of all parts of a body, collected before any is told."""

    def envelope(
        self, body: bytes, needed: tuple[str, ...], others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Read the outer object; what cannot be read at all is refused at once."""
        document = service.loads(body)
        if not isinstance(document, dict):
            raise InputError([not_an_object("", document)])
        known = [*needed, *others]
        self += [unknown_key(ROOT, key, known) for key in document if key not in known]
        self += [fault("E1003", ROOT, field=key) for key in needed if key not in document]
        return document

    @contextmanager
    def under(self, base: str) -> Iterator[None]:
        """Collect the faults of one part, with paths from the whole body."""
        try:
            yield
        except InputError as error:
            self += [_relocate(f, base) for f in error.faults]

    def refuse(self) -> None:
        """Tell them, if there are any."""
        if self:
            raise InputError(self)


@contextmanager
def _relocated(base: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise InputError([_relocate(f, base) for f in error.faults]) from error


def _relocate(found: Fault, base: str) -> Fault:
    if not base:
        return found
    inner = "" if found.path == ROOT else found.path
    return replace(found, path=f"{base}.{inner}" if inner else base)


def _limit(problem: Problem, params: Params, settings: Settings) -> float:
    """Seconds to search; refuses what a request may not wait for."""
    network = problem.network
    nodes = network.nodes if isinstance(network, SyntheticNetwork) else 0
    points = len(problem.clients) + len(problem.facility_by_id)
    seconds = params.seconds
    if seconds is None:
        seconds = min(settings.default_seconds, settings.max_seconds)
    sizes = (
        (
            "problem.orders",
            len(problem.orders),
            settings.max_orders,
            "the number of orders",
            "工单数",
        ),
        ("problem.clients", points, settings.max_points, "the number of places", "地点数"),
        ("problem.network.nodes", nodes, settings.max_nodes, "the number of nodes", "路网节点数"),
        ("params.seconds", seconds, settings.max_seconds, "the time to search", "求解时间"),
        (
            "params.iterations",
            params.iterations or 0,
            settings.max_iterations,
            "the number of iterations",
            "迭代次数",
        ),
    )
    for path, size, limit, what, what_zh in sizes:
        if size > limit:
            raise RequestError("E1606", path, what=what, what_zh=what_zh, limit=f"{limit:,}")
    return seconds
