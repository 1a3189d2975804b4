"""The tables of states."""

from gateway.entitlements.states import (
    CONSENT,
    GRANT,
    ConsentState,
    GrantState,
    consent_states_before,
    grant_states_before,
)


def test_changes_name_every_state() -> None:
    assert set(CONSENT.states) == {state.value for state in ConsentState}
    assert set(GRANT.states) == {state.value for state in GrantState}


def test_consent_states_before_active_is_signed_only() -> None:
    assert consent_states_before(ConsentState.ACTIVE) == (ConsentState.SIGNED,)


def test_consent_ended_never_comes_back() -> None:
    ended = set(ConsentState) - {ConsentState.DRAFT, ConsentState.SIGNED, ConsentState.ACTIVE}
    after = {state: set(CONSENT.acts_from(state.value)) for state in ended}
    assert after.pop(ConsentState.USED_UP) == {"withdraw"}
    assert not any(after.values())
    before = {state: set(consent_states_before(state)) for state in ended}
    assert before.pop(ConsentState.REFUSED) == {ConsentState.SIGNED}
    assert before.pop(ConsentState.WITHDRAWN) == {
        ConsentState.SIGNED,
        ConsentState.ACTIVE,
        ConsentState.USED_UP,
    }
    assert all(states == {ConsentState.ACTIVE} for states in before.values())


def test_grant_suspended_comes_back_to_active() -> None:
    assert grant_states_before(GrantState.ACTIVE) == (GrantState.REQUESTED, GrantState.SUSPENDED)
