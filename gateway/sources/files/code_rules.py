"""What stands in the code column: a code, or which other thing it is.

A row without a valid code is never loaded and never matched by its name; the rule tells the
department what to look for.
"""

import re

from gateway.sources.files.refusals import Refusal, Rule
from schema.identifiers import Uscc, UsccError, UsccErrorKind, is_organisation_code, parse_uscc

_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+")
_NUMBER_WITH_FRACTION = re.compile(r"([0-9]{15,})\.0*")
# A spreadsheet keeps fifteen significant digits of a number and writes zeros for the rest.
_ROUNDED = re.compile(r"[0-9]{15}000")
_OLD_NUMBERS = (
    (re.compile(r"[0-9]{15}|[0-9]{13}"), "registration number of digits"),
    (re.compile(r"[0-9]{6}N[A-Z][0-9]{6}[0-9X]"), "registration number of a cooperative"),
    (re.compile(r"企[合独作].{1,8}字第[0-9]{4,8}号?"), "registration number of a joint venture"),
)
_ORGANISATION_CODE = re.compile(r"[0-9A-Z]{8}-?[0-9X]")
_BAD_USCC = {
    UsccErrorKind.LENGTH: Rule.BAD_USCC_LENGTH,
    UsccErrorKind.ALPHABET: Rule.BAD_USCC_ALPHABET,
    UsccErrorKind.STRUCTURE: Rule.BAD_USCC_STRUCTURE,
    UsccErrorKind.CHECKSUM: Rule.BAD_USCC_CHECKSUM,
}
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def judge_code(text: str | None) -> Uscc | Refusal:
    """Return the code that a text is, or the rule that keeps its row out.

    Args:
        text: The published value; None where nothing was published.
    """
    if text is None or text == "无":
        return Refusal(Rule.MISSING_CODE, "row has no code")
    try:
        return parse_uscc(text)
    except UsccError as error:
        return _other_number(text) or Refusal(_BAD_USCC[error.kind], str(error))


def _other_number(text: str) -> Refusal | None:
    """Tell which known kind of number this is instead of a code."""
    number = "".join(text.translate(_NARROW).upper().split())
    if _SCIENTIFIC.fullmatch(number):
        return Refusal(Rule.PRECISION_LOST, "code was turned into a number in scientific notation")
    if _NUMBER_WITH_FRACTION.fullmatch(number):
        return Refusal(Rule.PRECISION_LOST, "code was turned into a number with a decimal point")
    if _ROUNDED.fullmatch(number):
        reason = "code was turned into a number: zeros after fifteen digits, and its check fails"
        return Refusal(Rule.PRECISION_LOST, reason)
    for pattern, kind in _OLD_NUMBERS:
        if pattern.fullmatch(number):
            reason = f"{kind}, expected a unified social credit code"
            return Refusal(Rule.OLD_REGISTRATION_NUMBER, reason)
    if _ORGANISATION_CODE.fullmatch(number):
        check = "right" if is_organisation_code(number) else "wrong"
        reason = (
            f"organisation code (check character {check}), expected a unified social credit code"
        )
        return Refusal(Rule.ORGANISATION_CODE_ONLY, reason)
    return None
