"""The inner organisation code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.identifiers import (
    OrganisationCodeError,
    is_organisation_code,
    organisation_check_character,
    parse_organisation_code,
)

_BODIES = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # 3+7+9+10+5+8+4+2 = 48, 11 - 48 % 11 = 7
        ("11111111", "7"),
        # 11 - 0 = 11, written 0
        ("00000000", "0"),
        # 3 * 15 = 45, 11 - 45 % 11 = 10, written X
        ("F0000000", "X"),
        ("MA9DEM02", "8"),
    ],
)
def test_check_character_worked_by_hand(body: str, expected: str) -> None:
    assert organisation_check_character(body) == expected


@given(_BODIES)
def test_built_code_is_accepted_with_and_without_hyphen(body: str) -> None:
    check = organisation_check_character(body)
    assert is_organisation_code(body + check)
    assert parse_organisation_code(f"{body}-{check}") == body + check


@pytest.mark.parametrize(
    "text", ["11111111-8", "1111111-7", "11111111--7", "1111111a7", "１１１１１１１１7", ""]
)
def test_wrong_code_is_refused(text: str) -> None:
    assert not is_organisation_code(text)
    with pytest.raises(OrganisationCodeError):
        parse_organisation_code(text)


@pytest.mark.parametrize("body", ["1111111", "111111111", "1111111a", "1111111 "])
def test_check_character_of_wrong_body_is_refused(body: str) -> None:
    with pytest.raises(OrganisationCodeError):
        organisation_check_character(body)
