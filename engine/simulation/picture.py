"""A picture of a simulation: how soon alarms are answered, one curve a policy, and the tables."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from engine.simulation.record import NEVER_S
from engine.simulation.text import Table, tables
from engine.simulation.words import Lang, word

_WIDTH, _HEIGHT = 860, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 44, 52
#: Told apart without colour too: each has its own dashes. Okabe and Ito (2008), for all eyes.
_STYLE = {
    "nearest": ("#d55e00", "2 4"), "ours": ("#0072b2", "none"), "cover": ("#009e73", "9 4"),
    "replan": ("#cc79a7", "9 3 2 3"),
}
_SHOWN_MIN = 45


def draw_curves(summary: Mapping[str, Any], lang: Lang) -> str:
    """Draw the share of alarms answered within so many minutes, as an SVG document."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 24, word("curve", lang), "start", 16),
    ]
    for percent in range(0, 101, 20):
        y = _y(percent / 100)
        parts.append(_line(_LEFT, y, _WIDTH - _RIGHT, y, "#e3e3e3"))
        parts.append(_text(_LEFT - 8, y + 4, f"{percent} %", "end"))
    for minute in range(0, _SHOWN_MIN + 1, 5):
        parts.append(_line(_x(minute), _y(0), _x(minute), _y(0) + 5, "#666"))
        parts.append(_text(_x(minute), _y(0) + 20, str(minute), "middle"))
    parts.append(_text(_x(_SHOWN_MIN / 2), _HEIGHT - 10, word("minutes", lang), "middle"))
    standard = summary["params"]["response_s"] / 60
    if standard <= _SHOWN_MIN:
        x = _x(standard)
        parts.append(_line(x, _y(0), x, _y(1), "#444", "4 4"))
        parts.append(_text(x + 6, _y(0) - 8, word("standard", lang, minutes=f"{standard:g}"),
                           "start"))
    for k, (name, policy) in enumerate(summary["policies"].items()):
        colour, dash = _STYLE[name]
        points = " ".join(
            f"{_x(m):.1f},{_y(share):.1f}" for m, share in enumerate(policy["curve"])
            if m <= _SHOWN_MIN
        )
        stroke = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"'
        parts.append(f'<polyline class="{name}" points="{points}" {stroke}/>')
        y = _y(0) - 40 - 22 * (len(summary["policies"]) - 1 - k)
        x = _WIDTH - _RIGHT - 210
        parts.append(f'<path d="M{x} {y}h34" {stroke}/>')
        parts.append(_text(x + 44, y + 4, word(name, lang), "start"))
    return "".join([*parts, "</svg>"])


def draw_page(summary: Mapping[str, Any], lang: Lang) -> str:
    """Put the curves and the tables on one page that opens offline."""
    never = word("never", lang, minutes=NEVER_S // 60)
    body = "".join(_table(t) for t in tables(summary, lang))
    title = escape(word("curve", lang))
    return (
        f'<!doctype html><html lang="{"zh-CN" if lang == "zh" else "en"}"><head>'
        f'<meta charset="utf-8"><title>{title}</title><style>'
        "body{font:14px/1.5 sans-serif;margin:24px auto;max-width:1000px;color:#222}"
        "svg{max-width:100%;height:auto}table{border-collapse:collapse;margin:20px 0;width:100%}"
        "caption{text-align:left;font-weight:600;padding:6px 0}"
        "th,td{padding:4px 10px;border-bottom:1px solid #ddd;text-align:right;"
        "font-variant-numeric:tabular-nums;white-space:nowrap}"
        "th:first-child,td:first-child{text-align:left}</style></head><body>"
        f"{draw_curves(summary, lang)}{body}<p>{escape(never)}</p></body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(c)}</th>" for c in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in table.rows
    )
    return (
        f"<table><caption>{escape(table.title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _x(minute: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * minute / _SHOWN_MIN


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "none") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-dasharray="{dash}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )
