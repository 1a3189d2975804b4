"""Unified social credit code (统一社会信用代码): parse, check, build.

python-stdnum knows the check character, but demands digits in the first eight positions and so
refuses real codes that begin with A, N or Y; it looks neither at the inner organisation code nor at
the division. This module wraps it: the check character is taken from there, the rest is ours.

What refuses a code and what only marks it is decided here. Whether a marked record is shown is not.
"""

import re
from dataclasses import dataclass
from enum import Enum
from operator import mul

from stdnum.cn import uscc as stdnum_uscc

from schema.identifiers.division import DivisionStatus, division_status
from schema.identifiers.organisation_code import organisation_check_character
from schema.identifiers.registration_type import is_listed_type

#: The 31 characters of a code: digits and letters without I, O, S, V, Z. Source: GB 32100-2015.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_LENGTH = 18

_STRUCTURE = re.compile(rf"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}", re.ASCII)
# Powers of three mod 31; the check character's own weight is one, so a valid code sums to zero.
_WEIGHTS = (*(pow(3, position, 31) for position in range(17)), 1)
_VALUES = bytes(max(USCC_ALPHABET.find(chr(code)), 0) for code in range(256))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Not blanks to Python, but invisible and found at the edges of exported cells.
_INVISIBLE = dict.fromkeys((0xFEFF, 0x200B, 0x200E, 0x200F))


class UsccErrorKind(Enum):
    """Why a text is not a unified social credit code."""

    LENGTH = "LENGTH"
    ALPHABET = "ALPHABET"
    STRUCTURE = "STRUCTURE"
    CHECKSUM = "CHECKSUM"


class UsccFlag(Enum):
    """What is remarkable about an accepted code; none of these is a reason to refuse it.

    The first three tell how the text differed from the canonical form, the others what the code
    itself says.
    """

    LOWER_CASE = "LOWER_CASE"
    FULL_WIDTH = "FULL_WIDTH"
    BLANKS = "BLANKS"
    INNER_CHECK_FAILED = "INNER_CHECK_FAILED"
    UNKNOWN_DIVISION = "UNKNOWN_DIVISION"
    RETIRED_DIVISION = "RETIRED_DIVISION"
    UNLISTED_TYPE = "UNLISTED_TYPE"


