"""Network references of persons."""

import pytest

from schema.identifiers.network_reference import network_reference

KEY = bytes(range(32))
NUMBER = "410102209901010014"


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
        (KEY[::-1], "RESIDENT_ID", NUMBER),
        (KEY, "PASSPORT", NUMBER),
        (KEY, "RESIDENT_ID", "410181209912310026"),
    ],
)
def test_reference_changes_with_key_type_and_number(other: tuple[bytes, str, str]) -> None:
    assert network_reference(*other) != network_reference(KEY, "RESIDENT_ID", NUMBER)


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="network key has 8 bytes"):
        network_reference(b"12345678", "RESIDENT_ID", NUMBER)


def test_empty_number_is_refused() -> None:
    with pytest.raises(ValueError, match="document number is empty"):
        network_reference(KEY, "RESIDENT_ID", "  ")
