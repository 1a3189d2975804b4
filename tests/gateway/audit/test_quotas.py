"""Quotas count distinct subjects per client and day, exactly, whoever counts."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from gateway.audit.entry import RecordHasher
from gateway.audit.quotas import CountedSubjects, forget_days_before
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.types import Quota
from gateway.entitlements.client import Client
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.registers import ClientRegister
from gateway.errors import TooManyRequests, Unauthenticated
from gateway.request import QuotaUse
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.model import CallerClass
from tests.support.entries import BANK, FIRM, audit_entry
from tests.support.standings import followed

DAY = date(2026, 3, 2)
# midnight after it, China Standard Time
RESETS_AT = 1_772_467_200


def some(first: int, last: int) -> tuple[str, ...]:
    """Invented subjects, numbered."""
    return tuple(f"S-{number}" for number in range(first, last + 1))


@asynccontextmanager
async def worker(store: StoreAddress, pool: LightPool) -> AsyncIterator[GroupCommitRecorder]:
    async with followed(store) as standings:
        recorder = GroupCommitRecorder(
            pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings
        )
        await recorder.open()
        try:
            yield recorder
        finally:
            await recorder.aclose()


@pytest_asyncio.fixture
async def recorder(
    store: StoreAddress, store_pool: LightPool
) -> AsyncIterator[GroupCommitRecorder]:
    async with worker(store, store_pool) as recorder:
        yield recorder


async def add_client(pool: LightPool, quota: int | None) -> None:
    client = Client("bank-1", CallerClass.INSTITUTION, BANK, "Bank", quota)
    await ClientRegister(pool).put(client)


async def stored(pool: LightPool) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT entry FROM audit_entry ORDER BY entry_no")
    return [json.loads(row["entry"]) for row in rows]


async def counted(pool: LightPool) -> tuple[int, int]:
    """Subjects counted, and the number that stands for them; they must not differ."""
    async with pool.connection() as connection:
        subjects = await connection.fetchval("SELECT count(*) FROM quota_subject")
        units = await connection.fetchval("SELECT coalesce(sum(units), 0) FROM quota_usage")
    return int(subjects), int(units)


async def counted_days(pool: LightPool) -> list[int]:
    """Days of whose subjects the store still knows, ascending."""
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT DISTINCT day FROM quota_subject ORDER BY day")
    return [row["day"].day for row in rows]


async def test_quota_of_an_operation_is_counted_apart_from_the_clients(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 1)
    own = Quota("bank-1#PRE_LOAN#Grade", 3)

    async def commit(name: str, first: int, last: int) -> QuotaUse | None:
        return await recorder.commit(
            replace(audit_entry(name, subjects=some(first, last)), quota=own)
        )

    at_once = [commit("r-1", 1, 2), recorder.commit(audit_entry("r-2", subjects=some(9, 9)))]
    first, others = await asyncio.gather(*at_once)
    assert (first, others) == (
        QuotaUse(3, 2, RESETS_AT),
        QuotaUse(1, 1, RESETS_AT),
    )
    with pytest.raises(TooManyRequests):
        await commit("r-3", 3, 4)
    with pytest.raises(TooManyRequests):
        await recorder.commit(audit_entry("r-4", subjects=some(1, 1)))
    again = await commit("r-5", 1, 3)
    assert again is not None
    assert again.remaining == 0
    assert await counted(store_pool) == (4, 4)


async def test_quota_counts_subjects_and_refuses_what_exceeds_it(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 10)
    use = await recorder.commit(audit_entry("r-1", subjects=some(1, 7)))
    assert use is not None
    assert (use.limit, use.used, use.remaining) == (10, 7, 3)
    with pytest.raises(TooManyRequests) as caught:
        await recorder.commit(audit_entry("r-2", subjects=some(8, 11), released=("tax/X/1",)))
    use = await recorder.commit(audit_entry("r-3", subjects=some(8, 10)))
    assert use is not None
    assert (use.used, use.remaining) == (10, 0)
    assert caught.value.code == "QUOTA_EXCEEDED"
    assert dict(caught.value.headers)["Retry-After"] == str(14 * 3600 + 57 * 60 + 57)
    entries = await stored(store_pool)
    assert [entry["outcome"] for entry in entries] == ["ANSWERED", "QUOTA_EXCEEDED", "ANSWERED"]
    assert entries[1]["released"] == []
    assert await counted(store_pool) == (10, 10)


async def test_subject_asked_for_again_costs_nothing_on_any_worker(
    store: StoreAddress, store_pool: LightPool
) -> None:
    await add_client(store_pool, 3)
    async with worker(store, store_pool) as first, worker(store, store_pool) as second:
        for turn in range(4):
            for number, recorder in enumerate((first, second)):
                use = await recorder.commit(audit_entry(f"r-{turn}-{number}", subjects=some(1, 3)))
                assert use is not None
                assert use.used == 3
        with pytest.raises(TooManyRequests):
            await second.commit(audit_entry("r-9", subjects=some(3, 4)))
    assert await counted(store_pool) == (3, 3)


async def test_quota_in_one_batch_lets_exactly_the_quota_pass(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 30)
    results = await asyncio.gather(
        *(
            recorder.commit(audit_entry(f"r-{n}", subjects=some(4 * n + 1, 4 * n + 4)))
            for n in range(20)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, TooManyRequests) for result in results) == 13
    assert await counted(store_pool) == (28, 28)
    assert len(await stored(store_pool)) == 20


async def test_entry_that_fits_because_another_counts_its_subjects_passes(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 4)
    asked = [some(1, 3), some(3, 6), some(2, 3), some(4, 4), some(5, 5)]
    results = await asyncio.gather(
        *(recorder.commit(audit_entry(f"r-{n}", subjects=each)) for n, each in enumerate(asked)),
        return_exceptions=True,
    )
    assert [isinstance(result, TooManyRequests) for result in results] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert await counted(store_pool) == (4, 4)
    # what was taken back is not taken for counted
    with pytest.raises(TooManyRequests):
        await recorder.commit(audit_entry("r-9", subjects=some(6, 6)))


async def test_quota_shared_by_two_workers_lets_exactly_the_quota_pass(
    store: StoreAddress, store_pool: LightPool
) -> None:
    await add_client(store_pool, 30)
    passed: set[str] = set()

    async def ask(recorder: GroupCommitRecorder, turn: int) -> None:
        # both workers ask for the same subjects half of the time
        subjects = some(turn, turn + 2)
        try:
            await recorder.commit(audit_entry(f"r-{secrets.token_hex(4)}", subjects=subjects))
        except TooManyRequests:
            return
        passed.update(subjects)

    async with worker(store, store_pool) as first, worker(store, store_pool) as second:
        for turn in range(0, 60, 3):
            await asyncio.gather(ask(first, turn), ask(second, turn), ask(second, turn + 3))
    assert len(passed) == 30
    assert await counted(store_pool) == (30, 30)


async def test_client_without_quota_is_not_counted(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    assert await recorder.commit(audit_entry("r-1", subjects=some(1, 100))) is None
    await add_client(store_pool, None)
    assert await recorder.commit(audit_entry("r-2", subjects=some(1, 100))) is None
    assert await counted(store_pool) == (0, 0)


async def test_refused_request_counts_nothing(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 5)
    await recorder.commit(audit_entry(outcome="COST", subjects=some(1, 5)))
    assert await counted(store_pool) == (0, 0)


async def test_quota_that_changes_holds_at_once(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 5)
    await recorder.commit(audit_entry("r-1", subjects=some(1, 5)))
    await add_client(store_pool, 2)
    with pytest.raises(TooManyRequests):
        await recorder.commit(audit_entry("r-2", subjects=some(6, 6)))
    use = await recorder.commit(audit_entry("r-3", subjects=some(1, 5)))
    assert use is not None
    assert (use.limit, use.used, use.remaining) == (2, 5, 0)


async def test_suspended_client_is_answered_nothing_from_then_on(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 5)
    await recorder.commit(audit_entry("r-1"))
    register = ClientRegister(store_pool)
    await register.suspend("bank-1")
    with pytest.raises(Unauthenticated) as caught:
        await recorder.commit(audit_entry("r-2", released=("tax/X/1",)))
    assert caught.value.code == "CLIENT_SUSPENDED"
    assert "invalid_token" in dict(caught.value.headers)["WWW-Authenticate"]
    entries = await stored(store_pool)
    assert [entry["outcome"] for entry in entries] == ["ANSWERED", "CLIENT_SUSPENDED"]
    assert entries[1]["released"] == []
    await register.suspend("bank-1", is_suspended=False)
    async with asyncio.timeout(10):
        while True:
            try:
                await recorder.commit(audit_entry("r-3"))
                break
            except Unauthenticated:  # until the worker has heard of it
                await asyncio.sleep(0.01)


async def test_suspension_of_nobody_is_refused(store_pool: LightPool) -> None:
    with pytest.raises(EntitlementRefusedError):
        await ClientRegister(store_pool).suspend("nobody")


async def test_quota_is_counted_anew_each_chinese_day(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 1)
    await recorder.commit(audit_entry("r-1", at="2026-03-02T15:59:59Z", subjects=some(1, 1)))
    await recorder.commit(audit_entry("r-2", at="2026-03-02T16:00:00Z", subjects=some(2, 2)))
    with pytest.raises(TooManyRequests):
        await recorder.commit(audit_entry("r-3", at="2026-03-03T15:59:59Z", subjects=some(1, 1)))


async def test_days_that_are_over_are_forgotten_and_their_numbers_kept(
    recorder: GroupCommitRecorder, store_pool: LightPool
) -> None:
    await add_client(store_pool, 10_000)
    for day, number in (("01", 6_000), ("02", 5), ("03", 7)):
        await recorder.commit(
            audit_entry(f"r-{day}", at=f"2026-03-{day}T01:00:00Z", subjects=some(1, number))
        )
    # the worker does so itself when a day begins; whoever comes second finds less to do
    async with asyncio.timeout(10):
        while await counted_days(store_pool) != [2, 3]:
            await forget_days_before(store_pool, date(2026, 3, 3))
    async with store_pool.connection() as connection:
        units = await connection.fetch("SELECT units FROM quota_usage ORDER BY day")
    assert [row["units"] for row in units] == [6_000, 5, 7]


def test_counted_subjects_over_capacity_are_asked_about_again() -> None:
    counts = CountedSubjects(capacity=3)
    counts.remember("bank-1", DAY, some(1, 3))
    assert counts.uncounted("bank-1", DAY, some(2, 4)) == ["S-4"]
    assert counts.uncounted("bank-2", DAY, [FIRM]) == [FIRM]
    counts.remember("bank-2", DAY, [FIRM])
    assert counts.uncounted("bank-1", DAY, some(1, 2)) == ["S-1", "S-2"]


def test_counted_subjects_of_days_that_are_over_are_forgotten() -> None:
    counts = CountedSubjects()
    assert counts.begins(DAY)
    assert not counts.begins(DAY)
    counts.remember("bank-1", DAY, some(1, 3))
    assert counts.begins(date(2026, 3, 4))
    assert counts.uncounted("bank-1", DAY, some(1, 1)) == ["S-1"]
    assert not counts.begins(date(2026, 3, 3))
