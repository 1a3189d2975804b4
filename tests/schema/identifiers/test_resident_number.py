"""Resident identity numbers."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from schema.identifiers import ResidentNumberError, is_resident_number, parse_resident_number

VALID = ("410102209901010014", "410181209912310026", "410105209906150074")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def checked(body: str) -> str:
    """The number with these 17 digits, its check character by the weights of the standard."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


@pytest.mark.parametrize("number", VALID)
def test_valid_number_is_returned_as_it_is(number: str) -> None:
    assert parse_resident_number(number) == number


@given(
    st.integers(100_000, 999_999),
    st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)),
    st.integers(0, 999),
)
def test_any_division_date_and_sequence_is_valid_with_its_check_character_only(
    division: int, born: dt.date, sequence: int
) -> None:
    number = checked(f"{division}{born:%Y%m%d}{sequence:03}")
    assert is_resident_number(number)
    others = set("0123456789X") - {number[-1]}
    assert not any(is_resident_number(number[:-1] + other) for other in others)


def test_division_that_the_library_does_not_know_is_no_error() -> None:
    number = checked("41019920990101001")
    with pytest.raises(KeyError):
        ric.validate(number)
    assert parse_resident_number(number) == number


def test_blanks_and_a_small_x_are_normalised() -> None:
    number = next(n for n in (checked(f"4101022099010100{i}") for i in range(10)) if n[-1] == "X")
    assert parse_resident_number(f" {number[:6]} {number[6:].lower()} ") == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "another shape"),
        ("41010220990101001", "another shape"),
        ("4101022099010100144", "another shape"),
        ("010102209901010014", "another shape"),
        ("41010220990101001A", "another shape"),
        ("４10102209901010014", "another shape"),
        ("41010220990101001\n4\x00", "another shape"),
        (checked("41010220991301001"), "date that does not exist"),
        (checked("41010220230229001"), "date that does not exist"),
        (checked("41010200000101001"), "date that does not exist"),
        ("410102209901010015", "wrong check character"),
        ("410102209901010041", "wrong check character"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason_and_without_the_text(
    text: str, reason: str
) -> None:
    with pytest.raises(ResidentNumberError, match=reason) as caught:
        parse_resident_number(text)
    assert not text or text not in str(caught.value)
