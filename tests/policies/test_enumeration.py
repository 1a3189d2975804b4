"""Every field, use, purpose, class of callers, kind of subject and entitlement, cell by cell."""

from __future__ import annotations

import datetime as dt
import random
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from policies.engine import PolicySet
from policies.loader import RULES, load_policies
from policies.model import CallerClass, Missing, Outcome, Purpose, Role
from policies.own import OwnRules
from schema.classification import SubjectKind
from schema.records import MODEL
from tests.policies.enumeration import CODE, Enumeration, Situation, situations
from tests.policies.more_rules import MORE_RULES, OWN_RULES
from tests.policies.records import TODAY
from tests.policies.reference import Reference, read_own_rules

OWN_KINDS = frozenset({"TaxArrears", "TaxpayerCredit", "TaxPayment", "AdministrativePenalty"})
OTHER_PROVIDER = "114101990050000186"
DAY = TODAY.isoformat()


def compare(compared: Enumeration, wanted: Iterable[Situation]) -> int:
    return sum(map(compared.compare, wanted))


def one_per_purpose(caller: CallerClass, chance: random.Random) -> list[Situation]:
    """For each purpose a situation of the class, chosen by chance among all."""
    by_purpose: dict[Purpose, list[Situation]] = {purpose: [] for purpose in Purpose}
    for situation in situations(caller):
        by_purpose[situation.purpose].append(situation)
    return [chance.choice(found) for found in by_purpose.values()]


@pytest.fixture(scope="module")
def shipped(policies: PolicySet) -> Enumeration:
    """The rules that come with the gateway."""
    return Enumeration(policies, Reference([RULES], DAY), DAY)


@pytest.fixture
def extended(tmp_path: Path) -> Callable[[str], Enumeration]:
    """The same with rules in every other form: roles, days, a department's own."""
    (tmp_path / "more.toml").write_text(MORE_RULES, encoding="utf-8")
    folders = (RULES, tmp_path)
    own = OwnRules("tax", CODE, OWN_KINDS, "rules.toml", OWN_RULES)
    groups = tomllib.loads((RULES / "groups.toml").read_text("utf-8"))

    def on(day: str) -> Enumeration:
        policies = load_policies(MODEL, dt.date.fromisoformat(day), folders, [own])
        reference = Reference(folders, day, read_own_rules(OWN_RULES, "tax", CODE, groups))
        return Enumeration(policies, reference, day)

    return on


@pytest.mark.parametrize("caller", list(CallerClass), ids=lambda c: c.value)
def test_situations_are_decided_as_the_rules_say(shipped: Enumeration, caller: CallerClass) -> None:
    """Eight classes, eight purposes each, every field and use: 180,000 cells in all."""
    chance = random.Random(caller.value)
    chosen = chance.sample(one_per_purpose(caller, chance), 8)
    assert compare(shipped, chosen) > 20_000


def test_enumeration_meets_every_outcome_and_every_reason(policies: PolicySet) -> None:
    compared = Enumeration(policies, Reference([RULES], DAY), DAY)
    for caller, purpose, subject in [
        (CallerClass.PUBLIC, Purpose.PUBLIC_DISPLAY, SubjectKind.NATURAL_PERSON),
        (CallerClass.INSTITUTION, Purpose.PRE_LOAN, SubjectKind.INDIVIDUAL_BUSINESS),
        (CallerClass.INSTITUTION, Purpose.INSPECTION, SubjectKind.ORGANISATION),
        (CallerClass.DEPARTMENT, Purpose.INSPECTION, SubjectKind.ORGANISATION),
    ]:
        compared.compare(Situation(caller, purpose, subject, False, False, "none", "none"))
    assert set(compared.outcomes) == {outcome.value for outcome in Outcome}
    # what a token limits is no rule's word
    assert compared.missing - {""} == {each.value for each in Missing if each is not Missing.TOKEN}


@pytest.mark.parametrize("day", ["2026-08-31", DAY, "2026-10-01"])
def test_roles_days_and_own_rules_are_decided_as_they_say(
    extended: Callable[[str], Enumeration], day: str
) -> None:
    chance = random.Random(day)
    compared = extended(day)
    for caller in CallerClass:
        if caller is not CallerClass.PUBLIC:
            wanted = chance.sample(list(situations(caller)), 3)
            compare(compared, (_varied(situation, chance) for situation in wanted))


def _varied(situation: Situation, chance: random.Random) -> Situation:
    provider = chance.choice([None, CODE, CODE, OTHER_PROVIDER])
    return replace(situation, role=chance.choice([None, *Role]), provider=provider)


@pytest.mark.long
@pytest.mark.parametrize("caller", list(CallerClass), ids=lambda c: c.value)
def test_all_cells_are_decided_as_the_rules_say(shipped: Enumeration, caller: CallerClass) -> None:
    """All combinations: 2,592 situations of each class but the public, 2,840 cells in each."""
    wanted = list(situations(caller))
    assert compare(shipped, wanted) == len(wanted) * len(MODEL.coordinates) * 5


@pytest.mark.long
@pytest.mark.parametrize("day", ["2026-08-31", DAY, "2026-10-01"])
def test_many_situations_with_rules_of_every_form(
    extended: Callable[[str], Enumeration], day: str
) -> None:
    chance = random.Random(day)
    compared = extended(day)
    for caller in CallerClass:
        if caller is not CallerClass.PUBLIC:
            wanted = chance.sample(list(situations(caller)), 100)
            compare(compared, (_varied(situation, chance) for situation in wanted))
