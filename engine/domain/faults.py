"""Every input fault: its code, and how it is told to a person in English and Chinese.

Texts name no value that could identify a person: a placeholder is filled with a key, an opaque id,
a number of ours or a word for a kind of thing, never with free text of the input (``shown``).
"""

from __future__ import annotations

from typing import NamedTuple

from engine.domain.care_faults import CARE_TEXTS
from engine.domain.people_faults import PEOPLE_TEXTS
from engine.domain.week_texts import WEEK_TEXTS
from engine.errors import Fault


class Words(NamedTuple):
    """A placeholder's value that reads differently in the two languages."""

    en: str
    zh: str


class Text(NamedTuple):
    """A fault's texts with ``{placeholders}``."""

    message: str
    hint: str
    message_zh: str
    hint_zh: str


#: code -> texts with ``{placeholders}``.
TEXTS: dict[str, Text] = {
    # -- E10xx shape and type --------------------------------------------------------------------
    "E1001": Text(
        "this is not JSON: line {line}, column {column} cannot be read",
        "look for a missing comma, quote or bracket at or just before that place",
        "不是有效的 JSON：第 {line} 行第 {column} 列无法读取",
        "请检查该处或之前是否缺少逗号、引号或括号",
    ),
    "E1002": Text(
        "the input is empty",
        "export or save it again: there is nothing in it",
        "输入为空",
        "其中没有任何内容，请重新导出或保存",
    ),
    "E1003": Text(
        "the field {field} is missing",
        "add {field}",
        "缺少字段 {field}",
        "请补充 {field}",
    ),
    "E1004": Text(
        "unknown key {key}",
        "{suggestion}known here: {known}",
        "未知字段{key}",
        "{suggestion}此处可用字段：{known}",
    ),
    "E1005": Text(
        "{expected} is needed here, this is {found}",
        "numbers, true and false are written without quotes; leave out what does not apply",
        "此处应为{expected}，实际为{found}",
        "数字、true 和 false 不加引号；不适用的字段请省略",
    ),
    "E1006": Text(
        "{field} is out of range: it must be {limit}",
        "check the number and its unit",
        "{field} 超出范围：应{limit}",
        "请检查数值及其单位",
    ),
    "E1007": Text(
        "NaN or Infinity is not a number that can be planned with",
        "give a real number, or leave the field out",
        "NaN 或 Infinity 不能用于计算",
        "请填写实际数值，或省略该字段",
    ),
    "E1008": Text(
        "the format {found} is not known; this reads {expected}",
        'write "format": "{expected}" and use its field names; convert other engines\' files first',
        "无法识别格式{found}；此处读取 {expected}",
        '请写明 "format": "{expected}" 并使用其字段名；其他引擎的文件需先转换',
    ),
    "E1009": Text(
        "lists and objects are nested too deeply here",
        "no valid file is nested more than a few levels: check what wrote it",
        "此处列表和对象的嵌套层数过多",
        "有效文件只有几层嵌套，请检查生成该文件的程序",
    ),
    "E1010": Text(
        "this is no id: 1 to 64 of the characters A-Z a-z 0-9 _ . : - with a letter or digit first",
        "use the opaque id of your own system, such as C-0017",
        "编号不合规：应为 1 至 64 个字符，限 A-Z a-z 0-9 _ . : -，且以字母或数字开头",
        "请使用贵方系统中的匿名编号，例如 C-0017",
    ),
    "E1011": Text(
        "this id looks like {kind}; personal data must not enter the engine",
        "give an opaque id, such as C-0017, and keep the list of persons in your own system",
        "该编号疑似{kind}；个人信息不得进入本系统",
        "请改用匿名编号（例如 C-0017），人员对照表保留在贵方系统中",
    ),
    "E1012": Text(
        "{value} is not one of the choices for {field}",
        "{suggestion}choices: {choices}",
        "{value}不是 {field} 的可选值",
        "{suggestion}可选值：{choices}",
    ),
    "E1013": Text(
        "the list {field} is empty",
        "give at least one entry",
        "列表 {field} 为空",
        "请至少填写一项",
    ),
    "E1014": Text(
        "this is not a day of the calendar",
        "write it as YYYY-MM-DD, for example 2026-03-01",
        "不是有效的日期",
        "请按“年-月-日”填写，例如 2026-03-01",
    ),
    "E1015": Text(
        "there is no such file or folder",
        "check the path; a relative one counts from where the program was started",
        "文件或文件夹不存在",
        "请检查路径；相对路径从程序启动的目录算起",
    ),
    "E1016": Text(
        "this is a folder, and a file is needed",
        "name the file itself",
        "这是文件夹，此处需要文件",
        "请指定具体的文件",
    ),
    "E1017": Text(
        "the file cannot be opened: {reason}",
        "check who may use it, that there is room, and that no other program keeps it locked",
        "无法打开文件：{reason}",
        "请检查访问权限和磁盘空间，并确认文件未被其他程序占用",
    ),
    "E1018": Text(
        "the file has {size_mb} MB; the limit is {limit_mb} MB",
        "plan one day of one centre a file, or split it by district",
        "文件大小为 {size_mb} MB，上限为 {limit_mb} MB",
        "请每个文件只含一个中心的一天，或按片区拆分",
    ),
    "E1019": Text(
        "the text is not UTF-8: byte {position} cannot be read",
        "save the file again with the encoding UTF-8",
        "文本不是 UTF-8 编码：第 {position} 字节无法读取",
        "请以 UTF-8 编码重新保存文件",
    ),
    "E1024": Text(
        "this is a workbook or an archive, and JSON is needed here",
        "give the .json file that was written beside it",
        "这是工作簿或压缩文件，此处需要 JSON",
        "请给出同时写出的 .json 文件",
    ),
    "E1020": Text(
        "an optional order needs prize_cents: what serving it is worth",
        "add prize_cents, or remove optional if the order must be served",
        "可选工单须填写 prize_cents（完成该工单的价值，单位：分）",
        "请补充 prize_cents；如必须服务，请删除 optional",
    ),
    "E1021": Text(
        "prize_cents has no meaning here, because the order is not optional",
        'write "optional": true, or remove prize_cents',
        "该工单不是可选工单，prize_cents 不起作用",
        '请写明 "optional": true，或删除 prize_cents',
    ),
    "E1022": Text(
        "the worker has an end, and returns is false: one contradicts the other",
        "remove end if the shift ends where the last visit does, otherwise remove returns",
        "既填写了 end，又将 returns 设为 false，两者矛盾",
        "如在最后一户处结束工作，请删除 end；否则请删除 returns",
    ),
    "E1023": Text(
        "there are more than {limit} faults; the rest is not listed",
        "correct these first: many are often one mistake made in every row",
        "错误超过 {limit} 处，其余未列出",
        "请先更正以上错误：大量错误往往是同一问题在每行重复出现",
    ),
    # -- E11xx references ------------------------------------------------------------------------
    "E1101": Text(
        "the id {id} is used twice; first at {first}",
        "give every {noun} an id of its own",
        "编号{id}重复使用；首次出现在 {first}",
        "每个{noun}的编号必须唯一",
    ),
    "E1102": Text(
        "there is no client {id}",
        "{suggestion}add the client to clients, or correct the id",
        "服务对象{id}不存在",
        "{suggestion}请在 clients 中添加该服务对象，或更正编号",
    ),
    "E1103": Text(
        "there is no service {id}",
        "{suggestion}add it to services, or use one of the catalogue: {known}",
        "服务项目{id}不存在",
        "{suggestion}请在 services 中添加，或使用目录中的项目：{known}",
    ),
    "E1104": Text(
        "there is no skill {id}",
        "{suggestion}add it to skills, or use a known one: {known}",
        "技能{id}不存在",
        "{suggestion}请在 skills 中添加，或使用已有技能：{known}",
    ),
    "E1105": Text(
        "there is no centre, kitchen, meal point or place {id}",
        "{suggestion}workers start and end at one of these; add a worker's home to places",
        "中心、厨房、助餐点和地点中均无{id}",
        "{suggestion}人员的起点和终点须为上述之一；人员住所请添加到 places",
    ),
    "E1106": Text(
        "there is no vehicle {id}",
        "{suggestion}add it to vehicles; who walks or rides empty-handed needs only mode",
        "车辆{id}不存在",
        "{suggestion}请在 vehicles 中添加；步行或空手骑行的人员只需填写 mode",
    ),
    "E1107": Text(
        "there is no worker {id}",
        "{suggestion}remove it where the person has left, or correct the id",
        "服务人员{id}不存在",
        "{suggestion}如该人员已离职请删除，否则请更正编号",
    ),
    "E1108": Text(
        "there is no kitchen or meal point {id}",
        "{suggestion}add it to kitchens or meal_points, or leave kitchen out to use the nearest",
        "厨房或助餐点{id}不存在",
        "{suggestion}请在 kitchens 或 meal_points 中添加；省略 kitchen 则使用最近的一处",
    ),
    "E1109": Text(
        "no batch of any kitchen or meal point has the diet {id}",
        "{suggestion}add the diet to a batch, or correct it",
        "所有厨房和助餐点的批次中均无餐型{id}",
        "{suggestion}请在某一批次中添加该餐型，或予以更正",
    ),
    "E1110": Text(
        "the service {id} is for orders of kind {service_kind}; this one is of kind {order_kind}",
        "change kind or service so that they fit",
        "服务项目{id}适用于 {service_kind} 类工单，而此工单为 {order_kind} 类",
        "请修改 kind 或 service，使两者一致",
    ),
    # -- E12xx times -----------------------------------------------------------------------------
    "E1201": Text(
        "the window ends at {end}, before it starts at {start}",
        "swap the two; past midnight go on counting: 01:00 on the next day is 25:00, or 90000 s",
        "服务窗口于 {end} 结束，早于开始时间 {start}",
        "请对调两者；跨午夜请继续累计：次日 01:00 为 25:00，即 90000 秒",
    ),
    "E1202": Text(
        "nobody is at work in any window of this order; shifts run {shifts}",
        "move or widen a window, or add a shift that covers one",
        "该工单的所有服务窗口均无人当班；班次时段为 {shifts}",
        "请调整或放宽服务窗口，或增加覆盖该窗口的班次",
    ),
    "E1203": Text(
        "the shift ends at {end}, no later than it starts at {start}",
        "swap the two; past midnight go on counting: 01:00 on the next day is 25:00, or 90000 s",
        "班次于 {end} 结束，不晚于开始时间 {start}",
        "请对调两者；跨午夜请继续累计：次日 01:00 为 25:00，即 90000 秒",
    ),
    "E1204": Text(
        "the shift from {start} to {end} overlaps the shift {other} of the same worker",
        "join the two shifts, or move one: they may touch",
        "{start} 至 {end} 的班次与同一人员的班次{other}重叠",
        "请合并两个班次，或调整其一；首尾相接是允许的",
    ),
    "E1205": Text(
        "{field} looks like {unit}; here all times are seconds",
        "{remedy}",
        "{field} 疑似{unit}；此处所有时间均以秒为单位",
        "{remedy}",
    ),
    "E1206": Text(
        "{field} looks like {unit}; here all times are seconds",
        "multiply by {factor}: 08:30 in the morning is 30600, half an hour is 1800",
        "{field} 疑似{unit}；此处所有时间均以秒为单位",
        "请乘以 {factor}：上午 08:30 为 30600，半小时为 1800",
    ),
    "E1207": Text(
        "the year of {field} is not plausible",
        "write four digits for the year; for a certificate that does not expire leave the day out",
        "{field} 的年份不合理",
        "年份请写四位数字；证书长期有效时请省略日期",
    ),
    "E1208": Text(
        "the window from {start} to {end} overlaps another window of this order",
        "join the two windows, or correct one of them",
        "{start} 至 {end} 的服务窗口与该工单的另一窗口重叠",
        "请合并两个窗口，或更正其一",
    ),
    "E1209": Text(
        "{field} is a clock time; seconds since the plan's midnight are needed",
        "write {seconds}, without quotes",
        "{field} 填写的是钟点；此处应为自计划日零点起的秒数",
        "请写 {seconds}，不加引号",
    ),
    # -- E13xx loads -----------------------------------------------------------------------------
    "E1301": Text(
        "{field} is negative: a load, capacity or number of portions is 0 or more",
        "leave it out for nothing",
        "{field} 为负数：载量、容量和份数不得小于 0",
        "没有载量时请省略",
    ),
    "E1302": Text(
        "no vehicle has the load dimension {id}",
        "{suggestion}add it to the capacity of a vehicle, or correct the name",
        "没有任何车辆具有载量维度{id}",
        "{suggestion}请在某一车辆的 capacity 中添加，或更正名称",
    ),
    # -- E14xx places and network (E1405 and E1406 are the network's own) -------------------------
    "E1401": Text(
        "{field} is out of range: it must be {limit}",
        "give degrees, such as lon 121.4737 and lat 31.2304",
        "{field} 超出范围：应{limit}",
        "请以度为单位填写，例如 lon 121.4737、lat 31.2304",
    ),
    "E1402": Text(
        "lon and lat look swapped",
        "lon is east-west (73 to 135 in China), lat north-south (18 to 54 in China)",
        "经度和纬度疑似颠倒",
        "lon 为经度（中国境内 73 至 135），lat 为纬度（中国境内 18 至 54）",
    ),
    "E1403": Text(
        "the point lies {distance_m} m from the nearest road that {mode} may use; "
        "the limit is {limit_m} m",
        "check lon and lat (swapped? another coordinate system?), or raise max_snap_m",
        "该点距{mode}可通行的最近道路 {distance_m} 米，上限为 {limit_m} 米",
        "请检查经纬度（是否颠倒、坐标系是否正确），或提高 max_snap_m",
    ),
    "E1404": Text(
        "{field} looks like metres of a map projection, or like scaled degrees",
        "convert the point to degrees of longitude and latitude (WGS-84, GCJ-02 or BD-09)",
        "{field} 疑似投影坐标（米）或放大后的度数",
        "请转换为经纬度（WGS-84、GCJ-02 或 BD-09），单位为度",
    ),
    "E1405": Text(
        "no network of this name is installed",
        "installed: {installed}",
        "没有安装该名称的路网",
        "已安装：{installed}",
    ),
    "E1406": Text(
        "a request may not name a file of the server",
        "use a named network as GET /v1/networks lists them, or the synthetic one",
        "请求不得指定服务器上的文件",
        "请使用 GET /v1/networks 列出的路网，或合成路网",
    ),
    "E1407": Text(
        "the point is 0, 0: its coordinates were never filled in",
        "give the lon and lat of the address",
        "坐标为 0, 0：尚未填写",
        "请填写该地址的经纬度",
    ),
    # -- E15xx tables ----------------------------------------------------------------------------
    "E1501": Text(
        "this is not a workbook that can be read",
        "save it as .xlsx (not .xls, and without a password), or give a folder of .csv files",
        "无法读取该工作簿",
        "请另存为 .xlsx（不是 .xls，且不设密码），或提供含 .csv 文件的文件夹",
    ),
    "E1502": Text(
        "the sheet {sheet} is missing",
        "{suggestion}start from the template, which has all sheets",
        "缺少工作表 {sheet}",
        "{suggestion}请从模板开始，其中包含全部工作表",
    ),
    "E1519": Text(
        "these are the tables of {found}, not those of {expected}",
        "plan them with {command}, or start from the other template",
        "这是{found}的表格，而不是{expected}的表格",
        "请使用 {command} 规划，或从另一份模板开始",
    ),
    "E1503": Text(
        "unknown column {column}",
        "{suggestion}columns of this sheet: {known}",
        "未知列{column}",
        "{suggestion}本表可用的列：{known}",
    ),
    "E1504": Text(
        "the column {column} is missing",
        "add the column to the header line",
        "缺少列 {column}",
        "请在表头中添加该列",
    ),
    "E1505": Text(
        "the column {column} occurs twice",
        "keep one of the two",
        "列 {column} 重复",
        "请只保留其中一列",
    ),
    "E1506": Text(
        "this is not a clock time",
        "write it as 08:30; past midnight go on counting, 01:00 on the next day is 25:00",
        "不是有效的钟点",
        "请按 08:30 的形式填写；跨午夜请继续累计，次日 01:00 写作 25:00",
    ),
    "E1507": Text(
        "{expected} is needed here",
        "write digits only, without a unit",
        "此处应为{expected}",
        "请只填数字，不带单位",
    ),
    "E1508": Text(
        "this is neither yes nor no",
        "write yes or no, or leave the cell empty",
        "此处应为“是”或“否”",
        "请填写“是”或“否”，或留空",
    ),
    "E1509": Text(
        "this is not a list of times from-to",
        'write 08:30-10:00, and several as "08:30-10:00; 14:00-15:00"',
        "不是有效的时段",
        "请按 08:30-10:00 的形式填写；多个时段写作“08:30-10:00; 14:00-15:00”",
    ),
    "E1510": Text(
        'this is not a list of pairs such as "portions=40; boxes=2"',
        "write name=number, several with a semicolon between them",
        "不是有效的“名称=数量”列表，例如“portions=40; boxes=2”",
        "请按“名称=数量”填写，多项之间用分号分隔",
    ),
    "E1511": Text(
        "workbooks need the package openpyxl, which is not installed",
        "install careroute[xlsx], or use a folder of .csv files",
        "读写工作簿需要 openpyxl，当前未安装",
        "请安装 careroute[xlsx]，或使用含 .csv 文件的文件夹",
    ),
    "E1512": Text(
        "the sheet {sheet} has no header line",
        "the first line names the columns; start from the template",
        "工作表 {sheet} 没有表头",
        "第一行应为列名；请从模板开始",
    ),
    "E1513": Text(
        "the text is neither UTF-8 nor GB18030, or its quotes do not match",
        "save the sheet again as CSV UTF-8",
        "文本既不是 UTF-8 也不是 GB18030 编码，或引号不成对",
        "请将该表另存为“CSV UTF-8”",
    ),
    "E1514": Text(
        "the cell holds an error such as #N/A, or a formula that was never calculated",
        "write the value itself, or correct the formula and save in a spreadsheet program",
        "单元格为错误值（例如 #N/A），或公式从未计算",
        "请直接填写数值，或更正公式后在表格软件中保存",
    ),
    "E1515": Text(
        "the sheet has more than {limit} lines",
        "plan one day of one centre a file; delete stray cells far below the table",
        "工作表超过 {limit} 行",
        "请每个文件只含一个中心的一天；并删除表格下方远处的多余内容",
    ),
    "E1516": Text(
        "there is no setting {key}",
        "{suggestion}settings: {known}",
        "没有设置项{key}",
        "{suggestion}可用设置项：{known}",
    ),
}
TEXTS |= {
    code: Text(*texts) for texts_of in (CARE_TEXTS, PEOPLE_TEXTS, WEEK_TEXTS)
    for code, texts in texts_of.items()
}


def fault(code: str, path: str, **params: object) -> Fault:
    """Make a fault from the table; ``params`` fill the placeholders of its texts.

    A parameter of type ``Words`` gives each language its own value.
    """
    return fill(TEXTS[code], code, path, params)


def fill(text: Text, code: str, path: str, params: dict[str, object]) -> Fault:
    """Make a fault from texts; ``fault`` where they stand in the table of this module."""
    en = {key: v.en if isinstance(v, Words) else v for key, v in params.items()}
    zh = {key: v.zh if isinstance(v, Words) else v for key, v in params.items()}
    return Fault(
        path=path,
        code=code,
        message=text.message.format(**en),
        hint=text.hint.format(**en),
        message_zh=text.message_zh.format(**zh),
        hint_zh=text.hint_zh.format(**zh),
    )
