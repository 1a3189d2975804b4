"""Masks and the scrubbing of free text: sections 13 and 14 of the page, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from schema.classification import MaskKind
from schema.predicate import WireScalar, WireValue

_COMPOUND_NAMES = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 "
    "澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 "
    "司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 "
    "夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五 "
)
COMPOUND_NAMES = frozenset(_COMPOUND_NAMES.split())
_BANDS = ((1, "0–1万"), (10, "1–10万"), (50, "10–50万"), (100, "50–100万"), (500, "100–500万"))
_ADDRESS = re.compile(
    "(?:.{1,8}?(?:省|自治区))?(?:.{1,8}?(?:市|自治州|地区|盟))?(?:.{1,8}?(?:区|县|市|旗))?"
)
_ALONE = "(?<![0-9A-Za-z])", "(?![0-9A-Za-z])"
_SCRUBBED = tuple(
    re.compile(pattern)
    for pattern in (
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
        "[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
        "[0-9]{3}[0-9Xx]".join(_ALONE),
        "[3-6][0-9]{15}(?:[0-9]{3})?".join(_ALONE),
        "1[3-9][0-9]{9}".join(_ALONE),
        "0[0-9]{2,3}-[0-9]{7,8}".join(_ALONE),
    )
)


def masked(kind: MaskKind, value: WireValue) -> WireValue:
    """The value under a mask; null stays null and a list is masked member by member."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [None if member is None else _MASKS[kind](str(member)) for member in value]
    return _MASKS[kind](str(value))


def scrubbed(value: WireValue) -> WireValue:
    """Free text without identity, card and phone numbers and mail addresses."""
    if isinstance(value, list | tuple):
        return [_scrub(member) for member in value]
    return _scrub(value) if isinstance(value, str) else value


def _scrub(text: WireScalar | None) -> WireScalar | None:
    if not isinstance(text, str):
        return text
    for pattern in _SCRUBBED:
        text = pattern.sub("****", text)
    return text


def _name(text: str) -> str:
    if "·" in text:
        return text[: text.index("·") + 1] + "**"
    if text[:1].isascii() and text[:1].isalpha():
        return text[0] + "***"
    family = text[:2] if text[:2] in COMPOUND_NAMES and len(text) > 2 else text[:1]
    return family + "*" * min(2, max(1, len(text) - len(family)))


def _id(text: str) -> str:
    if len(text) < 15:
        return _id_strict(text)
    return f"{text[:6]}{'*' * 8}{text[-4:]}"


def _id_strict(text: str) -> str:
    stars = "*" * 15
    return stars if len(text) < 8 else text[0] + stars + text[-1]


def _phone(text: str) -> str:
    if re.fullmatch("1[0-9]{10}", text):
        return f"{text[:3]}****{text[-4:]}"
    if re.fullmatch("[0-9]+-[0-9]{7,8}", text):
        return f"{text[: text.index('-') + 1]}****{text[-4:]}"
    return "****"


def _address(text: str) -> str:
    kept = _ADDRESS.match(text)
    assert kept is not None
    return kept.group() + "****"


def _account(text: str) -> str:
    return "****" + text[-4:] if len(text) >= 8 else "****"


def _mail(text: str) -> str:
    return f"{text[0]}***{text[text.rindex('@') :]}" if "@" in text else "***"


def _amount_band(text: str) -> str:
    amount = Decimal(text)
    if amount < 0:
        return "<0"
    if amount == 0:
        return "0"
    return next((band for top, band in _BANDS if amount <= top * 10_000), ">500万")


_MASKS: dict[MaskKind, Callable[[str], str]] = {
    MaskKind.NAME: _name,
    MaskKind.ID: _id,
    MaskKind.ID_STRICT: _id_strict,
    MaskKind.PHONE: _phone,
    MaskKind.ADDRESS: _address,
    MaskKind.ACCOUNT: _account,
    MaskKind.MAIL: _mail,
    MaskKind.AMOUNT_BAND: _amount_band,
    MaskKind.DOCUMENT: lambda _: "****",
    MaskKind.DATE_YEAR: lambda text: text[:4],
}
