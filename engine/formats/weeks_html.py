"""Plans over weeks as one page to read and print: a table a week, clients by days, both languages.

A button changes the language; without scripts, and in print, both titles stand side by side where
there is one. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

from engine.domain.weeks import WEEKDAYS, Programme, Weeks
from engine.weeks.faces import Seen, seen_in
from engine.weeks.horizon import WeeksPlan
from engine.weeks.report import weeks_text

WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

_STYLE = """
body{font:14px/1.45 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:1.2rem;
color:#1d2733}
h1{font-size:1.35rem;margin:0 0 .4rem}h2{font-size:1.05rem;margin:1.4rem 0 .4rem}
table{border-collapse:collapse;width:100%;table-layout:fixed}
th,td{border:1px solid #c9d3de;padding:.2rem .35rem;text-align:left;vertical-align:top;
overflow-wrap:anywhere}
th{background:#e8eff7}thead{display:table-header-group}tr{break-inside:avoid}
.who{width:9.5%}.holiday{background:#fbe9d0}td.away{background:#eceff2;color:#66717d}
td.lost{background:#fbdcdc;color:#8c1d18}i{color:#8a4b00}small{color:#5a6673}
body:not(.zh) .zh,body.zh .en{display:none}button{float:right;font:inherit;padding:.2rem .7rem}
@media print{button{display:none}section{break-before:page}body{margin:0;font-size:9px}
@page{size:A4 landscape;margin:9mm}}
"""
_SCRIPT = """
const b=document.body,f=()=>{document.documentElement.lang=b.classList.contains("zh")?"zh-CN":"en"};
if((navigator.language||"").startsWith("zh"))b.classList.add("zh");f();
document.querySelector("button").onclick=()=>{b.classList.toggle("zh");f()};
"""


def weeks_html(weeks: Weeks, plan: WeeksPlan, report: dict[str, Any]) -> bytes:
    """Make the page."""
    seen = {made.day: seen_in(made.plan) for made in plan.days}
    lost = {(made.day, u.order) for made in plan.days for u in made.plan.unserved}
    carers = {c.programme: c.worker for c in plan.carers}
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(weeks.id)}</title><style>{_STYLE}</style><body>",
        f"<button>{_both('中文', 'English')}</button>",
        f"<h1>{_both('Calendar', '日历')} {escape(weeks.id)}</h1>",
        *(f"<div class={lang}>{_figures(report, lang)}</div>" for lang in ("en", "zh")),
        "<p><small>" + _both(
            "A cell: when and who; <i>another than the main worker</i>. Grey: the client is away. "
            "Red: not served.",
            "单元格：时间与人员；<i>非负责人</i>。灰色：服务对象不在家。红色：未服务。",
        ) + "</small></p>",
    ]
    for first in range(0, weeks.days, 7):
        k, dates = first // 7 + 1, weeks.dates[first : first + 7]
        parts.append(
            f"<section><h2>{_both(f'Week {k}', f'第 {k} 周')}: {dates[0]} – {dates[-1]}</h2>"
            f"<table><thead><tr>{_head(weeks, dates)}</tr></thead><tbody>"
        )
        for programme in by_client(weeks):
            cells = [
                _cell(weeks, programme, day, seen.get(day, {}).get(programme.id),
                      (day, programme.id) in lost, carers.get(programme.id))
                for day in dates
            ]
            if any(cells):
                parts.append(_line(weeks, programme, carers.get(programme.id), cells))
        parts.append("</tbody></table></section>")
    parts.append(_unserved(plan))
    parts.append(f"<script>{_SCRIPT}</script></body></html>")
    return "\n".join(parts).encode()


def by_client(weeks: Weeks) -> list[Programme]:
    """Programmes in the order of clients, those of one together."""
    place = {client.id: k for k, client in enumerate(weeks.clients)}
    return sorted(weeks.programmes, key=lambda programme: place[programme.client])


def _both(en: str, zh: str) -> str:
    return f"<span class=en>{en}</span><span class=zh>{zh}</span>"


def _figures(report: dict[str, Any], lang: str) -> str:
    lines = weeks_text(report, "zh" if lang == "zh" else "en").splitlines()
    return "<br>".join(escape(re.sub(r"\[/?bold\]", "", line)) for line in lines)


def _head(weeks: Weeks, dates: Sequence[date]) -> str:
    titles = [("client", "服务对象"), ("service", "服务项目"), ("main worker", "负责人")]
    cells = [f"<th class=who>{_both(en, zh)}</th>" for en, zh in titles]
    for day in dates:
        k = day.weekday()
        shut = " class=holiday" if day in weeks.holiday_set else ""
        note = f"<br><small>{_both('holiday', '节假日')}</small>" if shut else ""
        cells.append(
            f"<th{shut}>{_both(WEEKDAYS[k].capitalize(), WEEKDAYS_ZH[k])} {day:%m-%d}{note}</th>"
        )
    return "".join(cells)


def _line(weeks: Weeks, programme: Programme, carer: str | None, cells: Sequence[str]) -> str:
    service = weeks.base.service_by_id[programme.service]
    names = _both(escape(service.name), escape(service.name_zh))
    days = "".join(cell or "<td></td>" for cell in cells)
    return (
        f"<tr><td>{escape(programme.client)}</td><td>{names}</td><td>{escape(carer or '')}</td>"
        f"{days}</tr>"
    )


def _cell(
    weeks: Weeks, programme: Programme, day: date, visit: Seen | None, is_lost: bool,
    carer: str | None,
) -> str:
    """One day of a programme; empty if there is nothing to tell."""
    if visit is not None:
        who = escape(visit.worker)
        who = who if carer is None or carer in visit.workers else f"<i>{who}</i>"
        minute = visit.start // 60
        return f"<td>{minute // 60:02d}:{minute % 60:02d}<br>{who}</td>"
    if is_lost:
        return f"<td class=lost>{_both('not served', '未服务')}</td>"
    if weeks.is_away("client", programme.client, day):
        return f"<td class=away>{_both('away', '不在家')}</td>"
    return ""


def _unserved(plan: WeeksPlan) -> str:
    """All visits that are not served, why, and whom agreed hours and rest keep from them."""
    rows = [
        (m.programme, f"{m.first_day:%m-%d} – {m.last_day:%m-%d}", m.message, m.message_zh)
        for m in plan.missing
    ]
    rows += [
        (u.order, f"{made.day:%m-%d}", u.message, u.message_zh)
        for made in plan.days for u in made.plan.unserved
    ]
    rows += [(w.programme, f"{w.day:%m-%d}", w.message, w.message_zh) for w in plan.withheld]
    if not rows:
        return ""
    lines = "".join(
        f"<tr><td>{escape(who)}</td><td>{when}</td><td>{_both(escape(en), escape(zh))}</td></tr>"
        for who, when, en, zh in rows
    )
    head = (
        f"<th style='width:16%'>{_both('programme', '服务计划')}</th>"
        f"<th style='width:14%'>{_both('when', '日期')}</th><th>{_both('why', '原因')}</th>"
    )
    return (
        f"<section><h2>{_both('Not served', '未服务')}</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{lines}</tbody></table></section>"
    )
