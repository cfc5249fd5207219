from __future__ import annotations

import pytest
from starlette.requests import Request

from api.negotiation import JSON, XLSX, answer_format, body_kind
from api.problems import RequestError


def request(content_type: str | None) -> Request:
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("application/geo+json", "geojson"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "html"),
        ("text/*;q=0.5, application/json;q=0.4", "html"),
        ("*/*, application/json;q=0", "geojson"),
        ("application/json;q=nonsense, text/html;q=0.1", "html"),
        (XLSX, "xlsx"),
    ],
)
def test_accept_chooses_the_format(accept: str | None, expected: str) -> None:
    assert answer_format(None, accept) == expected


def test_the_query_goes_before_accept() -> None:
    assert answer_format("xlsx", "application/json") == "xlsx"


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "nonsense", ";q=1"])
def test_a_format_that_does_not_exist_is_refused(accept: str) -> None:
    with pytest.raises(RequestError, match="E1605") as caught:
        answer_format(None, accept)
    assert caught.value.status == 406


def test_a_body_is_told_by_its_type_without_parameters() -> None:
    assert body_kind(request("Application/JSON; charset=utf-8"), JSON, XLSX) == JSON
    assert body_kind(request(XLSX), JSON, XLSX) == XLSX


@pytest.mark.parametrize("content_type", [None, "", "text/csv", "application/jsonp", XLSX])
def test_any_other_body_is_refused(content_type: str | None) -> None:
    with pytest.raises(RequestError, match="E1602") as caught:
        body_kind(request(content_type), JSON)
    assert caught.value.status == 415
