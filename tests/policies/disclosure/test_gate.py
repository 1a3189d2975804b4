"""The record gate of the rules gives every record what the clock says, and no day more."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure.loader import packaged_clock
from policies.disclosure.types import Facts
from policies.engine import PolicySet
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Effect, Outcome, Purpose, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.codes import Nature, RecordKind, Severity
from schema.predicate import Predicate, WireValue, matches
from schema.records import MODEL

CLOCK = packaged_clock()
OFFICE = "11410100005251234T"
PUBLIC = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
OFFICER = Caller(CallerClass.DEPARTMENT, OFFICE, Purpose.PENALTY_CASE)
CENTRE = Caller(CallerClass.CREDIT_CENTRE, OFFICE, Purpose.REPAIR_REVIEW)
EVALUATOR = Caller(CallerClass.CREDIT_CENTRE, OFFICE, Purpose.EVALUATION)
SELF = Caller(CallerClass.SUBJECT, OFFICE, Purpose.SELF_QUERY)
LISTS = (
    RecordKind.MAJOR_TAX_VIOLATION,
    RecordKind.ABNORMAL_OPERATION_ENTRY,
    RecordKind.SERIOUS_VIOLATION_ENTRY,
    RecordKind.LIST_ENTRY,
)
COURT = (RecordKind.JUDGMENT_DEFAULTER, RecordKind.CONSUMPTION_RESTRICTION)
PUBLISHED = [
    kind.kind
    for kind in MODEL.kinds.values()
    # Grades and complaint numbers have further conditions, tax payments are no one's, and
    # look-ups are no credit records: they have no disclosure.
    if kind.type_name not in ("TaxpayerCredit", "ComplaintSummary", "TaxPayment", "LookUp")
]
DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2032, 12, 31))
STATES = ("RECEIVED", "RETURNED", "VERIFIED", "PUBLISHED", "SHARED", "ENDED", "WITHDRAWN")


@cache
def policies() -> PolicySet:
    return load_policies(MODEL, dt.date(2026, 11, 25))


@cache
def gate(
    caller: Caller,
    kind: RecordKind,
    today: dt.date,
    *,
    is_source: bool = False,
    use: Use = Use.READ,
) -> Predicate | None:
    profile = SubjectProfile(SubjectKind.ORGANISATION, caller is SELF, frozenset())
    table = policies().on(today).compile(caller, profile, frozenset(), is_source)
    return table.decide(MODEL.kinds[kind].type_name, use).row


def shows(row: Predicate | None, record: dict[str, WireValue], kind: RecordKind) -> bool:
    return row is None or matches(row, record, MODEL.kinds[kind])


def record_of(facts: Facts, **others: str | None) -> dict[str, WireValue]:
    return {
        "meta.disclosureState": "PUBLISHED",
        "meta.publishUntil": None,
        "meta.discloseUntil": None,
        "meta.severity": facts.severity.value,
        "meta.decidedOn": facts.decided_on.isoformat(),
        "removedOn": None if facts.is_listed else facts.decided_on.isoformat(),
        "simpleProcedure": False,
        "isPublic": True,
        **{name.replace("_", ".", 1): value for name, value in others.items()},
    }


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    kind = draw(st.sampled_from(PUBLISHED))
    return Facts(
        decided_on=draw(DAYS),
        kind=kind,
        nature=MODEL.kinds[kind].declaration.nature,
        severity=draw(st.sampled_from(Severity)),
        is_listed=kind in LISTS and draw(st.booleans()),
    )


@settings(deadline=None)
@given(facts(), DAYS)
def test_public_sees_a_record_without_end_date_as_long_as_the_clock_says(
    given_facts: Facts, today: dt.date
) -> None:
    shown = shows(gate(PUBLIC, given_facts.kind, today), record_of(given_facts), given_facts.kind)
    assert shown == CLOCK.publication_end(given_facts, today).runs_on(today)


@settings(deadline=None)
@given(facts(), DAYS, st.sampled_from(["PUBLISHED", "SHARED"]))
def test_departments_see_it_as_long_as_it_may_be_disclosed(
    given_facts: Facts, today: dt.date, state: str
) -> None:
    record = record_of(given_facts, meta_disclosureState=state)
    shown = shows(gate(OFFICER, given_facts.kind, today), record, given_facts.kind)
    assert shown == CLOCK.disclosure_end(given_facts, today).runs_on(today)


@settings(deadline=None)
@given(facts(), DAYS, DAYS)
def test_earlier_of_law_and_source_ends_publication(
    given_facts: Facts, today: dt.date, until: dt.date
) -> None:
    record = record_of(given_facts, meta_publishUntil=until.isoformat())
    shown = shows(gate(PUBLIC, given_facts.kind, today), record, given_facts.kind)
    by_law = CLOCK.publication_end(given_facts, today).runs_on(today)
    assert shown == (by_law and today <= until)


@settings(deadline=None)
@given(facts(), DAYS, st.sampled_from(STATES))
def test_public_sees_the_published_state_only(
    given_facts: Facts, today: dt.date, state: str
) -> None:
    record = record_of(given_facts, meta_disclosureState=state)
    if shows(gate(PUBLIC, given_facts.kind, today), record, given_facts.kind):
        assert state == "PUBLISHED"
    if shows(gate(OFFICER, given_facts.kind, today), record, given_facts.kind):
        assert state in ("PUBLISHED", "SHARED")


@pytest.mark.parametrize("use", [Use.READ, Use.COUNT])
@pytest.mark.parametrize("kind", PUBLISHED)
def test_source_centre_and_subject_see_archived_records(kind: RecordKind, use: Use) -> None:
    today = dt.date(2026, 11, 25)
    archived = record_of(
        Facts(dt.date(2010, 1, 1), kind, Nature.DISHONEST), meta_disclosureState="ARCHIVED"
    )
    assert shows(gate(CENTRE, kind, today, use=use), archived, kind)
    assert shows(gate(SELF, kind, today, use=use), archived, kind)
    assert shows(gate(OFFICER, kind, today, is_source=True, use=use), archived, kind)
    assert not shows(gate(EVALUATOR, kind, today, use=use), archived, kind)
    assert not shows(gate(OFFICER, kind, today, use=use), archived, kind)
    assert not shows(gate(PUBLIC, kind, today, use=use), archived, kind)


@pytest.mark.parametrize("kind", PUBLISHED)
def test_count_and_statistics_are_gated_like_reading(kind: RecordKind) -> None:
    today = dt.date(2026, 11, 25)
    for caller in (PUBLIC, OFFICER):
        read = gate(caller, kind, today)
        assert gate(caller, kind, today, use=Use.COUNT) == read
        assert gate(caller, kind, today, use=Use.AGGREGATE) == read


def test_bounds_of_kinds_stand_alike_in_rules_and_clock() -> None:
    latest = CLOCK.versions[-1]
    assert latest.court_kinds == frozenset(COURT)
    assert latest.unlevelled_kinds == {RecordKind.TAX_ARREARS}


@pytest.mark.parametrize("kind", RecordKind)
def test_rules_show_the_public_natural_persons_where_the_clock_says_so(kind: RecordKind) -> None:
    person = SubjectProfile(SubjectKind.NATURAL_PERSON, False, frozenset())
    table = policies().compile(PUBLIC, person, frozenset(), is_source=False)
    decision = table.decide(MODEL.kinds[kind].type_name, Use.READ)
    is_public = kind in CLOCK.versions[-1].public_person_kinds
    assert (decision.outcome is not Outcome.DENIED) == is_public


def test_every_rule_that_opens_records_has_a_gate_or_is_for_those_who_see_every_state() -> None:
    """They are the source, the subject, and the credit centre where it keeps the archive."""
    archive = {Purpose.OBJECTION_REVIEW, Purpose.REPAIR_REVIEW}
    open_to_all = [
        rule.id
        for rule in policies().rules
        if rule.effect is Effect.PERMIT
        and any("." not in coordinate for coordinate in rule.coordinates)
        and rule.condition.row is None
        and not (rule.condition.is_self or rule.condition.is_source)
        and not (set(rule.who) == {CallerClass.CREDIT_CENTRE} and set(rule.purposes) <= archive)
    ]
    assert open_to_all == []
