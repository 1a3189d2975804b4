"""Deadlines of cases: when they end, stand still, move; and what clocks do by themselves."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from gateway.contract import YearSchedule
from gateway.lifecycle.due import open_deadlines, sweep
from gateway.lifecycle.engine import Engine
from gateway.lifecycle.reckoning import Pause, china_day, reckon
from gateway.lifecycle.schedules import take_schedule
from gateway.lifecycle.terms import parse_span
from gateway.store.pool import LightPool
from policies.disclosure.schedules import read_schedule
from policies.disclosure.working_days import installed_calendar
from tests.support.lifecycle import (
    APPLICANT,
    TERMS,
    Clockface,
    Papers,
    Requests,
    order,
    writes_papers,
)

DAY = dt.date
TUESDAY = DAY(2026, 9, 22)


@pytest.fixture
def engine() -> Engine[Papers]:
    return Engine(Requests(), TERMS)


class Office:
    """One case at a time, at the time of a clock."""

    def __init__(self, engine: Engine[Papers], pool: LightPool) -> None:
        self.engine, self.pool, self.clock = engine, pool, Clockface()

    async def accepted(self, case_no: str = "A-1", on: DAY = TUESDAY) -> None:
        self.clock.move_to(on)
        async with self.pool.connection() as connection:
            wanted = order("file", APPLICANT, at=self.clock())
            await self.engine.open(connection, case_no, wanted, writes_papers(case_no, 1))
        await self.do("accept", on, case_no)

    async def do(self, act: str, on: DAY, case_no: str = "A-1", **said: Any) -> None:
        self.clock.move_to(on)
        async with self.pool.connection() as connection:
            await self.engine.act(connection, case_no, order(act, at=self.clock(), **said))

    async def due(self, case_no: str = "A-1") -> tuple[DAY | None, bool] | None:
        async with self.pool.connection() as connection:
            row = await connection.fetchrow(
                "SELECT due_on, provisional FROM lifecycle_deadline"
                " WHERE case_no = $1 AND ended_at IS NULL",
                case_no,
            )
        return None if row is None else (row[0], row[1])

    async def state(self, case_no: str = "A-1") -> str:
        async with self.pool.connection() as connection:
            found = await connection.fetchval(
                "SELECT state FROM lifecycle_case WHERE case_no = $1", case_no
            )
        return str(found)


@pytest.fixture
def office(engine: Engine[Papers], pool: LightPool) -> Office:
    return Office(engine, pool)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (DAY(2026, 3, 2), 7, DAY(2026, 3, 11)),
        (DAY(2026, 2, 11), 7, DAY(2026, 2, 27)),
        (DAY(2026, 9, 30), 1, DAY(2026, 10, 8)),
        (DAY(2026, 10, 3), 7, DAY(2026, 10, 15)),
        (DAY(2025, 12, 31), 3, DAY(2026, 1, 6)),
    ],
)
def test_working_days_are_those_of_the_state(start: DAY, count: int, end: DAY) -> None:
    span = parse_span(f"{count} working days")
    assert reckon(start, [span], (), installed_calendar()).date == end


def test_term_in_months_that_ends_on_a_holiday_moves_behind_it() -> None:
    found = reckon(DAY(2026, 7, 3), [parse_span("3 months")], (), installed_calendar())
    assert found.date == DAY(2026, 10, 8)


def test_days_on_which_a_clock_stood_still_do_not_count() -> None:
    pause = Pause(DAY(2026, 3, 4), DAY(2026, 3, 6))
    found = reckon(DAY(2026, 3, 2), [parse_span("7 working days")], [pause], installed_calendar())
    assert found.date == DAY(2026, 3, 13)


def test_day_is_that_of_china() -> None:
    assert china_day(dt.datetime(2026, 3, 1, 16, tzinfo=dt.UTC)) == DAY(2026, 3, 2)


async def test_entering_a_state_sets_its_deadline(office: Office) -> None:
    await office.accepted()
    assert await office.due() == (DAY(2026, 10, 9), False)


async def test_stopped_clock_has_no_last_day_and_never_acts(office: Office) -> None:
    await office.accepted()
    await office.do("stop", DAY(2026, 9, 23))
    office.clock.move_to(DAY(2026, 12, 1))
    await sweep(office.engine, office.pool, office.clock)
    assert (await office.due(), await office.state()) == ((None, False), "CHECKING")


async def test_resumed_clock_counts_the_days_that_are_left(office: Office) -> None:
    await office.accepted(on=DAY(2026, 3, 2))
    await office.do("stop", DAY(2026, 3, 4))
    await office.do("resume", DAY(2026, 3, 6))
    assert await office.due() == (DAY(2026, 3, 13), False)


async def test_extension_is_counted_from_the_last_day(office: Office) -> None:
    await office.accepted(on=DAY(2026, 3, 2))
    await office.do("extend", DAY(2026, 3, 3))
    assert await office.due() == (DAY(2026, 3, 16), False)


async def test_extension_of_a_stopped_clock_counts_when_it_goes_on(office: Office) -> None:
    await office.accepted(on=DAY(2026, 3, 2))
    await office.do("stop", DAY(2026, 3, 4))
    await office.do("extend", DAY(2026, 3, 4))
    await office.do("resume", DAY(2026, 3, 6))
    assert await office.due() == (DAY(2026, 3, 18), False)


async def test_last_day_is_whole(office: Office) -> None:
    await office.accepted()
    office.clock.at = dt.datetime(2026, 10, 9, 15, 59, tzinfo=dt.UTC)
    await sweep(office.engine, office.pool, office.clock)
    assert await office.state() == "CHECKING"


async def test_clock_acts_on_the_day_after(office: Office) -> None:
    await office.accepted()
    office.clock.at = dt.datetime(2026, 10, 9, 16, 0, tzinfo=dt.UTC)
    swept = await sweep(office.engine, office.pool, office.clock)
    assert (swept.done, await office.state(), await office.due()) == (1, "LATE", None)


async def test_runs_that_were_missed_lose_nothing(office: Office) -> None:
    await office.accepted("A-1", DAY(2026, 3, 2))
    await office.accepted("A-2", DAY(2026, 6, 1))
    office.clock.move_to(DAY(2027, 6, 1))
    assert (await sweep(office.engine, office.pool, office.clock)).done == 2


async def test_many_workers_act_once_for_each_deadline(office: Office) -> None:
    for number in range(30):
        await office.accepted(f"A-{number}")
    office.clock.move_to(DAY(2026, 10, 10))
    swept = await asyncio.gather(
        *(sweep(office.engine, office.pool, office.clock, batch=4) for _ in range(4))
    )
    async with office.pool.connection() as connection:
        told = await connection.fetchval("SELECT count(*) FROM told")
    assert (sum(each.done for each in swept), told) == (30, 30)


async def test_act_that_fails_holds_up_no_other_and_is_tried_again(pool: LightPool) -> None:
    mechanism = Requests(fails=True)
    office = Office(Engine(mechanism, TERMS), pool)
    await office.accepted()
    office.clock.move_to(DAY(2026, 10, 10))
    swept = await sweep(office.engine, pool, office.clock)
    assert (swept.done, swept.failed, await office.state()) == (0, 1, "CHECKING")
    [listed] = await open_deadlines(pool, china_day(office.clock()))
    assert listed.failure == "RuntimeError"
    mechanism.fails = False
    office.clock.at += dt.timedelta(hours=1)
    assert (await sweep(office.engine, pool, office.clock)).done == 1


async def test_list_has_what_is_due_by_a_day_and_whose(office: Office) -> None:
    await office.accepted("A-1", DAY(2026, 9, 22))
    await office.accepted("A-2", DAY(2026, 9, 30))
    until = DAY(2026, 10, 9)
    assert [each.case_no for each in await open_deadlines(office.pool, until)] == ["A-1"]
    assert await open_deadlines(office.pool, until, whose="APPLICANT") == []


async def test_deadline_in_a_year_to_be_announced_is_provisional_until_it_is(
    office: Office, tmp_path: Path
) -> None:
    await office.accepted(on=DAY(2026, 12, 24))
    due = await office.due()
    assert due is not None
    assert due[1]
    file = tmp_path / "2027.json"
    off = [f'{{"date": "2027-01-{day:02}", "isOffDay": true}}' for day in (1, 4, 5)]
    file.write_text(
        '{"year": 2027, "days": [' + ",".join(off) + ', {"date": "2027-10-01", "isOffDay": true}]}'
    )
    async with office.pool.connection() as connection:
        read = read_schedule(file)
        announced = YearSchedule(read.year, read.days)
        [change] = await take_schedule(connection, announced, office.clock())
    assert (change.case_no, change.before, change.after) == ("A-1", due[0], DAY(2027, 1, 7))
    assert await office.due() == (DAY(2027, 1, 7), False)
