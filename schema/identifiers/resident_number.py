"""Resident identity numbers (公民身份号码): 17 digits and a check character.

Six digits of the division, eight of the birth date, three of a sequence, and the check. Only the
number's own arithmetic stands here: whether anybody has it is not asked.
"""

from __future__ import annotations

import re

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)


class ResidentNumberError(ValueError):
    """A text that is not a resident number; the message never repeats the text."""


def parse_resident_number(text: str) -> str:
    """Return the 18 characters of a resident number: without blanks, `X` in upper case.

    A division that is not in force, or in no list, is no error: the number was given when the
    division stood, and whoever has it must be found by it. This is why the library's own check
    as a whole is not asked: it looks the division up, refuses some that stood, and fails with a
    KeyError for others.

    Raises:
        ResidentNumberError: wrong shape, no such birth date, or wrong check character.

    Source: GB 11643, structure and check character (ISO 7064, MOD 11-2).
    """
    number = "".join(text.split()).upper()
    if _SHAPE.fullmatch(number) is None:
        raise ResidentNumberError(
            "resident number has another shape than 17 digits and a digit or `X`"
        )
    try:
        ric.get_birth_date(number)
    except ValidationError as error:
        raise ResidentNumberError(
            "resident number holds a birth date that does not exist"
        ) from error
    if number[-1] != ric.calc_check_digit(number):
        raise ResidentNumberError("resident number has a wrong check character")
    return number


def is_resident_number(text: str) -> bool:
    """Tell whether the text is a resident number, blanks and case aside."""
    try:
        parse_resident_number(text)
    except ResidentNumberError:
        return False
    return True
