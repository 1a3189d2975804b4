"""The gates in their order: which one a denial names, and that the gate of records is never named.

Each question below fails at several gates; the reason is the first of caller, subject kind,
purpose, field and entitlement.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from policies.engine import PolicySet
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Decision,
    Missing,
    Outcome,
    Purpose,
    SubjectProfile,
    Use,
)
from schema.classification import FieldClass, SubjectKind
from schema.predicate import matches
from schema.records import MODEL

CODE = "91410199MA9DEM028G"
NOTHING: frozenset[str] = frozenset()
PERSON, FIRM = SubjectKind.NATURAL_PERSON, SubjectKind.ORGANISATION


def caller(caller_class: str, purpose: Purpose) -> Caller:
    is_public = caller_class == "public"
    return Caller(CallerClass(caller_class), None if is_public else CODE, purpose, acting_for=CODE)


def decide(
    policies: PolicySet,
    who: Caller,
    coordinate: str,
    subject: SubjectKind = FIRM,
    use: Use = Use.READ,
    **facts: Any,
) -> Decision:
    profile = SubjectProfile(subject, facts.get("is_self", False), facts.get("consented", NOTHING))
    granted = facts.get("granted", NOTHING)
    return policies.decide(AccessRequest(who, coordinate, use, profile, granted, False))


ORDERED = [
    # Nobody may: no caller, subject or purpose would change it.
    ("public", Purpose.PUBLIC_DISPLAY, "TaxPayment", PERSON, Missing.ANOTHER_CALLER),
    ("auditor", Purpose.PRE_LOAN, "TaxPayment.paidAmount", PERSON, Missing.ANOTHER_CALLER),
    # Right caller, wrong subject and wrong purpose.
    ("institution", Purpose.INSPECTION, "TaxPayment", PERSON, Missing.ANOTHER_SUBJECT),
    ("public", Purpose.PRE_LOAN, "AdministrativePenalty", PERSON, Missing.ANOTHER_SUBJECT),
    # Right caller and subject, wrong purpose, and no consent.
    ("institution", Purpose.INSPECTION, "TaxPayment", FIRM, Missing.ANOTHER_PURPOSE),
    ("department", Purpose.PRE_LOAN, "TaxArrears", FIRM, Missing.ANOTHER_PURPOSE),
    # All but the entitlement.
    ("institution", Purpose.PRE_LOAN, "TaxPayment", FIRM, Missing.CONSENT),
    ("department", Purpose.INSPECTION, "TaxPayment.paidAmount", FIRM, Missing.GRANT),
]


@pytest.mark.parametrize(("caller_class", "purpose", "coordinate", "subject", "missing"), ORDERED)
def test_denial_names_the_first_gate_that_fails(
    policies: PolicySet,
    caller_class: str,
    purpose: Purpose,
    coordinate: str,
    subject: SubjectKind,
    missing: Missing,
) -> None:
    decision = decide(policies, caller(caller_class, purpose), coordinate, subject)
    assert (decision.outcome, decision.missing) == (Outcome.DENIED, missing)


def test_gates_open_one_after_another_until_the_field_is_shown(policies: PolicySet) -> None:
    field = "TaxPayment.paidAmount"
    consented = frozenset({field, "TaxPayment"})
    steps = [
        decide(policies, caller("public", Purpose.PUBLIC_DISPLAY), field, PERSON),
        decide(policies, caller("institution", Purpose.TENDER), field, PERSON),
        decide(policies, caller("institution", Purpose.TENDER), field, FIRM),
        decide(policies, caller("institution", Purpose.PRE_LOAN), field, FIRM),
        decide(policies, caller("institution", Purpose.PRE_LOAN), field, consented=consented),
    ]
    assert [step.missing for step in steps] == [
        Missing.ANOTHER_CALLER,
        Missing.ANOTHER_SUBJECT,
        Missing.ANOTHER_PURPOSE,
        Missing.CONSENT,
        None,
    ]


def test_record_gate_is_never_a_reason(policies: PolicySet) -> None:
    """Rows limit what is found; they deny nothing, and denials do not move with the day."""
    later = policies.on(policies.today + dt.timedelta(days=9_000))
    for caller_class in CallerClass:
        for purpose in (Purpose.PUBLIC_DISPLAY, Purpose.INSPECTION, Purpose.PRE_LOAN):
            who = caller(caller_class.value, purpose)
            for subject in SubjectKind:
                for kind in MODEL.by_type_name:
                    for use in (Use.READ, Use.COUNT, Use.AGGREGATE):
                        now = decide(policies, who, kind, subject, use)
                        then = decide(later, who, kind, subject, use)
                        assert (now.outcome, now.rule_ids) == (then.outcome, then.rule_ids)
                        assert now.missing is then.missing
                        assert now.row is None or now.outcome is Outcome.CLEAR


@pytest.mark.parametrize("use", [Use.READ, Use.COUNT, Use.AGGREGATE])
@pytest.mark.parametrize(
    "who",
    [
        caller("public", Purpose.PUBLIC_DISPLAY),
        caller("institution", Purpose.PRE_LOAN),
        caller("platform", Purpose.PRE_LOAN),
        caller("association", Purpose.EVALUATION),
    ],
)
def test_complaints_are_found_from_the_threshold_on_only(
    policies: PolicySet, who: Caller, use: Use
) -> None:
    kind = MODEL.by_type_name["ComplaintSummary"]
    record: dict[str, Any] = dict.fromkeys(kind.by_name)
    record |= {
        "meta.disclosureState": "PUBLISHED",
        "meta.decidedOn": policies.today.isoformat(),
        "meta.severity": "NONE",
    }
    decision = decide(
        policies, who, "ComplaintSummary", use=use, consented=frozenset({"ComplaintSummary"})
    )
    if decision.outcome is Outcome.DENIED:
        assert use is Use.AGGREGATE or who.caller_class is CallerClass.ASSOCIATION
        return
    assert decision.row is not None
    shown = [
        count
        for count in (0, 1, 4, 5, 9)
        if matches(decision.row, record | {"complaintCount": count}, kind)
    ]
    assert shown == [5, 9]


@pytest.mark.parametrize("subject", list(SubjectKind))
def test_each_class_of_fields_is_open_to_those_named_for_it_only(
    policies: PolicySet, subject: SubjectKind
) -> None:
    """Without consent, grant, own record and own department, whatever the purpose."""
    closed = {
        CallerClass.PUBLIC: {FieldClass.DEPARTMENT, FieldClass.AUTHORISED, FieldClass.SECRET},
        CallerClass.INSTITUTION: {FieldClass.DEPARTMENT, FieldClass.AUTHORISED, FieldClass.SECRET},
        CallerClass.PLATFORM: {FieldClass.DEPARTMENT, FieldClass.AUTHORISED, FieldClass.SECRET},
        CallerClass.ASSOCIATION: {FieldClass.AUTHORISED, FieldClass.SECRET},
        CallerClass.CREDIT_CENTRE: {FieldClass.SECRET},
        CallerClass.DEPARTMENT: {FieldClass.SECRET},
        CallerClass.AUDITOR: set(FieldClass),
    }
    for caller_class, classes in closed.items():
        for purpose in Purpose:
            table = policies.compile(
                caller(caller_class.value, purpose),
                SubjectProfile(subject, False, NOTHING),
                NOTHING,
                False,
            )
            for field in MODEL.fields():
                if field.class_for(subject) in classes:
                    for use in (Use.READ, Use.FILTER, Use.ORDER):
                        found = table.decide(field.coordinate, use)
                        assert found.outcome is Outcome.DENIED or found.mask.value != "NONE", (
                            caller_class,
                            purpose,
                            field.coordinate,
                        )
