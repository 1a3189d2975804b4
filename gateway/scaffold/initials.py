"""Initials of Chinese words in pinyin, as departments' columns use them: 处罚决定日期 is `cfjdrq`.

The common characters of GB 2312 stand in the order of their pinyin, so the place of a character
tells its first letter. Characters outside that part, and those with several readings, may get
another letter or none; a match by initials is therefore a guess, and is called one.

Source: GB 2312-80, level 1 characters (rows 16 to 55), ordered by pinyin.
"""

from __future__ import annotations

from bisect import bisect_right

_STARTS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"),
    (0xB8C1, "g"), (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"),
    (0xC4C3, "n"), (0xC5B6, "o"), (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"),
    (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"), (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_PLACES = [place for place, _ in _STARTS]
_END = 0xD7FA


def initials(text: str) -> str:
    """First letters of the characters; ASCII letters and digits as they are, others left out."""
    return "".join(_initial(character) for character in text)


def _initial(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    try:
        code = int.from_bytes(character.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return ""
    if not _PLACES[0] <= code < _END:
        return ""
    return _STARTS[bisect_right(_PLACES, code) - 1][1]
