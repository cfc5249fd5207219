"""A meal plan for the people who do it: kitchen sheets, loading lists, doors in order, seats.

One set of tables, as a workbook and as pages to print: a page a batch for the kitchen, a page a van
trip, a page a courier with the loading list and the doors of every trip, a page a point with who
sits when; who goes without, payers and late changes stand on the first. Headers are in English and
Chinese. Texts are written as texts: nothing becomes a formula, and nothing a tag.
"""

from __future__ import annotations

import html
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.domain.meal_plan import CourierRoute, MealPlan, VanTrip
from engine.domain.meal_programme import moment_text
from engine.domain.meals import MealsProblem
from engine.domain.words import clock as clock_to_second
from engine.formats.meal_tables import CHANGE_KINDS
from engine.formats.plan_xlsx import dress
from engine.formats.table_files import Grids, make_workbook
from engine.meals.changes import Later
from engine.meals.programme import LateChange

_REASONS = {
    "suspended": ("the order rests", "订单暂停"),
    "too_late": ("ordered after the deadline", "订餐已截止"),
    "shortage": ("not enough of this diet is cooked in time", "该餐型制作份数不足"),
    "bulk": ("no van brings it in time", "无车辆按时送达"),
    "courier": ("no courier has the time or the room", "送餐员时间或餐箱不足"),
    "handover": ("the point hands no more over to couriers", "助餐点交接份数已满"),
    "seats": ("no seat is free in time", "座位不足"),
}
_LOAD = ["diet 餐型", "kitchen 厨房", "batch 批次", "portions 份数"]
_BULK = ["diet 餐型", "batch 批次", "portions 份数"]
_SHIFT = ' style="text-align:right"'
_SEATS = ["time 入座", "client 服务对象", "diet 餐型", "portions 份数"]
_DOORS = ["no. 序号", "time 时间", "client 服务对象", "diet 餐型", "portions 份数"]


#: kind of a change -> as clerks write it
_KINDS = {kind: word for word, kind in CHANGE_KINDS.items()}


class News(NamedTuple):
    """What a planner has to tell: changes that came too late, and who eats later than was told.

    ``later`` is None where there is no plan before.
    """

    late: Sequence[LateChange] = ()
    later: Sequence[Later] | None = None


class Table(NamedTuple):
    """A header line and what stands under it."""

    title: str
    header: list[str]
    rows: list[list[Any]]


class Page(NamedTuple):
    """What one person takes along: a heading and its tables."""

    heading: str
    tables: list[Table]


