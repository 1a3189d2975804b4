"""The code validator: vectors, what is repaired, what is flagged, what the check catches."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schema.identifiers import (
    USCC_ALPHABET,
    Uscc,
    UsccError,
    UsccErrorKind,
    UsccFlag,
    check_character,
    is_uscc,
    make_uscc,
    parse_uscc,
)

# Invented: division 410199 is not assigned, so none of these can belong to anybody.
ENTERPRISE = "91410199MA9DEM028G"
VALID = [
    ENTERPRISE,
    "92410199MA9DEM0368",
    "114101990050000186",
    "52410199MJ00000349",
    "N2410199MF0000048Y",
    "Y1410199MD0000059R",
]

codes = st.builds(
    make_uscc,
    st.sampled_from(USCC_ALPHABET),
    st.sampled_from(USCC_ALPHABET),
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
)


def kind_of(text: str) -> UsccErrorKind:
    with pytest.raises(UsccError) as caught:
        parse_uscc(text)
    return caught.value.kind


@pytest.mark.parametrize("code", VALID)
def test_parse_valid_code_is_accepted_as_written(code: str) -> None:
    assert parse_uscc(code) == Uscc(code, frozenset({UsccFlag.UNKNOWN_DIVISION}))
    assert is_uscc(code)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("91410199MA9DEM028H", UsccErrorKind.CHECKSUM),
        ("91410199MA9DEM02O8", UsccErrorKind.ALPHABET),
        ("91410199MA9DEM02-8", UsccErrorKind.ALPHABET),
        ("91410199MA9DEM02八8", UsccErrorKind.ALPHABET),
        ("91410199MA9DEM02\x008", UsccErrorKind.ALPHABET),
        ("91410199MA9DEM028", UsccErrorKind.LENGTH),
        ("91410199MA9DEM028G0", UsccErrorKind.LENGTH),
        ("410199000012345", UsccErrorKind.LENGTH),
        ("", UsccErrorKind.LENGTH),
        ("无", UsccErrorKind.LENGTH),
        ("9141A199MA9DEM028G", UsccErrorKind.STRUCTURE),
        ("410199NA000000022X", UsccErrorKind.STRUCTURE),
    ],
)
def test_parse_wrong_text_is_refused_with_its_kind(text: str, kind: UsccErrorKind) -> None:
    assert kind_of(text) is kind
    assert not is_uscc(text)


def test_parse_wrong_text_is_not_repeated_in_the_message() -> None:
    with pytest.raises(UsccError) as caught:
        parse_uscc("91410199MA9DEM028H")
    assert "91410199" not in str(caught.value)
    assert "`H`, expected `G`" in str(caught.value)


def test_parse_takes_the_code_apart() -> None:
    uscc = parse_uscc(ENTERPRISE)
    assert (uscc.authority, uscc.organisation_type) == ("9", "1")
    assert (uscc.division, uscc.organisation_code) == ("410199", "MA9DEM028")


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("91410199ma9dem028g", {UsccFlag.LOWER_CASE}),
        ("91410199MA9DEM028g", {UsccFlag.LOWER_CASE}),
        ("９１４１０１９９ＭＡ９ＤＥＭ０２８Ｇ", {UsccFlag.FULL_WIDTH}),
        ("９１410199MA9DEM028ｇ", {UsccFlag.FULL_WIDTH, UsccFlag.LOWER_CASE}),
        (" 91410199MA9DEM028G\t", {UsccFlag.BLANKS}),
        ("\ufeff91410199MA9DEM028G\u3000", {UsccFlag.BLANKS}),
        ("91 410199 MA9DEM028 G", {UsccFlag.BLANKS}),
    ],
)
def test_parse_other_writing_is_put_right_and_flagged(text: str, flags: set[UsccFlag]) -> None:
    uscc = parse_uscc(text)
    assert uscc.code == ENTERPRISE
    assert uscc.flags == flags | {UsccFlag.UNKNOWN_DIVISION}
    assert not is_uscc(text)


def test_parse_letter_whose_upper_case_is_latin_is_refused() -> None:
    assert kind_of("91410199MA9DEM02\u01f0") is UsccErrorKind.LENGTH
    assert kind_of("91410199MA9DEM028\u017f") is UsccErrorKind.ALPHABET


@pytest.mark.parametrize(
    ("division", "flags"),
    [
        ("410105", set()),
        ("100000", set()),
        ("410121", {UsccFlag.RETIRED_DIVISION}),
        ("410101", {UsccFlag.RETIRED_DIVISION}),
        ("410199", {UsccFlag.UNKNOWN_DIVISION}),
        ("000000", {UsccFlag.UNKNOWN_DIVISION}),
    ],
)
def test_parse_division_is_flagged_and_not_refused(division: str, flags: set[UsccFlag]) -> None:
    assert make_uscc("9", "1", division, "MA9DEM02").flags == flags


def test_parse_wrong_inner_check_is_flagged_and_not_refused() -> None:
    seventeen = "91410105MA9DEM02" + "7"
    uscc = parse_uscc(seventeen + check_character(seventeen))
    assert uscc.flags == {UsccFlag.INNER_CHECK_FAILED}


@pytest.mark.parametrize("start", ["94", "00", "1A", "B1"])
def test_parse_unlisted_first_characters_are_flagged_and_not_refused(start: str) -> None:
    assert make_uscc(start[0], start[1], "410105", "MA9DEM02").flags == {UsccFlag.UNLISTED_TYPE}


@pytest.mark.parametrize(
    "parts",
    [
        ("91", "1", "410105", "MA9DEM02"),
        ("9", "1", "41010", "MA9DEM02"),
        ("9", "1", "410105", "MA9DEM0I"),
        ("9", "1", "4101A5", "MA9DEM02"),
        ("9", "1", "410105", "ma9dem02"),
    ],
)
def test_make_wrong_part_is_refused(parts: tuple[str, str, str, str]) -> None:
    with pytest.raises(UsccError):
        make_uscc(*parts)


@pytest.mark.parametrize("start", ["91410199MA9DEM02", "91410199MA9DEM02I"])
def test_check_character_of_wrong_start_is_refused(start: str) -> None:
    with pytest.raises(UsccError):
        check_character(start)


@given(codes)
def test_make_and_parse_agree(uscc: Uscc) -> None:
    assert parse_uscc(uscc.code) == uscc
    assert parse_uscc(uscc.code.lower()).code == uscc.code
    assert is_uscc(uscc.code)


@given(codes, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_every_single_substitution_is_caught(uscc: Uscc, position: int, character: str) -> None:
    # The weights are powers of three and 31 is prime: no weight times a difference is zero mod 31.
    assume(uscc.code[position] != character)
    changed = uscc.code[:position] + character + uscc.code[position + 1 :]
    assert not is_uscc(changed)
    assert kind_of(changed) in {UsccErrorKind.CHECKSUM, UsccErrorKind.STRUCTURE}


@given(codes, st.integers(0, 17), st.integers(0, 17))
def test_every_swap_is_caught_but_first_with_last(uscc: Uscc, one: int, other: int) -> None:
    # The seventeen weights differ; the check character counts once, as the first character does.
    assume(uscc.code[one] != uscc.code[other])
    swapped = list(uscc.code)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert is_uscc("".join(swapped)) == ({one, other} == {0, 17})


@given(st.text(max_size=30) | st.text(USCC_ALPHABET.lower() + "IOSVZ -", max_size=20))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        code = parse_uscc(text).code
    except UsccError:
        assert not is_uscc(text)
    else:
        assert is_uscc(code)
        assert is_uscc(text) == (text == code)
