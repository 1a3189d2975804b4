"""The light pool against a real server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import CONNECTION_ERRORS, LightPool, NoConnectionError


@pytest_asyncio.fixture
async def pool(store: StoreAddress) -> AsyncIterator[LightPool]:
    pool = LightPool(connector(store), 2, acquire_timeout_s=9, settle_timeout_s=9)
    yield pool
    await pool.aclose()


async def backend(pool: LightPool) -> int:
    async with pool.connection() as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def settled(pool: LightPool, idle: int) -> None:
    """Return once so many connections are idle; fail after ten seconds."""
    async with asyncio.timeout(10):
        while pool.idle_count != idle:  # noqa: ASYNC110 - the pool tells nobody
            await asyncio.sleep(0.002)


async def test_connection_is_used_again(pool: LightPool) -> None:
    assert await backend(pool) == await backend(pool)
    assert (pool.open_count, pool.idle_count) == (1, 1)


async def test_connection_never_more_than_size_and_everybody_is_served(pool: LightPool) -> None:
    borrowed = most = 0

    async def borrow(number: int) -> int:
        nonlocal borrowed, most
        async with pool.connection() as connection:
            borrowed += 1
            most = max(most, borrowed)
            value: int = await connection.fetchval("SELECT $1::int", number)
            borrowed -= 1
            return value

    for _ in range(2):
        assert await asyncio.gather(*(borrow(n) for n in range(50))) == list(range(50))
    assert most == 2
    assert (pool.open_count, pool.idle_count) == (2, 2)


async def test_connection_none_in_time_is_an_error_and_the_next_is_served(
    store: StoreAddress,
) -> None:
    pool = LightPool(connector(store), 1, acquire_timeout_s=0.05)
    async with pool.connection():
        with pytest.raises(NoConnectionError, match=r"within 0.05 s"):
            await backend(pool)
    assert await backend(pool)
    await pool.aclose()


async def test_connection_waiter_cancelled_gives_its_turn_to_the_next(pool: LightPool) -> None:
    async with pool.connection(), pool.connection() as second:
        first_waiter = asyncio.create_task(backend(pool))
        second_waiter = asyncio.create_task(backend(pool))
        await asyncio.sleep(0)
        pid = second.get_server_pid()
        first_waiter.cancel()
    assert await second_waiter == pid or pool.open_count == 2
    assert first_waiter.cancelled() or first_waiter.cancelling()
    await asyncio.gather(first_waiter, return_exceptions=True)
    assert (pool.open_count, pool.idle_count) == (2, 2)


async def test_connection_waiter_cancelled_when_already_served_leaks_nothing(
    pool: LightPool,
) -> None:
    one, two = await pool.acquire(), await pool.acquire()
    waiter = asyncio.create_task(backend(pool))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    pool.release(one)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    pool.release(two)
    await settled(pool, 2)
    assert pool.open_count == 2


async def test_connection_cancelled_query_ends_at_the_server_and_is_lent_again(
    pool: LightPool, store: StoreAddress
) -> None:
    watcher = await connector(store)()

    async def running() -> int:
        found: int = await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'"
            " AND state = 'active'"
        )
        return found

    async def long_query() -> None:
        async with pool.connection() as connection:
            await connection.fetchval("SELECT pg_sleep(60)")

    task = asyncio.create_task(long_query())
    async with asyncio.timeout(10):
        while not await running():
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settled(pool, 1)
    assert await running() == 0
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT 7") == 7
    assert pool.open_count == 1
    await watcher.close()


async def test_connection_cancelled_at_many_moments_always_answers_its_own_query(
    pool: LightPool,
) -> None:
    async def ask(number: int) -> int:
        async with pool.connection() as connection:
            value: int = await connection.fetchval("SELECT $1::int", number)
            return value

    for steps in range(60):
        task = asyncio.create_task(ask(-1))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        numbers = range(steps * 10, steps * 10 + 4)
        answers = await asyncio.gather(*(ask(number) for number in numbers))
        assert answers == list(numbers)
        await asyncio.gather(task, return_exceptions=True)
    await settled(pool, pool.open_count)
    assert pool.open_count <= 2


async def test_connection_after_an_error_of_the_server_is_lent_again(pool: LightPool) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with pool.connection() as connection:
            await connection.fetchval("SELECT 1 / 0")
    await settled(pool, 1)
    assert await backend(pool)
    assert pool.open_count == 1


async def test_connection_ended_by_the_server_is_replaced(
    pool: LightPool, store: StoreAddress
) -> None:
    other = await connector(store)()
    first = await backend(pool)
    await other.execute("SELECT pg_terminate_backend($1)", first)
    async with asyncio.timeout(10):
        while True:
            try:
                second = await backend(pool)
                break
            except CONNECTION_ERRORS:
                await asyncio.sleep(0)
    assert second != first
    await settled(pool, 1)
    assert pool.open_count == 1
    await other.close()


async def test_connection_left_in_a_transaction_is_not_lent_again(pool: LightPool) -> None:
    async with pool.connection() as connection:
        first = await connection.fetchval("SELECT pg_backend_pid()")
        await connection.execute("BEGIN")
    assert await backend(pool) != first
    assert pool.open_count == 1


async def test_connection_failed_opening_frees_its_place_for_a_waiter(
    store: StoreAddress,
) -> None:
    attempts = 0

    async def connect() -> Any:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await asyncio.sleep(0)
            raise ConnectionRefusedError
        return await connector(store)()

    pool = LightPool(connect, 1, acquire_timeout_s=5)
    results = await asyncio.gather(*(backend(pool) for _ in range(3)), return_exceptions=True)
    assert isinstance(results[0], NoConnectionError)
    assert all(isinstance(pid, int) for pid in results[1:])
    await pool.aclose()
    assert pool.open_count == 0


async def test_aclose_refuses_waiters_and_closes_what_comes_back(pool: LightPool) -> None:
    one, two = await pool.acquire(), await pool.acquire()
    waiter = asyncio.create_task(backend(pool))
    await asyncio.sleep(0)
    await pool.aclose()
    with pytest.raises(NoConnectionError):
        await waiter
    pool.release(one)
    pool.release(two)
    assert one.is_closed()
    assert two.is_closed()
    assert pool.open_count == 0


def test_pool_of_no_size_is_refused(store: StoreAddress) -> None:
    with pytest.raises(ValueError, match="at least one"):
        LightPool(connector(store), 0)
