"""Turns the clocks of a case with each step: what ends, what begins, what moves or stands still."""

from __future__ import annotations

from datetime import date
from typing import Any, Generic, TypeVar

from gateway.lifecycle.machine import Clock, Machine, Transition
from gateway.lifecycle.reckoning import china_day, due_day, reckon
from gateway.lifecycle.schedules import read_calendar
from gateway.lifecycle.terms import Terms, parse_span
from gateway.lifecycle.types import Step
from gateway.store.pool import Connection
from policies.disclosure.working_days import Deadline, WorkingCalendar

F = TypeVar("F")

_RUNNING = """
SELECT deadline_no, clock, started_on, spans, terms, paused_since, paused_until, stopped_on
FROM lifecycle_deadline WHERE case_no = $1 AND ended_at IS NULL ORDER BY deadline_no
"""
_END = "UPDATE lifecycle_deadline SET ended_at = $2 WHERE deadline_no = $1"
_BEGIN = """
INSERT INTO lifecycle_deadline (case_no, machine, clock, whose, acts, started_on, spans, terms,
    due_on, provisional)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_STOP = """
UPDATE lifecycle_deadline SET stopped_on = $2, due_on = NULL, provisional = false
WHERE deadline_no = $1
"""
_RESET = """
UPDATE lifecycle_deadline SET started_on = $2, due_on = $2, failure = NULL, retry_at = NULL
WHERE deadline_no = $1
"""
_LENGTHEN = "UPDATE lifecycle_deadline SET spans = $2, terms = $3 WHERE deadline_no = $1"
_SET = """
UPDATE lifecycle_deadline SET spans = $2, terms = $3, paused_since = $4, paused_until = $5,
    stopped_on = NULL, due_on = $6, provisional = $7, failure = NULL, retry_at = NULL
WHERE deadline_no = $1
"""


class Clockwork(Generic[F]):
    """The clocks of one machine."""

    def __init__(self, machine: Machine[F], terms: Terms) -> None:
        self._machine = machine
        self._terms = terms

    async def turn(
        self, connection: Connection, step: Step, facts: F, transition: Transition[F] | None
    ) -> None:
        """Turn the clocks of a case that has just made a step."""
        if not self._machine.clocks:
            return
        calendar = await read_calendar(connection)
        running = set()
        for row in await connection.fetch(_RUNNING, step.case_no):
            clock = self._machine.clock(row["clock"])
            if step.target not in clock.runs:
                await connection.execute(_END, row["deadline_no"], step.at)
                continue
            running.add(clock.name)
            if transition is not None:
                await self._move(connection, row, transition, step, facts, calendar)
        for clock in self._machine.clocks:
            if step.target in clock.starts and clock.name not in running:
                await self._begin(connection, step, clock, facts, calendar)

    async def _begin(
        self,
        connection: Connection,
        step: Step,
        clock: Clock[F],
        facts: F,
        calendar: WorkingCalendar,
    ) -> None:
        if clock.until is not None:
            day = clock.until(facts)
            if day is None:
                return
            started, spans, names, due = day, [], [], Deadline(day, provisional=False)
        else:
            started = china_day(step.at)
            span, name = self._term(clock.term, started)
            spans, names = [span], [name]
            due = reckon(started, [parse_span(span)], (), calendar)
        await connection.execute(
            _BEGIN,
            step.case_no,
            self._machine.name,
            clock.name,
            clock.whose,
            clock.act is not None,
            started,
            spans,
            names,
            due.date,
            due.provisional,
        )

    async def _move(
        self,
        connection: Connection,
        row: Any,
        transition: Transition[F],
        step: Step,
        facts: F,
        calendar: WorkingCalendar,
    ) -> None:
        """Extend, stop or set going again a deadline that runs on."""
        name, stopped_on = row["clock"], row["stopped_on"]
        clock = self._machine.clock(name)
        if clock.until is not None:
            await self._reset(connection, row, clock.until(facts), step)
            return
        today = china_day(step.at)
        if name in transition.stops and stopped_on is None:
            await connection.execute(_STOP, row["deadline_no"], today)
            return
        spans, names = list(row["spans"]), list(row["terms"])
        since, until = list(row["paused_since"]), list(row["paused_until"])
        for extended, term in transition.extends:
            if extended == name:
                span, version = self._term(term, today)
                spans.append(span)
                names.append(version)
        is_resumed = name in transition.resumes and stopped_on is not None
        if is_resumed:
            since.append(stopped_on)
            until.append(max(today, stopped_on))
        elif len(spans) == len(row["spans"]):
            return
        elif stopped_on is not None:
            await connection.execute(_LENGTHEN, row["deadline_no"], spans, names)
            return
        due = due_day(row["started_on"], spans, since, until, calendar)
        await connection.execute(
            _SET, row["deadline_no"], spans, names, since, until, due.date, due.provisional
        )

    async def _reset(self, connection: Connection, row: Any, day: date | None, step: Step) -> None:
        """Let a deadline on a day by the facts follow them."""
        if day is None:
            await connection.execute(_END, row["deadline_no"], step.at)
        elif day != row["started_on"]:
            await connection.execute(_RESET, row["deadline_no"], day)

    def _term(self, name: str, day: date) -> tuple[str, str]:
        version = self._terms.on(day)
        return str(version.terms[name].span), f"{version.name}:{name}"
