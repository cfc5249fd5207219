"""A plan as a workbook: a summary, a sheet a worker to print and carry, and who is not served.

Every header is in English and Chinese. Texts are written as texts: nothing becomes a formula.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.domain.orders import EmergencyOrder, MealOrder, Order
from engine.domain.plan import Plan, Route, Stop
from engine.domain.problem import Problem
from engine.domain.words import clock
from engine.fairness import report_access, report_credits
from engine.formats.native import unusable
from engine.formats.table_files import Grids, make_workbook, openpyxl_module
from engine.formats.table_reader import letter_of

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SUMMARY, UNSERVED = "summary 汇总", "unserved 未服务"
ACCESS, CREDITS = "who was served 服务公平", "time bank 时间银行"
#: Columns are no wider; a longer text goes on in the next line.
_WIDEST = 60
#: Longer names, and these characters, make a file that spreadsheets refuse to open.
_MAX_SHEET_NAME = 31
_FORBIDDEN = re.compile(r"[:\\/?*\[\]]")
#: Spreadsheets keep this name for themselves.
_RESERVED = {"history"}

_STOP_HEADER = [
    "no. 序号", "order 工单", "client 服务对象", "service", "服务项目", "arrive 到达", "start 开始",
    "leave 离开", "travel min 路途（分钟）", "distance km 距离（公里）", "notes 备注",
]
_UNSERVED_HEADER = [
    "order 工单", "client 服务对象", "service", "服务项目", "reason 原因代码", "why", "原因",
    "what would help", "可行的调整",
]
_ACCESS_HEADER = [
    "district 片区", "care level 能力等级", "payer 付费方", "orders 工单", "served 已安排",
    "unserved 未安排", "asked min 需求（分钟）", "planned min 已安排（分钟）",
    "days waited, served 已安排者平均等候天数", "days waited, not served 未安排者平均等候天数",
]
_CREDITS_HEADER = ["volunteer 志愿者", "visits 次数", "hours 小时", "credits 积分（小时）"]


def write_plan_xlsx(problem: Problem, plan: Plan, path: str | Path) -> None:
    """Write a plan as a workbook.

    Raises
    ------
    InputError : ``E1017``, it cannot be written; ``E1511``, openpyxl is missing.
    """
    content = plan_xlsx(problem, plan)
    try:
        Path(path).write_bytes(content)
    except (OSError, ValueError) as error:
        raise unusable(error) from error


def plan_xlsx(problem: Problem, plan: Plan) -> bytes:
    """Make the bytes of a plan's workbook.

    Raises
    ------
    InputError : ``E1511``, openpyxl is missing.
    """
    grids: Grids = {SUMMARY: _summary(problem, plan)}
    routes: dict[str, list[Route]] = defaultdict(list)
    for route in plan.routes:
        routes[route.worker].append(route)
    sheets = sheet_names(sorted(routes), taken=(SUMMARY, UNSERVED, ACCESS, CREDITS))
    for worker, name in sheets.items():
        grids[name] = _worker(problem, sorted(routes[worker], key=_leaving))
    grids[UNSERVED] = _unserved(problem, plan)
    grids[ACCESS] = _access(problem, plan)
    credits = report_credits(problem, plan)
    if credits:
        grids[CREDITS] = [_CREDITS_HEADER, *(
            [row["worker"], row["visits"], _hours(row["service_s"]), row["credits"]]
            for row in credits
        )]
    workbook = make_workbook(grids)
    for page in workbook.worksheets:
        dress(page)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def sheet_names(ids: list[str], taken: tuple[str, ...] = ()) -> dict[str, str]:
    """Names of sheets for ids: allowed characters, 31 at most, unique whatever the case."""
    used = {name.casefold() for name in taken} | _RESERVED
    names: dict[str, str] = {}
    for identity in ids:
        base = _FORBIDDEN.sub("_", identity)
        name, k = base[:_MAX_SHEET_NAME], 1
        while name.casefold() in used:
            k += 1
            suffix = f"~{k}"
            name = base[: _MAX_SHEET_NAME - len(suffix)] + suffix
        used.add(name.casefold())
        names[identity] = name
    return names


def _leaving(route: Route) -> int:
    return route.trips[0].leave_s if route.trips else 0


def _summary(problem: Problem, plan: Plan) -> list[list[Any]]:
    totals = plan.totals
    return [
        ["figure", "指标", "value 数值"],
        ["plan day", "计划日期", problem.day.isoformat()],
        ["problem", "计划编号", plan.problem],
        ["orders", "工单数", totals.orders],
        ["served", "已安排", totals.served],
        ["unserved", "未安排", totals.unserved],
        ["workers at work", "出勤人员", totals.workers],
        ["routes", "路线数", totals.routes],
        ["service, hours", "服务时长（小时）", _hours(totals.service_s)],
        ["travel, hours", "路途时长（小时）", _hours(totals.travel_s)],
        ["waiting, hours", "等待时长（小时）", _hours(totals.wait_s)],
        ["distance, km", "距离（公里）", _km(totals.distance_m)],
        ["cost, yuan", "成本（元）", totals.cost_cents / 100],
        ["prizes not earned, yuan", "放弃的可选价值（元）", totals.prize_lost_cents / 100],
        ["made by", "求解方法", f"{plan.run.backend}, {plan.run.status}, seed {plan.run.seed}"],
    ]


def _worker(problem: Problem, routes: list[Route]) -> list[list[Any]]:
    lines: list[list[Any]] = [_STOP_HEADER]
    for route in routes:
        for pause in route.breaks:
            rest: list[Any] = [None] * len(_STOP_HEADER)
            rest[1], rest[6], rest[7] = "break 休息", _minute(pause.start_s), _minute(pause.end_s)
            lines.append(rest)
        for trip in route.trips:
            carried = "; ".join(f"{name}={n}" for name, n in trip.load.items())
            leave: list[Any] = [None] * len(_STOP_HEADER)
            leave[1], leave[7] = f"from 出发：{trip.start}", _minute(trip.leave_s)
            leave[10] = _join(f"shift 班次：{route.shift}", f"{route.mode}",
                              carried and f"on board 装载：{carried}")
            lines.append(leave)
            lines += [_stop(problem, k, stop) for k, stop in enumerate(trip.stops, start=1)]
            back: list[Any] = [None] * len(_STOP_HEADER)
            if trip.end is not None:
                back[1], back[5] = f"to 返回：{trip.end}", _minute(trip.end_s)
                back[8], back[9] = _minutes(trip.end_travel_s), _km(trip.end_distance_m)
            else:
                back[1], back[5] = "end 结束", _minute(trip.end_s)
            lines.append(back)
    return lines


def _stop(problem: Problem, k: int, stop: Stop) -> list[Any]:
    order = problem.order_by_id[stop.order]
    service = problem.service_by_id[order.service]
    return [
        k, stop.order, stop.client, service.name, service.name_zh, _minute(stop.arrival_s),
        _minute(stop.start_s), _minute(stop.departure_s), _minutes(stop.travel_s),
        _km(stop.distance_m), _notes(order, stop),
    ]


def _notes(order: Order, stop: Stop) -> str:
    windows = "; ".join(f"{_minute(w.start_s)}-{_minute(w.end_s)}" for w in order.windows)
    notes: list[str | None] = [windows and f"promised 承诺：{windows}"]
    notes.append(stop.member and f"team member 团队成员：{stop.member}")
    if stop.setup_s:
        notes.append(f"getting in 入户准备 {_minutes(stop.setup_s)} min 分钟")
    wait = stop.start_s - stop.arrival_s - stop.setup_s
    if wait > 0:
        notes.append(f"wait 等待 {_minutes(wait)} min 分钟")
    if isinstance(order, MealOrder):
        notes.append(f"portions 份数：{order.portions}")
        notes.append(order.diet and f"diet 餐型：{order.diet}")
        notes.append(stop.batch and f"batch 批次：{stop.batch}")
    if isinstance(order, EmergencyOrder):
        due = _minute(order.received_s + order.response_s)
        notes.append(f"alarm 紧急呼叫 {_minute(order.received_s)}, due 最迟 {due}")
    return _join(*notes)


def _unserved(problem: Problem, plan: Plan) -> list[list[Any]]:
    lines: list[list[Any]] = [_UNSERVED_HEADER]
    for entry in plan.unserved:
        order = problem.order_by_id[entry.order]
        service = problem.service_by_id[order.service]
        lines.append([
            entry.order, order.client, service.name, service.name_zh, entry.reason, entry.message,
            entry.message_zh, entry.change_text, entry.change_text_zh,
        ])
    return lines


def _access(problem: Problem, plan: Plan) -> list[list[Any]]:
    lines: list[list[Any]] = [_ACCESS_HEADER]
    for row in report_access(problem, plan)["groups"]:
        lines.append([
            row["district"] or "-", row["care_level"], row["payer"] or "-", row["orders"],
            row["served"], row["unserved"], _minutes(row["asked_s"]), _minutes(row["served_s"]),
            row["waiting_days_served"], row["waiting_days_unserved"],
        ])
    return lines


def dress(page: Worksheet) -> None:
    """Make a page ready for reading and printing: header, widths, one page wide."""
    styles = openpyxl_module().styles
    page.freeze_panes = "A2"
    for cell in page[1]:
        cell.font = styles.Font(bold=True)
        cell.fill = styles.PatternFill("solid", fgColor="DDEBF7")
        cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
    # Away from the text of the next column, under a header on the same side.
    figure = styles.Alignment(horizontal="right", vertical="top", indent=1)
    above = styles.Alignment(horizontal="right", vertical="top", indent=1, wrap_text=True)
    for j, column in enumerate(page.iter_cols()):
        longest = max((_width(cell.value) for cell in column if cell.value is not None), default=0)
        page.column_dimensions[letter_of(j)].width = min(_WIDEST, max(10, 1.1 * longest + 2))
        for cell in column[1:]:
            if isinstance(cell.value, (int, float)):
                cell.alignment, column[0].alignment = figure, above
            elif cell.value is not None and 1.1 * _width(cell.value) + 2 > _WIDEST:
                cell.alignment = styles.Alignment(wrap_text=True, vertical="top")
    # Sheets are carried on paper: one page wide, the header on every page.
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    page.print_options.gridLines = True  # leads the eye along a line
    page.oddFooter.center.text = "&A · &P / &N"


def _width(value: object) -> int:
    """Letters that a text is wide; a Chinese one is as wide as two."""
    return max(sum(1 + (c > "\u2e7f") for c in line) for line in f"{value}\n".split("\n"))


def _join(*notes: str | None) -> str:
    return ", ".join(note for note in notes if note)


def _minute(seconds: int) -> str:
    """Clock time without its seconds, which nobody on the way reads; earlier, never later."""
    return clock(seconds // 60 * 60)


def _minutes(seconds: int) -> float:
    return round(seconds / 60, 1)


def _hours(seconds: int) -> float:
    return round(seconds / 3_600, 2)


def _km(metres: int) -> float:
    return round(metres / 1_000, 2)
