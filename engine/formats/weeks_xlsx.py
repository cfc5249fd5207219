"""Plans over weeks as a workbook: a calendar of clients by days, workers, who is not served."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from engine.domain.weeks import WEEKDAYS, Weeks
from engine.domain.words import clock
from engine.formats.plan_xlsx import dress
from engine.formats.table_files import Grids, make_workbook, openpyxl_module
from engine.formats.table_reader import letter_of
from engine.formats.weeks_html import WEEKDAYS_ZH, by_client
from engine.weeks.faces import seen_in
from engine.weeks.horizon import WeeksPlan

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Columns before the first day.
_FIXED = 5
_LOST = "not served 未服务"


def weeks_xlsx(weeks: Weeks, plan: WeeksPlan, report: dict[str, Any]) -> bytes:
    """Make the bytes of the workbook.

    Raises
    ------
    InputError : ``E1511``, openpyxl is missing.
    """
    grids: Grids = {
        "calendar 日历": _calendar(weeks, plan),
        "workers 人员": _workers(report),
        "unserved 未服务": _unserved(plan),
        "summary 汇总": _summary(report),
    }
    workbook = make_workbook(grids)
    for page in workbook.worksheets:
        dress(page)
    _set_calendar(workbook.worksheets[0], weeks)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _set_calendar(page: Worksheet, weeks: Weeks) -> None:
    """Narrow columns of days, two lines a cell; a week a page in print; holidays in colour."""
    styles = openpyxl_module().styles
    page.freeze_panes = "F2"
    page.print_title_cols = "A:E"
    page.page_setup.fitToWidth = -(-weeks.days // 7)
    for d, day in enumerate(weeks.dates):
        letter = letter_of(_FIXED + d)
        page.column_dimensions[letter].width = 11
        if day in weeks.holiday_set:
            page[f"{letter}1"].fill = styles.PatternFill("solid", fgColor="FBE9D0")
        if d % 7 == 6 and d + 1 < weeks.days:
            page.col_breaks.append(openpyxl_module().worksheet.pagebreak.Break(id=_FIXED + d + 1))
    lost = styles.PatternFill("solid", fgColor="FBDCDC")
    wrapped = styles.Alignment(wrap_text=True, vertical="top")
    for row in page.iter_rows(min_row=2, min_col=_FIXED + 1):
        for cell in row:
            if cell.value is not None:
                cell.alignment = wrapped
                if cell.value == _LOST:
                    cell.fill = lost


def _calendar(weeks: Weeks, plan: WeeksPlan) -> list[list[Any]]:
    """One line a programme; a cell says when and who, or that the visit is not served."""
    lines: list[list[Any]] = [[
        "client 服务对象", "service", "服务项目", "carer 负责人", "faces 面孔数",
        *(f"{d:%m-%d}\n{WEEKDAYS[d.weekday()]} {WEEKDAYS_ZH[d.weekday()]}" for d in weeks.dates),
    ]]
    carers = {c.programme: c.worker for c in plan.carers}
    cells: dict[str, dict[Any, str]] = {}
    faces: dict[str, set[str]] = {}
    for made in plan.days:
        for programme, visit in seen_in(made.plan).items():
            row = cells.setdefault(programme, {})
            row[made.day] = f"{clock(visit.start // 60 * 60)}\n{visit.worker}"
            faces.setdefault(programme, set()).update(visit.workers)
        for unserved in made.plan.unserved:
            cells.setdefault(unserved.order, {})[made.day] = _LOST
    by_id = weeks.base.service_by_id
    for p in by_client(weeks):
        row = cells.get(p.id, {})
        service = by_id[p.service]
        lines.append([
            p.client, service.name, service.name_zh, carers.get(p.id), len(faces.get(p.id, ())),
            *(row.get(day) for day in weeks.dates),
        ])
    return lines


def _workers(report: dict[str, Any]) -> list[list[Any]]:
    lines: list[list[Any]] = [[
        "worker 服务人员", "role 岗位", "days 出勤天数", "visits 服务次数", "clients 服务对象数",
        "at work, hours 在岗（小时）", "service, hours 服务（小时）", "travel, hours 路途（小时）",
        "cost, yuan 成本（元）",
    ]]
    for w in report["workers"]:
        lines.append([
            w["worker"], w["role"], w["days"], w["visits"], w["clients"],
            *(round(w[name] / 3_600, 2) for name in ("at_work_s", "service_s", "travel_s")),
            w["cost_cents"] / 100,
        ])
    return lines


def _unserved(plan: WeeksPlan) -> list[list[Any]]:
    lines: list[list[Any]] = [[
        "programme 服务计划", "from 自", "until 至", "reason 原因代码", "why", "原因",
    ]]
    for m in plan.missing:
        lines.append([m.programme, m.first_day.isoformat(), m.last_day.isoformat(), m.reason,
                      m.message, m.message_zh])
    for d in plan.days:
        for u in d.plan.unserved:
            day = d.day.isoformat()
            lines.append([u.order, day, day, u.reason, u.message, u.message_zh])
    for w in plan.withheld:
        day = w.day.isoformat()
        lines.append([w.programme, day, day, w.reason, w.message, w.message_zh])
    return lines


def _summary(report: dict[str, Any]) -> list[list[Any]]:
    totals, faces = report["totals"], report["faces"]
    lines: list[list[Any]] = [
        ["figure", "指标", "value 数值"],
        ["first day", "首日", report["first_day"]],
        ["days", "天数", report["days_planned"]],
        ["visits due", "应服务次数", totals["visits"]],
        ["served", "已安排", totals["served"]],
        ["not served", "未安排", totals["unserved"]],
        ["without a day", "无可用日期", totals["without_day"]],
        ["faces a client, weekly services", "每周服务对象平均面孔数", faces["weekly"]["mean"]],
        ["faces a client, all services", "全部服务对象平均面孔数", faces["all"]["mean"]],
        ["travel, hours", "路途时长（小时）", round(totals["travel_s"] / 3_600, 2)],
        ["distance, km", "距离（公里）", round(totals["distance_m"] / 1_000, 2)],
        ["cost, yuan", "成本（元）", totals["cost_cents"] / 100],
    ]
    if "price" in report:
        lines += [
            ["cost of continuity, yuan", "连续性代价（元）", report["price"]["cost_cents"] / 100],
            ["faces without it, weekly", "不考虑熟人时平均面孔数",
             report["without"]["faces"]["weekly"]["mean"]],
        ]
    return lines
