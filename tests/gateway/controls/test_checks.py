"""Each check at its limit and one below, over facts that a test states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.controls.checks import (
    MOST_ENTRIES,
    ConsentAfterPurposeCheck,
    MatterNumberCheck,
    OfficeHoursCheck,
    RepetitionCheck,
    VolumeCheck,
)
from gateway.controls.types import Check, ConsentTimes, Fact, Finding

CHINA = dt.timezone(dt.timedelta(hours=8))
BEGIN = dt.datetime(2026, 11, 2, tzinfo=CHINA)
"""A Monday."""


def fact(number: int, at: dt.datetime = BEGIN, **changes: Any) -> Fact:
    """Return a request of an officer about one subject, with what the test is about replaced."""
    members: dict[str, Any] = {
        "entry_no": number,
        "request_id": f"r-{number}",
        "at": at,
        "caller_class": "department",
        "organisation": "O",
        "client_id": "c",
        "user_ref": "u",
        "purpose": "TENDER",
        "matter_no": "M-1",
        "outcome": "ANSWERED",
        "subjects": ("s",),
        "consents": (),
    }
    return Fact(**{**members, **changes})


def found(check: Check, facts: Iterable[Fact]) -> list[Finding]:
    for each in facts:
        check.see(each)
    return list(check.findings())


def hours(count: float) -> dt.datetime:
    return BEGIN + dt.timedelta(hours=count)


def test_requests_without_matter_number_are_found_by_client_and_day() -> None:
    check = MatterNumberCheck(BEGIN, frozenset({"department"}), 2)
    nobody = {"matter_no": None}
    findings = found(
        check,
        [
            fact(1, hours(-1), **nobody),
            fact(2, hours(1), **nobody),
            fact(3, hours(23), **nobody),
            fact(4, hours(25), **nobody),
            fact(5, hours(1)),
            fact(6, hours(1), **nobody, caller_class="institution"),
            fact(7, hours(1), **nobody, outcome="MATTER_NUMBER_REQUIRED"),
            fact(8, hours(1), **nobody, subjects=()),
        ],
    )
    assert findings == [Finding({"client": "c", "day": "2026-11-02"}, 2, 2, [2, 3])]


def volume(per_day: Mapping[int, int]) -> list[Finding]:
    """Findings for so many subjects on days from a Monday on, days before it are negative."""
    check = VolumeCheck(BEGIN, times_usual=3, usual_days=10, least_days=3, least_subjects=20)
    return found(
        check,
        [
            fact(day * 1_000 + number, hours(24 * day + 1), subjects=(f"s{number}", "again"))
            for day, count in per_day.items()
            for number in range(count - 1)
        ],
    )


def test_volume_is_held_against_the_median_of_the_days_before() -> None:
    usual = {-3: 10, -2: 10, -1: 100}
    assert volume({**usual, 0: 29}) == []
    (finding,) = volume({**usual, 0: 30})
    assert (finding.about["day"], finding.found, finding.limit) == ("2026-11-02", 30, 30)
    # what was out of pattern is known as usual afterwards, and few subjects never are
    assert volume({-3: 2, -2: 2, -1: 2, 0: 19}) == []
    assert len(volume({-3: 2, -2: 2, -1: 2, 0: 20})) == 1


def test_volume_without_enough_days_before_has_no_pattern() -> None:
    assert volume({-2: 2, -1: 2, 0: 500}) == []
    assert volume({-12: 2, -11: 2, -1: 2, 0: 500}) == []


def test_officer_who_looks_at_one_subject_again_and_again_is_found_once_a_month() -> None:
    days = [dt.timedelta(days=number * 3) for number in range(20)]
    check = RepetitionCheck(BEGIN, least_requests=4, within_days=9)
    findings = found(check, [fact(n, BEGIN + day) for n, day in enumerate(days)])
    assert [finding.about["month"] for finding in findings] == ["2026-11", "2026-12"]
    assert findings[0].entries == [0, 1, 2, 3]
    others = RepetitionCheck(BEGIN, least_requests=4, within_days=8)
    assert found(others, [fact(n, BEGIN + day) for n, day in enumerate(days)]) == []
    nobody = RepetitionCheck(BEGIN, least_requests=1, within_days=9)
    assert found(nobody, [fact(1, user_ref=None)]) == []


def test_requests_of_different_officers_are_not_added_up() -> None:
    check = RepetitionCheck(BEGIN, least_requests=2, within_days=9)
    facts = [fact(1), fact(2, user_ref="v"), fact(3, client_id="d"), fact(4, subjects=("t",))]
    assert found(check, facts) == []


def consent(number: str, purpose: str, day: int, institution: str = "B") -> ConsentTimes:
    return ConsentTimes(number, "F", institution, purpose, BEGIN + dt.timedelta(days=day))


def test_consent_that_is_used_after_its_purpose_ended_is_found() -> None:
    consents = [
        consent("C-1", "PRE_LOAN", -10),
        consent("C-2", "POST_LOAN", 2),
        consent("C-3", "POST_LOAN", -20),
        consent("C-4", "PRE_LOAN", -80, "B2"),
        consent("C-5", "POST_LOAN", 0, "B3"),
    ]
    check = ConsentAfterPurposeCheck(
        BEGIN,
        "PRE_LOAN",
        frozenset({"POST_LOAN"}),
        90,
        {each.consent_no: each for each in consents},
    )
    findings = found(
        check,
        [
            fact(1, hours(47), consents=("C-1",)),
            fact(2, hours(49), consents=("C-1", "C-2")),
            fact(3, hours(50), consents=("C-1",), outcome="CONSENT_NOT_ACTIVE"),
            fact(4, hours(24 * 10), consents=("C-4",)),
            fact(5, hours(24 * 10 + 1), consents=("C-4", "unknown")),
        ],
    )
    assert [(each.about["consent"], each.entries) for each in findings] == [
        ("C-1", [2]),
        ("C-4", [5]),
    ]


def test_requests_outside_office_hours_are_found_by_officer_and_day() -> None:
    def is_working_day(day: dt.date) -> bool:
        return day.weekday() < 5

    check = OfficeHoursCheck(
        BEGIN, frozenset({"department"}), dt.time(8), dt.time(18), 2, is_working_day
    )
    saturday = 24 * 5 + 12
    findings = found(
        check,
        [
            fact(1, hours(7.9)),
            fact(2, hours(8)),
            fact(3, hours(17.9)),
            fact(4, hours(18)),
            fact(5, hours(24 + 3)),
            fact(6, hours(saturday), user_ref="v"),
            fact(7, hours(saturday), user_ref="v"),
            fact(8, hours(saturday), caller_class="institution"),
        ],
    )
    assert [(dict(each.about), each.entries) for each in findings] == [
        ({"client": "c", "user": "u", "day": "2026-11-02"}, [1, 4]),
        ({"client": "c", "user": "v", "day": "2026-11-07"}, [6, 7]),
    ]


def test_evidence_is_bounded_and_the_number_is_not() -> None:
    check = MatterNumberCheck(BEGIN, frozenset({"department"}), 1)
    (finding,) = found(check, [fact(n, matter_no=None) for n in range(MOST_ENTRIES + 7)])
    assert finding.found == MOST_ENTRIES + 7
    assert finding.entries == list(range(MOST_ENTRIES))
