"""One sequencer at a time, another when it dies, and none on a log that is not sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest_asyncio

from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import Connection, LightPool
from gateway.translog.candidate import LOCK_KEY, CandidateTimes, SequencerCandidate
from gateway.translog.mirror import Mirror, tree_at
from gateway.translog.segments import newest_note
from tests.support.translog import KnownLog, add_entries, leaves, new_log

TIMES = CandidateTimes(lock_every_s=0.01, step_every_s=0.01, retry_after_s=0.01)
PATIENCE_S = 20
_HOLDER = """
SELECT l.pid FROM pg_locks AS l
JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND (l.classid::bigint << 32) + l.objid::bigint = $1
"""


@pytest_asyncio.fixture
async def connection(store: StoreAddress) -> AsyncIterator[Connection]:
    connection = await connector(store)()
    yield connection
    await connection.close()


def candidate(store: StoreAddress, known: KnownLog) -> SequencerCandidate:
    return SequencerCandidate(connector(store), known.identity, known.signer, times=TIMES)


async def covered(connection: Connection, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await connection.fetchval("SELECT tree_size FROM audit_log_head") < count:
            pass


def test_another_takes_over_within_a_second() -> None:
    """What a candidate waits for at most, before its first step, leaves room for the step."""
    times = CandidateTimes()
    assert times.lock_every_s <= 0.5
    assert times.step_every_s <= 0.5


async def test_one_of_many_is_the_sequencer_and_another_follows_it(
    store: StoreAddress, connection: Connection
) -> None:
    known = new_log()
    candidates = [candidate(store, known) for _ in range(3)]
    for each in candidates:
        await each.open()
    await add_entries(connection, ["r-0"])
    await covered(connection, 1)
    for number in range(1, 4):
        assert sum(each.is_sequencer for each in candidates) == 1
        holder = await connection.fetchval(_HOLDER, LOCK_KEY)
        await connection.execute("SELECT pg_terminate_backend($1)", holder)
        await add_entries(connection, [f"r-{number}"])
        await covered(connection, number + 1)
    for each in candidates:
        await each.aclose()
    assert await leaves(connection) == ["r-0", "r-1", "r-2", "r-3"]
    # PostgreSQL frees the lock when it notices that the connection has closed
    async with asyncio.timeout(PATIENCE_S):
        while await connection.fetchval(_HOLDER, LOCK_KEY) is not None:
            pass


async def test_sequencer_that_closes_covers_what_is_committed(
    store: StoreAddress, connection: Connection
) -> None:
    known = new_log()
    slow = CandidateTimes(lock_every_s=0.01, step_every_s=60)
    one = SequencerCandidate(connector(store), known.identity, known.signer, times=slow)
    await add_entries(connection, ["r-0"])
    await one.open()
    await covered(connection, 1)
    await add_entries(connection, ["r-1", "r-2"])
    await one.aclose()
    assert await leaves(connection) == ["r-0", "r-1", "r-2"]


async def test_damaged_log_is_not_extended_until_it_is_sound_again(
    store: StoreAddress, connection: Connection
) -> None:
    known = new_log()
    one = candidate(store, known)
    await one.open()
    await add_entries(connection, ["r-0"])
    await covered(connection, 1)
    await one.aclose()
    flip = (
        "UPDATE audit_log_head"
        " SET young_leaves = set_bit(young_leaves, 9, 1 - get_bit(young_leaves, 9))"
    )
    await connection.execute(flip)
    two = candidate(store, known)
    await two.open()
    await add_entries(connection, ["r-1"])
    async with asyncio.timeout(PATIENCE_S):
        while two.refusal is None:
            await connection.execute("SELECT 1")
    assert "does not say what the log's 1 leaves give" in two.refusal
    assert await leaves(connection) == ["r-0"]
    await connection.execute(flip)
    await covered(connection, 2)
    assert two.refusal is None
    await two.aclose()


async def test_clock_set_back_changes_no_order_and_leaves_nothing_out(
    store: StoreAddress, connection: Connection
) -> None:
    known = new_log()
    one = candidate(store, known)
    await one.open()
    for number in range(6):
        at = datetime.fromisoformat(f"2026-03-{9 - number:02}T01:02:03Z")
        await connection.execute(
            "INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)"
            " VALUES ($1, $2, 'c', 'p', 'o', '{}')",
            at,
            f"r-{number}",
        )
        await covered(connection, number + 1)
    await one.aclose()
    assert await leaves(connection) == [f"r-{number}" for number in range(6)]


async def test_store_put_back_behind_the_segments_is_not_extended(
    store: StoreAddress, connection: Connection, tmp_path: Path
) -> None:
    """Otherwise a second log of one name would be signed."""
    known = new_log()
    one = candidate(store, known)
    await one.open()
    await add_entries(connection, ["r-0", "r-1"])
    await covered(connection, 2)
    await one.aclose()
    pool = LightPool(connector(store), 1)
    mirror = Mirror(pool, known.identity, tmp_path)
    await mirror.open()
    await mirror.copy()
    mirror.close()
    await pool.aclose()
    await connection.execute(
        "ALTER TABLE audit_run DISABLE TRIGGER USER;"
        "ALTER TABLE audit_checkpoint DISABLE TRIGGER USER;"
        "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_kept;"
        "DELETE FROM audit_checkpoint; DELETE FROM audit_run; DELETE FROM audit_entry;"
        "UPDATE audit_log_head SET tree_size = 0, young_leaves = ''"
    )

    async def guard(own: Connection) -> object:
        note = newest_note(tmp_path)
        assert note is not None
        return await tree_at(own, known.identity, note)

    two = SequencerCandidate(
        connector(store), known.identity, known.signer, guard=guard, times=TIMES
    )
    await two.open()
    await add_entries(connection, ["x"])
    async with asyncio.timeout(PATIENCE_S):
        while two.refusal is None:
            await connection.execute("SELECT 1")
    assert "the segments hold 2 leaves, the store less: it was put back" in two.refusal
    assert await leaves(connection) == []
    await two.aclose()
