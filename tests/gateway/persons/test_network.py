"""Persons are one and the same under every key of the network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.persons.network import NetworkKeys
from schema.codes import IdentityDocumentType
from schema.identifiers import parse_document
from schema.identifiers.network_reference import NetworkKey, network_reference
from tests.gateway.persons.departments import NEW, OLD

_NUMBERS = st.text("0123456789ABCDEFX", min_size=5, max_size=20)
_PASSPORT = IdentityDocumentType.PASSPORT


@given(_NUMBERS)
def test_document_and_references_under_every_key_lead_to_one_subject_key(number: str) -> None:
    network = NetworkKeys([NEW, OLD])
    key = network.key_of_document(parse_document(_PASSPORT, number))
    expected = tuple(network_reference(each, "PASSPORT", number) for each in (NEW, OLD))
    assert network.references(key) == expected
    assert {network.key_of_reference(reference) for reference in expected} == {key}
    assert {network.key_of_named(f"P:{reference}") for reference in expected} == {key}


@given(_NUMBERS)
def test_subject_key_survives_the_change_of_keys(number: str) -> None:
    document = parse_document(_PASSPORT, number)
    keys = {NetworkKeys(keys).key_of_document(document) for keys in ([OLD], [NEW, OLD], [NEW])}
    assert len(keys) == 1


def test_reference_under_a_key_that_is_gone_is_nobodys() -> None:
    reference = network_reference(OLD, "PASSPORT", "E1234567")
    assert NetworkKeys([NEW]).key_of_reference(reference) is None


def test_without_the_identity_key_the_number_cannot_be_tried() -> None:
    document = parse_document(_PASSPORT, "E1234567")
    stranger = NetworkKey(bytes(32), OLD.seal)
    assert NetworkKeys([stranger]).key_of_document(document) != NetworkKeys([OLD]).key_of_document(
        document
    )


def test_without_keys_there_is_no_network() -> None:
    with pytest.raises(ValueError, match="at least one network key"):
        NetworkKeys([])
