"""Workers share buckets and counts through a real store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.admission.sharing import SharedCounts
from gateway.admission.types import SweepLimits
from gateway.entitlements.contract import Pace
from gateway.errors import TooManyRequests
from gateway.store.pool import CONNECTION_ERRORS, Connection, LightPool, NoConnectionError
from tests.support.small_gateway import HandClock

KEY = ("bank-1", "PRE_LOAN")
# so slow that nothing comes back within a test
PACE = Pace(requests_per_minute=1, burst=10)


@dataclass
class Began:
    """Spans in which a sweep began."""

    spans: list[str] = field(default_factory=list)

    def sweep_began(self, span: str) -> None:
        """Remember it."""
        self.spans.append(span)


def worker(pool: LightPool, began: Began | None = None) -> SharedCounts:
    clock = HandClock(1_793_548_800.0)
    limits = SweepLimits(per_minute=3, per_day=1_000)
    return SharedCounts(pool, limits, began or Began(), clock)


def passed(counts: SharedCounts, wanted: int) -> int:
    through = 0
    for _ in range(wanted):
        try:
            counts.buckets.take(KEY, PACE)
        except TooManyRequests:
            break
        through += 1
    return through


async def test_workers_share_one_bucket(store_pool: LightPool) -> None:
    one, other = worker(store_pool), worker(store_pool)
    assert (passed(one, 6), passed(other, 3)) == (6, 3)
    await one.share()
    await other.share()
    assert passed(other, 10) == 1
    await other.share()
    await one.share()
    assert passed(one, 10) == 0


async def test_worker_that_begins_later_passes_the_bucket_by_one_burst_at_most(
    store_pool: LightPool,
) -> None:
    one, other = worker(store_pool), worker(store_pool)
    assert passed(one, 99) == PACE.burst
    await one.share()
    assert passed(other, 99) == PACE.burst
    await other.share()
    assert passed(other, 99) == 0
    assert await level(store_pool) == pytest.approx(-PACE.burst, abs=0.5)


async def level(pool: LightPool) -> float:
    async with pool.connection() as connection:
        return float(await connection.fetchval("SELECT level FROM client_pace"))


async def test_bucket_in_the_store_fills_at_its_rate_and_no_further(
    store_pool: LightPool,
) -> None:
    one = worker(store_pool)
    passed(one, 10)
    await one.share()
    async with store_pool.connection() as connection:
        await connection.execute("UPDATE client_pace SET at = at - interval '2 minutes'")
    await one.share()
    assert await level(store_pool) == pytest.approx(2.0, abs=0.5)
    async with store_pool.connection() as connection:
        await connection.execute("UPDATE client_pace SET at = at - interval '2 hours'")
    await one.share()
    assert await level(store_pool) == PACE.burst


async def test_sweep_over_two_workers_is_noticed(store_pool: LightPool) -> None:
    began = Began()
    one, other = worker(store_pool), worker(store_pool, began)
    one.sweeps.count("bank-1", ["a", "b"])
    await one.share()
    assert not other.sweeps.count("bank-1", ["c"])
    await other.share()
    assert other.sweeps.count("bank-1", ["d"])
    assert began.spans == ["MINUTE"]


async def test_task_tells_by_itself_and_at_once_when_half_is_gone(store_pool: LightPool) -> None:
    counts = SharedCounts(store_pool, SweepLimits(), Began(), every_s=3_600.0)
    await counts.open()
    try:
        passed(counts, 5)
        async with asyncio.timeout(30):
            while await rows(store_pool) == 0:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.02)
    finally:
        await counts.aclose()
    assert await level(store_pool) == pytest.approx(5.0, abs=0.5)


async def rows(pool: LightPool) -> int:
    async with pool.connection() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM client_pace"))


async def test_store_that_is_away_loses_no_count() -> None:
    async def away() -> Connection:
        raise ConnectionRefusedError

    counts = worker(LightPool(away, 1))
    passed(counts, 4)
    for _ in range(2):
        with pytest.raises((NoConnectionError, *CONNECTION_ERRORS)):
            await counts.share()
    assert [each.spent for each in counts.buckets.to_tell()] == [4]