class UsccError(ValueError):
    """A text that is not a unified social credit code.

    The message tells what was found and what was expected, and never repeats the text.
    """

    def __init__(self, kind: UsccErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Uscc:
    """A checked unified social credit code, in canonical form, with its parts.

    `code` is what is stored, compared and shown. `flags` depends on the text that was parsed: two
    texts of one code can differ in it.
    """

    code: str
    flags: frozenset[UsccFlag]

    @property
    def authority(self) -> str:
        """Position 1: registration authority (登记管理部门)."""
        return self.code[0]

    @property
    def organisation_type(self) -> str:
        """Position 2: organisation type (机构类别), which depends on the authority."""
        return self.code[1]

    @property
    def division(self) -> str:
        """Positions 3 to 8: division of the first registering authority (行政区划码)."""
        return self.code[2:8]

    @property
    def organisation_code(self) -> str:
        """Positions 9 to 17: organisation code (主体标识码), its own check character included."""
        return self.code[8:17]

    def __str__(self) -> str:
        return self.code


def is_uscc(text: str) -> bool:
    """Tell whether the text is a unified social credit code in canonical form.

    This is the quick question of the hot path: lower case, full-width characters and blanks are
    answered with False, although `parse_uscc` would repair them. Flags are not looked at.
    """
    return _STRUCTURE.fullmatch(text) is not None and not _weighted_sum(text) % 31


def _weighted_sum(code: str) -> int:
    return sum(map(mul, code.encode("ascii").translate(_VALUES), _WEIGHTS))


def parse_uscc(text: str) -> Uscc:
    """Read a unified social credit code as people and programs write it.

    Lower case, full-width characters and blanks are put right and flagged. Nothing else is: a
    letter O is not read as a zero, and a hyphen is refused.

    Returns:
        The code with its flags.

    Raises:
        UsccError: With kind LENGTH, ALPHABET, STRUCTURE or CHECKSUM; the first that applies.

    Source: GB 32100-2015: eighteen characters, alphabet without I, O, S, V, Z, mod 31 check.
    """
    code, flags = _normalise(text)
    if len(code) != USCC_LENGTH:
        raise UsccError(
            UsccErrorKind.LENGTH,
            f"unified social credit code has {len(code)} characters, expected {USCC_LENGTH}",
        )
    for position, character in enumerate(code, start=1):
        if character not in USCC_ALPHABET:
            raise UsccError(
                UsccErrorKind.ALPHABET,
                f"unified social credit code has a foreign character at position {position},"
                " expected digits and letters without I, O, S, V, Z",
            )
    if _STRUCTURE.fullmatch(code) is None:
        raise UsccError(
            UsccErrorKind.STRUCTURE,
            "unified social credit code has a letter in positions 3 to 8, expected the six digits"
            " of a division",
        )
    if not is_uscc(code):
        raise UsccError(
            UsccErrorKind.CHECKSUM,
            f"unified social credit code ends with check character `{code[17]}`,"
            f" expected `{check_character(code[:17])}`",
        )
    return Uscc(code, frozenset(flags | _flags_of(code)))


def _normalise(text: str) -> tuple[str, set[UsccFlag]]:
    """Return the text in canonical writing, and what had to be changed."""
    if _STRUCTURE.fullmatch(text):
        return text, set()
    flags = set()
    narrow = text.translate(_FULL_WIDTH)
    if narrow != text:
        flags.add(UsccFlag.FULL_WIDTH)
    dense = "".join(narrow.translate(_INVISIBLE).split())
    if dense != narrow:
        flags.add(UsccFlag.BLANKS)
    # Only ASCII letters have a case here: `ı` or `ſ` must not become a letter of the alphabet.
    upper = dense.upper() if dense.isascii() else dense
    if upper != dense:
        flags.add(UsccFlag.LOWER_CASE)
    return upper, flags


def _flags_of(code: str) -> set[UsccFlag]:
    flags = set()
    if organisation_check_character(code[8:16]) != code[16]:
        flags.add(UsccFlag.INNER_CHECK_FAILED)
    status = division_status(code[2:8])
    if status is DivisionStatus.UNKNOWN:
        flags.add(UsccFlag.UNKNOWN_DIVISION)
    elif status is DivisionStatus.RETIRED:
        flags.add(UsccFlag.RETIRED_DIVISION)
    if not is_listed_type(code[0], code[1]):
        flags.add(UsccFlag.UNLISTED_TYPE)
    return flags


def check_character(first_seventeen: str) -> str:
    """Compute the check character that follows the first seventeen.

    Raises:
        UsccError: Not seventeen characters of the alphabet.

    Source: GB 32100-2015, check character: mod 31 with weights 3^i.
    """
    if len(first_seventeen) != USCC_LENGTH - 1:
        raise UsccError(
            UsccErrorKind.LENGTH,
            f"start of a unified social credit code has {len(first_seventeen)} characters,"
            " expected 17",
        )
    if not all(character in USCC_ALPHABET for character in first_seventeen):
        raise UsccError(
            UsccErrorKind.ALPHABET,
            "start of a unified social credit code has a foreign character,"
            " expected digits and upper-case letters without I, O, S, V, Z",
        )
    return stdnum_uscc.calc_check_digit(first_seventeen)


def make_uscc(authority: str, organisation_type: str, division: str, serial: str) -> Uscc:
    """Build a code with both check characters right.

    Args:
        authority: Position 1, one character.
        organisation_type: Position 2, one character.
        division: Positions 3 to 8, six digits.
        serial: Positions 9 to 16, eight characters of the alphabet.

    Raises:
        UsccError: A part has another length or other characters; the flags are computed, so an
            unlisted type or an unknown division is no error.
    """
    parts = ((authority, 1), (organisation_type, 1), (division, 6), (serial, 8))
    if any(len(part) != length for part, length in parts):
        raise UsccError(
            UsccErrorKind.LENGTH,
            "parts of a unified social credit code have "
            + ", ".join(str(len(part)) for part, _ in parts)
            + " characters, expected 1, 1, 6, 8",
        )
    start = authority + organisation_type + division + serial
    if not all(character in USCC_ALPHABET for character in start):
        raise UsccError(
            UsccErrorKind.ALPHABET,
            "part of a unified social credit code has a foreign character,"
            " expected digits and upper-case letters without I, O, S, V, Z",
        )
    seventeen = start + organisation_check_character(serial)
    return parse_uscc(seventeen + check_character(seventeen))
