"""What is told to help does help, and is the least that does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.engine import PolicySet
from policies.model import CallerClass, Outcome, Purpose, Use
from policies.reasons import Gate, Way, reasons
from policies.situations import Facts, Situation, alternatives, is_open, reach, sample_caller
from schema.classification import SubjectKind
from schema.records import MODEL

ORGANISATION = SubjectKind.ORGANISATION


def situation(caller_class: CallerClass, purpose: Purpose, facts: Facts | None = None) -> Situation:
    return Situation(sample_caller(caller_class, purpose), ORGANISATION, facts or Facts())


BANK = situation(CallerClass.INSTITUTION, Purpose.PRE_LOAN)
CASES = [
    (BANK, "TaxPayment.paidAmount", Gate.FIELD),
    (situation(CallerClass.INSTITUTION, Purpose.AUDIT), "TaxPayment.paidAmount", Gate.PURPOSE),
    (situation(CallerClass.PUBLIC, Purpose.PUBLIC_DISPLAY), "TaxPayment", Gate.CALLER),
    (
        Situation(
            sample_caller(CallerClass.PUBLIC, Purpose.PUBLIC_DISPLAY),
            SubjectKind.NATURAL_PERSON,
            Facts(),
        ),
        "AdministrativePenalty",
        Gate.SUBJECT,
    ),
]


@pytest.mark.parametrize(("present", "coordinate", "gate"), CASES)
def test_gate_is_the_first_that_fails(
    policies: PolicySet, present: Situation, coordinate: str, gate: Gate
) -> None:
    told = reasons(policies, present, coordinate, Use.READ)
    assert told.decision.outcome is Outcome.DENIED
    assert told.gate is gate


def test_consent_is_what_a_bank_lacks(policies: PolicySet) -> None:
    told = reasons(policies, BANK, "TaxPayment.paidAmount", Use.READ)
    assert told.ways == (Way(("consent",), None, None, (), Outcome.CLEAR),)
    other = situation(CallerClass.INSTITUTION, Purpose.AUDIT)
    (way,) = reasons(policies, other, "TaxPayment.paidAmount", Use.READ).ways
    assert way.facts == ("consent",)
    assert way.purposes == (Purpose.PRE_LOAN, Purpose.POST_LOAN)


def test_permitted_use_has_rules_and_no_gate(policies: PolicySet) -> None:
    told = reasons(policies, replace(BANK, facts=Facts(consent=True)), "TaxPayment", Use.READ)
    assert told.decision.outcome is Outcome.CLEAR
    assert (told.gate, told.ways, told.callers) == (None, (), ())
    assert [rule.id for rule in told.rules] == list(told.decision.rule_ids)
    assert all(rule.legal_basis and rule.intent for rule in told.rules)


@pytest.mark.parametrize("caller_class", CallerClass)
def test_every_way_opens_and_no_lesser_change_does(
    policies: PolicySet, caller_class: CallerClass
) -> None:
    purpose = Purpose.PUBLIC_DISPLAY if caller_class is CallerClass.PUBLIC else Purpose.TENDER
    present = situation(caller_class, purpose)
    opened = {each: reach(policies, each) for each in CallerClass}
    for coordinate in MODEL.coordinates[::41]:
        told = reasons(policies, present, coordinate, Use.READ)
        if told.gate is None:
            continue
        assert bool(told.ways) == ((coordinate, Use.READ) in opened[caller_class])
        for way in told.ways:
            assert _opens(policies, present, way, coordinate)
            assert not _opens(policies, present, replace(way, facts=way.facts[1:]), coordinate) or (
                not way.facts
            )
        for other in told.callers:
            assert (coordinate, Use.READ) in opened[other]


def _opens(policies: PolicySet, present: Situation, way: Way, coordinate: str) -> bool:
    facts = Facts(**dict.fromkeys((*way.facts, *present.facts.names), True))
    caller = present.caller
    if way.purposes:
        caller = replace(caller, purpose=way.purposes[0])
    changed = replace(
        present, caller=caller, facts=facts, subject_kind=way.subject_kind or present.subject_kind
    )
    return is_open(changed.table(policies).decide(coordinate, Use.READ), Use.READ)


def test_ways_come_from_situations_of_the_same_caller(policies: PolicySet) -> None:
    present = situation(CallerClass.DEPARTMENT, Purpose.TENDER)
    classes = {each.caller.caller_class for each in alternatives(policies, present)}
    assert classes == {CallerClass.DEPARTMENT}
