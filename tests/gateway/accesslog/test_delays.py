"""Look-ups that a State organ may keep quiet about: when they show, and that nothing tells before.

Two worlds that differ only in whom the quiet look-up was about must answer with the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from policies.delays import HARD_MAXIMUM_DAYS, check_delays
from policies.engine import PolicySet
from policies.model import Purpose
from schema.records import MODEL
from tests.gateway.accesslog.written import (
    OTHER_FIRM,
    TODAY,
    WrittenLog,
    officer,
    rules,
    subject,
)
from tests.support.entries import FIRM, ORGAN, bank_principal

QUIET = {Purpose.INSPECTION: 6, Purpose.PENALTY_CASE: 12, Purpose.COURT_ENFORCEMENT: 12}
"""Months after which look-ups show at the latest."""
QUESTIONS = (
    "accessLog { totalCount }",
    "accessLog(first: 1) { totalCount pageInfo { hasNextPage endCursor } nodes { id at } }",
    "accessLog(first: 0) { totalCount pageInfo { hasNextPage } }",
    "accessLog(orderBy: [{ field: META_RECORD_ID, direction: DESC }]) { edges { cursor node {"
    " meta { recordId } requestId proof fields { coordinate } } } }",
    'accessLog(filter: { purpose: { in: ["INSPECTION", "PENALTY_CASE", "COURT_ENFORCEMENT"] } })'
    " { totalCount nodes { at } }",
    f'accessLog(filter: {{ organisation: {{ eq: "{ORGAN}" }} }}) {{ totalCount nodes {{ at }} }}',
)


async def answers(log: WrittenLog) -> Sequence[bytes]:
    documents = [f'{{ subject(uscc: "{FIRM}") {{ {question} }} }}' for question in QUESTIONS]
    return [await log.gateway.body(document, caller=subject(FIRM).caller) for document in documents]


async def test_until_a_quiet_look_up_shows_nothing_tells_of_it(
    log: WrittenLog, other_log: WrittenLog
) -> None:
    for world, looked_at in ((log, FIRM), (other_log, OTHER_FIRM)):
        await world.look_up(bank_principal(), (FIRM, OTHER_FIRM))
        for purpose in QUIET:
            await world.look_up(officer(purpose, "M-2"), (looked_at,))
        await world.look_up(officer(Purpose.TENDER, "M-3"), (FIRM,))
    assert await answers(log) == await answers(other_log)
    assert len(await log.lines()) == 2
    assert len(await other_log.lines(key=OTHER_FIRM)) == 1


async def test_other_look_ups_show_at_once(log: WrittenLog) -> None:
    for purpose in Purpose:
        await log.look_up(officer(purpose))
    shown = {line["purpose"] for line in await log.lines()}
    assert shown == {purpose.value for purpose in Purpose if purpose not in QUIET}


async def test_quiet_look_up_shows_once_its_matter_is_closed(log: WrittenLog) -> None:
    for purpose in QUIET:
        for matter_no in ("M-1", "M-2", None):
            await log.look_up(officer(purpose, matter_no))
    await log.execute("INSERT INTO matter_closed VALUES ($1, 'M-1', $2)", ORGAN, TODAY)
    lines = await log.lines("purpose matterNo closedOn")
    assert {line["purpose"] for line in lines} == {purpose.value for purpose in QUIET}
    assert {(line["matterNo"], line["closedOn"]) for line in lines} == {("M-1", str(TODAY))}


async def test_matter_of_another_organisation_or_of_tomorrow_closes_nothing(
    log: WrittenLog,
) -> None:
    await log.look_up(officer(Purpose.INSPECTION, "M-1"))
    tomorrow = TODAY + dt.timedelta(days=1)
    await log.execute("INSERT INTO matter_closed VALUES ($1, 'M-1', $2)", OTHER_FIRM, TODAY)
    await log.execute("INSERT INTO matter_closed VALUES ($1, 'M-1', $2)", ORGAN, tomorrow)
    assert await log.lines() == []


async def test_quiet_look_up_shows_at_the_latest_date(log: WrittenLog) -> None:
    expected = set()
    for purpose, months in QUIET.items():
        month = (TODAY.month - months - 1) % 12 + 1
        last_quiet = TODAY.replace(year=TODAY.year - months // 12, month=month)
        before = last_quiet - dt.timedelta(days=1)
        for day in (last_quiet, before):
            await log.look_up(officer(purpose), at=f"{day}T04:00:00Z")
        expected.add((purpose.value, str(before)))
    assert {(line["purpose"], line["at"][:10]) for line in await log.lines()} == expected


def test_rules_of_the_project_let_every_look_up_show_in_the_end() -> None:
    assert check_delays(MODEL, rules()) == []


@pytest.mark.parametrize("left_out", ["at-once", "inspection", "penalty-case"])
def test_rules_that_never_show_a_look_up_are_refused(left_out: str) -> None:
    kept = tuple(rule for rule in rules().rules if rule.id != f"access-log.{left_out}")
    problems = check_delays(MODEL, PolicySet(kept, MODEL, TODAY))
    assert problems
    assert all(str(HARD_MAXIMUM_DAYS) in problem for problem in problems)
