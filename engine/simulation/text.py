"""A simulation's figures as rows of words: for a terminal, and for a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.simulation.record import FIGURES
from engine.simulation.words import Lang, word

#: Figures in seconds and in shares are told in minutes and in percent.
_SCALE = {"within": 100.0, "on_time": 100.0}


class Table(NamedTuple):
    """Rows of words under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(summary: Mapping[str, Any], lang: Lang) -> tuple[Table, ...]:
    """Make the table of figures, and the table of differences to the first policy."""
    names = list(summary["policies"])
    params = summary["params"]
    minutes = f"{params['response_s'] / 60:g}"
    labels = {f: word(f, lang, minutes=minutes) for f in FIGURES}
    figures = Table(
        word("title", lang, days=summary["days"], alarms=params["alarms"]),
        (word("figure", lang), *(word(n, lang) for n in names)),
        tuple(
            (labels[f], *(_value(f, summary["policies"][n]["figures"][f]) for n in names))
            for f in FIGURES
        ),
    )
    if len(names) < 2:
        return (figures,)
    first = names[0]
    pairs = {d["second"]: d["figures"] for d in summary["differences"] if d["first"] == first}
    differences = Table(
        word("differences", lang, first=word(first, lang)),
        (word("figure", lang), *(word(n, lang) for n in names[1:])),
        tuple(
            (labels[f], *(_value(f, pairs[n][f], sign=True) for n in names[1:])) for f in FIGURES
        ),
    )
    return figures, differences


def _value(figure: str, one: Mapping[str, Any], *, sign: bool = False) -> str:
    by = _SCALE.get(figure, 1 / 60 if figure.endswith("_s") else 1.0)
    mean = one["mean"] * by
    text = f"{mean:+.1f}" if sign else f"{mean:.1f}"
    if one["low"] is not None:
        text += f" ± {(one['high'] - one['mean']) * by:.1f}"
        if sign and (one["low"] > 0 or one["high"] < 0):
            text += " *"
    return text
