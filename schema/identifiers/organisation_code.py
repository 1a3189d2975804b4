"""Organisation codes (组织机构代码), nine characters: eight of body and one check character.

The code lives on as positions 9 to 17 of the unified social credit code. Only its own arithmetic
stands here.
"""

import re

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_VALUE = {
    character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
_SHAPE = re.compile(r"([0-9A-Z]{8})-?([0-9X])", re.ASCII)


class OrganisationCodeError(ValueError):
    """A text that is not an organisation code; the message never repeats the text."""


def organisation_check_character(body: str) -> str:
    """Compute the check character of an organisation code.

    Args:
        body: The first eight characters, digits and upper-case letters.

    Returns:
        A digit, or `X` for the remainder ten.

    Raises:
        OrganisationCodeError: The body has another length or other characters.

    Source: GB 11714, check character: 11 minus the weighted sum mod 11; ten is X, eleven is 0.
    """
    if len(body) != len(_WEIGHTS):
        raise OrganisationCodeError(
            f"body of an organisation code has {len(body)} characters, expected 8"
        )
    try:
        total = sum(_VALUE[character] * w for character, w in zip(body, _WEIGHTS, strict=True))
    except KeyError as error:
        raise OrganisationCodeError(
            "body of an organisation code has a character that is neither digit nor upper-case"
            " Latin letter"
        ) from error
    return "0123456789X"[-total % 11]


def is_organisation_code(text: str) -> bool:
    """Tell whether the text is an organisation code with the right check character.

    Both written forms count, with the hyphen before the check character and without it. Nothing
    is normalised: lower case and blanks are refused.
    """
    match = _SHAPE.fullmatch(text)
    return match is not None and organisation_check_character(match[1]) == match[2]


def parse_organisation_code(text: str) -> str:
    """Return the nine characters of an organisation code, without a hyphen.

    Raises:
        OrganisationCodeError: Wrong shape or wrong check character.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise OrganisationCodeError(
            "organisation code has another shape than eight digits or upper-case letters and one"
            " check character"
        )
    expected = organisation_check_character(match[1])
    if match[2] != expected:
        raise OrganisationCodeError(
            f"organisation code ends with check character `{match[2]}`, expected `{expected}`"
        )
    return match[1] + match[2]
