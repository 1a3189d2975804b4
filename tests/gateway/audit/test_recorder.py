"""The recorder against a real store: durability, sharing of commits, refusals, outages."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder, RecorderLimits
from gateway.audit.references import SubjectReferences
from gateway.entitlements.cache import EntitlementsCache
from gateway.entitlements.types import Standings
from gateway.errors import InternalError, Unavailable
from gateway.identity.principal import Principal
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from tests.support.entries import FIRM, ORGAN, audit_entry
from tests.support.frozen_path import freezable
from tests.support.standings import followed

KEY = bytes(32)


def new_recorder(
    pool: LightPool, standings: Standings, limits: RecorderLimits | None = None
) -> GroupCommitRecorder:
    return GroupCommitRecorder(
        pool,
        SubjectReferences(secrets.token_bytes),
        RecordHasher(KEY),
        standings,
        limits or RecorderLimits(),
    )


@pytest_asyncio.fixture
async def standings(store: StoreAddress) -> AsyncIterator[EntitlementsCache]:
    async with followed(store) as cache:
        yield cache


@pytest_asyncio.fixture
async def recorder(
    store_pool: LightPool, standings: EntitlementsCache
) -> AsyncIterator[GroupCommitRecorder]:
    recorder = new_recorder(store_pool, standings)
    await recorder.open()
    yield recorder
    await recorder.aclose()


async def stored(pool: LightPool) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT entry FROM audit_entry ORDER BY entry_no")
    return [json.loads(row["entry"]) for row in rows]


async def test_commit_returns_the_entry_is_in_the_store(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await recorder.commit(audit_entry("r-7"))
    async with store_pool.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM audit_entry")
    assert row is not None
    assert (row["request_id"], row["client_id"], row["purpose"], row["outcome"]) == (
        "r-7",
        "bank-1",
        "PRE_LOAN",
        "ANSWERED",
    )
    assert row["at"].isoformat() == "2026-03-02T01:02:03+00:00"


async def test_commit_stores_references_and_never_the_subject(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await recorder.commit(audit_entry("r-1", subjects=(FIRM, ORGAN)))
    await recorder.commit(audit_entry("r-2", subjects=(ORGAN,)))
    first, second = await stored(store_pool)
    assert second["subjects"] == [first["subjects"][1]]
    assert first["subjects"][0] != first["subjects"][1]
    async with store_pool.connection() as connection:
        rows = await connection.fetch("SELECT entry FROM audit_entry")
        keys = await connection.fetch("SELECT subject_key FROM subject_reference")
    assert all(FIRM.encode() not in row["entry"] for row in rows)
    assert {row["subject_key"] for row in keys} == {FIRM, ORGAN}


async def test_commit_caller_who_is_a_subject_is_not_named(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    caller = Caller(CallerClass.SUBJECT, FIRM, Purpose.SELF_QUERY)
    await recorder.commit(audit_entry(principal=Principal(caller, "portal"), subjects=(FIRM,)))
    (entry,) = await stored(store_pool)
    assert entry["organisation"] is None
    assert [entry["callerReference"]] == entry["subjects"]


async def test_commit_same_subject_from_two_workers_gets_one_reference(
    store_pool: LightPool, standings: EntitlementsCache
) -> None:
    workers = [new_recorder(store_pool, standings) for _ in range(2)]
    for worker in workers:
        await worker.open()
    entries = [audit_entry(f"r-{n}", subjects=(f"S-{n // 2}",)) for n in range(40)]
    await asyncio.gather(*(workers[n % 2].commit(entry) for n, entry in enumerate(entries)))
    for worker in workers:
        await worker.aclose()
    references: dict[int, set[str]] = {}
    for entry in await stored(store_pool):
        number = int(str(entry["requestId"]).removeprefix("r-")) // 2
        references.setdefault(number, set()).update(entry["subjects"])
    assert len(references) == 20
    assert all(len(found) == 1 for found in references.values())


async def test_commit_equal_decisions_are_stored_once(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await asyncio.gather(*(recorder.commit(audit_entry(f"r-{n}")) for n in range(5)))
    await recorder.commit(audit_entry("r-9", decisions=b"[]"))
    async with store_pool.connection() as connection:
        rows = await connection.fetch("SELECT sha256, json FROM audit_decisions")
    assert len(rows) == 2
    entries = await stored(store_pool)
    assert entries[-1]["decisions"] == hashlib.sha256(b"[]").hexdigest()


async def test_commit_entries_at_the_same_time_share_commits(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await asyncio.gather(*(recorder.commit(audit_entry(f"r-{n}")) for n in range(200)))
    assert recorder.committed_entries == 200
    assert recorder.committed_batches <= 3
    assert len(await stored(store_pool)) == 200


async def test_commit_released_records_are_stored_as_keyed_hashes(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await recorder.commit(audit_entry(released=("courts/JUDGMENT_DEFAULTER/17",)))
    (entry,) = await stored(store_pool)
    assert entry["released"] == [RecordHasher(KEY).hash("courts/JUDGMENT_DEFAULTER/17")]
    assert entry["released"] != [
        RecordHasher(bytes(31) + b"1").hash("courts/JUDGMENT_DEFAULTER/17")
    ]


async def test_commit_entry_that_cannot_be_encoded_fails_alone(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    results = await asyncio.gather(
        recorder.commit(audit_entry("r-1")),
        recorder.commit(audit_entry("r-2", operation_name="\ud800")),
        recorder.commit(audit_entry("r-3", operation_name="a\x00b")),
        recorder.commit(audit_entry("r-4")),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [
        type(None),
        InternalError,
        InternalError,
        type(None),
    ]
    assert [entry["requestId"] for entry in await stored(store_pool)] == ["r-1", "r-4"]


async def test_commit_cancelled_waiter_entry_is_written_all_the_same(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    waiting = asyncio.create_task(recorder.commit(audit_entry("r-1")))
    await asyncio.sleep(0)
    waiting.cancel()
    await recorder.commit(audit_entry("r-2"))
    assert {entry["requestId"] for entry in await stored(store_pool)} == {"r-1", "r-2"}


@pytest.mark.parametrize(
    "limits", [RecorderLimits(batch_timeout_s=0.2), RecorderLimits(fence_timeout_s=0.2)], ids=str
)
async def test_commit_locked_table_is_unavailable_in_time_and_recovers(
    store: StoreAddress,
    store_pool: LightPool,
    standings: EntitlementsCache,
    limits: RecorderLimits,
) -> None:
    pool = LightPool(connector(store), 2)
    recorder = new_recorder(pool, standings, limits)
    await recorder.open()
    started = asyncio.get_running_loop().time()
    async with store_pool.connection() as connection, connection.transaction():
        await connection.execute("LOCK TABLE audit_entry")
        results = await asyncio.gather(
            *(recorder.commit(audit_entry(f"r-{n}")) for n in range(3)), return_exceptions=True
        )
    assert asyncio.get_running_loop().time() - started < 2
    assert [type(result) for result in results] == [Unavailable] * 3
    assert {result.code for result in results if isinstance(result, Unavailable)} == {
        "AUDIT_UNAVAILABLE"
    }
    await recorder.commit(audit_entry("r-9"))
    await recorder.aclose()
    await pool.aclose()
    assert "r-9" in {entry["requestId"] for entry in await stored(store_pool)}


async def test_commit_that_was_compared_too_long_ago_does_not_leave(
    store: StoreAddress, store_pool: LightPool, standings: EntitlementsCache
) -> None:
    """Also where the store's answer comes before the timer rings, as after a long stall."""
    seconds = iter(range(0, 1_000, 10))
    recorder = GroupCommitRecorder(
        store_pool,
        SubjectReferences(secrets.token_bytes),
        RecordHasher(KEY),
        standings,
        clock=lambda: float(next(seconds)),
    )
    await recorder.open()
    with pytest.raises(Unavailable):
        await recorder.commit(audit_entry("r-1"))
    await recorder.aclose()


