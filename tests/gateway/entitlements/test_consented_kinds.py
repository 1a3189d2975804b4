"""Which records a consent lets be shown: none that tell what was not consented to."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.entitlements.holdings import consented_to
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import AccessRequest, Caller, CallerClass, Purpose, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import matches
from schema.records import MODEL
from tests.support.entries import BANK

LENDER = Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
KIND = MODEL.kinds[RecordKind.TAXPAYER_CREDIT]


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies(MODEL, dt.date(2026, 11, 25))


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ((), "A"),
        (("TaxpayerCredit.year", "TaxpayerCredit.score"), "A"),
        (("TaxpayerCredit.year", "TaxpayerCredit.grade"), "ABMCD"),
    ],
    ids=["no consent", "without the grade", "with the grade"],
)
def test_ratings_that_are_no_a_are_shown_with_consent_to_the_grade_only(
    policies: PolicySet, fields: tuple[str, ...], shown: str
) -> None:
    profile = SubjectProfile(SubjectKind.ORGANISATION, False, consented_to(fields))
    asked = AccessRequest(LENDER, KIND.type_name, Use.READ, profile, frozenset(), False)
    row = policies.decide(asked).row
    assert row is not None
    record = {field.name: None for field in KIND.fields} | {"meta.disclosureState": "PUBLISHED"}
    assert [g for g in "ABMCD" if matches(row, {**record, "grade": g}, KIND)] == list(shown)


def test_other_kinds_are_shown_with_consent_to_any_field() -> None:
    assert consented_to(["TaxPayment.item"]) == {"TaxPayment.item", "TaxPayment"}
