"""Scrubbing of free text: section 14 of the page, by reading digit after digit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from schema.identifiers.uscc import is_uscc
from schema.predicate import WireScalar, WireValue

HIDDEN = "****"
_PLAIN = dict(zip("０１２３４５６７８９Ｘｘ＠．＋（）", "0123456789Xx@.+()", strict=True))
_GAP = "-－‐‑‒–— \u00a0\u3000\u200b"
_DIGITS = "0123456789"
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}(?![0-9])")
Span = tuple[int, int]


def scrubbed(value: WireValue) -> WireValue:
    """Free text without personal numbers and mail addresses."""
    if isinstance(value, list | tuple):
        return [_scrub(member) for member in value]
    return _scrub(value) if isinstance(value, str) else value


def finds(text: str) -> list[Span]:
    """Spans of all finds."""
    plain = "".join(_PLAIN.get(character, character) for character in text)
    found = [match.span() for match in _MAIL.finditer(plain)]
    codes = list(_codes(plain))
    for start, character in enumerate(plain):
        if character in "+0123456789(" and (start == 0 or plain[start - 1] not in _DIGITS):
            found += _numbers(plain, start, codes)
    return found


def _scrub(text: WireScalar | None) -> WireScalar | None:
    if not isinstance(text, str):
        return text
    hidden = [False] * len(text)
    begins = set()
    for start, stop in finds(text):
        if not any(hidden[start:stop]):
            begins.add(start)
        elif not hidden[start]:
            begins = {begin for begin in begins if not start < begin < stop} | {start}
        for position in range(start, stop):
            hidden[position] = True
    shown = []
    for position, character in enumerate(text):
        if position in begins:
            shown.append(HIDDEN)
        if not hidden[position]:
            shown.append(character)
    return "".join(shown)


def _numbers(text: str, start: int, codes: list[Span]) -> Iterator[Span]:
    """Finds that begin here."""
    resident = _read(text, start, ["123456789", *[_DIGITS] * 16, "0123456789Xx"])
    if resident and is_resident(_kept(text, (start, resident))):
        yield start, resident
    for prefix in ([], list("86"), list("+86")):
        mobile = _read(text, start, [*prefix, "1", "3456789", *[_DIGITS] * 9])
        if mobile and not _is_inside(codes, (start, mobile)):
            yield start, mobile
    landline = _landline(text, start)
    if landline and not _is_inside(codes, (start, landline)):
        yield start, landline
    for length in (16, 17, 18, 19):
        card = _read(text, start, ["123456789", *[_DIGITS] * (length - 1)])
        if card and _is_card(text, (start, card), codes):
            yield start, card


def _read(text: str, start: int, wanted: list[str]) -> int | None:
    """End of the characters wanted, with gaps between them; None if they do not stand here."""
    end = _read_open(text, start, wanted)
    return end if end is not None and text[end : end + 1] not in tuple(_DIGITS) else None


def _read_open(text: str, start: int, wanted: list[str]) -> int | None:
    at = start
    for number, allowed in enumerate(wanted):
        gap = 0
        while number and gap < 2 and text[at : at + 1] and text[at] in _GAP:
            at, gap = at + 1, gap + 1
        if not text[at : at + 1] or text[at] not in allowed:
            return None
        at += 1
    return at


def _landline(text: str, start: int) -> int | None:
    """End of the longest landline number that begins here."""
    begin = start + (text[start] == "(")
    ends = []
    for area in (["1", "0"], ["2", _DIGITS], ["3456789", _DIGITS, _DIGITS]):
        after_area = _read_open(text, begin, ["0", *area])
        if after_area is None:
            continue
        if text[after_area : after_area + 1] == ")":
            after_area += 1
        for count in (6, 7):
            for gap in range(3):
                skipped = text[after_area : after_area + gap]
                if len(skipped) == gap and all(character in _GAP for character in skipped):
                    number = ["123456789", *[_DIGITS] * count]
                    ends.append(_read(text, after_area + gap, number))
    return max((end for end in ends if end is not None), default=None)


def is_resident(number: str) -> bool:
    """Whether 18 characters are a resident number. Source: GB 11643."""
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weighted = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(number[:17]))
    return 1900 <= born.year <= 2099 and number[17] == "0123456789X"[(12 - weighted % 11) % 11]


def _is_card(text: str, span: Span, codes: list[Span]) -> bool:
    digits = _kept(text, span)
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    is_right = sum(value // 10 + value % 10 for value in doubled) % 10 == 0
    has_date = _DATE.search(text[span[0] : span[1]]) is not None
    return is_right and not has_date and not is_uscc(digits) and not _is_inside(codes, span)


def _codes(text: str) -> Iterator[Span]:
    """Valid social credit codes that stand alone."""
    for match in re.finditer("[0-9A-Za-z]+", text):
        if match.end() - match.start() == 18 and is_uscc(match.group().upper()):
            yield match.span()


def _is_inside(codes: list[Span], span: Span) -> bool:
    return any(start <= span[0] and span[1] <= stop for start, stop in codes)


def _kept(text: str, span: Span) -> str:
    return "".join(c for c in text[span[0] : span[1]] if c in "0123456789Xx").upper()
