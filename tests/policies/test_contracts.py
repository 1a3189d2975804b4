"""Contracts that are not public are shown to nobody without the firm's consent or a grant."""

from __future__ import annotations

import datetime as dt

import pytest

from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Purpose, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import WireValue, matches
from schema.records import MODEL

KIND = MODEL.kinds[RecordKind.CONTRACT_PERFORMANCE]
TODAY = dt.date(2026, 11, 2)
OFFICE = "11410100005251234T"
NAMED = frozenset({KIND.type_name, *(field.coordinate for field in KIND.fields)})
PUBLIC = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
BANK = Caller(CallerClass.INSTITUTION, OFFICE, Purpose.PRE_LOAN)
OFFICER = Caller(CallerClass.DEPARTMENT, OFFICE, Purpose.TENDER)
STATISTICIAN = Caller(CallerClass.DEPARTMENT, OFFICE, Purpose.STATISTICS)


def contract(is_public: bool | None) -> dict[str, WireValue]:
    return {
        "meta.disclosureState": "PUBLISHED",
        "meta.publishUntil": None,
        "meta.discloseUntil": None,
        "meta.severity": None,
        "meta.decidedOn": "2026-05-06",
        "isPublic": is_public,
    }


def shows(
    policies: PolicySet,
    caller: Caller,
    is_public: bool | None,
    consented: frozenset[str] = frozenset(),
    granted: frozenset[str] = frozenset(),
) -> bool:
    profile = SubjectProfile(SubjectKind.ORGANISATION, False, consented)
    row = policies.on(TODAY).compile(caller, profile, granted, False)
    found = row.decide(KIND.type_name, Use.READ).row
    return found is None or matches(found, contract(is_public), KIND)


@pytest.mark.parametrize("caller", [PUBLIC, BANK, OFFICER, STATISTICIAN])
def test_public_contract_is_shown(policies: PolicySet, caller: Caller) -> None:
    assert shows(policies, caller, True)


@pytest.mark.parametrize("is_public", [False, None])
@pytest.mark.parametrize("caller", [PUBLIC, BANK, OFFICER, STATISTICIAN])
def test_contract_between_firms_is_hidden(
    policies: PolicySet, caller: Caller, is_public: bool | None
) -> None:
    assert not shows(policies, caller, is_public)


def test_consent_lets_a_lender_see_contracts_between_firms(policies: PolicySet) -> None:
    assert shows(policies, BANK, False, consented=NAMED)


def test_grant_lets_a_department_see_contracts_between_firms(policies: PolicySet) -> None:
    assert shows(policies, OFFICER, False, granted=NAMED)
