"""The working calendar of an owner: the installed years, and those loaded since.

A year that is loaded is in force for the next step on every worker. Deadlines that were reckoned
without it are reckoned again, and whoever loads it is told each that moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

import orjson

from gateway.contract import DeadlineChange, YearSchedule
from gateway.lifecycle.reckoning import due_day
from gateway.store.pool import Connection
from policies.disclosure.schedules import Schedule, installed_schedules
from policies.disclosure.working_days import WorkingCalendar

_MARKS = "SELECT year, sha256 FROM lifecycle_schedule ORDER BY year"
_DAYS = "SELECT year, days FROM lifecycle_schedule ORDER BY year"
_PUT = """
INSERT INTO lifecycle_schedule (year, days, sha256, loaded_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (year) DO UPDATE
SET days = EXCLUDED.days, sha256 = EXCLUDED.sha256, loaded_at = EXCLUDED.loaded_at
"""
_OPEN = """
SELECT deadline.deadline_no, deadline.case_no, deadline.machine, deadline.clock, deadline.whose,
    deadline.started_on, deadline.spans, deadline.paused_since, deadline.paused_until,
    deadline.due_on, deadline.provisional
FROM lifecycle_deadline AS deadline
WHERE deadline.ended_at IS NULL AND deadline.stopped_on IS NULL AND cardinality(spans) > 0
    AND deadline.deadline_no > $1
ORDER BY deadline.deadline_no LIMIT 1000
FOR UPDATE
"""
_MOVE = """
UPDATE lifecycle_deadline AS deadline SET due_on = moved.due_on, provisional = moved.provisional
FROM unnest($1::bigint[], $2::date[], $3::boolean[]) AS moved (deadline_no, due_on, provisional)
WHERE deadline.deadline_no = moved.deadline_no
"""


async def read_calendar(connection: Connection) -> WorkingCalendar:
    """Return the calendar in force."""
    marks = tuple((row["year"], row["sha256"]) for row in await connection.fetch(_MARKS))
    if not marks:
        return _calendar(())
    rows = await connection.fetch(_DAYS)
    return _calendar(tuple((row["year"], row["days"]) for row in rows))


@lru_cache(maxsize=4)
def _calendar(loaded: tuple[tuple[int, str], ...]) -> WorkingCalendar:
    added = [
        Schedule(year, {date.fromisoformat(day): is_worked for day, is_worked in days.items()})
        for year, days in ((year, orjson.loads(text)) for year, text in loaded)
    ]
    return WorkingCalendar((*installed_schedules(), *added))


async def take_schedule(
    connection: Connection, schedule: YearSchedule, at: datetime
) -> Sequence[DeadlineChange]:
    """Put a year in force and reckon open deadlines again, in one transaction.

    Returns:
        Each deadline whose last day moved, or became sure.
    """
    days = orjson.dumps({day.isoformat(): on for day, on in sorted(schedule.days.items())})
    async with connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute("SET LOCAL lock_timeout = 0")
        # New deadlines wait until the old ones are reckoned again.
        await connection.execute("LOCK TABLE lifecycle_schedule IN ACCESS EXCLUSIVE MODE")
        await connection.execute(
            _PUT, schedule.year, days.decode(), hashlib.sha256(days).digest(), at
        )
        return await _reckon_again(connection, await read_calendar(connection))


async def _reckon_again(
    connection: Connection, calendar: WorkingCalendar
) -> Sequence[DeadlineChange]:
    changes: list[DeadlineChange] = []
    last = 0
    while rows := await connection.fetch(_OPEN, last):
        last = rows[-1]["deadline_no"]
        moved = []
        for row in rows:
            due = due_day(
                row["started_on"],
                row["spans"],
                row["paused_since"],
                row["paused_until"],
                calendar,
            )
            if (due.date, due.provisional) == (row["due_on"], row["provisional"]):
                continue
            moved.append((row["deadline_no"], due.date, due.provisional))
            changes.append(
                DeadlineChange(
                    row["case_no"],
                    row["machine"],
                    row["clock"],
                    row["whose"],
                    row["due_on"],
                    due.date,
                    due.provisional,
                )
            )
        if moved:
            await connection.execute(_MOVE, *(list(column) for column in zip(*moved, strict=True)))
    return changes
