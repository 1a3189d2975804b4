"""Terms in working days: in time, late, waiting, overdue, and what is due next."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.contract import Lag
from gateway.quality.timeliness import (
    check_timeliness,
    check_working_days,
    publication_timeliness,
)
from gateway.quality.types import Timeliness
from policies.disclosure.loader import packaged_clock
from schema.codes import Nature, RecordKind

CLOCK = packaged_clock()
PENALTY, NATURE = RecordKind.ADMINISTRATIVE_PENALTY, Nature.DISHONEST


def published(lags: list[Lag], today: str) -> Timeliness:
    return publication_timeliness(lags, PENALTY, NATURE, CLOCK, dt.date.fromisoformat(today))


@pytest.mark.parametrize(
    ("decided", "last_day"),
    [
        ("2026-03-02", "2026-03-11"),
        ("2026-02-11", "2026-02-27"),
        ("2026-09-22", "2026-10-09"),
        ("2026-10-03", "2026-10-15"),
        ("2025-09-26", "2025-10-13"),
    ],
)
def test_publication_is_in_time_until_the_seventh_working_day(decided: str, last_day: str) -> None:
    after = (dt.date.fromisoformat(last_day) + dt.timedelta(days=1)).isoformat()
    found = published([Lag(decided, last_day, 2), Lag(decided, after, 3)], "2026-11-02")
    assert (found.working_days, found.in_time, found.late) == (7, 2, 3)


def test_what_is_not_published_waits_until_its_deadline_and_then_is_overdue() -> None:
    lags = [Lag("2026-10-29", None, 4), Lag("2026-10-27", None, 1), Lag("2026-09-01", None, 2)]
    found = published(lags, "2026-11-02")
    assert (found.waiting, found.overdue, found.next_due) == (5, 2, "2026-11-05")


def test_other_kinds_have_twenty_working_days() -> None:
    found = publication_timeliness(
        [], RecordKind.COMMITMENT, Nature.OTHER, CLOCK, dt.date(2026, 11, 2)
    )
    assert found.working_days == 20


def test_check_has_five_working_days_and_a_clock() -> None:
    assert check_working_days() == 5
    lags = [Lag("2026-10-29", None, 3), Lag("2026-10-20", "2026-10-28", 1)]
    found = check_timeliness(lags, CLOCK.calendar, dt.date(2026, 11, 2))
    assert found == Timeliness(5, late=1, waiting=3, next_due="2026-11-05")


def test_deadline_in_a_year_that_is_not_announced_is_provisional() -> None:
    found = check_timeliness([Lag("2026-12-29", None, 1)], CLOCK.calendar, dt.date(2026, 12, 30))
    assert found.provisional
