"""Acts on cases: what goes on, what is refused, and that a refusal leaves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from gateway.lifecycle.engine import Engine
from gateway.lifecycle.errors import (
    CASE_NOT_FOUND,
    COMMAND_GIVEN_UP,
    CONDITION_NOT_MET,
    IDEMPOTENCY_KEY_REUSED,
    ILLEGAL_TRANSITION,
    OTHER_PERSON_REQUIRED,
    STATEMENT_MISSING,
    TRANSITION_NOT_PERMITTED,
    VERSION_CONFLICT,
    LifecycleDeclarationError,
    LifecycleRefusedError,
)
from gateway.lifecycle.ledger import give_up
from gateway.lifecycle.types import Order, Step
from gateway.store.pool import LightPool
from tests.support.lifecycle import (
    APPLICANT,
    STRANGER,
    TERMS,
    Papers,
    Requests,
    order,
    terms_of,
    writes_papers,
)

SAID: dict[str, Any] = {"reason": "因", "basis": "据", "evidence_sha256": bytes(32)}


@pytest.fixture
def engine() -> Engine[Papers]:
    return Engine(Requests(), TERMS)


async def opened(engine: Engine[Papers], pool: LightPool, papers: int = 1) -> str:
    async with pool.connection() as connection:
        await engine.open(connection, "A-1", order("file", APPLICANT), writes_papers("A-1", papers))
    return "A-1"


async def do(engine: Engine[Papers], pool: LightPool, wanted: Order, case_no: str = "A-1") -> Step:
    async with pool.connection() as connection:
        return await engine.act(connection, case_no, wanted)


async def refused(engine: Engine[Papers], pool: LightPool, wanted: Order) -> str:
    """The code of the refusal, after which the case must be as it was."""
    before = await rows(pool)
    with pytest.raises(LifecycleRefusedError) as raised:
        await do(engine, pool, wanted)
    assert await rows(pool) == before
    return raised.value.code


async def rows(pool: LightPool) -> list[object]:
    async with pool.connection() as connection:
        return [
            await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
            for table in ("lifecycle_case", "lifecycle_step", "lifecycle_command", "told")
        ]


async def test_act_stores_who_when_why_and_on_what(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("drop", reason="不再需要", evidence_sha256=bytes(32)))
    async with pool.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM lifecycle_step WHERE version = 2")
    assert row is not None
    assert (row["act"], row["source"], row["target"]) == ("drop", "OPEN", "DROPPED")
    assert (row["unit"], row["person"], row["party"]) == ("OFFICE", "anna", "OFFICE")
    assert (row["reason"], row["evidence_sha256"]) == ("不再需要", bytes(32))


async def test_undeclared_transition_is_refused(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    assert await refused(engine, pool, order("decide", **SAID)) == ILLEGAL_TRANSITION


async def test_end_leads_nowhere(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("drop", reason="r"))
    assert await refused(engine, pool, order("accept")) == ILLEGAL_TRANSITION


async def test_other_party_is_refused(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    assert await refused(engine, pool, order("accept", APPLICANT)) == TRANSITION_NOT_PERMITTED


async def test_stranger_learns_no_more_than_of_a_case_that_is_not_there(
    engine: Engine[Papers], pool: LightPool
) -> None:
    await opened(engine, pool)
    assert await refused(engine, pool, order("accept", STRANGER)) == CASE_NOT_FOUND
    with pytest.raises(LifecycleRefusedError, match="no case `B-9`") as raised:
        await do(engine, pool, order("accept"), "B-9")
    assert raised.value.code == CASE_NOT_FOUND


async def test_nobody_passes_for_the_clock(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("accept"))
    assert await refused(engine, pool, order("time-over")) == TRANSITION_NOT_PERMITTED


@pytest.mark.parametrize("missing", sorted(SAID))
async def test_missing_statement_is_refused(
    engine: Engine[Papers], pool: LightPool, missing: str
) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("accept"))
    said = {name: value for name, value in SAID.items() if name != missing}
    assert await refused(engine, pool, order("decide", person="bo", **said)) == STATEMENT_MISSING


async def test_condition_that_does_not_hold_is_refused(
    engine: Engine[Papers], pool: LightPool
) -> None:
    await opened(engine, pool, papers=0)
    await do(engine, pool, order("accept"))
    assert await refused(engine, pool, order("decide", person="bo", **SAID)) == CONDITION_NOT_MET


async def test_what_an_act_writes_goes_with_its_refusal(
    engine: Engine[Papers], pool: LightPool
) -> None:
    await opened(engine, pool, papers=1)
    await do(engine, pool, order("accept"))
    async with pool.connection() as connection:
        wanted = order("decide", person="bo", **SAID)
        with pytest.raises(LifecycleRefusedError):
            await engine.act(connection, "A-1", wanted, writes_papers("A-1", 0))
        assert await connection.fetchval("SELECT papers FROM request") == 1


@pytest.mark.parametrize("person", ["anna", None])
async def test_second_pair_of_eyes_is_another_named_person(
    engine: Engine[Papers], pool: LightPool, person: str | None
) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("accept", person="anna"))
    wanted = order("decide", person=person, **SAID)
    assert await refused(engine, pool, wanted) == OTHER_PERSON_REQUIRED


async def test_stale_version_is_refused(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("accept", expected_version=1))
    assert await refused(engine, pool, order("stop", expected_version=1)) == VERSION_CONFLICT


async def test_repeated_command_has_one_effect(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    wanted = order("accept", key="k")
    first = await do(engine, pool, wanted)
    again = await do(engine, pool, wanted)
    assert (again.version, again.is_repeated, first.is_repeated) == (first.version, True, False)


async def test_commands_sent_at_once_under_one_key_have_one_effect(
    engine: Engine[Papers], pool: LightPool
) -> None:
    await opened(engine, pool)
    wanted = order("accept", key="k")
    steps = await asyncio.gather(*(do(engine, pool, wanted) for _ in range(5)))
    assert sorted(step.is_repeated for step in steps) == [False, True, True, True, True]


async def test_key_of_another_command_is_refused(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("accept", key="k"))
    assert await refused(engine, pool, order("stop", key="k")) == IDEMPOTENCY_KEY_REUSED


async def test_key_of_another_unit_is_another_key(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    await do(engine, pool, order("accept", key="k"))
    wanted = order("accept", APPLICANT, key="k")
    assert await refused(engine, pool, wanted) == ILLEGAL_TRANSITION


async def test_command_that_was_given_up_is_never_done(
    engine: Engine[Papers], pool: LightPool
) -> None:
    await opened(engine, pool)
    late = order("accept", key="k")
    async with pool.connection() as connection:
        assert await give_up(connection, late) is None
    assert await refused(engine, pool, late) == COMMAND_GIVEN_UP


async def test_command_that_was_done_is_not_given_up(
    engine: Engine[Papers], pool: LightPool
) -> None:
    await opened(engine, pool)
    wanted = order("accept", key="k")
    done = await do(engine, pool, wanted)
    async with pool.connection() as connection:
        assert await give_up(connection, wanted) == replace(done, is_repeated=True)


async def test_effect_that_fails_leaves_no_step(pool: LightPool) -> None:
    engine = Engine(Requests(fails=True), TERMS)
    await opened(engine, pool)
    await do(engine, pool, order("accept"))
    before = await rows(pool)
    with pytest.raises(RuntimeError):
        await do(engine, pool, order("decide", person="bo", **SAID))
    assert await rows(pool) == before


async def test_step_cannot_be_altered(engine: Engine[Papers], pool: LightPool) -> None:
    await opened(engine, pool)
    async with pool.connection() as connection:
        with pytest.raises(asyncpg.RaiseError, match="are kept"):
            await connection.execute("UPDATE lifecycle_step SET reason = 'x'")


def test_engine_without_a_term_does_not_start() -> None:
    with pytest.raises(LifecycleDeclarationError, match="no term `answer`"):
        Engine(Requests(), terms_of(more="1 working day"))