def clock(moment: int) -> str:
    """Write a moment to the minute, the next one: nobody comes before the food is there."""
    return clock_to_second(-(-moment // 60) * 60)


def _diets(problem: MealsProblem) -> dict[str, str]:
    """Names of the diets in both languages, by id; the id where there are none."""
    return {
        d.id: " ".join(x for x in (d.name or d.id, d.name_zh) if x) for d in problem.diets
    }


def meal_xlsx(problem: MealsProblem, plan: MealPlan, news: News) -> bytes:
    """Make the bytes of the workbook of a plan.

    Raises
    ------
    InputError : ``E1511``, openpyxl is missing.
    """
    book = make_workbook(meal_grids(problem, plan, news))
    for sheet in book.worksheets:
        dress(sheet)
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                if isinstance(cell.value, float):
                    cell.number_format = "#,##0.00"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def meal_grids(problem: MealsProblem, plan: MealPlan, news: News) -> Grids:
    """Make all sheets of a plan; who eats later has one where there is a plan before."""
    vans: list[list[Any]] = [[
        "van 车辆", "kitchen 厨房", "loads 装车", "leaves 出发", "point 助餐点", "arrives 到达",
        "ready 可取", *_BULK,
    ]]
    diets = _diets(problem)
    for trip in plan.van_trips:
        for stop in trip.stops:
            for lot in stop.lots:
                vans.append([
                    trip.van, trip.kitchen, clock(trip.loading_s), clock(trip.leave_s), stop.point,
                    clock(stop.arrival_s), clock(stop.ready_s), diets[lot.diet], lot.batch,
                    lot.portions,
                ])
    lists: list[list[Any]] = [
        ["courier 送餐员", "place 装餐地点", "trip 趟", "loads 装餐", "leaves 出发", *_LOAD]
    ]
    doors: list[list[Any]] = [["courier 送餐员", "trip 趟", *_DOORS]]
    for route in plan.routes:
        for t, run in enumerate(route.trips, start=1):
            head = [route.courier, route.place, t, clock(run.loading_s), clock(run.leave_s)]
            lists += [[*head, *row] for row in _box(problem, route, t - 1)]
            doors += [[route.courier, t, *row] for row in _doors(problem, route, t - 1)]
    kitchens: list[list[Any]] = [[
        "kitchen 厨房", "batch 批次", "ready 出餐", "diet 餐型", "portions 份数", "point 送往",
    ]]
    for (kitchen, batch), rows in _cooked(problem, plan).items():
        kitchens += [[kitchen, batch, *row] for row in rows]
    seats: list[list[Any]] = [["point 助餐点", *_SEATS]]
    for point, sitting in _seats(problem, plan).items():
        seats += [[point, *row] for row in sitting]
    told = {"late changes 逾期变更": _late(problem, news.late)}
    if news.later is not None:
        told["later 推迟用餐"] = _later(news.later)
    return {
        "summary 汇总": _summary(plan), "kitchens 厨房": kitchens, "vans 车辆": vans,
        "loading 装餐清单": lists, "doors 送餐顺序": doors, "seats 座位": seats,
        "without 未供餐": _without(plan), **told, "payers 付款方": _payers(problem, plan),
    }


def meal_pages(problem: MealsProblem, plan: MealPlan) -> list[Page]:
    """Make the pages to print, in the order of the day."""
    header = ["ready 出餐", "diet 餐型", "portions 份数", "point 送往"]
    pages = []
    for (kitchen, batch), rows in _cooked(problem, plan).items():
        sums: Counter[str] = Counter()
        for _, diet, n, _ in rows:
            sums[diet] += n
        pages.append(Page(f"{kitchen} · {batch} · {problem.day}", [
            Table("to cook 制作", ["diet 餐型", "portions 份数"],
                  [*map(list, sums.items()), ["total 合计", sum(sums.values())]]),
            Table("kitchen sheet 厨房单", header, rows),
        ]))
    pages += [_van_page(problem, trip) for trip in plan.van_trips]
    for route in plan.routes:
        tables = []
        for t, trip in enumerate(route.trips):
            span = f"{clock(trip.loading_s)}-{clock(trip.leave_s)}"
            tables += [
                Table(f"trip {t + 1} 第 {t + 1} 趟 · loading list 装餐清单 · {span}", _LOAD,
                      _box(problem, route, t)),
                Table("doors 送餐顺序", _DOORS, _doors(problem, route, t)),
            ]
        back = clock(route.back_s)
        pages.append(Page(f"{route.courier} · {route.place} · back 返回 {back}", tables))
    pages += [
        Page(f"{point} · seats 座位 · {problem.day}", [Table("", _SEATS, rows)])
        for point, rows in _seats(problem, plan).items()
    ]
    return pages


def meal_html(problem: MealsProblem, plan: MealPlan, news: News) -> str:
    """Make one document of all pages: opens offline, prints a page each."""
    body = "".join(
        f"<section><h2>{html.escape(page.heading)}</h2>"
        + "".join(_table(table) for table in page.tables) + "</section>"
        for page in [Page(f"{plan.problem} · {problem.day}", [
            Table(title, [str(x) for x in rows[0]], rows[1:]) for title, rows in (
                ("", _summary(plan)), ("late changes 逾期变更", _late(problem, news.late)),
                ("later 推迟用餐", _later(news.later or ())),
                ("without 未供餐", _without(plan)), ("payers 付款方", _payers(problem, plan)),
            ) if len(rows) > 1
        ]), *meal_pages(problem, plan)]
    )
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8">'
        f"<title>{html.escape(plan.problem)}</title><style>"
        "body{font:14px/1.4 sans-serif;margin:1em}table{border-collapse:collapse;margin:0 0 1em}"
        "th,td{border:1px solid #888;padding:2px 8px;text-align:left}th{background:#eef}"
        "h2{margin:.2em 0}h3{margin:.6em 0 .2em;break-after:avoid}tr{break-inside:avoid}"
        "section+section{break-before:page}@page{size:A4;margin:12mm}@media print{body{margin:0}}"
        f"</style><body>{body}</body></html>\n"
    )


def _shown(cell: object) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else "" if cell is None else str(cell)


def _table(table: Table) -> str:
    def line(cells: list[Any], tag: str) -> str:
        inner = "".join(
            f"<{tag}{_SHIFT * isinstance(c, (int, float))}>{html.escape(_shown(c))}</{tag}>"
            for c in cells
        )
        return f"<tr>{inner}</tr>"

    title = f"<h3>{html.escape(table.title)}</h3>" if table.title else ""
    rows = "".join(line(r, "td") for r in table.rows)
    return f"{title}<table><thead>{line(table.header, 'th')}</thead><tbody>{rows}</tbody></table>"


def _van_page(problem: MealsProblem, trip: VanTrip) -> Page:
    diets = _diets(problem)
    rows = [
        [stop.point, clock(stop.arrival_s), clock(stop.ready_s), diets[lot.diet], lot.batch,
         lot.portions]
        for stop in trip.stops for lot in stop.lots
    ]
    span = f"{clock(trip.loading_s)}-{clock(trip.leave_s)}"
    return Page(f"{trip.van} · {trip.kitchen} · {span}", [Table(
        "van trip 送货单", ["point 助餐点", "arrives 到达", "ready 可取", *_BULK], rows,
    )])


def _box(problem: MealsProblem, route: CourierRoute, t: int) -> list[list[Any]]:
    """List what a trip takes along, by diet and batch."""
    amounts: Counter[tuple[str, str, str]] = Counter()
    diets = _diets(problem)
    for drop in route.trips[t].drops:
        client = problem.client_by_id[drop.client]
        amounts[diets[client.diet], drop.kitchen, drop.batch] += client.portions
    return [[*key, n] for key, n in sorted(amounts.items())]


def _doors(problem: MealsProblem, route: CourierRoute, t: int) -> list[list[Any]]:
    diets = _diets(problem)
    return [
        [k, clock(d.start_s), d.client, diets[problem.client_by_id[d.client].diet],
         problem.client_by_id[d.client].portions]
        for k, d in enumerate(route.trips[t].drops, start=1)
    ]


def _cooked(problem: MealsProblem, plan: MealPlan) -> dict[tuple[str, str], list[list[Any]]]:
    """List what is cooked of each batch: ready, diet, portions, and where it goes."""
    amounts: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for trip in plan.van_trips:
        for stop in trip.stops:
            for lot in stop.lots:
                amounts[lot.kitchen, lot.batch][lot.diet, stop.point] += lot.portions
    for route in plan.routes:
        if route.place in problem.kitchen_by_id:
            for t in route.trips:
                for d in t.drops:
                    client = problem.client_by_id[d.client]
                    key = client.diet, "couriers 送餐员"
                    amounts[d.kitchen, d.batch][key] += client.portions
    found: dict[tuple[str, str], list[list[Any]]] = {}
    diets = _diets(problem)
    for kitchen in problem.kitchens:
        for batch in kitchen.batches:
            rows = sorted(amounts.get((kitchen.id, batch.id), {}).items())
            if rows:
                found[kitchen.id, batch.id] = [
                    [clock(batch.ready_s), diets[diet], n, point] for (diet, point), n in rows
                ]
    return found


def _seats(problem: MealsProblem, plan: MealPlan) -> dict[str, list[list[Any]]]:
    """List who sits when at each point where anybody does."""
    diets = _diets(problem)
    found: dict[str, list[list[Any]]] = {}
    for s in sorted(plan.sittings, key=lambda s: (s.point, s.start_s, s.client)):
        client = problem.client_by_id[s.client]
        found.setdefault(s.point, []).append(
            [clock(s.start_s), s.client, diets[client.diet], client.portions]
        )
    return found


def _without(plan: MealPlan) -> list[list[Any]]:
    """List who gets no meal, and why."""
    return [["client 服务对象", "reason 原因代码", "why", "原因"], *(
        [w.client, w.reason, *_REASONS[w.reason]] for w in plan.without
    )]


def _payers(problem: MealsProblem, plan: MealPlan) -> list[list[Any]]:
    """Portions, price and subsidy by payer: of who is served, and of nobody else."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for client_id in plan.times():
        client = problem.client_by_id[client_id]
        row = sums[client.payer or "-"]
        row[0] += 1
        row[1] += client.portions
        row[2] += client.portions * client.price_cents
        row[3] += client.portions * client.subsidy_cents
    return [
        ["payer 付款方", "clients 人数", "portions 份数", "price, yuan 餐费（元）",
         "subsidy, yuan 补贴（元）", "own share, yuan 自付（元）"],
        *([payer, n, portions, price / 100, subsidy / 100, (price - subsidy) / 100]
          for payer, (n, portions, price, subsidy) in sorted(sums.items())),
    ]


def _late(problem: MealsProblem, late: Sequence[LateChange]) -> list[list[Any]]:
    """List changes that came too late for the day, and from when each is of effect."""
    diets = _diets(problem)
    return [
        ["client 服务对象", "change 变更", "diet 餐型", "portions 份数", "at 用餐地点",
         "received 收到", "closed 截止", "applies from 生效日"],
        *([
            x.change.client, f"{x.change.kind} {_KINDS[x.change.kind]}",
            diets[x.change.diet] if x.change.diet else None, x.change.portions, x.change.at,
            moment_text(x.change.received), moment_text(x.closed),
            str(x.begins) if x.begins else "no day 不再生效",
        ] for x in late),
    ]


def _later(later: Sequence[Later]) -> list[list[Any]]:
    """List who eats later than the plan before told, or not at all and why."""
    return [
        ["client 服务对象", "told 原定", "now 现定", "minutes later 推迟（分钟）", "why", "原因"],
        *([
            x.client, clock(x.before_s), None if x.after_s is None else clock(x.after_s),
            None if x.after_s is None else round((x.after_s - x.before_s) / 60),
            *(_REASONS[x.reason] if x.reason else ()),
        ] for x in later),
    ]


def _summary(plan: MealPlan) -> list[list[Any]]:
    t = plan.totals
    return [
        ["figure", "指标", "value 数值"],
        ["clients", "服务对象", t.clients],
        ["due today", "今日应供", t.due],
        ["served", "已供餐", t.served],
        ["on time", "按时", t.on_time],
        ["portions", "份数", t.portions],
        ["van trips", "车辆趟次", t.van_trips],
        ["couriers at work", "出勤送餐员", t.couriers],
        ["courier trips", "送餐趟次", t.trips],
        ["distance, km", "里程（公里）", round(t.distance_m / 1_000, 1)],
        ["cooking, yuan", "制作（元）", t.cooking_cents / 100],
        ["vans, yuan", "车辆（元）", t.van_cents / 100],
        ["couriers, yuan", "送餐（元）", t.courier_cents / 100],
        ["cost, yuan", "成本（元）", t.cost_cents / 100],
        ["no plan costs less than, yuan", "成本下界（元）", t.bound_cents / 100],
    ]
