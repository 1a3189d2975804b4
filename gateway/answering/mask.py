"""Masks: what is shown of a value that a rule masks. One function per kind, on wire values.

Every mask is total (any text, number or null has a masked form), deterministic, and leaks
only what its docstring states. None keeps the length of what it hides. Joins never use masked
values. Lists are masked element by element.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from gateway.answering.document_mask import mask_document
from gateway.answering.free_text import HIDDEN
from gateway.answering.surnames import COMPOUND_SURNAMES
from schema.classification import MaskKind
from schema.identifiers.division import ZHENGZHOU_DIVISIONS
from schema.predicate import WireScalar, WireValue

MaskFunction = Callable[[WireValue], WireValue]

_BANDS: tuple[tuple[Decimal, str], ...] = (
    (Decimal(0), "0"),
    (Decimal(10_000), "0-1万"),
    (Decimal(100_000), "1-10万"),
    (Decimal(500_000), "10-50万"),
    (Decimal(1_000_000), "50-100万"),
    (Decimal(5_000_000), "100-500万"),
)
_TOP_BAND = ">500万"
_NEGATIVE_BAND = "<0"

_YEAR = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}(?:T.*)?\Z")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9])[0-9]{4}([0-9]{4})\Z")
_LANDLINE = re.compile(r"(0[0-9]{2,3})-?[0-9]{3,4}([0-9]{4})\Z")
_RESIDENT_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]\Z")

# Characters that name something smaller than a district never belong to a division shown.
_NAME_OF_DIVISION = r"(?:(?![路街道巷号弄村镇乡栋楼室小社园厂里院校苑庄寨屯组店座层场])[一-鿿])"
_PROVINCE = re.compile(rf"{_NAME_OF_DIVISION}{{2,7}}?(?:省|自治区|特别行政区)")
_CITY = re.compile(rf"{_NAME_OF_DIVISION}{{2,8}}?(?:自治州|地区|盟|市)(?!场)")
_DISTRICT = re.compile(rf"{_NAME_OF_DIVISION}{{1,10}}?(?:区|县|旗|市(?!场))")
_KNOWN_DIVISION = re.compile("|".join(sorted(ZHENGZHOU_DIVISIONS.values(), key=len, reverse=True)))
_MIDDLE_DOTS = "·•・‧∙⋅"


def mask_function(kind: MaskKind) -> MaskFunction:
    """Return the function that masks wire values in this way."""
    text_mask = _TEXT_MASKS[kind]

    def mask(value: WireValue) -> WireValue:
        if value is None:
            return None
        if isinstance(value, list | tuple):
            return [None if member is None else text_mask(_text(member)) for member in value]
        return text_mask(_text(value))

    return mask if kind is not MaskKind.NONE else _unchanged


def _unchanged(value: WireValue) -> WireValue:
    return value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def mask_name(text: str) -> str:
    """Hide the given name. Leaks: the surname, and whether the given name is one character.

    Of Chinese names a known compound surname or the first character is shown; of names with a
    middle dot, and of Latin and other names, the first character.
    """
    name = "".join(text.split())
    if not name:
        return HIDDEN
    for dot in _MIDDLE_DOTS:
        if dot in name:
            return f"{name.split(dot)[0][:1]}·**"
    if not _is_han(name[0]):
        return f"{name[0]}***"
    if len(name) == 1:
        return "*"
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return f"{name[:2]}**"
    return f"{name[0]}*" if len(name) == 2 else f"{name[0]}**"


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK ")


def mask_id(text: str) -> str:
    """Show 6 + 4 characters of a resident number, the ends of longer documents, else nothing.

    Leaks: of a resident number the division of first registration, the sequence and the check
    character; of other documents the first and last character.
    """
    number = _plain(text)
    if _RESIDENT_FORM.match(number):
        return f"{number[:6]}********{number[-4:]}"
    return mask_id_strict(text)


def mask_id_strict(text: str) -> str:
    """Show the first and last character of a document number. Leaks: these two."""
    number = _plain(text)
    return f"{number[0]}***************{number[-1]}" if len(number) >= 6 else HIDDEN


def mask_phone(text: str) -> str:
    """Show network or area and the last four digits. Leaks: these; of other numbers nothing."""
    number = _plain(text)
    mobile = _MOBILE.match(number.replace("-", ""))
    if mobile:
        return f"{mobile[1]}{HIDDEN}{mobile[2]}"
    landline = _LANDLINE.match(number)
    return f"{landline[1]}-{HIDDEN}{landline[2]}" if landline else HIDDEN


def mask_address(text: str) -> str:
    """Show province, city and district. Leaks: these.

    A part is shown only if it ends in a word for a division and has none for anything smaller,
    so that `阳光小区` is no district; the districts of Zhengzhou are known by name.
    """
    address = "".join(text.split())
    end = 0
    for pattern in (_PROVINCE, _CITY):
        found = pattern.match(address, end)
        end = found.end() if found else end
    found = _KNOWN_DIVISION.match(address, end) or (_DISTRICT.match(address, end) if end else None)
    end = found.end() if found else end
    return f"{address[:end]}{HIDDEN}"


def mask_account(text: str) -> str:
    """Show the last four characters of an account number. Leaks: these; of short ones nothing."""
    number = _plain(text)
    return f"{HIDDEN}{number[-4:]}" if len(number) >= 8 else HIDDEN


def mask_mail(text: str) -> str:
    """Show the first letter and the domain. Leaks: these, and so maybe the employer."""
    local, at, domain = text.strip().rpartition("@")
    if not at or not domain or "@" in local:
        return HIDDEN
    return f"{local[0]}***@{domain}" if len(local) > 1 else f"***@{domain}"


def mask_amount(text: str) -> str:
    """Show the band of an amount in yuan, upper bound included. Leaks: the band, and zero."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return HIDDEN
    if not amount.is_finite():
        return HIDDEN
    if amount < 0:
        return _NEGATIVE_BAND
    return next((name for bound, name in _BANDS if amount <= bound), _TOP_BAND)


def mask_date(text: str) -> str:
    """Show the year of a date or time. Leaks: the year."""
    found = _YEAR.match(text)
    return found[1] if found else HIDDEN


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


_TEXT_MASKS: dict[MaskKind, Callable[[str], WireScalar]] = {
    MaskKind.NONE: str,
    MaskKind.NAME: mask_name,
    MaskKind.ID: mask_id,
    MaskKind.ID_STRICT: mask_id_strict,
    MaskKind.PHONE: mask_phone,
    MaskKind.ADDRESS: mask_address,
    MaskKind.ACCOUNT: mask_account,
    MaskKind.MAIL: mask_mail,
    MaskKind.AMOUNT_BAND: mask_amount,
    MaskKind.DOCUMENT: mask_document,
    MaskKind.DATE_YEAR: mask_date,
}
