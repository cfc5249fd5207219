"""Every way a request can fail, as one RFC 9457 problem; whoever catches broadly asks here.

An answer never repeats what a request carried, and a log never holds the text of an exception: both
could name a person. What a log needs to find a defect is the chain of files and lines.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import orjson

from api.faults import TEXTS, fault
from engine.errors import Fault, InputError
from geodata.errors import NetworkError
from solvers.errors import Unsupported

PROBLEM_JSON = "application/problem+json"
_LOG = logging.getLogger("careroute.api")

_TITLES = {
    400: ("The request cannot be read", "无法读取该请求"),
    404: ("Not found", "地址不存在"),
    405: ("Method not allowed", "方法不被接受"),
    406: ("No such format", "没有这种格式"),
    413: ("Body too large", "请求体过大"),
    415: ("Content type or encoding not read", "不支持的内容类型或编码"),
    422: ("The input has faults", "输入有误"),
    500: ("Internal error", "内部错误"),
    503: ("Not now", "暂不可用"),
}


@dataclass(frozen=True)
class Answer:
    """A finished answer: what the solving process hands back, ready to send."""

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class RequestError(Exception):
    """A request that is answered with a fault of ``api.faults``."""

    def __init__(
        self, code: str, path: str, *, headers: dict[str, str] | None = None, **params: object
    ) -> None:
        self.fault = fault(code, path, **params)
        self.status = TEXTS[code].status
        self.headers = headers or {}
        super().__init__(f"{code} {path}")


def describe(
    status: int,
    faults: Iterable[Fault],
    *,
    request_id: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Write a problem: type, title, status, detail and all faults, in both languages."""
    listed = [f.as_dict() for f in faults]
    title, title_zh = _TITLES.get(status, (HTTPStatus(status).phrase,) * 2)
    more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
    document: dict[str, Any] = {
        "type": f"urn:careroute:problem:{listed[0]['code'] if len(listed) == 1 else status}",
        "title": title,
        "title_zh": title_zh,
        "status": status,
        "detail": f"{listed[0]['code']} {listed[0]['message']}{more}",
        "faults": listed,
    }
    if request_id is not None:
        document["instance"] = f"urn:careroute:request:{request_id}"
    return Answer(orjson.dumps(document), PROBLEM_JSON, status, headers or {})


def faults_of(error: Exception) -> tuple[int, tuple[Fault, ...]]:
    """HTTP status and faults that an exception means; 500 is a defect of ours."""
    if isinstance(error, RequestError):
        return error.status, (error.fault,)
    if isinstance(error, InputError):  # NetworkFault among them
        return 422, error.faults
    if isinstance(error, NetworkError):  # where no problem was in between
        texts = (error.message, error.hint, error.message_zh, error.hint_zh)
        return 422, (Fault("network", error.code, *texts),)
    if isinstance(error, Unsupported):
        return 422, (fault("E1615", "params.backend"),)
    return 500, (fault("E1600", ""),)


def problem_of(error: Exception, request_id: str | None = None) -> Answer:
    """Turn any exception into its problem; one that nobody meant is logged without its text."""
    status, faults = faults_of(error)
    if status == 500:
        _LOG.error(
            "defect request=%s error=%s at=%s", request_id, type(error).__name__, _frames(error)
        )
    headers = error.headers if isinstance(error, RequestError) else None
    return describe(status, faults, request_id=request_id, headers=headers)


def guard(request_id: str | None, call: Callable[[], Answer]) -> Answer:
    """Call, and answer with a problem whatever goes wrong."""
    try:
        return call()
    except Exception as error:
        return problem_of(error, request_id)


class Tell(Protocol):
    """How a command tells faults to its user."""

    def __call__(self, faults: tuple[Fault, ...], *, is_defect: bool) -> None:
        """Show the faults and end the command."""


@contextmanager
def catch(
    tell: Tell, *, let_through: tuple[type[Exception], ...], debug: bool = False
) -> Iterator[None]:
    """Run a command's body; ``tell`` hears of whatever goes wrong, ``debug`` shows a traceback."""
    try:
        yield
    except let_through:
        raise
    except Exception as error:
        status, faults = faults_of(error)
        if status == 500 and debug:
            raise
        tell(faults, is_defect=status == 500)


def _frames(error: BaseException) -> str:
    # Files, lines and functions only: the text of an exception may quote the input.
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return " < ".join(f"{f.filename}:{f.lineno}:{f.name}" for f in frames)
