"""The engine equals the plain reference on random questions, and its own promises hold."""

from __future__ import annotations

import datetime as dt
import random
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from policies.engine import PolicySet
from policies.judgement import STRICTNESS
from policies.loader import RULES, load_policies
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Condition,
    Decision,
    Effect,
    Missing,
    Outcome,
    Purpose,
    Role,
    SubjectProfile,
    Use,
)
from policies.own import OwnRules
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.predicate import matches
from schema.records import MODEL
from tests.policies.more_rules import MORE_RULES, OWN_RULES
from tests.policies.records import TODAY, random_record
from tests.policies.reference import Answer, Question, Reference, class_of, read_own_rules

CELLS = 24_000
COORDINATES = MODEL.coordinates
KINDS = tuple(MODEL.by_type_name)
MASKABLE = tuple(
    field.coordinate
    for field in MODEL.fields()
    if any(field.mask_for(subject) is not MaskKind.NONE for subject in SubjectKind)
)
ORGANISATION = "91410199MA9DEM028G"
FITTING = {
    CallerClass.PUBLIC: (Purpose.PUBLIC_DISPLAY,),
    CallerClass.SUBJECT: (Purpose.SELF_QUERY,),
    CallerClass.INSTITUTION: (Purpose.PRE_LOAN, Purpose.POST_LOAN),
    CallerClass.PLATFORM: (Purpose.PRE_LOAN, Purpose.POST_LOAN),
    CallerClass.ASSOCIATION: (Purpose.EVALUATION, Purpose.PUBLIC_DISPLAY),
}


def random_question(chance: random.Random) -> Question:
    caller = chance.choice(list(CallerClass))
    fitting = FITTING.get(caller, tuple(Purpose))
    purpose = chance.choice(fitting if chance.random() < 0.8 else tuple(Purpose))
    among = chance.choices((COORDINATES, KINDS, MASKABLE), (6, 2, 2))[0]
    coordinate = chance.choice(among)
    kind = coordinate.partition(".")[0]
    entitled = frozenset({coordinate, kind})
    known = chance.random() < 0.95
    return Question(
        caller=caller.value,
        organisation=None if caller is CallerClass.PUBLIC or not known else ORGANISATION,
        purpose=purpose.value,
        subject=chance.choice(list(SubjectKind)).value,
        coordinate=coordinate,
        use=chance.choice(list(Use)).value,
        is_self=caller is CallerClass.SUBJECT and chance.random() < 0.8,
        is_source=chance.random() < 0.2,
        consented=entitled if chance.random() < 0.5 else frozenset(),
        granted=entitled if chance.random() < 0.5 else frozenset(),
    )


def as_request(asked: Question) -> AccessRequest:
    caller_class = CallerClass(asked.caller)
    is_platform = caller_class is CallerClass.PLATFORM
    caller = Caller(
        caller_class,
        ORGANISATION if is_platform else asked.organisation,
        Purpose(asked.purpose),
        acting_for=asked.organisation if is_platform else None,
        role=Role(asked.role) if asked.role else None,
    )
    subject = SubjectProfile(SubjectKind(asked.subject), asked.is_self, asked.consented)
    return AccessRequest(
        caller,
        asked.coordinate,
        Use(asked.use),
        subject,
        asked.granted,
        asked.is_source,
        asked.provider,
    )


def assert_same(
    asked: Question,
    found: Decision,
    expected: Answer,
    chance: random.Random,
    day: str = TODAY.isoformat(),
) -> None:
    words = vars(asked)
    assert found.outcome.value == expected.outcome, words
    assert list(found.rule_ids) == expected.ids, words
    assert found.mask.value == expected.mask, words
    assert (found.missing.value if found.missing else "") == expected.missing, words
    if expected.outcome == "CLEAR" and "." not in asked.coordinate:
        kind = MODEL.by_type_name[asked.coordinate]
        for _ in range(8):
            record = random_record(chance, kind)
            shown = found.row is None or matches(found.row, record, kind)
            assert shown == expected.shows(record, day), (words, record)


def test_decide_random_questions_equal_the_reference(policies: PolicySet) -> None:
    seed = 20260922
    chance = random.Random(seed)
    reference = Reference([RULES], TODAY.isoformat())
    outcomes: dict[str, int] = {}
    for _ in range(CELLS):
        asked = random_question(chance)
        expected = reference.decide(asked)
        outcomes[expected.outcome] = outcomes.get(expected.outcome, 0) + 1
        assert_same(asked, policies.decide(as_request(asked)), expected, chance)
    assert outcomes["CLEAR"] > CELLS / 10, (seed, outcomes)
    assert outcomes["MASKED"] > CELLS / 400, (seed, outcomes)


