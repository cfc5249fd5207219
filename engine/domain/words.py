"""Words for faults: what of an input may be shown, what it might have meant, how a time reads.

An input fault travels to screens and logs, so only opaque tokens are shown: something that has the
form of an id and does not look like a phone number, an identity-card number or a name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from engine.domain.faults import Words

#: Longer tokens are no typing mistake, and nobody reads them.
MAX_SHOWN = 40
#: Comparing with thousands of ids takes longer than reading the whole problem.
MAX_CANDIDATES = 300

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\-]*", re.ASCII)  # "careroute-plan/1" too
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[\U00020000-\U0003ffff]")
#: Mainland mobile numbers, also with +86 or separators, and landlines with their area code.
_PHONE = re.compile(
    r"(?:\+?86[-. ]?)?1[3-9]\d(?:[-. ]?\d{4}){2}|0\d{2,3}[-. ]\d{7,8}|400[-. ]?\d{3}[-. ]?\d{4}",
    re.ASCII,
)
#: GB 11643: province, birth date, sequence, check character. A birth date in 18xx to 20xx and an
#: existing province tell it from an 18-digit serial number, which usually begins with a year.
_ID_CARD = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123])\d{4}"
    r"(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]",
    re.ASCII,
)

NOTHING = Words("", "")
PHONE = Words("a phone number", "电话号码")
ID_CARD = Words("an identity-card number", "身份证号码")
NAME = Words("a person's name", "姓名")


def personal(text: str) -> Words | None:
    """Name the kind of personal datum that a would-be id looks like; None: it does not."""
    if not text.isascii() and _HAN.search(text):
        return NAME
    # Cheap first: this runs for every id of a problem, and few begin with a digit.
    if text[:1] not in "0123456789+":
        return None
    if _ID_CARD.fullmatch(text):
        return ID_CARD
    if _PHONE.fullmatch(text):
        return PHONE
    return None


def is_shown(value: object) -> bool:
    """Whether a value of the input is an opaque token that a fault may repeat."""
    return (
        isinstance(value, str)
        and len(value) <= MAX_SHOWN
        and _TOKEN.fullmatch(value) is not None
        and personal(value) is None
    )


def shown(value: object) -> Words:
    """Repeat a value of the input in quotes, or say that it is not shown."""
    if is_shown(value):
        return Words(f'"{value}"', f"“{value}”")
    return Words("(not shown)", "（不显示）")


def did_you_mean(value: object, candidates: Collection[str]) -> Words:
    """Start a hint with the nearest candidate; empty where none is near."""
    if not isinstance(value, str) or not is_shown(value):
        return NOTHING
    folded = value.casefold()
    near = next((c for c in candidates if c.casefold() == folded), None)
    if near is None and len(candidates) <= MAX_CANDIDATES:
        # Folding first finds SERVICE for "service". Of W0011 and W0013 neither is what W0012 meant.
        by_fold = {c.casefold(): c for c in sorted(candidates)}
        match = difflib.get_close_matches(folded, by_fold, n=2, cutoff=0.7)
        if match and len({_alike(folded, m) for m in match}) == len(match):
            near = by_fold[match[0]]
    if near is None or not is_shown(near):
        return NOTHING
    return Words(f'did you mean "{near}"? ', f"是否应为“{near}”？")


def _alike(text: str, candidate: str) -> float:
    return difflib.SequenceMatcher(None, candidate, text).ratio()  # as get_close_matches has it


def listing(names: Collection[str]) -> Words:
    """Join names for a hint."""
    return Words(", ".join(names), "、".join(names))


def clock(seconds: int) -> str:
    """Seconds of the plan as a clock reads them: 30600 is 08:30, 90000 is 25:00, -60 is -00:01."""
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest:02d}" if rest else text
