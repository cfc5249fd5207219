"""What the command line says, in English and Chinese: key -> (en, zh)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

Lang = Literal["en", "zh"]

WORDS: dict[str, tuple[str, str]] = {
    "reading": ("reading the network", "读取路网"),
    "generating": ("generating a day", "生成一天的任务"),
    "planning": ("planning", "规划中"),
    "rendering": ("writing files", "写出文件"),
    "stopping": (
        "stopping; the best plan so far will be written (Ctrl-C again: give up)",
        "正在停止；将写出目前最好的计划（再按 Ctrl-C 放弃）",
    ),
    "faults": ("{n} fault(s) in the input {subject}", "输入 {subject} 中有 {n} 处错误"),
    "violations": ("{n} broken promise(s)", "{n} 项承诺未兑现"),
    "clean": ("clean: every promise is kept", "通过：全部承诺均已兑现"),
    "wrote": ("wrote {path}", "已写出 {path}"),
    "code": ("code", "编号"),
    "path": ("path", "位置"),
    "message": ("what is wrong", "问题"),
    "hint": ("what to do", "处理建议"),
    "rule": ("rule", "规则"),
    "internal": ("internal error", "内部错误"),
    "debug": ("run again with --debug to see where", "加 --debug 重新运行可查看出错位置"),
    "counts": ("network", "路网"),
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
