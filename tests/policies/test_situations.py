"""Situations stand for everything that rules tell apart: checked against every combination."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from policies.engine import PolicySet
from policies.model import CallerClass, Purpose, Role, Use
from policies.situations import (
    SAMPLE_CODE,
    Facts,
    Situation,
    alternatives,
    is_open,
    reach,
    sample_caller,
    situations,
)
from schema.classification import SubjectKind
from schema.records import MODEL

EVERY_FACT = [Facts(*values) for values in itertools.product((False, True), repeat=4)]


@pytest.mark.parametrize("caller_class", [CallerClass.INSTITUTION, CallerClass.ASSOCIATION])
def test_reach_is_what_is_open_in_any_combination(
    policies: PolicySet, caller_class: CallerClass
) -> None:
    sample = MODEL.coordinates[::5]
    wanted = {(name, use) for name in sample for use in Use}
    found = set()
    for purpose, kind, facts in itertools.product(Purpose, SubjectKind, EVERY_FACT):
        table = Situation(sample_caller(caller_class, purpose), kind, facts).table(policies)
        opened = {place for place in wanted if is_open(table.decide(*place), place[1])}
        found |= opened
        wanted -= opened
    assert {place for place in reach(policies, caller_class) if place[0] in sample} == found


def test_purposes_of_one_situation_are_decided_alike(policies: PolicySet) -> None:
    places = [(name, use) for name in MODEL.coordinates[::7] for use in Use]
    for each in itertools.islice(situations([policies], CallerClass.DEPARTMENT), 0, None, 11):
        table = each.table(policies)
        for purpose in each.purposes[1:]:
            caller = sample_caller(CallerClass.DEPARTMENT, purpose)
            other = Situation(caller, each.subject_kind, each.facts).table(policies)
            assert [table.decide(*place) for place in places] == [
                other.decide(*place) for place in places
            ]


@pytest.mark.parametrize("caller_class", CallerClass)
def test_situations_hold_every_purpose_and_subject_once(
    policies: PolicySet, caller_class: CallerClass
) -> None:
    found = [
        (purpose, each.subject_kind, each.facts, each.caller.organisation)
        for each in situations([policies], caller_class)
        for purpose in each.purposes
    ]
    assert len(found) == len(set(found))
    purposes = {Purpose.PUBLIC_DISPLAY} if caller_class is CallerClass.PUBLIC else set(Purpose)
    assert {purpose for purpose, *_ in found} == purposes


def test_alternatives_keep_the_caller_and_every_fact(policies: PolicySet) -> None:
    caller = sample_caller(CallerClass.INSTITUTION, Purpose.POST_LOAN, "91410199MA9ABCDE1X")
    present = Situation(caller, SubjectKind.ORGANISATION, Facts(consent=True))
    found = list(alternatives(policies, present))
    assert {each.caller.organisation for each in found} == {caller.organisation}
    assert all(each.facts.consent for each in found)
    assert any(
        each.caller == caller and each.subject_kind is present.subject_kind for each in found
    )


def test_roles_organisations_and_departments_own_rules_are_told_apart(
    policies: PolicySet,
) -> None:
    (arrears,) = [rule for rule in policies.rules if rule.id == "tax.department-credit-items"]
    reviewers = replace(arrears, id="test.reviewers", roles=(Role.REVIEWER,))
    named = replace(arrears, id="test.named", organisations=("91410199MA9ABCDE1X",))
    own = replace(arrears, id="market:own", provider="11410199MB0F00003A")
    other = PolicySet(
        (*policies.rules, reviewers, named),
        MODEL,
        policies.today,
        {"11410199MB0F00003A": (own,)},
    )
    found = list(situations([other], CallerClass.DEPARTMENT))
    assert {each.caller.role for each in found} == {None, Role.REVIEWER}
    assert {each.caller.organisation for each in found} == {SAMPLE_CODE, "91410199MA9ABCDE1X"}
    assert {each.provider for each in found} == {None, "11410199MB0F00003A"}
    present = Situation(
        sample_caller(CallerClass.DEPARTMENT, Purpose.TENDER), SubjectKind.ORGANISATION, Facts()
    )
    roles = {each.caller.role for each in alternatives(other, present)}
    assert roles == {None, Role.REVIEWER}
    assert {each.provider for each in alternatives(other, present)} == {None}
