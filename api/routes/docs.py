"""``/docs``: the OpenAPI document as one page that runs no script and loads nothing."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 13px/1.45 ui-monospace, monospace } h2 code { font-size: 1rem }
pre { background: #f4f4f2; padding: .75rem; overflow: auto; max-height: 24rem }
td { padding: .1rem 1rem .1rem 0; vertical-align: top } small { color: #666 }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd }
pre { background: #262626 } a { color: #8ab4f8 } }
"""


@router.get("/docs", response_class=HTMLResponse)
async def docs(request: Request) -> HTMLResponse:
    """Show every address with its parameters, answers and an example to run."""
    document = request.app.openapi()
    sections = "".join(
        _section(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    info = {key: escape(text) for key, text in document["info"].items()}
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{info['title']}</title>"
        f"<style>{_STYLE}</style><h1>{info['title']} {info['version']}</h1>"
        f"<p>{info['description']} All of it, with the JSON schema of a problem, is at "
        f'<a href="/openapi.json">/openapi.json</a>.</p>{sections}'
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


def _section(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        (f"?{p['name']}", p.get("description") or p["schema"].get("description", ""))
        for p in operation.get("parameters", [])
    ]
    rows += [(status, answer["description"]) for status, answer in operation["responses"].items()]
    table = "".join(f"<tr><td><code>{escape(a)}</code><td>{_words(b)}" for a, b in rows)
    examples = "".join(
        _example(method, path, kind, example["value"])
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        for example in content.get("examples", {}).values()
    )
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{_words(operation.get('description', ''))}</p><table>{table}</table>{examples}"
    )


def _words(text: str) -> str:
    """Escape a docstring, and show what it quotes as code."""
    return re.sub(r"``(.+?)``", r"<code>\1</code>", escape(text))


def _example(method: str, path: str, kind: str, value: Any) -> str:
    body = json.dumps(value, ensure_ascii=False, indent=1)
    return (
        f"<p><small>curl -X {method.upper()} http://127.0.0.1:8000{escape(path)} "
        f"-H 'Content-Type: {escape(kind)}' -d @body.json</small></p><pre>{escape(body)}</pre>"
    )
