"""Every input fault: its code, and how it is told to a person in English and Chinese."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import Fault


class _Text(NamedTuple):
    message: str
    hint: str
    message_zh: str
    hint_zh: str


#: code -> texts with ``{placeholders}``. Texts name no value that could identify a person.
TEXTS: dict[str, _Text] = {
    "E1403": _Text(
        "the point lies {distance_m} m from the nearest road that {mode} may use; the limit is {limit_m} m",
        "check lon and lat (swapped? another coordinate system?), or raise max_snap_m",
        "该点距{mode}可通行的最近道路 {distance_m} 米，上限为 {limit_m} 米",
        "请检查经纬度（是否颠倒、坐标系是否正确），或提高 max_snap_m",
    ),
}


def fault(code: str, path: str, **params: object) -> Fault:
    """Make a fault from the table; ``params`` fill the placeholders of its texts."""
    text = TEXTS[code]
    return Fault(
        path=path,
        code=code,
        message=text.message.format(**params),
        hint=text.hint.format(**params),
        message_zh=text.message_zh.format(**params),
        hint_zh=text.hint_zh.format(**params),
    )
