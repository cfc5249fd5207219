"""Which kind of body came, and which kind of answer is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from api.problems import RequestError

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML: Final = "text/html; charset=utf-8"
EVENTS: Final = "text/event-stream"

#: format -> media type, in the order of preference where a client takes several.
FORMATS: Final = {"json": JSON, "geojson": GEOJSON, "xlsx": XLSX, "html": HTML}


def followable(*formats: str) -> dict[str, str]:
    """Name the formats of a verb that also tells its progress, as events that end with JSON."""
    return {name: FORMATS[name] for name in formats} | {"events": EVENTS}


def body_kind(request: Request, *known: str) -> str:
    """Media type of the body, one of ``known``.

    Raises
    ------
    RequestError : ``E1602``, any other type or none.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in known:
        raise RequestError("E1602", "header.Content-Type", known=" / ".join(known))
    return given


def answer_format(
    asked: str | None, accept: str | None, formats: Mapping[str, str] = FORMATS
) -> str:
    """Format of the answer: what the query asks for, else the best that ``Accept`` takes.

    Raises
    ------
    RequestError : ``E1605``, ``Accept`` takes none of the formats.
    """
    if asked is not None:
        return asked
    if not accept or not accept.strip():
        return "json"
    ranges = [_parse_range(part) for part in accept.split(",")]
    scores = {name: _quality(media.partition(";")[0], ranges) for name, media in formats.items()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] <= 0:
        raise RequestError("E1605", "header.Accept", known=", ".join(formats))
    return best


def _parse_range(text: str) -> tuple[str, float]:
    media, *parameters = (p.strip().lower() for p in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return media, quality


def _quality(media: str, ranges: list[tuple[str, float]]) -> float:
    # The most specific range that covers the type decides: exact, then type/*, then */*.
    for pattern in (media, media.partition("/")[0] + "/*", "*/*"):
        found = [q for m, q in ranges if m == pattern]
        if found:
            return max(found)
    return 0.0
