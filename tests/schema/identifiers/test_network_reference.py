"""Network references of persons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.identifiers.network_reference import (
    NETWORK_KEY_BYTES,
    NetworkKey,
    network_reference,
    opened_reference,
    person_id,
    resealed_reference,
)

KEY = NetworkKey.from_bytes(bytes(range(96)))
NEXT = NetworkKey(KEY.identity, bytes(range(100, 164)))
NUMBER = "410102209901010014"
_NUMBERS = st.text("0123456789X", min_size=1, max_size=18)


def test_reference_is_64_lower_case_hexadecimal_digits() -> None:
    reference = network_reference(KEY, "RESIDENT_ID", NUMBER)
    assert len(bytes.fromhex(reference)) == 32
    assert reference == reference.lower()


def test_reference_ignores_blanks_and_case_of_the_number() -> None:
    assert network_reference(KEY, "PASSPORT", "e 1234x") == network_reference(
        KEY, "PASSPORT", "E1234X"
    )


@pytest.mark.parametrize(
    "other",
    [
        (NEXT, "RESIDENT_ID", NUMBER),
        (NetworkKey(KEY.identity[::-1], KEY.seal), "RESIDENT_ID", NUMBER),
        (KEY, "PASSPORT", NUMBER),
        (KEY, "RESIDENT_ID", "410181209912310026"),
    ],
)
def test_reference_changes_with_either_key_type_and_number(
    other: tuple[NetworkKey, str, str],
) -> None:
    assert network_reference(*other) != network_reference(KEY, "RESIDENT_ID", NUMBER)


@given(_NUMBERS, _NUMBERS)
def test_different_numbers_have_different_references(one: str, other: str) -> None:
    references = {network_reference(KEY, "PASSPORT", number) for number in (one, other)}
    assert len(references) == len({one, other})


@given(_NUMBERS)
def test_rotation_leads_from_the_old_reference_to_the_new_without_the_number(number: str) -> None:
    old = network_reference(KEY, "PASSPORT", number)
    assert resealed_reference(KEY, NEXT, old) == network_reference(NEXT, "PASSPORT", number)


def test_reference_opens_to_the_person_id_under_its_own_key_only() -> None:
    reference = network_reference(KEY, "RESIDENT_ID", NUMBER)
    assert opened_reference(KEY.seal, reference) == person_id(KEY.identity, "RESIDENT_ID", NUMBER)
    assert opened_reference(NEXT.seal, reference) is None


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32, "5e" * 32, "5e" * 33])
def test_what_is_no_reference_does_not_open(text: str) -> None:
    assert opened_reference(KEY.seal, text) is None


def test_reference_of_another_key_or_network_is_not_resealed() -> None:
    reference = network_reference(KEY, "RESIDENT_ID", NUMBER)
    with pytest.raises(ValueError, match="not made under the old key"):
        resealed_reference(NEXT, KEY, reference)
    with pytest.raises(ValueError, match="different networks"):
        resealed_reference(KEY, NetworkKey(bytes(32), NEXT.seal), reference)


def test_key_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=f"has 8 bytes, expected {NETWORK_KEY_BYTES}"):
        NetworkKey.from_bytes(b"12345678")


def test_key_is_not_printed() -> None:
    assert "bytes" not in repr(KEY)
    assert repr(KEY) == "NetworkKey()"


def test_empty_number_is_refused() -> None:
    with pytest.raises(ValueError, match="document number is empty"):
        network_reference(KEY, "RESIDENT_ID", "  ")
