"""What the command line says, in English and Chinese: key -> (en, zh)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

Lang = Literal["en", "zh"]

WORDS: dict[str, tuple[str, str]] = {
    "reading": ("reading the network", "读取路网"),
    "simulating": ("simulating days", "模拟中"),
    "replaying": ("replaying the day", "回放当日事件"),
    "refused_event": ("refused {event}: {code} {text}", "拒绝 {event}：{code} {text}"),
    "live_day": ("the day", "当日"),
    "events_applied": ("events applied", "已生效事件"),
    "events_refused": ("events refused", "被拒绝事件"),
    "events_repeated": ("events repeated", "重复事件"),
    "events_superseded": ("events superseded", "已过时事件"),
    "on_routes": ("orders on routes", "路线上的工单"),
    "waiting": ("orders that nobody serves", "无人服务的工单"),
    "delayed": ("orders served late", "延后服务的工单"),
    "alarms": ("alarms", "紧急工单"),
    "report": ("plan against actual", "计划与实际"),
    "report_orders": ("orders", "工单"),
    "report_finished": ("done", "已完成"),
    "report_missed": ("missed", "漏服"),
    "report_failed": ("failed", "未成功"),
    "report_unreported": ("unreported", "未上报"),
    "report_on_time_percent": ("on time, %", "按时率（%）"),
    "report_ordered_min": ("ordered, min", "应服务（分钟）"),
    "report_actual_min": ("actual, min", "实际服务（分钟）"),
    "report_score": ("mean score, 1-5", "平均评分（1-5）"),
    "generating": ("generating a day", "生成一天的任务"),
    "planning": ("planning", "规划中"),
    "compiling": (
        "first use on this machine: compiling the search, which takes a minute or two",
        "本机首次使用：正在编译搜索程序，约需一两分钟",
    ),
    "stopping": (
        "stopping; the best plan so far will be written (Ctrl-C again: give up)",
        "正在停止；将写出目前最好的计划（再按 Ctrl-C 放弃）",
    ),
    "faults": ("faults in the input {subject}: {n}", "输入 {subject} 中的错误：{n} 处"),
    "violations": ("broken promises: {n}", "未兑现的承诺：{n} 项"),
    "clean": ("clean: every promise is kept", "通过：全部承诺均已兑现"),
    "offers": ("windows that can be promised: {n}", "可承诺的时段：{n} 个"),
    "no_offers": (
        "no window can be promised: nobody who may do it is free then",
        "没有可承诺的时段：届时无可承担的空闲人员",
    ),
    "day": ("day", "日期"),
    "window": ("window", "时段"),
    "worker": ("worker", "人员"),
    "start": ("starts", "开始"),
    "added": ("adds, yuan", "增加费用（元）"),
    "face": ("face, yuan", "面孔（元）"),
    "delay": ("delays, min", "延误他人（分钟）"),
    "owed": ("programmes added: {n}", "新增服务计划：{n} 项"),
    "wrote": ("wrote {path}", "已写出 {path}"),
    "code": ("code", "编号"),
    "path": ("path", "位置"),
    "message": ("what is wrong", "问题"),
    "hint": ("what to do", "处理建议"),
    "rule": ("rule", "规则"),
    "internal": ("internal error", "内部错误"),
    "counts": ("network", "路网"),
    "nodes": ("nodes", "节点"),
    "edges": ("edges", "路段"),
    "dangling_references": ("dangling references, dropped", "指向缺失节点的引用（已丢弃）"),
    "ways": ("ways read", "读取的道路"),
    "ways_skipped": ("ways skipped: not usable by anybody", "跳过的道路（无法通行）"),
    "nodes_read": ("points read", "读取的点"),
    "barriers": ("barriers on roads", "道路上的障碍"),
    "pieces_read": ("pieces of road read", "读取的路段片"),
    "pieces_dangling": ("pieces dropped: an end is missing", "因端点缺失丢弃的路段片"),
    "pieces_unconnected": ("pieces dropped: not connected to the rest", "因不连通丢弃的路段片"),
    "loops_dropped": ("loops dropped", "丢弃的环路"),
    "parallels_dropped": ("parallel pieces dropped", "丢弃的平行路段"),
    "restrictions_used": ("turn restrictions obeyed", "生效的转弯限制"),
    "streets": ("streets", "途经道路"),
    "duration_s": ("seconds", "用时（秒）"),
    "distance_m": ("metres", "距离（米）"),
    "streets_km": ("streets, km", "可达道路（公里）"),
    "n_corners": ("corners", "可达路口"),
    "snapped_m": ("metres off the street", "距道路（米）"),
    "far_part_m": ("metres to another part", "与另一部分的距离（米）"),
    "bends_merged": ("bends merged into their street", "并入街道的转折点"),
    "meals": ("meals", "助餐"),
    "due": ("due", "应供"),
    "served": ("served", "已供"),
    "on_time": ("on time", "按时"),
    "without": ("without a meal", "未供"),
    "couriers": ("couriers at work", "出勤送餐员"),
    "courier_trips": ("courier trips", "送餐趟次"),
    "van_trips": ("van trips", "车辆趟次"),
    "cost_yuan": ("cost, yuan", "成本（元）"),
    "bound_yuan": ("no such plan costs less than, yuan", "同等供餐的成本下界（元）"),
    "later": ("eat later, or not at all", "推迟或取消供餐"),
    "rota_kept": ("doors that keep their courier", "送餐员不变的住户"),
    "rota_followed": ("... and their place in the order", "其中送餐顺序不变"),
    "warnings": ("warnings for {subject}: {n}", "{subject} 的提示：{n} 处"),
    "serving": (
        "serving on http://{host}:{port} (Ctrl-C ends)",
        "服务地址 http://{host}:{port}（Ctrl-C 结束）",
    ),
}


def default_lang(environ: Mapping[str, str] | None = None) -> Lang:
    """Language of the locale: the first of LC_ALL, LC_MESSAGES and LANG that is set."""
    environ = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "zh" if environ[name].lower().startswith("zh") else "en"
    return "en"


def word(key: str, lang: Lang, **params: object) -> str:
    """Text for a key; a key without a row speaks for itself."""
    texts = WORDS.get(key, (key, key))
    return texts[lang == "zh"].format(**params)
