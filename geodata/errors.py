"""What can go wrong with map data, in one table.

    Exception
    └── NetworkError     map data that cannot be read, or a question that it cannot answer

The code's third digit is the subject: ``E30`` files, ``E31`` saved networks, ``E32`` profiles, ``E33`` coordinates,
``E34`` routes, ``E35`` place downloads, ``E36`` synthetic cities, ``E37`` speeds by the hour. Every row says what is wrong and what to do about
it, in English and in Chinese; a library's own words only appear as ``{detail}``.
"""  # noqa: E501

from __future__ import annotations

from typing import Final, NamedTuple


class _Words(NamedTuple):
    message: str
    hint: str
    message_zh: str
    hint_zh: str


CODES: Final[dict[str, _Words]] = {
    "E3001": _Words(
        "There is no file {path}.",
        "Check the path; it is looked up from the folder the program was started in.",
        "文件 {path} 不存在。",
        "请检查路径；相对路径从程序启动的目录算起。",
    ),
    "E3002": _Words(
        "{path} is a folder, not a file.",
        "Name one map file: .osm, .osm.gz, .osm.pbf, .graphml or .npz.",
        "{path} 是文件夹，不是文件。",
        "请指定一个地图文件：.osm、.osm.gz、.osm.pbf、.graphml 或 .npz。",
    ),
    "E3003": _Words(
        "{path} ends in no known suffix.",
        "Rename it by what it holds: .osm, .osm.gz, .osm.pbf, .graphml or .npz.",
        "无法识别 {path} 的后缀。",
        "请按内容改名：.osm、.osm.gz、.osm.pbf、.graphml 或 .npz。",
    ),
    "E3004": _Words(
        "{path} is empty.",
        "Download or export it again; the earlier attempt wrote nothing.",
        "{path} 是空文件。",
        "请重新下载或导出；上一次没有写入任何内容。",
    ),
    "E3005": _Words(
        "{path} is damaged or cut off: {detail}.",
        "Download it again and compare its size or checksum with the source.",
        "{path} 已损坏或不完整：{detail}。",
        "请重新下载，并与来源核对大小或校验和。",
    ),
    "E3006": _Words(
        "{path} is not an OpenStreetMap file: {detail}.",
        "Export OSM data (XML or PBF), and let the suffix say which of them it is.",
        "{path} 不是 OpenStreetMap 文件：{detail}。",
        "请导出 OSM 数据（XML 或 PBF），并使后缀与格式一致。",
    ),
    "E3007": _Words(
        "{path} holds no street that anybody may use ({n_ways} ways with a highway tag).",
        "Export an area with streets, and keep the ways tagged `highway` when filtering.",
        "{path} 中没有任何可通行的道路（带 highway 标签的路径 {n_ways} 条）。",
        "请导出含有道路的区域；过滤时保留带 `highway` 标签的路径。",
    ),
    "E3008": _Words(
        "{path} names {n_ways} streets, but none of their nodes comes before them.",
        "Include the nodes when exporting, and sort the file (osmium sort): nodes, then ways.",
        "{path} 有 {n_ways} 条道路，但其节点都没有出现在道路之前。",
        "导出时请包含节点，并排序（osmium sort）：先节点，后路径。",
    ),
    "E3009": _Words(
        "{path} is not a street graph in GraphML as osmnx saves it: {detail}.",
        "Save the graph with osmnx.save_graphml and read that file.",
        "{path} 不是 osmnx 保存的 GraphML 路网：{detail}。",
        "请用 osmnx.save_graphml 保存路网后再读取。",
    ),
    "E3010": _Words(
        "{path} cannot be opened: {detail}.",
        "Check who may read the file.",
        "无法打开 {path}：{detail}。",
        "请检查文件的读取权限。",
    ),
    "E3101": _Words(
        "{path} is not a saved network: {detail}.",
        "Give a file that Network.save wrote, or read the map again and save it.",
        "{path} 不是已保存的路网：{detail}。",
        "请提供由 Network.save 写出的文件，或重新读取地图并保存。",
    ),
    "E3102": _Words(
        "{path} was saved as version {found}; this program reads version {expected}.",
        "Read the original map file again and save it with this program.",
        "{path} 的保存版本是 {found}，本程序读取版本 {expected}。",
        "请重新读取原始地图文件，并用本程序保存。",
    ),
    "E3103": _Words(
        "The network cannot be written to {path}: {detail}.",
        "Choose a folder that exists, may be written to and has room.",
        "无法将路网写入 {path}：{detail}。",
        "请选择存在、可写且空间足够的文件夹。",
    ),
    "E3201": _Words(
        "There is no profile {profile!r}.",
        "Use one of: {known}.",
        "没有名为 {profile!r} 的出行方式。",
        "可用：{known}。",
    ),
    "E3202": _Words(
        "{name} has no connected streets for the profile {profile!r}.",
        "Use a map with such streets, or one of its profiles: {known}.",
        "{name} 中没有适合出行方式 {profile!r} 的连通道路。",
        "请换用含有此类道路的地图，或使用：{known}。",
    ),
    "E3203": _Words(
        "{name} holds separate street networks {km} km apart, of {kept} and {dropped} nodes.",
        "Cut the map to one area, or drop {dropped} nodes: `careroute graph --largest-part`, or in "
        "Python read_network(..., largest_part=True).",
        "{name} 含有相距 {km} 公里的独立路网，节点数分别为 {kept} 和 {dropped}。",
        "请将地图裁剪为一个地区，或舍弃其中 {dropped} 个节点：`careroute graph --largest-part`，"
        "在 Python 中为 read_network(..., largest_part=True)。",
    ),
    "E3301": _Words(
        "There is no coordinate system {system!r}.",
        "Use one of: wgs84 (GPS), gcj02 (Amap, Tencent), bd09 (Baidu).",
        "没有名为 {system!r} 的坐标系。",
        "可用：wgs84（GPS）、gcj02（高德、腾讯）、bd09（百度）。",
    ),
    "E3302": _Words(
        "{n_bad} of {n} points are no place on earth; the first is number {first}.",
        "Give finite longitudes within ±180 and latitudes within ±90, longitude first.",
        "{n} 个点中有 {n_bad} 个不是有效坐标；第一个是第 {first} 个。",
        "经度应在 ±180 之内，纬度应在 ±90 之内，经度在前。",
    ),
    "E3401": _Words(
        "{n_bad} node indexes lie outside 0..{last}; the first is {first}.",
        "Snap the points to this network first; nodes of another network do not fit.",
        "有 {n_bad} 个节点序号不在 0..{last} 之内；第一个是 {first}。",
        "请先将点匹配到本路网；其他路网的节点不适用。",
    ),
    "E3402": _Words(
        "No way leads from node {source} to node {target} for the profile {profile!r}.",
        "Snap both ends with the same profile; if turn restrictions close all ways, turn them off.",
        "出行方式 {profile!r} 下，节点 {source} 无法到达节点 {target}。",
        "请用同一出行方式匹配两端；若转弯限制封闭了所有路径，请不启用转弯规则。",
    ),
    "E3403": _Words(
        "No street leads from node {source} straight to node {target} for {profile!r}.",
        "Give the nodes of a path as travel_path returned them, with the same profile.",
        "出行方式 {profile!r} 下，节点 {source} 与 {target} 之间没有直接道路。",
        "请使用 travel_path 返回的节点序列和相同的出行方式。",
    ),
    "E3404": _Words(
        "The buffers for the matrix do not fit: {detail}.",
        "Give two C-contiguous, writable int32 arrays of shape ({n}, {n}).",
        "矩阵缓冲区不合适：{detail}。",
        "请提供两个形状为 ({n}, {n}) 的可写 C 连续 int32 数组。",
    ),
    "E3405": _Words(
        "There is no side of the street {side!r}.",
        "Use one of: {known}.",
        "没有名为 {side!r} 的道路侧。",
        "可用：{known}。",
    ),
    "E3406": _Words(
        "{n_bad} of {n} points lie on no street open to {profile!r}; the first is number {first}.",
        "Snap the points with snap_to_edges to this network and with this profile.",
        "{n} 个点中有 {n_bad} 个不在出行方式 {profile!r} 可通行的道路上；第一个是第 {first} 个。",
        "请用 snap_to_edges 以本路网和该出行方式重新匹配这些点。",
    ),
    "E3407": _Words(
        "{name} cannot be {value!r}.",
        "Give a number above {low}, up to {high}.",
        "{name} 不能是 {value!r}。",
        "请给出大于 {low} 且不超过 {high} 的数。",
    ),
    "E3408": _Words(
        "A route needs one place of the same kind at either end, not {detail}.",
        "Give two nodes, or two points as points.take([k]) returns them.",
        "路线两端须各为一个同类位置，而不是 {detail}。",
        "请提供两个节点，或两个由 points.take([k]) 得到的点。",
    ),
    "E3501": _Words(
        "The streets of {place!r} could not be downloaded: {detail}.",
        "Check the connection, or read a local .osm.pbf extract of the area instead.",
        "无法下载 {place!r} 的道路：{detail}。",
        "请检查网络连接，或改为读取该地区的本地 .osm.pbf 文件。",
    ),
    "E3502": _Words(
        "The map service knows no place {place!r} with streets: {detail}.",
        "Write the name as OpenStreetMap does, for example 'Jing'an, Shanghai, China'.",
        "地图服务找不到含道路的地点 {place!r}：{detail}。",
        "请按 OpenStreetMap 的写法填写，例如“静安区, 上海市, 中国”。",
    ),
    "E3503": _Words(
        "osmnx cannot be imported: {detail}.",
        "Install it (pip install osmnx), or read an .osm.pbf file, which needs none.",
        "无法导入 osmnx：{detail}。",
        "请安装（pip install osmnx），或读取无需它的 .osm.pbf 文件。",
    ),
    "E3504": _Words(
        "This is not a street graph as osmnx builds it: {detail}.",
        "Give a networkx.MultiDiGraph with x and y on nodes and `highway` on edges.",
        "这不是 osmnx 构建的路网：{detail}。",
        "请提供节点含 x、y，边含 `highway` 的 networkx.MultiDiGraph。",
    ),
    "E3601": _Words(
        "A synthetic city of {n_nodes} nodes cannot be built.",
        "Ask for {smallest} to {largest} nodes.",
        "无法生成 {n_nodes} 个节点的模拟城市。",
        "节点数应在 {smallest} 到 {largest} 之间。",
    ),
    "E3602": _Words(
        "Points cannot be drawn from {where!r}.",
        "Use one of: city, village, anywhere.",
        "无法从 {where!r} 抽取点。",
        "可用：city、village、anywhere。",
    ),
    "E3701": _Words(
        "{path} lacks the columns {missing}.",
        "Let its first line read: {columns}",
        "{path} 缺少列：{missing}。",
        "首行应为：{columns}",
    ),
    "E3702": _Words(
        "{path}, line {line}, column {column}: {value!r} is not valid.",
        "Write there: {expected}",
        "{path} 第 {line} 行，列 {column}：{value!r} 无效。",
        "此处应填：{expected}",
    ),
}


class NetworkError(Exception):
    """Map data that cannot be read, or a question that it cannot answer.

    Parameters
    ----------
    code : a key of ``CODES``.
    facts : the values that the row's words name in braces.

    Attributes
    ----------
    code : ``E3xxx``, stable.
    message, hint : what is wrong, and what to do, in English.
    message_zh, hint_zh : the same in Chinese.
    """

    def __init__(self, code: str, **facts: object) -> None:
        words = CODES[code]
        self.code = code
        self.facts = facts
        self.message = words.message.format(**facts)
        self.hint = words.hint.format(**facts)
        self.message_zh = words.message_zh.format(**facts)
        self.hint_zh = words.hint_zh.format(**facts)
        super().__init__(f"{code} {self.message} {self.hint}")

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip between processes: rebuilt from its code and facts."""
        return _rebuild, (self.code, self.facts)


def _rebuild(code: str, facts: dict[str, object]) -> NetworkError:
    return NetworkError(code, **facts)
