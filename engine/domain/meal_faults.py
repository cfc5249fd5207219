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
}


def meal_fault(code: str, path: str, **params: object) -> Fault:
    """Make a fault or a warning; parameters as in ``engine.domain.faults.fault``."""
    return fill(TEXTS[code], code, path, params)
