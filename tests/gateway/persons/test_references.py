"""A person reference works for whom it was made, and tells nobody else anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec
from gateway.persons.references import PersonReferences
from policies.model import Caller, CallerClass, Purpose

OLD, NEW = bytes(range(64)), bytes(range(64, 128))
CODEC = OpaqueCodec([NEW, OLD])
BUREAU, OTHER_BUREAU = "11410199MB0T00007B", "11410199MB0L0000X0"
OFFICER = Principal(
    Caller(CallerClass.DEPARTMENT, BUREAU, Purpose.TAX_ADMIN), "tax-bureau", "税管-2026-0042"
)
PERSON = "P:" + "5e" * 16

_TEXTS = st.text(max_size=12)
_PERSONS = st.binary(min_size=16, max_size=16).map(lambda identity: f"P:{identity.hex()}")
_PRINCIPALS = st.builds(
    lambda caller_class, organisation, acting_for, client, matter: Principal(
        Caller(caller_class, organisation, Purpose.TAX_ADMIN, acting_for), client, matter
    ),
    st.sampled_from(CallerClass),
    st.none() | _TEXTS,
    st.none() | _TEXTS,
    _TEXTS,
    st.none() | _TEXTS,
)


def references(principal: Principal, codec: OpaqueCodec = CODEC) -> PersonReferences:
    return PersonReferences(codec, principal)


def bound_to(principal: Principal) -> tuple[object, ...]:
    caller = principal.caller
    return (
        caller.caller_class,
        caller.organisation,
        caller.acting_for,
        principal.client_id,
        principal.matter_no,
    )


@given(_PERSONS, _PRINCIPALS)
def test_reference_reads_back_for_its_own_caller_and_matter(key: str, principal: Principal) -> None:
    made = references(principal).reference(key)
    assert made == references(principal).reference(key)
    assert references(principal).key(made) == key


@given(_PERSONS, _PRINCIPALS, _PRINCIPALS)
def test_no_two_callers_or_matters_share_a_reference(
    key: str, one: Principal, other: Principal
) -> None:
    made = references(one).reference(key)
    if bound_to(one) != bound_to(other):
        assert references(other).reference(key) != made
        assert references(other).key(made) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(OFFICER, matter_no="税管-2026-0043"),
        replace(OFFICER, matter_no=None),
        replace(OFFICER, client_id="tax-bureau-2"),
        replace(OFFICER, caller=replace(OFFICER.caller, organisation=OTHER_BUREAU)),
        replace(OFFICER, caller=replace(OFFICER.caller, acting_for=OTHER_BUREAU)),
        replace(OFFICER, caller=replace(OFFICER.caller, caller_class=CallerClass.CREDIT_CENTRE)),
    ],
)
def test_reference_is_nothing_elsewhere(elsewhere: Principal) -> None:
    made = references(OFFICER).reference(PERSON)
    assert references(elsewhere).key(made) is None
    assert references(elsewhere).reference(PERSON) != made


def test_purpose_and_token_may_change_within_a_matter() -> None:
    made = references(OFFICER).reference(PERSON)
    later = replace(
        OFFICER,
        caller=replace(OFFICER.caller, purpose=Purpose.PENALTY_CASE),
        token_id="another",
        user_ref="another officer",
    )
    assert references(later).key(made) == PERSON


@given(_PERSONS, _PERSONS)
def test_references_have_one_length_and_differ_between_persons(one: str, other: str) -> None:
    made = [references(OFFICER).reference(key) for key in (one, other)]
    assert len(made[0]) == len(made[1])
    assert (made[0] == made[1]) == (one == other)


@given(_PERSONS)
def test_reference_shows_nothing_of_the_person(key: str) -> None:
    made = references(OFFICER).reference(key)
    assert key[2:] not in made
    assert references(OFFICER, OpaqueCodec([bytes(64)])).key(made) is None


def test_reference_under_the_older_key_is_read_until_the_key_is_gone() -> None:
    made = references(OFFICER, OpaqueCodec([OLD])).reference(PERSON)
    assert references(OFFICER).key(made) == PERSON
    assert references(OFFICER).reference(PERSON) != made
    assert references(OFFICER, OpaqueCodec([NEW])).key(made) is None


@pytest.mark.parametrize(
    "text", ["", "p.", "p.x", "p." + "A" * 88, PERSON, "p.é", "p." + "A" * 5000]
)
def test_foreign_text_is_no_reference(text: str) -> None:
    assert references(OFFICER).key(text) is None


def test_id_is_no_reference_and_a_reference_no_id() -> None:
    assert references(OFFICER).key("p." + CODEC.subject_id(PERSON)) is None
    assert CODEC.read_id(references(OFFICER).reference(PERSON).removeprefix("p.")) is None
