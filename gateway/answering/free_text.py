"""Finds personal numbers and addresses in prose on its way out, whatever the field's class.

Found are resident identity numbers, mobile and landline telephone numbers, bank card numbers
and e-mail addresses; full-width digits and digits apart by blanks or dashes count. Not found,
and so never hidden by this: names, home addresses, numbers of fewer than ten digits, and
numbers of fifteen digits. Social credit codes, case and document numbers and dates are left
alone; of a number that is at once a valid resident number and a valid code, it is the resident
number that counts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from schema.identifiers.uscc import USCC_LENGTH, is_uscc

HIDDEN = "****"

_DASHES = "-－‐‑‒–—"
_BLANKS = " \u00a0\u3000\u200b"
_S = f"[{_DASHES}{_BLANKS}]{{0,2}}"
_PLAIN = str.maketrans("０１２３４５６７８９Ｘｘ＠．＋（）", "0123456789Xx@.+()")

_RESIDENT = re.compile(rf"(?<![0-9])(?=([1-9](?:{_S}[0-9]){{16}}{_S}[0-9Xx])(?![0-9]))")
_MOBILE = re.compile(
    rf"(?<![0-9])(?=((?:(?:\+{_S})?8{_S}6{_S})?1{_S}[3-9](?:{_S}[0-9]){{9}})(?![0-9]))"
)
_LANDLINE = re.compile(
    rf"(?<![0-9])(?=(\(?0{_S}(?:10|2{_S}[0-9]|[3-9]{_S}[0-9]{_S}[0-9])\)?"
    rf"{_S}[1-9](?:{_S}[0-9]){{6,7}})(?![0-9]))"
)
_CARDS = tuple(
    re.compile(rf"(?<![0-9])(?=([1-9](?:{_S}[0-9]){{{length - 1}}})(?![0-9]))")
    for length in (19, 18, 17, 16)
)
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}(?![0-9])")
_CODE = re.compile(
    r"(?<![0-9A-Za-z])[0-9ANYany][0-9A-Za-z][0-9]{6}[0-9A-Za-z]{9}[0-9A-Za-z](?![0-9A-Za-z])"
)

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"


def scrub(text: str) -> str:
    """Return the text with every find replaced by `****`; the same text if there is none."""
    if not _may_hold_finds(text):
        return text
    pieces: list[str] = []
    end = 0
    for start, stop in _merged(text):
        pieces.append(text[end:start])
        pieces.append(HIDDEN)
        end = stop
    pieces.append(text[end:])
    return "".join(pieces)


def has_find(text: str) -> bool:
    """Whether `scrub` would change the text."""
    return _may_hold_finds(text) and next(_finds(text.translate(_PLAIN)), None) is not None


_DIGITS_OR_AT = re.compile(r"[0-9０-９](?:[^0-9０-９]{0,4}[0-9０-９]){9}|[@＠]")


def _may_hold_finds(text: str) -> bool:
    return _DIGITS_OR_AT.search(text) is not None


def _merged(text: str) -> list[tuple[int, int]]:
    """Spans of all finds, in order, overlapping ones as one."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(_finds(text.translate(_PLAIN))):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _finds(text: str) -> Iterator[tuple[int, int]]:
    """Spans in text whose digits are plain; may overlap."""
    for match in _MAIL.finditer(text):
        yield match.span()
    for match in _RESIDENT.finditer(text):
        if is_resident_number(_digits(match[1])):
            yield match.span(1)
    for pattern in (_MOBILE, _LANDLINE):
        for match in pattern.finditer(text):
            if not _is_in_code(text, match.span(1)):
                yield match.span(1)
    for pattern in _CARDS:
        for match in pattern.finditer(text):
            digits = _digits(match[1])
            if (
                not _is_in_code(text, match.span(1))
                and not is_uscc(digits)
                and not _DATE.search(match[1])
                and is_card_number(digits)
            ):
                yield match.span(1)


def _is_in_code(text: str, span: tuple[int, int]) -> bool:
    """Whether the span is a part of a valid social credit code."""
    start = max(0, span[0] - USCC_LENGTH)
    return any(
        start + match.start() <= span[0]
        and span[1] <= start + match.end()
        and is_uscc(match[0].upper())
        for match in _CODE.finditer(text[start : span[1] + USCC_LENGTH])
    )


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789Xx").upper()


def is_resident_number(number: str) -> bool:
    """Whether 18 characters are a resident identity number with a possible date of birth.

    Source: GB 11643, check character by ISO 7064 MOD 11-2.
    """
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(
        weight * int(digit) for weight, digit in zip(_RESIDENT_WEIGHTS, number, strict=False)
    )
    return (
        len(number) == 18
        and 1900 <= born.year < 2100
        and number[17] == _RESIDENT_CHECKS[total % 11]
    )


def is_card_number(digits: str) -> bool:
    """Whether the digits satisfy the check of payment card numbers.

    Source: ISO/IEC 7812-1, formula of Luhn.
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_SEPARATORS = bytes(
    sorted({*f"{_DASHES}{_BLANKS}()（）".encode(), *range(0x80, 0xA0)} - {ord("0")})
)
"""Every byte of a separator's UTF-8 form; to drop too many joins too much, and is safe."""
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(".") for byte in range(256))
_WIDE = bytes(
    ord("d")
    if 0x90 <= byte <= 0x99
    else {0xEF: ord("w"), 0xBC: ord("i"), 0xA0: ord("a")}.get(byte, 46)
    for byte in range(256)
)
"""Writes the UTF-8 form of a full-width digit as `wid`, of a full-width @ as `wia`."""
_TEN = b"0" * 10
_CONTEXT = 24


def has_suspect(data: bytes) -> bool:
    """Whether UTF-8 text, such as a JSON document, may hold something that `scrub` would hide.

    Never False where `scrub` would change a string of the document, provided that it does not
    escape digits, blanks or dashes. True may be wrong: the document as a whole is looked at.
    """
    wide = data.translate(_WIDE)
    if b"@" in data or b"wid" in wide or b"wia" in wide:
        return _has_find(data)
    joined = data.translate(_DIGITS, _SEPARATORS)
    if _TEN not in joined:
        return False
    runs = _runs(data.translate(_DIGITS))
    if [stop - start for start, stop in runs] != [stop - start for start, stop in _runs(joined)]:
        return _has_find(data)  # digits apart by separators
    return any(
        _is_suspect_run(data[start:stop], data[stop : stop + 1])
        and _has_find(data[max(0, start - _CONTEXT) : stop + _CONTEXT])
        for start, stop in runs
    )


def _runs(classes: bytes) -> list[tuple[int, int]]:
    """Spans of ten digits or more, in bytes that are `0` for digits and `.` for others."""
    found: list[tuple[int, int]] = []
    start = classes.find(_TEN)
    while start >= 0:
        stop = classes.find(b".", start)
        stop = len(classes) if stop < 0 else stop
        found.append((start, stop))
        start = classes.find(_TEN, stop)
    return found


def _has_find(data: bytes) -> bool:
    return has_find(data.decode("utf-8", "ignore"))


def _is_suspect_run(digits: bytes, following: bytes) -> bool:
    """Whether unseparated digits, ten or more, may be a number that is looked for."""
    length = len(digits)
    if length == 17 and following in (b"X", b"x"):
        return True
    if length >= 16:
        number = digits.decode()
        return length <= 19 and (is_card_number(number) or is_resident_number(number))
    return digits.startswith((b"0", b"1", b"86"))
