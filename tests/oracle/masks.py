"""Masks: section 13 of the page, nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from schema.classification import MaskKind
from schema.identifiers.division import ZHENGZHOU_DIVISIONS
from schema.predicate import WireValue
from tests.oracle.scrub import HIDDEN, finds


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMPOUND_SURNAMES = _words(
    """欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 司空 夏侯 轩辕 端木 百里 东郭 南宫
    西门 独孤 长孙 宇文 澹台 淳于 单于 太史 申屠 公冶 宗政 濮阳 赫连 钟离 鲜于 闾丘 公羊 呼延
    闻人 拓跋 万俟 乐正 微生 左丘 东门 梁丘 南门 第五 仲孙 亓官 司寇 巫马 颛孙 壤驷 漆雕 宰父
    谷梁 段干 夹谷 羊舌 完颜 纳兰 爱新 叶赫 哈萨 那拉"""
)
_ANNOUNCING = _words(
    """住址 家住 现住 住所地 户籍 居住 家庭 身份证 证件号 护照 出生 民族 电话 手机 联系方式 微信
    qq 邮箱 账号 帐号 账户 帐户 银行卡 卡号 开户 患有 患者 病 诊断 残疾 怀孕 妊娠 健康状况
    血型 精神 商业秘密 技术秘密 配方 工艺参数 客户名单"""
)
_BANDS = ((1, "0-1万"), (10, "1-10万"), (50, "10-50万"), (100, "50-100万"), (500, "100-500万"))
_CLAUSE_MARKS = "，。；！？,;!?\n\r"
_NO_DIVISION = "路街道巷号弄村镇乡栋楼室小社园厂里院校苑庄寨屯组店座层场"


def masked(kind: MaskKind, value: WireValue) -> WireValue:
    """The value under a mask; null stays null and a list is masked member by member."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [None if member is None else _MASKS[kind](str(member)) for member in value]
    return _MASKS[kind](str(value))


def _name(text: str) -> str:
    name = "".join(text.split())
    if not name:
        return HIDDEN
    for dot in "·•・‧∙⋅":
        if dot in name:
            return name[: name.index(dot)][:1] + "·**"
    if not unicodedata.name(name[0], "").startswith("CJK "):
        return name[0] + "***"
    if len(name) == 1:
        return "*"
    if len(name) == 2:
        return name[0] + "*"
    return (name[:2] if name[:2] in _COMPOUND_SURNAMES else name[0]) + "**"


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def _id(text: str) -> str:
    plain = _plain(text)
    if re.fullmatch("[1-9][0-9]{16}[0-9X]", plain):
        return f"{plain[:6]}{'*' * 8}{plain[-4:]}"
    return _id_strict(text)


def _id_strict(text: str) -> str:
    plain = _plain(text)
    return HIDDEN if len(plain) < 6 else plain[0] + "*" * 15 + plain[-1]


def _phone(text: str) -> str:
    plain = _plain(text)
    digits = plain.replace("-", "").removeprefix("+")
    if not plain.replace("-", "").startswith("+") or digits.startswith("86"):
        mobile = digits.removeprefix("86")
        if re.fullmatch("1[3-9][0-9]{9}", mobile):
            return f"{mobile[:3]}{HIDDEN}{mobile[-4:]}"
    area = re.fullmatch("(0[0-9]{2,3})-?[0-9]{7,8}", plain)
    return f"{area.group(1)}-{HIDDEN}{plain[-4:]}" if area else HIDDEN


def _address(text: str) -> str:
    address = "".join(text.split())
    at = _division(address, 0, 2, 7, ("省", "自治区", "特别行政区"))
    at = _division(address, at, 2, 8, ("自治州", "地区", "盟", "市"))
    known = [name for name in ZHENGZHOU_DIVISIONS.values() if address.startswith(name, at)]
    if known:
        at += max(map(len, known))
    elif at:
        at = _division(address, at, 1, 10, ("区", "县", "旗", "市"))
    return address[:at] + HIDDEN


def _division(address: str, start: int, least: int, most: int, endings: tuple[str, ...]) -> int:
    """End of the shortest division name that stands at `start`, or `start`."""
    for length in range(least, most + 1):
        name = address[start : start + length]
        if len(name) < length or not all("一" <= c <= "鿿" and c not in _NO_DIVISION for c in name):
            return start
        for ending in endings:
            end = start + length + len(ending)
            is_market = ending == "市" and address[end : end + 1] == "场"
            if address[start + length : end] == ending and not is_market:
                return end
    return start


def _account(text: str) -> str:
    plain = _plain(text)
    return HIDDEN + plain[-4:] if len(plain) >= 8 else HIDDEN


def _mail(text: str) -> str:
    local, at, domain = text.strip().rpartition("@")
    if not at or not domain or "@" in local:
        return HIDDEN
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"


def _amount_band(text: str) -> str:
    amount = Decimal(text)
    if amount < 0:
        return "<0"
    if amount == 0:
        return "0"
    return next((band for top, band in _BANDS if amount <= top * 10_000), ">500万")


def _document(text: str) -> str:
    pieces: list[str] = []
    for is_mark, piece in _clauses(text):
        if is_mark or not _tells(piece):
            pieces.append(piece)
        elif pieces[-1:] != [HIDDEN]:
            pieces.append(HIDDEN)
    shown = "".join(pieces)
    return HIDDEN if finds(shown) else shown


def _clauses(text: str) -> list[tuple[bool, str]]:
    """Clauses and the marks between them, told apart."""
    pieces: list[tuple[bool, str]] = []
    for character in text:
        is_mark = character in _CLAUSE_MARKS
        if pieces and pieces[-1][0] == is_mark:
            pieces[-1] = (is_mark, pieces[-1][1] + character)
        else:
            pieces.append((is_mark, character))
    return pieces


def _tells(clause: str) -> bool:
    begins = clause.startswith("住") and clause[1:2] not in tuple("所宿建房院")
    return begins or any(word in clause.lower() for word in _ANNOUNCING) or bool(finds(clause))


def _year(text: str) -> str:
    found = re.fullmatch("([0-9]{4})-[0-9]{2}-[0-9]{2}(?:T.*)?", text)
    return found.group(1) if found else HIDDEN


_MASKS: dict[MaskKind, Callable[[str], str]] = {
    MaskKind.NAME: _name,
    MaskKind.ID: _id,
    MaskKind.ID_STRICT: _id_strict,
    MaskKind.PHONE: _phone,
    MaskKind.ADDRESS: _address,
    MaskKind.ACCOUNT: _account,
    MaskKind.MAIL: _mail,
    MaskKind.AMOUNT_BAND: _amount_band,
    MaskKind.DOCUMENT: _document,
    MaskKind.DATE_YEAR: _year,
}