async def test_commit_connections_killed_is_unavailable_and_recovers(
    store: StoreAddress, recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await recorder.commit(audit_entry("r-1"))
    other = await connector(store)()
    async with store_pool.connection() as connection, connection.transaction():
        await connection.execute("LOCK TABLE audit_entry")
        waiting = asyncio.create_task(recorder.commit(audit_entry("r-2")))
        killed = 0
        while not killed:
            killed = await other.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        with pytest.raises(Unavailable):
            await waiting
    await recorder.commit(audit_entry("r-3"))
    await other.close()
    assert [entry["requestId"] for entry in await stored(store_pool)] == ["r-1", "r-3"]


async def test_commit_store_that_refuses_the_entry_is_unavailable_and_recovers(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    async with store_pool.connection() as connection:
        await connection.execute("ALTER TABLE audit_entry ADD CONSTRAINT is_full CHECK (false)")
        with pytest.raises(Unavailable):
            await recorder.commit(audit_entry("r-1"))
        await connection.execute("ALTER TABLE audit_entry DROP CONSTRAINT is_full")
    await recorder.commit(audit_entry("r-2"))
    assert [entry["requestId"] for entry in await stored(store_pool)] == ["r-2"]


async def test_commit_silent_store_is_unavailable_in_time_and_recovers(
    store: StoreAddress, store_pool: LightPool, standings: EntitlementsCache
) -> None:
    async with freezable(store) as (path, address):
        pool = LightPool(connector(address), 2, settle_timeout_s=0.2)
        recorder = new_recorder(pool, standings, RecorderLimits(batch_timeout_s=0.5))
        await recorder.open()
        await recorder.commit(audit_entry("r-1"))
        path.flows.clear()
        for number in range(4):
            async with asyncio.timeout(2):
                with pytest.raises(Unavailable):
                    await recorder.commit(audit_entry(f"lost-{number}"))
        path.flows.set()
        async with asyncio.timeout(10):
            while True:
                try:
                    await recorder.commit(audit_entry("r-2"))
                    break
                except Unavailable:
                    await asyncio.sleep(0)
        await recorder.aclose()
        await pool.aclose()
    requests = [entry["requestId"] for entry in await stored(store_pool)]
    assert {"r-1", "r-2"} <= set(requests)
    assert len(requests) == len(set(requests))


async def test_commit_unreachable_store_is_unavailable(standings: EntitlementsCache) -> None:
    pool = LightPool(connector(StoreAddress("postgresql://a:b@127.0.0.1:1/x")), 1)
    recorder = new_recorder(pool, standings)
    await recorder.open()
    with pytest.raises(Unavailable):
        await recorder.commit(audit_entry())
    await recorder.aclose()


async def test_commit_more_waiting_than_the_bound_is_refused_at_once(
    store_pool: LightPool, standings: EntitlementsCache
) -> None:
    recorder = new_recorder(store_pool, standings, RecorderLimits(max_waiting=5))
    await recorder.open()
    results = await asyncio.gather(
        *(recorder.commit(audit_entry(f"r-{n}")) for n in range(6)), return_exceptions=True
    )
    await recorder.aclose()
    assert results[:5] == [None] * 5
    assert isinstance(results[5], Unavailable)


async def test_commit_before_open_and_after_close_is_unavailable(
    store_pool: LightPool, standings: EntitlementsCache
) -> None:
    recorder = new_recorder(store_pool, standings)
    with pytest.raises(Unavailable):
        await recorder.commit(audit_entry())
    await recorder.open()
    await recorder.aclose()
    with pytest.raises(Unavailable):
        await recorder.commit(audit_entry())
