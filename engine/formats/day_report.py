"""Plan against actual as a workbook, and as a page to print, in English or in Chinese.

The workbook has both languages in its headers, as all sheets do; the page has one. Texts are
written as texts: nothing becomes a formula, and nothing a tag.
"""

from __future__ import annotations

import html
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from engine.domain.problem import Problem
from engine.domain.words import clock
from engine.formats.native import unusable
from engine.formats.plan_xlsx import dress
from engine.formats.table_files import Grids, make_workbook
from engine.live.report import GROUPS

Lang = Literal["en", "zh"]

#: key of a figure -> its name.
_FIGURES: Final[dict[str, tuple[str, str]]] = {
    "orders": ("orders", "工单"),
    "finished": ("done", "已完成"),
    "failed": ("failed", "未成功"),
    "missed": ("missed", "漏服"),
    "unreported": ("unreported", "未上报"),
    "running": ("running", "服务中"),
    "planned": ("still to come", "待服务"),
    "waiting": ("nobody so far", "待安排"),
    "cancelled": ("cancelled", "已取消"),
    "on_time_percent": ("on time, %", "按时率（%）"),
    "ordered_min": ("ordered, min", "应服务（分钟）"),
    "done_ordered_min": ("of those done, min", "其中已完成（分钟）"),
    "actual_min": ("actual, min", "实际服务（分钟）"),
    "actual_percent": ("actual of ordered, %", "时长达成率（%）"),
    "short": ("too short", "时长不足"),
    "evaluated": ("evaluations", "评价数"),
    "score": ("mean score, 1-5", "平均评分（1-5）"),
}
_GROUPS: Final[dict[str, tuple[str, str]]] = {
    "providers": ("providers", "服务机构"),
    "payers": ("payers", "付费方"),
    "workers": ("workers", "人员"),
    "services": ("services", "服务项目"),
}
_ORDER: Final[dict[str, tuple[str, str]]] = {
    "order": ("order", "工单"), "client": ("client", "服务对象"),
    "service": ("service", "服务项目"), "payer": ("payer", "付费方"),
    "provider": ("provider", "服务机构"), "worker": ("worker", "人员"),
    "planned_worker": ("planned worker", "计划人员"),
    "planned_start_s": ("planned", "计划时间"), "start_s": ("start", "开始"),
    "end_s": ("end", "结束"), "ordered_s": ("ordered, min", "应服务（分钟）"),
    "actual_s": ("actual, min", "实际（分钟）"), "late_s": ("late, min", "迟到（分钟）"),
    "state": ("state", "状态"), "why": ("why", "原因"), "score": ("score", "评分"),
}
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "finished": ("done", "已完成"), "failed": ("failed", "未成功"), "missed": ("missed", "漏服"),
    "unreported": ("unreported", "未上报"), "running": ("running", "服务中"),
    "planned": ("still to come", "待服务"), "waiting": ("nobody so far", "待安排"),
    "cancelled": ("cancelled", "已取消"),
    "not_at_home": ("nobody at home", "家中无人"), "refused": ("refused", "拒绝服务"),
    "unsafe": ("unsafe", "环境不安全"), "other": ("other", "其他"),
    "cut_off": ("cut off by closed roads", "道路封闭"),
    "unplanned": ("not planned", "未安排"), "interrupted": ("broken off for an alarm", "因急中断"),
    "no_worker_in_window": ("nobody can be there in time", "无人能按时到达"),
}
_TITLE: Final = ("plan against actual", "计划与实际")
_TOTAL: Final = ("all", "合计")
_CLOCKS: Final = frozenset({"planned_start_s", "start_s", "end_s"})
_MINUTES: Final = frozenset({"ordered_s", "actual_s", "late_s"})


def report_xlsx(report: Mapping[str, Any], problem: Problem) -> bytes:
    """Make the bytes of the workbook of a report.

    Raises
    ------
    InputError : ``E1511``, openpyxl is missing.
    """
    book = make_workbook(_grids(report, problem, None))
    for page in book.worksheets:
        dress(page)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def report_html(report: Mapping[str, Any], problem: Problem, lang: Lang = "en") -> str:
    """Make a report as one page: opens offline, prints."""
    zh = lang == "zh"
    title = f"{_TITLE[zh]} · {report['problem']} · {report['day']}"
    body = "".join(
        f"<h2>{html.escape(name)}</h2>{_table(rows)}"
        for name, rows in _grids(report, problem, lang).items()
    )
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>"
        "body{font:13px/1.4 sans-serif;margin:1em}table{border-collapse:collapse;margin:0 0 1em}"
        "th,td{border:1px solid #888;padding:2px 6px;text-align:left}th{background:#eef}"
        "td.n{text-align:right}tr{page-break-inside:avoid}@page{size:landscape}"
        f"</style><body><h1>{html.escape(title)}</h1>{body}</body></html>\n"
    )


def write_report(report: Mapping[str, Any], problem: Problem, path: Path, lang: Lang) -> None:
    """Write a report by the ending of its file: .xlsx, .html, else JSON.

    Raises
    ------
    InputError : ``E1017``, it cannot be written; ``E1511``, openpyxl is missing.
    """
    import orjson

    if path.suffix == ".xlsx":
        content = report_xlsx(report, problem)
    elif path.suffix in (".html", ".htm"):
        content = report_html(report, problem, lang).encode()
    else:
        content = orjson.dumps(report, option=orjson.OPT_INDENT_2)
    try:
        path.write_bytes(content)
    except (OSError, ValueError) as error:
        raise unusable(error) from error


def _grids(report: Mapping[str, Any], problem: Problem, lang: Lang | None) -> Grids:
    """Make all tables; ``lang`` None: both languages in the headers."""
    names = {s.id: (s.name, s.name_zh) for s in problem.service_by_id.values()}

    def told(pair: tuple[str, str]) -> str:
        return f"{pair[0]} {pair[1]}" if lang is None else pair[lang == "zh"]

    def word(value: Any, words: Mapping[str, tuple[str, str]]) -> Any:
        return told(words[value]) if value in words else value

    figures = [told(pair) for pair in _FIGURES.values()]
    total = [told(_TOTAL), *(report["totals"][key] for key in _FIGURES)]
    grids: Grids = {}
    for group in sorted(GROUPS, key=list(_GROUPS).index):
        rows = [
            [word(g["id"], names) if group == "services" else g["id"] or "-",
             *(g[key] for key in _FIGURES)]
            for g in report[group]
        ]
        grids[told(_GROUPS[group])] = [[told(_GROUPS[group]), *figures], *rows, total]
    lines: list[list[Any]] = [[told(pair) for pair in _ORDER.values()]]
    for row in report["orders"]:
        line: list[Any] = []
        for key in _ORDER:
            value = row[key]
            if value is None:
                line.append(None)
            elif key in _CLOCKS:
                line.append(clock(value // 60 * 60))
            elif key in _MINUTES:
                line.append(round(value / 60, 1))
            else:
                line.append(word(value, names if key == "service" else _WORDS)
                            if key in ("service", "state", "why") else value)
        lines.append(line)
    grids[told(("orders", "工单"))] = lines
    return grids


def _table(rows: list[list[Any]]) -> str:
    def line(cells: list[Any], tag: str) -> str:
        inner = "".join(
            f"<{tag}{' class=n' * isinstance(c, (int, float))}>"
            f"{'' if c is None else html.escape(str(c))}</{tag}>"
            for c in cells
        )
        return f"<tr>{inner}</tr>"

    body = "".join(line(row, "td") for row in rows[1:])
    return f"<table><thead>{line(rows[0], 'th')}</thead><tbody>{body}</tbody></table>"
