"""Faults and warnings of meal periods: E18xx cannot be meant, W18xx will leave somebody without."""

from __future__ import annotations

from engine.domain.faults import Text, fill
from engine.errors import Fault

TEXTS: dict[str, Text] = {
    "E1801": Text(
        "no batch of any kitchen has the diet {id}",
        "{suggestion}add it to a batch, or correct it; cooked are: {known}",
        "没有任何厨房的批次供应餐型{id}",
        "{suggestion}请在批次中增加该餐型，或予以更正；现有餐型：{known}",
    ),
    "E1802": Text(
        "there is no {noun} {id}",
        "{suggestion}add it, or correct the id",
        "没有{noun}{id}",
        "{suggestion}请补充，或更正编号",
    ),
    "E1803": Text(
        "the point has no kitchen: its list of kitchens is empty, or there is none at all",
        "name the kitchens that feed it, or leave the list out for any",
        "该助餐点没有厨房：厨房列表为空，或根本没有厨房",
        "请填写供餐厨房；如不限则留空该列",
    ),
    "E1804": Text(
        "no van belongs to a kitchen that may feed this point",
        "add a van to one of these kitchens: {known}",
        "可为该助餐点供餐的厨房均无车辆",
        "请为下列厨房之一增加车辆：{known}",
    ),
    "E1805": Text(
        "{field} is needed for somebody who eats at home",
        "give the lon and lat of the door, or name the point in at",
        "在家用餐者必须填写 {field}",
        "请填写住址的 lon 和 lat，或在 at 中填写助餐点",
    ),
    "E1806": Text(
        "it ends at {end}, no later than it starts at {start}",
        "swap the two; past midnight go on counting: 01:00 on the next day is 25:00, or 90000 s",
        "结束时间 {end} 不晚于开始时间 {start}",
        "请对调；跨午夜请继续累计，次日 01:00 写作 25:00，即 90000 秒",
    ),
    "E1807": Text(
        "the client wants {portions} portions, and the largest box of all couriers holds {limit}",
        "split the order, or give a courier a larger box",
        "该服务对象需 {portions} 份，而最大的餐箱只能装 {limit} 份",
        "请拆分订单，或为送餐员配备更大的餐箱",
    ),
    "E1808": Text(
        "the subsidy of {subsidy} cents is more than the price of {price} cents",
        "a payer pays no more than the meal costs: correct one of the two",
        "补贴（{subsidy} 分）超过餐价（{price} 分）",
        "补贴不得超过餐价，请更正",
    ),
    "E1809": Text(
        "two standing orders of this client are due on {day}: this one and {other}",
        "give them different weekdays, or end the earlier one before the later begins",
        "该服务对象在 {day} 有两份长期订单：此行与 {other}",
        "请分开星期，或让前一份在后一份开始之前结束",
    ),
    "E1810": Text(
        "this change and {other} say different things ({field}) about the same day, and were "
        "received at the same moment",
        "delete the wrong one, or correct when each was received: the later one counts",
        "此变更与 {other} 对同一天的说法不同（{field}），且接收时刻相同",
        "请删除错误的一条，或更正接收时间：以后收到的为准",
    ),
    "E1811": Text(
        "a change is of one day, or lasts from a day on: give day, or from_day, and not both",
        "for one day fill in day alone; for longer from_day, and until_day where it ends",
        "变更应为某一天，或自某日起持续：填写 day 或 from_day，不可同时填写",
        "仅一天的只填 day；持续的填 from_day，有止日的再填 until_day",
    ),
    "E1812": Text(
        "it ends on {last}, before it begins on {first}",
        "swap the two days, or correct the wrong one",
        "止日 {last} 早于起日 {first}",
        "请对调两个日期，或更正有误的一个",
    ),
    "E1813": Text(
        "to {kind} is of one day: day is needed here",
        "give day; for several days suspend from_day until_day, and restart after",
        "{kind} 只针对一天：此处必须填写 day",
        "请填写 day；连续多日请用 suspend 并填 from_day 和 until_day",
    ),
    "E1814": Text(
        "this change changes nothing: diet, portions and at are all empty",
        "fill in one of them at least, or delete the line",
        "此变更未改动任何内容：餐型、份数、用餐地点均为空",
        "请至少填写一项，或删除此行",
    ),
    "E1815": Text(
        "to {kind} means no meal: diet, portions and at say nothing here",
        "leave {field} empty, or make it a change of its own",
        "{kind} 表示不供餐：此处不应填写餐型、份数或用餐地点",
        "请将 {field} 留空，或另写一条 change",
    ),
    "E1816": Text(
        "{field} is of one day, and there are standing orders: these two would contradict",
        "leave {field} empty, and write a change with its days",
        "{field} 只针对一天，而此处已有长期订单，两者会矛盾",
        "请将 {field} 留空，改为填写带日期的变更",
    ),
    "E1817": Text(
        "{field} needs standing orders, and there are none",
        "add them (a sheet standing, a line a client), or leave {field} out",
        "{field} 须以长期订单为前提，而此处没有",
        "请补充长期订单（“长期订单”表，每人一行），或不填 {field}",
    ),
    "W1801": Text(
        "{ordered} portions of {id} are ordered, and {cooked} are cooked: {short} are short",
        "cook {short} more, or tell those who are listed as without a meal",
        "餐型{id}订购 {ordered} 份，仅制作 {cooked} 份：缺 {short} 份",
        "请加做 {short} 份，或通知名单中的服务对象",
    ),
    "W1802": Text(
        "{ordered} portions are ordered, and all batches together have {cooked}: {short} are short",
        "cook {short} more, or tell those who are listed as without a meal",
        "共订购 {ordered} 份，全部批次仅 {cooked} 份：缺 {short} 份",
        "请加做 {short} 份，或通知名单中的服务对象",
    ),
    "W1803": Text(
        "{eaters} people eat here, and the seats serve at most {limit} in the period",
        "add seats, send some to another point, or bring their meals home",
        "此处用餐 {eaters} 人，座位在餐段内最多接待 {limit} 人",
        "请增加座位、分流至其他助餐点，或改为送餐上门",
    ),
    "W1804": Text(
        "received {received}, too late for {day}: its orders were closed {closed}; the order of "
        "that day stays as it stood",
        "tell the client that it applies {applies}",
        "{received} 收到，{day} 的订单已于 {closed} 截止：当日订单维持不变",
        "请告知服务对象：该变更{applies}",
    ),
    "W1805": Text(
        "nothing to {kind} on {day}: no meal is due then",
        "for a meal on that day write an order with its day; else delete the line",
        "{day} 无餐可办理 {kind}：当日本不供餐",
        "如当日需要用餐请填写 order 及 day，否则请删除此行",
    ),
    "W1806": Text(
        "the same as {other}: it counts once",
        "delete one of the two",
        "与 {other} 完全相同：只计一次",
        "请删除其中一条",
    ),
}


def meal_fault(code: str, path: str, **params: object) -> Fault:
    """Make a fault or a warning; parameters as in ``engine.domain.faults.fault``."""
    return fill(TEXTS[code], code, path, params)
