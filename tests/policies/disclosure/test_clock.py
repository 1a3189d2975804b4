"""The clock's dates, by rule, and what must hold of them whatever the facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.disclosure.clock import LEVELS
from policies.disclosure.loader import packaged_clock
from policies.disclosure.types import Bound, Facts, PublicationStart, Regime
from schema.codes import Nature, RecordKind, Severity

CLOCK = packaged_clock()
TODAY = dt.date(2026, 11, 25)
PENALTY = Facts(
    dt.date(2026, 9, 22), RecordKind.ADMINISTRATIVE_PENALTY, Nature.DISHONEST, Severity.GENERAL
)

DAYS = st.dates(dt.date(2019, 1, 1), dt.date(2035, 12, 31))
OPTIONAL_DAYS = st.none() | DAYS
FACTS = st.builds(
    Facts,
    decided_on=DAYS,
    kind=st.sampled_from(RecordKind),
    nature=st.sampled_from(Nature),
    severity=st.sampled_from(Severity),
    regime=st.sampled_from(Regime),
    published_on=OPTIONAL_DAYS,
    conduct_ended_on=OPTIONAL_DAYS,
    is_warning=st.booleans(),
    is_corrected=st.booleans(),
    is_listed=st.booleans(),
    listed_until=OPTIONAL_DAYS,
    repaired_on=OPTIONAL_DAYS,
    is_person=st.booleans(),
)
COURT = (RecordKind.JUDGMENT_DEFAULTER, RecordKind.CONSUMPTION_RESTRICTION)


@pytest.mark.parametrize(
    ("decided_on", "deadline"),
    [
        ("2026-09-22", "2026-10-09"),
        ("2026-02-11", "2026-02-27"),
        ("2025-09-26", "2025-10-13"),
    ],
)
def test_acts_are_published_within_seven_working_days(decided_on: str, deadline: str) -> None:
    answer = CLOCK.publication_deadline(
        replace(PENALTY, decided_on=dt.date.fromisoformat(decided_on))
    )
    assert (answer.date, answer.rules) == (dt.date.fromisoformat(deadline), ("PUB-1",))
    assert not answer.provisional


def test_other_records_are_published_within_twenty_working_days() -> None:
    facts = replace(PENALTY, kind=RecordKind.REGISTRATION, decided_on=dt.date(2026, 3, 2))
    answer = CLOCK.publication_deadline(facts)
    assert (answer.date, answer.rules) == (dt.date(2026, 3, 30), ("PUB-2",))


def test_deadline_into_unannounced_year_is_provisional() -> None:
    assert CLOCK.publication_deadline(
        replace(PENALTY, decided_on=dt.date(2035, 12, 24))
    ).provisional


def test_annulled_record_is_withdrawn_within_three_working_days() -> None:
    answer = CLOCK.withdrawal_deadline(dt.date(2026, 4, 29))
    assert (answer.date, answer.rules) == (dt.date(2026, 5, 7), ("PUB-3",))


@pytest.mark.parametrize(
    ("severity", "floor", "end"),
    [
        (Severity.MINOR, None, "2026-12-22"),
        (Severity.GENERAL, "2026-12-22", "2027-09-22"),
        (Severity.SERIOUS, "2027-09-22", "2029-09-22"),
    ],
)
@pytest.mark.parametrize("regime", Regime)
def test_levels_bound_publication(
    severity: Severity, floor: str | None, end: str, regime: Regime
) -> None:
    facts = replace(PENALTY, severity=severity, regime=regime)
    rule = "PUB-5" if regime is Regime.MARKET_REGULATION else "PUB-4"
    found = CLOCK.publication_floor(facts, TODAY)
    assert found.date == (None if floor is None else dt.date.fromisoformat(floor))
    answer = CLOCK.publication_end(facts, TODAY)
    assert (answer.bound, answer.date) == (Bound.ON_DAY, dt.date.fromisoformat(end))
    assert answer.rules == (rule, "PUB-6", "PUB-10")


def test_publication_without_level_ends_at_the_outer_limit() -> None:
    answer = CLOCK.publication_end(replace(PENALTY, severity=Severity.NONE), TODAY)
    assert (answer.date, answer.rules) == (dt.date(2031, 9, 22), ("PUB-8",))


def test_outer_limit_ends_publication_before_the_level_does() -> None:
    facts = replace(PENALTY, severity=Severity.SERIOUS, conduct_ended_on=dt.date(2023, 1, 10))
    assert CLOCK.publication_end(facts, TODAY).date == dt.date(2028, 1, 10)


def test_outer_limit_runs_from_the_end_of_conduct_if_it_is_known() -> None:
    assert CLOCK.disclosure_end(PENALTY, TODAY).date == dt.date(2031, 9, 22)
    known = replace(PENALTY, conduct_ended_on=dt.date(2026, 1, 31))
    assert CLOCK.disclosure_end(known, TODAY).date == dt.date(2031, 1, 31)


def test_uncorrected_conduct_is_not_published_beyond_the_maximum() -> None:
    uncorrected = CLOCK.publication_end(PENALTY, TODAY)
    corrected = CLOCK.publication_end(replace(PENALTY, is_corrected=True), TODAY)
    assert uncorrected.date == corrected.date == dt.date(2027, 9, 22)
    assert (uncorrected.rules[-1], corrected.rules[-1]) == ("PUB-10", "PUB-7")


def test_listed_subject_is_disclosed_until_removal() -> None:
    listed = replace(PENALTY, is_listed=True)
    answer = CLOCK.disclosure_end(listed, TODAY)
    assert (answer.bound, answer.date) == (Bound.UNTIL_REMOVAL, dt.date(2031, 9, 22))
    assert CLOCK.publication_end(listed, TODAY).bound is Bound.UNTIL_REMOVAL
    longer = replace(listed, listed_until=dt.date(2032, 1, 1))
    assert CLOCK.disclosure_end(longer, TODAY).date == dt.date(2032, 1, 1)
    shorter = replace(listed, listed_until=dt.date(2027, 1, 1))
    assert CLOCK.disclosure_end(shorter, TODAY).date == dt.date(2031, 9, 22)


def test_repair_ends_publication_and_use_together() -> None:
    repaired = replace(PENALTY, repaired_on=dt.date(2027, 1, 5), is_listed=True)
    for answer in (CLOCK.publication_end(repaired, TODAY), CLOCK.disclosure_end(repaired, TODAY)):
        assert answer.date == dt.date(2027, 1, 5)
        assert answer.rules[-1] == "REP-6"


def test_subject_may_demand_archiving_from_the_day_after_disclosure() -> None:
    demand = CLOCK.archiving_demand(PENALTY, TODAY)
    assert demand is not None
    assert (demand.bound, demand.date) == (Bound.ON_DAY, dt.date(2031, 9, 23))
    assert demand.rules == ("PUB-8", "PUB-11")
    listed = CLOCK.archiving_demand(replace(PENALTY, is_listed=True), TODAY)
    assert listed is not None
    assert listed.bound is Bound.UNTIL_REMOVAL
    assert CLOCK.archiving_demand(replace(PENALTY, nature=Nature.GOOD), TODAY) is None


@pytest.mark.parametrize("kind", RecordKind)
def test_natural_persons_are_published_where_law_orders_it_alone(kind: RecordKind) -> None:
    answer = CLOCK.publication_end(replace(PENALTY, kind=kind, is_person=True), TODAY)
    is_public = kind is RecordKind.JUDGMENT_DEFAULTER
    assert (answer.bound is not Bound.NEVER_BEGINS) == is_public
    assert ("PUB-12" in answer.rules) != is_public


def test_good_records_have_no_limit() -> None:
    good = replace(PENALTY, nature=Nature.GOOD)
    for answer in (CLOCK.publication_end(good, TODAY), CLOCK.disclosure_end(good, TODAY)):
        assert (answer.bound, answer.rules) == (Bound.WITHOUT_LIMIT, ("PUB-9",))


def test_court_alone_ends_its_entries() -> None:
    answer = CLOCK.publication_end(replace(PENALTY, kind=COURT[0]), TODAY)
    assert (answer.bound, answer.date, answer.rules) == (Bound.UNTIL_REMOVAL, None, ("CRT-6",))


def test_market_regulation_does_not_publish_warnings() -> None:
    warning = replace(PENALTY, is_warning=True)
    market = replace(warning, regime=Regime.MARKET_REGULATION)
    assert CLOCK.publication_end(market, TODAY).bound is Bound.NEVER_BEGINS
    assert CLOCK.publication_end(warning, TODAY).bound is Bound.ON_DAY
    before = replace(market, decided_on=dt.date(2025, 12, 1))
    assert CLOCK.publication_end(before, dt.date(2025, 12, 24)).bound is Bound.ON_DAY


@pytest.mark.parametrize(
    ("decided_on", "name"),
    [
        ("2019-01-01", "2020-05-01-henan"),
        ("2023-04-30", "2020-05-01-henan"),
        ("2023-05-01", "2023-05-01-order-58"),
        ("2025-12-24", "2023-05-01-order-58"),
        ("2025-12-25", "2025-12-25-market-regulation"),
        ("2026-03-31", "2025-12-25-market-regulation"),
        ("2026-04-01", "2026-04-01-levels"),
    ],
)
def test_version_is_that_of_the_day_of_decision(decided_on: str, name: str) -> None:
    assert CLOCK.version_for(dt.date.fromisoformat(decided_on)).name == name


def test_later_version_takes_earlier_decisions_over_once_in_force() -> None:
    decided_on = dt.date(2026, 3, 31)
    before, after = dt.date(2026, 3, 31), dt.date(2026, 4, 1)
    minor = replace(PENALTY, severity=Severity.MINOR, decided_on=decided_on)
    assert CLOCK.publication_end(minor, before).date == dt.date(2029, 3, 31)
    assert CLOCK.publication_end(minor, after).date == dt.date(2026, 6, 30)


def test_period_can_start_with_publication() -> None:
    versions = tuple(replace(v, start=PublicationStart.PUBLICATION) for v in CLOCK.versions)
    clock = replace(CLOCK, versions=versions)
    published = replace(PENALTY, published_on=dt.date(2026, 10, 8))
    assert clock.publication_end(published, TODAY).date == dt.date(2027, 10, 8)
    assert clock.publication_end(PENALTY, TODAY).date == dt.date(2027, 9, 22)
    assert clock.periods["minor"].runs_from == "meta.publishedOn"
    assert clock.periods["outer-limit"].runs_from == "meta.decidedOn"


@settings(deadline=None)
@given(FACTS, DAYS)
def test_publication_never_outlasts_disclosure(facts: Facts, today: dt.date) -> None:
    shown, used = CLOCK.publication_end(facts, today), CLOCK.disclosure_end(facts, today)
    assert used.references
    if shown.bound is Bound.ON_DAY and used.bound is Bound.ON_DAY:
        assert shown.date is not None
        assert used.date is not None
        assert shown.date <= used.date
    if used.bound is Bound.ON_DAY:
        assert shown.bound in (Bound.ON_DAY, Bound.NEVER_BEGINS)


@settings(deadline=None)
@given(FACTS, DAYS)
def test_floor_never_lies_behind_the_end_of_the_level(facts: Facts, today: dt.date) -> None:
    plain = replace(facts, conduct_ended_on=None, is_listed=False, repaired_on=None)
    floor, end = CLOCK.publication_floor(plain, today), CLOCK.publication_end(plain, today)
    if floor.date is not None and end.date is not None:
        assert facts.decided_on < floor.date <= end.date or facts.published_on is not None


@settings(deadline=None)
@given(FACTS, DAYS)
def test_worse_levels_are_published_no_shorter(facts: Facts, today: dt.date) -> None:
    plain = replace(facts, is_listed=False, nature=Nature.DISHONEST, is_warning=False)
    plain = replace(plain, is_person=False)
    if plain.kind in COURT:
        return
    ends = [CLOCK.publication_end(replace(plain, severity=level), today).date for level in LEVELS]
    assert ends == sorted(ends, key=lambda day: day or dt.date.min)


@settings(deadline=None)
@given(FACTS, DAYS, DAYS)
def test_repair_never_prolongs(facts: Facts, today: dt.date, day: dt.date) -> None:
    unrepaired = CLOCK.disclosure_end(replace(facts, repaired_on=None), today)
    repaired = CLOCK.disclosure_end(replace(facts, repaired_on=day), today)
    if facts.nature is Nature.DISHONEST:
        assert not (repaired.runs_on(today) and not unrepaired.runs_on(today))
        assert not repaired.runs_on(day + dt.timedelta(days=1))
