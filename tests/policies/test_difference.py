"""Every changed cell is found, and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

from policies.difference import changes
from policies.engine import PolicySet
from policies.model import CallerClass, Effect, Outcome, Purpose, Use
from policies.situations import Facts, Situation, sample_caller
from schema.classification import SubjectKind
from schema.records import MODEL


def without(policies: PolicySet, rule_id: str) -> PolicySet:
    """The rules but one."""
    left = tuple(rule for rule in policies.rules if rule.id != rule_id)
    assert len(left) == len(policies.rules) - 1
    return PolicySet(left, MODEL, policies.today)


def test_same_rules_differ_in_nothing(policies: PolicySet) -> None:
    again = PolicySet(policies.rules, MODEL, policies.today)
    assert changes(policies, again) == []
    first, *others = policies.rules
    reworded = (replace(first, intent="other words"), *others)
    assert changes(policies, PolicySet(reworded, MODEL, policies.today)) == []


def test_every_changed_cell_is_found(policies: PolicySet) -> None:
    other = without(policies, "tax.public-arrears-items")
    found = {
        (
            change.coordinate,
            change.use,
            change.situation.caller.caller_class,
            purpose,
            change.situation.subject_kind,
            change.situation.facts,
        )
        for change in changes(policies, other)
        for purpose in change.situation.purposes
    }
    expected = set()
    classes = (CallerClass.PUBLIC, CallerClass.INSTITUTION)
    for caller_class, kind in itertools.product(classes, SubjectKind):
        purposes = [Purpose.PUBLIC_DISPLAY] if caller_class is CallerClass.PUBLIC else Purpose
        for purpose in purposes:
            each = Situation(sample_caller(caller_class, purpose), kind, Facts())
            before, after = each.table(policies), each.table(other)
            for place in itertools.product(MODEL.coordinates, Use):
                if before.decide(*place).outcome is not after.decide(*place).outcome:
                    expected.add((*place, caller_class, purpose, kind, Facts()))
    assert expected
    assert found == expected


def test_change_tells_both_decisions(policies: PolicySet) -> None:
    rules = tuple(
        replace(rule, effect=Effect.FORBID, condition=replace(rule.condition, row=None))
        if rule.id == "tax.public-arrears"
        else rule
        for rule in policies.rules
    )
    found = changes(policies, PolicySet(rules, MODEL, policies.today))
    (kind, *_) = [each for each in found if each.coordinate == "TaxArrears"]
    assert kind.use is Use.READ
    assert kind.situation.caller.caller_class is CallerClass.PUBLIC
    assert (kind.before.outcome, kind.after.outcome) == (Outcome.CLEAR, Outcome.DENIED)
    assert kind.after.rule_ids == ("tax.public-arrears",)


def test_rows_alone_are_a_change(policies: PolicySet) -> None:
    rules = tuple(
        replace(rule, condition=replace(rule.condition, row=None))
        if rule.id == "tax.public-arrears"
        else rule
        for rule in policies.rules
    )
    found = changes(policies, PolicySet(rules, MODEL, policies.today))
    assert {each.coordinate for each in found} == {"TaxArrears"}
    assert {(each.before.outcome, each.after.outcome) for each in found} == {
        (Outcome.CLEAR, Outcome.CLEAR)
    }