OWN_KINDS = frozenset({"TaxArrears", "TaxpayerCredit", "TaxPayment", "AdministrativePenalty"})
OWN_COORDINATES = [name for name in COORDINATES if name.partition(".")[0] in OWN_KINDS]


@pytest.mark.parametrize("day", ["2026-08-31", "2026-09-22", "2026-10-01"])
def test_decide_windows_roles_and_own_rules_equal_the_reference(tmp_path: Path, day: str) -> None:
    (tmp_path / "more.toml").write_text(MORE_RULES, encoding="utf-8")
    folders = (RULES, tmp_path)
    today = dt.date.fromisoformat(day)
    own = OwnRules("tax", ORGANISATION, OWN_KINDS, "rules.toml", OWN_RULES)
    # On another day first: what was decided there must not count here.
    yesterday = load_policies(MODEL, today - dt.timedelta(days=30), folders, [own])
    policies = yesterday.on(today)
    groups = tomllib.loads((RULES / "groups.toml").read_text("utf-8"))
    reference = Reference(folders, day, read_own_rules(OWN_RULES, "tax", ORGANISATION, groups))
    chance = random.Random(day)
    by_own = 0
    for _ in range(CELLS // 6):
        asked = random_question(chance).but(
            coordinate=chance.choice(
                OWN_COORDINATES if chance.random() < 0.6 else sorted(OWN_KINDS)
            ),
            role=chance.choice([None, *(role.value for role in Role)]),
            provider=chance.choice([None, ORGANISATION, ORGANISATION, "114101990050000186"]),
        )
        entitled = frozenset({asked.coordinate, asked.coordinate.partition(".")[0]})
        asked = asked.but(consented=chance.choice([entitled, frozenset()]))
        expected = reference.decide(asked)
        yesterday.decide(as_request(asked))
        assert_same(asked, policies.decide(as_request(asked)), expected, chance, day)
        by_own += any(rule_id.startswith("tax:") for rule_id in expected.ids)
    assert by_own > CELLS / 100


def ask(
    policies: PolicySet,
    caller: Caller,
    coordinate: str,
    use: Use = Use.READ,
    subject: SubjectProfile | None = None,
) -> Decision:
    whose = subject or SubjectProfile(SubjectKind.ORGANISATION, False, frozenset())
    return policies.decide(AccessRequest(caller, coordinate, use, whose, frozenset(), False))


BANK = Caller(CallerClass.INSTITUTION, ORGANISATION, Purpose.PRE_LOAN)
PUBLIC = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
HOME = SubjectProfile(SubjectKind.INDIVIDUAL_BUSINESS, False, frozenset())


@pytest.mark.parametrize("use", [Use.FILTER, Use.ORDER, Use.AGGREGATE])
def test_decide_masked_field_cannot_be_used_otherwise(policies: PolicySet, use: Use) -> None:
    assert ask(policies, PUBLIC, "Registration.address", use).outcome is Outcome.CLEAR
    assert ask(policies, PUBLIC, "Registration.address", subject=HOME).outcome is Outcome.MASKED
    denied = ask(policies, PUBLIC, "Registration.address", use, HOME)
    assert denied.outcome is Outcome.DENIED
    assert denied.rule_ids == ("registration.public-home-address",)


@pytest.mark.parametrize("coordinate", ["", "Nothing", "TaxArrears.nothing", "Organisation.uscc"])
def test_decide_unknown_coordinate_is_denied(policies: PolicySet, coordinate: str) -> None:
    decision = ask(policies, PUBLIC, coordinate)
    assert decision.outcome is Outcome.DENIED
    assert decision.missing is Missing.NOTHING_HELPS


@pytest.mark.parametrize("caller_class", [c for c in CallerClass if c is not CallerClass.PUBLIC])
def test_decide_caller_without_organisation_gets_nothing(
    policies: PolicySet, caller_class: CallerClass
) -> None:
    subject = SubjectProfile(SubjectKind.ORGANISATION, True, frozenset(COORDINATES))
    for purpose in Purpose:
        caller = Caller(caller_class, None, purpose)
        table = policies.compile(caller, subject, frozenset(COORDINATES), True)
        for coordinate in COORDINATES[::7]:
            assert table.decide(coordinate, Use.READ).outcome is Outcome.DENIED


def test_decide_platform_is_the_institution_it_acts_for(policies: PolicySet) -> None:
    subject = SubjectProfile(SubjectKind.ORGANISATION, False, frozenset(COORDINATES))
    acting = Caller(CallerClass.PLATFORM, "X", Purpose.PRE_LOAN, acting_for=ORGANISATION)
    for coordinate in COORDINATES:
        for use in Use:
            assert ask(policies, acting, coordinate, use, subject) == ask(
                policies, BANK, coordinate, use, subject
            )


def test_decide_rows_of_reading_and_counting_are_equal(policies: PolicySet) -> None:
    for caller_class in CallerClass:
        for purpose in Purpose:
            caller = Caller(caller_class, ORGANISATION, purpose, acting_for=ORGANISATION)
            for subject_kind in SubjectKind:
                subject = SubjectProfile(subject_kind, True, frozenset(COORDINATES))
                table = policies.compile(caller, subject, frozenset(), False)
                for kind in MODEL.by_type_name:
                    read, count = table.decide(kind, Use.READ), table.decide(kind, Use.COUNT)
                    assert (read.outcome, read.row) == (count.outcome, count.row)


def test_decide_public_never_sees_persons_but_on_the_courts_list(policies: PolicySet) -> None:
    person = SubjectProfile(SubjectKind.NATURAL_PERSON, False, frozenset(COORDINATES))
    for coordinate in COORDINATES:
        decision = ask(policies, PUBLIC, coordinate, subject=person)
        if not coordinate.startswith("JudgmentDefaulter"):
            assert decision.outcome is Outcome.DENIED, coordinate


@pytest.mark.parametrize("caller_class", list(CallerClass))
def test_decide_secret_is_clear_to_nobody_but_the_person_itself(
    policies: PolicySet, caller_class: CallerClass
) -> None:
    secret = [c for c in COORDINATES if class_of(c, "ORGANISATION") == FieldClass.SECRET.value]
    subject = SubjectProfile(
        SubjectKind.ORGANISATION, caller_class is CallerClass.SUBJECT, frozenset(COORDINATES)
    )
    for purpose in Purpose:
        caller = Caller(caller_class, ORGANISATION, purpose, acting_for=ORGANISATION)
        table = policies.compile(caller, subject, frozenset(COORDINATES), False)
        for coordinate in secret:
            assert table.decide(coordinate, Use.READ).outcome is not Outcome.CLEAR, coordinate


def test_on_another_day_moves_the_row_conditions_only(policies: PolicySet) -> None:
    tomorrow = policies.on(TODAY + dt.timedelta(days=1))
    assert tomorrow.version == policies.version
    assert policies.on(TODAY) is policies
    assert "2026-09-22" in repr(ask(policies, PUBLIC, "TaxArrears").row)
    assert "2026-09-23" in repr(ask(tomorrow, PUBLIC, "TaxArrears").row)


def test_strictness_orders_every_mask() -> None:
    assert {*STRICTNESS, MaskKind.NONE} == set(MaskKind)


def test_decide_rule_for_single_organisations_is_for_those_only(policies: PolicySet) -> None:
    opened = replace(
        policies.rules[0],
        id="tax.for-one",
        effect=Effect.PERMIT,
        who=(CallerClass.DEPARTMENT,),
        purposes=(Purpose.AUDIT,),
        uses=(Use.READ,),
        classes=(),
        coordinates=("TaxPayment",),
        subject_kinds=(),
        organisations=("ONE",),
        condition=Condition(),
        mask=None,
    )
    rules = PolicySet((*policies.rules, opened), MODEL, TODAY)
    for organisation, outcome in (("ONE", Outcome.CLEAR), ("TWO", Outcome.DENIED)):
        caller = Caller(CallerClass.DEPARTMENT, organisation, Purpose.AUDIT)
        assert ask(rules, caller, "TaxPayment").outcome is outcome
    other = Caller(CallerClass.DEPARTMENT, "TWO", Purpose.AUDIT)
    assert ask(rules, other, "TaxPayment").missing is Missing.ANOTHER_PURPOSE


def test_decide_two_callers_in_turn_get_what_they_get_alone(policies: PolicySet) -> None:
    """Decisions kept from one caller never answer another."""
    chance = random.Random(7)
    asked = [as_request(random_question(chance)) for _ in range(300)]
    alone = [PolicySet(policies.rules, MODEL, TODAY).decide(request) for request in asked[:12]]
    together = PolicySet(policies.rules, MODEL, TODAY)
    for request in chance.sample(asked, len(asked)):
        together.decide(request)
    assert [together.decide(request) for request in asked[:12]] == alone
