"""A meal programme as tables: sheets, reading them with every fault named by its cell, writing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from engine.domain.base import Mode
from engine.domain.meal_faults import meal_fault
from engine.domain.meal_programme import HOME, MealChange, MealProgramme
from engine.domain.meal_reading import GROUPS, NOUNS, PATHS
from engine.domain.meals import MEALS_FORMAT, MealCourier, MealsProblem
from engine.domain.programme_reading import parse_programme
from engine.errors import Fault, InputError
from engine.formats.table_cells import (
    CLOCK,
    DAY,
    FREE_TEXT,
    MINUTES,
    NUMBER,
    PAIRS,
    TEXT,
    WEEKDAY_LIST,
    WHOLE,
    YES_NO,
    YUAN,
    name_list,
    names,
)
from engine.formats.table_columns import SETTINGS, Column, Sheet, header_of, values
from engine.formats.table_files import Grids, read_grids, write_grids
from engine.formats.table_reader import Cells, Raw, TableReader

_MODES = {"汽车": "car", "电动车": "ebike", "步行": "walk", "公交": "bus"}
_KINDS = {"职工": "employed", "志愿者": "volunteer", "第三方": "third_party"}
CHANGE_KINDS = {"暂停": "suspend", "恢复": "restart", "取消": "cancel", "加订": "order",
                 "变更": "change"}
_LON = Column("lon", "经度", "lon", NUMBER, "degrees east", "东经（度）")
_LAT = Column("lat", "纬度", "lat", NUMBER, "degrees north", "北纬（度）")
_SYSTEM = Column("coordinate_system", "坐标系", "coordinate_system", names({}),
                 "wgs84, gcj02 or bd09; empty: as in settings",
                 "wgs84、gcj02 或 bd09；留空同“设置”")


def _id(zh: str) -> Column:
    return Column("id", zh, "id", TEXT, "unique, no personal data", "唯一，不含个人信息",
                  required=True)


def _must(column: Column) -> Column:
    return column._replace(required=True)


_SETTINGS = Sheet("settings", "设置", (
    *SETTINGS.columns,
    Column("start", "餐段开始", "start_s", CLOCK, "meals begin: 11:00", "开餐时间，如 11:00",
           required=True),
    Column("end", "餐段结束", "end_s", CLOCK, "the last door or seat: 12:30",
           "最后送达或入座时间，如 12:30", required=True),
    Column("late_min", "可延迟（分钟）", "late_s", MINUTES,
           "how much later meals are still brought",
           "餐段结束后仍可送达的时间"),
    Column("eating_min", "用餐时长（分钟）", "eating_s", MINUTES, "how long a seat is taken",
           "每个座位的占用时间"),
    Column("door_min", "每户交接（分钟）", "door_s", MINUTES, "at each door", "每户"),
    Column("building_min", "每栋楼（分钟）", "building_s", MINUTES, "once at each building",
           "每栋楼一次"),
    Column("order_deadline", "订餐截止", "order_deadline_s", CLOCK,
           "orders after it are not cooked for; changes of standing orders do not apply",
           "此后的订单不再制作，长期订单的变更不再生效"),
    Column("order_deadline_days", "截止提前天数", "order_deadline_days", WHOLE,
           "with standing orders: closed so many days before; empty: on the day itself",
           "有长期订单时：提前几天截止；留空为当天"),
), required=True)

DIETS = Sheet("diets", "餐型", (
    _id("餐型编号"),
    Column("name", "英文名称", "name", FREE_TEXT, "for people to read", "供人阅读"),
    Column("name_zh", "名称", "name_zh", FREE_TEXT, "for people to read", "供人阅读"),
    Column("freshness_min", "保鲜时限（分钟）", "freshness_s", MINUTES,
           "from leaving to the door; empty: 60", "从出发到入户；留空为 60"),
), required=True)

KITCHENS = Sheet("kitchens", "厨房", (
    _id("厨房编号"), _must(_LON), _must(_LAT), _SYSTEM,
    Column("bays", "装车位", "bays", WHOLE, "vans that load at the same time",
           "可同时装车的车辆数"),
    Column("loading_min", "装车（分钟）", "loading_s", MINUTES, "of a van", "每车"),
    Column("courier_loading_min", "装箱（分钟）", "courier_loading_s", MINUTES,
           "of a courier who starts here", "由此出发的送餐员"),
    Column("closed_from", "停止出餐", "closed_from_s", CLOCK,
           "batches that are ready later are not cooked", "此后的批次不再制作"),
    Column("cost_per_portion_yuan", "每份成本（元）", "cost_per_portion_cents", YUAN, "of cooking",
           "制作成本"),
), required=True)

BATCHES = Sheet("batches", "批次", (
    Column("kitchen", "厨房", "kitchen", TEXT, "id of a kitchen", "厨房编号", required=True),
    Column("id", "批次编号", "id", TEXT, "unique in its kitchen", "在该厨房内唯一", required=True),
    Column("ready", "出餐时间", "ready_s", CLOCK, "when it can be loaded: 10:30",
           "可装餐的时间，如 10:30", required=True),
    Column("portions", "份数", "portions", WHOLE, "in all", "合计", required=True),
    Column("diets", "餐型份数", "diets", PAIRS,
           "the most of each: regular=120; halal=20. Empty: any mix",
           "各餐型上限，如 regular=120; halal=20；留空为不限"),
), required=True)

POINTS = Sheet("points", "助餐点", (
    _id("助餐点编号"), _must(_LON), _must(_LAT), _SYSTEM,
    Column("seats", "座位", "seats", WHOLE, "how many", "数量"),
    Column("handover", "交接份数", "handover", WHOLE, "portions that couriers may take in all",
           "送餐员可取的总份数"),
    Column("hatches", "取餐窗口", "hatches", WHOLE,
           "couriers that load at the same time; empty: any", "可同时装餐的送餐员数；留空为不限"),
    Column("opens", "开门", "opens_s", CLOCK, "empty: always", "留空为全天"),
    Column("closes", "关门", "closes_s", CLOCK, "empty: always", "留空为全天"),
    Column("loading_min", "装箱（分钟）", "loading_s", MINUTES, "of a courier", "每趟"),
    Column("unloading_min", "卸货（分钟）", "unloading_s", MINUTES, "of a van", "每车"),
    Column("kitchens", "供餐厨房", "kitchens", name_list({}, nullable=True),
           "which may feed it; empty: any", "可供餐的厨房；留空为不限"),
), required=True)

CLIENTS = Sheet("clients", "服务对象", (
    _id("服务对象编号"),
    Column("diet", "餐型", "diet", TEXT, "id of a diet", "餐型编号", required=True),
    Column("portions", "份数", "portions", WHOLE, "empty: 1", "留空为 1"),
    Column("at", "用餐地点", "at", TEXT, "id of a point; empty: at home", "助餐点编号；留空为在家"),
    _LON, _LAT, _SYSTEM,
    Column("guaranteed", "兜底保障", "guaranteed", YES_NO, "yes: served before all others",
           "是：优先于所有人", choices=("yes", "no")),
    Column("priority", "优先级", "priority", WHOLE, "1 (first) to 9", "1（最先）至 9"),
    Column("payer", "付款方", "payer", TEXT, "who pays the subsidy", "补贴承担方"),
    Column("price_yuan", "餐价（元）", "price_cents", YUAN, "of a portion", "每份"),
    Column("subsidy_yuan", "补贴（元）", "subsidy_cents", YUAN, "of a portion", "每份"),
    Column("suspended", "暂停", "suspended", YES_NO,
           "yes: no meal today; with standing orders see the sheet changes",
           "是：今日不供餐；有长期订单时见“订单变更”表",
           choices=("yes", "no")),
    Column("ordered", "下单时间", "ordered_s", CLOCK,
           "when the order came; with standing orders see the sheet changes",
           "下单时间；有长期订单时见“订单变更”表"),
    Column("start", "最早", "start_s", CLOCK, "narrows the period", "缩小餐段"),
    Column("end", "最晚", "end_s", CLOCK, "narrows the period", "缩小餐段"),
), required=True)

COURIERS = Sheet("couriers", "送餐员", (
    _id("送餐员编号"),
    Column("kind", "类型", "kind", names(_KINDS), "employed, volunteer or third_party",
           "employed（职工）、volunteer（志愿者）或 third_party（第三方）",
           choices=get_args(MealCourier.model_fields["kind"].annotation)),
    Column("mode", "出行方式", "mode", names(_MODES), "empty: ebike", "留空为电动车",
           choices=get_args(Mode)),
    Column("capacity", "餐箱份数", "capacity", WHOLE, "portions; empty: 20", "留空为 20"),
    Column("place", "装餐地点", "place", TEXT, "id of a point or kitchen", "助餐点或厨房编号",
           required=True),
    Column("start", "上班", "start_s", CLOCK, "begins to load", "开始装餐", required=True),
    Column("end", "下班", "end_s", CLOCK, "is back", "返回", required=True),
    Column("max_trips", "最多趟数", "max_trips", WHOLE, "empty: no limit", "留空为不限"),
    Column("cost_per_shift_yuan", "每班（元）", "cost_per_shift_cents", YUAN, "if used", "如出勤"),
    Column("cost_per_drop_yuan", "每单（元）", "cost_per_drop_cents", YUAN, "of a door", "每户"),
    Column("cost_per_km_yuan", "每公里（元）", "cost_per_km_cents", YUAN, "of a kilometre",
           "每公里"),
    Column("absent", "缺勤", "absent", YES_NO, "yes: not here today", "是：今日缺勤",
           choices=("yes", "no")),
))

VANS = Sheet("vans", "车辆", (
    _id("车辆编号"),
    Column("kitchen", "厨房", "kitchen", TEXT, "where it loads", "装车厨房", required=True),
    Column("capacity", "装载份数", "capacity", WHOLE, "portions; empty: 300", "留空为 300"),
    Column("start", "上班", "start_s", CLOCK, "empty: any time", "留空为不限"),
    Column("end", "下班", "end_s", CLOCK, "empty: any time", "留空为不限"),
    Column("cost_per_trip_yuan", "每趟（元）", "cost_per_trip_cents", YUAN, "of a trip", "每趟"),
    Column("cost_per_km_yuan", "每公里（元）", "cost_per_km_cents", YUAN, "of a kilometre",
           "每公里"),
))

_CLIENT = Column("client", "服务对象", "client", TEXT, "id of a client", "服务对象编号",
                 required=True)
_UNTIL = Column("until_day", "止日", "until_day", DAY, "the last day; empty: no end",
                "最后一天；留空为无止日")
_AT = Column("at", "用餐地点", "at", names({"家": HOME, "在家": HOME}),
             "id of a point, or home; empty: as before", "助餐点编号或 home（在家）；留空为不变")

STANDING = Sheet("standing", "长期订单", (
    _CLIENT,
    Column("weekdays", "星期", "weekdays", WEEKDAY_LIST,
           "mon-fri, or mon; wed; fri. Empty: every day",
           "如 周一至周五，或 周一；周三；留空为每天"),
    Column("from_day", "起日", "from_day", DAY, "the first day; empty: no beginning",
           "第一天；留空为不限"),
    _UNTIL,
    Column("diet", "餐型", "diet", TEXT, "empty: as on the sheet clients", "留空同“服务对象”表"),
    Column("portions", "份数", "portions", WHOLE, "empty: as on the sheet clients",
           "留空同“服务对象”表"),
    _AT._replace(note="id of a point, or home; empty: as on the sheet clients",
                 note_zh="助餐点编号或 home（在家）；留空同“服务对象”表"),
    Column("payer", "付款方", "payer", TEXT, "empty: as on the sheet clients",
           "留空同“服务对象”表"),
    Column("price_yuan", "餐价（元）", "price_cents", YUAN, "of a portion; empty: as there",
           "每份；留空同上"),
    Column("subsidy_yuan", "补贴（元）", "subsidy_cents", YUAN, "of a portion; empty: as there",
           "每份；留空同上"),
))

CHANGES = Sheet("changes", "订单变更", (
    _CLIENT,
    Column("kind", "类型", "kind", names(CHANGE_KINDS),
           "suspend, restart, cancel or order (one day), change (diet, portions, place)",
           "suspend（暂停）、restart（恢复）、cancel（取消一天）、order（加订一天）、"
           "change（餐型、份数、地点）",
           required=True, choices=get_args(MealChange.model_fields["kind"].annotation)),
    Column("day", "日期", "day", DAY, "of this one day; goes before what lasts",
           "仅此一天；优先于持续的变更"),
    Column("from_day", "起日", "from_day", DAY, "lasts from this day on", "自此日起持续"),
    _UNTIL,
    Column("diet", "餐型", "diet", TEXT, "the new one", "新的餐型"),
    Column("portions", "份数", "portions", WHOLE, "the new number", "新的份数"),
    _AT,
    Column("received_day", "收到日期", "received_day", DAY, "when it came: the day",
           "收到变更的日期", required=True),
    Column("received", "收到时间", "received_s", CLOCK, "and the time: 15:30",
           "收到变更的时间，如 15:30", required=True),
))

#: In the order in which a workbook shows them.
SHEETS: tuple[Sheet, ...] = (
    _SETTINGS, DIETS, KITCHENS, BATCHES, POINTS, CLIENTS, STANDING, CHANGES, COURIERS, VANS,
)
_LISTS = {"diets": DIETS, "kitchens": KITCHENS, "points": POINTS, "clients": CLIENTS,
          "couriers": COURIERS, "vans": VANS, "standing": STANDING, "changes": CHANGES}


class _Reader(TableReader):
    kind = "meals"
    sheets = SHEETS
    paths = PATHS

    def read(self) -> Raw:
        """Read all sheets; errors as in the other tables."""
        self._find_all_columns()
        data: Raw = {"format": MEALS_FORMAT, **self._settings()}
        for group, sheet in _LISTS.items():
            data[group] = []
            for number, line in self._lines(sheet):
                raw, broken = self._entity(sheet, number, line)
                self._register(f"{group}[{len(data[group])}]", sheet, number, broken)
                data[group].append(raw)
        self._batches(data, BATCHES, "kitchen", ("kitchens",))
        return data

    def _unknown_home(self, cell: str, **params: object) -> Fault:
        return meal_fault("E1802", cell, noun=NOUNS["kitchens"], **params)


def read_meal_tables(path: str | Path) -> tuple[MealProgramme, Cells]:
    """Read a meal programme from a workbook or a folder of CSV files, and where its parts stand.

    Raises
    ------
    InputError : with all faults, each with its cell; only what is missing, where a sheet or a
        column is.
    """
    reader = _Reader(read_grids(Path(path)))
    programme, found = parse_programme(reader.read())
    cells = reader.cells
    faults = reader.faults + [cells.translate(f) for f in found if not cells.is_told(f.path)]
    if programme is None or faults:
        raise InputError(replace(f) for f in faults)
    return programme, cells


def write_meal_tables(programme: MealsProblem | MealProgramme, path: str | Path) -> None:
    """Write a meal programme, or a period of one day, as a workbook (``.xlsx``) or CSV files.

    Raises
    ------
    InputError : ``E1017``, it cannot be written; ``E1511``, openpyxl is missing.
    """
    if isinstance(programme, MealsProblem):
        programme = MealProgramme(programme)
    problem = programme.register
    data: dict[str, Any] = problem.model_dump(mode="json", exclude_defaults=True)
    data["network"] = problem.network.model_dump(mode="json")
    data |= {
        name: [e.model_dump(mode="json", exclude_defaults=True) for e in entries]
        for name, entries in (("standing", programme.standing), ("changes", programme.changes))
    }
    if programme.order_deadline_days:
        data["order_deadline_days"] = programme.order_deadline_days
    flat = {**data, **{f"network.{k}": v for k, v in data["network"].items()}}
    grids: Grids = {_SETTINGS.name: [["setting 设置项", "value 值"], *(
        [header_of(c), c.kind.write(flat[c.field])] for c in _SETTINGS.columns
        if flat.get(c.field) is not None
    )]}
    for sheet in SHEETS[1:]:
        rows = [
            {**b, "kitchen": k["id"]}
            for k in data.get("kitchens", ()) for b in k.get("batches", ())
        ] if sheet is BATCHES else data.get(sheet.name, ())
        if rows or sheet.required:
            grids[sheet.name] = [
                [header_of(c) for c in sheet.columns], *(values(r, sheet.columns) for r in rows)
            ]
    write_grids(grids, Path(path))


assert {*_LISTS} == {*GROUPS, "standing", "changes"}
