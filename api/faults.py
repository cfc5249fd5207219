"""Faults of a request itself (E16xx), before or beside what it carries: in English and Chinese."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import Fault


class Row(NamedTuple):
    """One fault of a request: the HTTP status it is answered with, and its texts."""

    status: int
    message: str
    hint: str
    message_zh: str
    hint_zh: str


#: Texts take limits and names of ours in ``{braces}``, never a value that a request carried.
TEXTS: dict[str, Row] = {
    "E1600": Row(
        500,
        "something went wrong inside; this is a defect, not a fault of the request",
        "report it, with the request id (HTTP) or what --debug shows (command line)",
        "内部出错；这是程序缺陷，与请求内容无关",
        "请附上请求编号（HTTP）或 --debug 的输出（命令行）反馈给维护者",
    ),
    "E1601": Row(
        413,
        "the body is larger than {limit_mb} MB (counted after decompression)",
        "plan a part of the city at a time, or use the command line, which has no such limit",
        "请求体超过 {limit_mb} MB（按解压后计）",
        "请分片区规划，或使用没有此限制的命令行",
    ),
    "E1602": Row(
        415,
        "this content type is not read here",
        "send {known}",
        "不支持此内容类型",
        "请使用 {known}",
    ),
    "E1603": Row(
        415,
        "this content encoding is not read here",
        "send the body as it is, or with Content-Encoding: gzip",
        "不支持此内容编码",
        "请直接发送，或使用 Content-Encoding: gzip",
    ),
    "E1604": Row(
        400,
        "the body is not the gzip stream that its header promises",
        "compress it again, or send it as it is without Content-Encoding",
        "请求体不是其标头所称的 gzip 数据",
        "请重新压缩，或去掉 Content-Encoding 直接发送",
    ),
    "E1605": Row(
        406,
        "the answer does not exist in this format",
        "ask for one of: {known}",
        "没有这种格式的应答",
        "可用格式：{known}",
    ),
    "E1606": Row(
        422,
        "{what} is above the {limit} that a request may wait for",
        "use the command line (careroute plan), which has no such limit, or plan a part at a time",
        "{what_zh}超过同步请求的上限 {limit}",
        "请使用没有此限制的命令行（careroute plan），或分批规划",
    ),
    "E1607": Row(
        503,
        "all {slots} solvers are busy",
        "try again after the seconds in Retry-After",
        "全部 {slots} 个求解进程都在忙",
        "请按 Retry-After 的秒数稍后重试",
    ),
    "E1608": Row(
        503,
        "the service is still warming up",
        "wait until GET /ready answers 200",
        "服务正在预热",
        "请等待 GET /ready 返回 200",
    ),
    "E1609": Row(
        404,
        "there is nothing at this address",
        "see GET /openapi.json or /docs for the addresses",
        "此地址不存在",
        "可用地址见 GET /openapi.json 或 /docs",
    ),
    "E1610": Row(
        405,
        "this address does not take this method",
        "use one of: {known}",
        "此地址不接受该方法",
        "可用方法：{known}",
    ),
    "E1611": Row(
        422,
        "this query parameter cannot be used: {problem}",
        "see GET /openapi.json or /docs for names and values",
        "查询参数不可用：{problem_zh}",
        "参数名和取值见 GET /openapi.json 或 /docs",
    ),
    "E1612": Row(
        400,
        "the request cannot be read",
        "see GET /openapi.json for what this address takes",
        "无法读取该请求",
        "请参阅 GET /openapi.json",
    ),
    "E1613": Row(
        422,
        "the solve did not end within {limit} s and was stopped",
        "use the command line (careroute plan), or plan a part at a time",
        "求解未能在 {limit} 秒内结束，已终止",
        "请使用命令行（careroute plan），或分批规划",
    ),
    "E1614": Row(
        422,
        "the variable cannot be used: {problem}",
        "set another value, or unset it to use the default",
        "环境变量不可用：{problem}",
        "请改用其他值，或取消设置以使用默认值",
    ),
    "E1615": Row(
        422,
        "this backend cannot express something that the problem asks for",
        "use the backend search",
        "该求解后端无法表达此问题的某些要求",
        "请使用 search 后端",
    ),
    "E1616": Row(
        422,
        "there is a file or folder of this name already, perhaps filled in",
        "choose another name, or write over it with --force",
        "已有同名文件或文件夹，其中可能有填写的内容",
        "请换一个名称，或用 --force 覆盖",
    ),
    "E1617": Row(
        422,
        "this is no point: two numbers are wanted, longitude first",
        "write lon,lat in degrees, such as 114.2431,30.5904",
        "无法识别该点：应为两个数字，经度在前",
        "请以度为单位写作 经度,纬度，例如 114.2431,30.5904",
    ),
    "E1620": Row(
        404,
        "there is no day of this name",
        "begin it with POST /v1/days, or see GET /v1/days for the names",
        "没有该名称的当日任务",
        "请以 POST /v1/days 创建，名称见 GET /v1/days",
    ),
    "E1621": Row(
        422,
        "a day of this name began with another problem, plan or policy",
        "choose another name",
        "该名称的当日任务已以其他问题、计划或规则创建",
        "请换一个名称",
    ),
    "E1622": Row(
        422,
        "the plan is not one for this problem, or breaks a promise of it",
        "plan the problem as it is now; POST /v1/plans/check tells what is wrong",
        "该计划不属于此问题，或违反了其中的承诺",
        "请按当前问题重新规划；POST /v1/plans/check 或 careroute check 可列出问题",
    ),
    "E1623": Row(
        404,
        "there is no worker of this name on the day",
        "workers are those of the problem that the day began with",
        "当日没有该服务人员",
        "服务人员须来自当日的问题文件",
    ),
    "E1624": Row(
        422,
        "running days need the package sqlalchemy, which is not installed",
        "install careroute[live]",
        "当日任务需要 sqlalchemy，当前未安装",
        "请安装 careroute[live]",
    ),
    "E1625": Row(
        422,
        "simulations need the package simpy, which is not installed",
        "install careroute[live]",
        "模拟需要 simpy，当前未安装",
        "请安装 careroute[live]",
    ),
}


def fault(code: str, path: str, **params: object) -> Fault:
    """Make a fault from the table; ``params`` fill the placeholders of its texts."""
    row = TEXTS[code]
    return Fault(
        path=path,
        code=code,
        message=row.message.format(**params),
        hint=row.hint.format(**params),
        message_zh=row.message_zh.format(**params),
        hint_zh=row.hint_zh.format(**params),
    )
