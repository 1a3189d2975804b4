"""Operations hold no more records at a time than the worker may, and wait in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.errors import Unavailable
from gateway.fetching.admission import Admission


@asynccontextmanager
async def places(admission: Admission, count: int, deadline: float) -> AsyncIterator[None]:
    await admission.take(count, deadline)
    try:
        yield
    finally:
        admission.give_back(count)


def _admission(capacity: int = 10) -> Admission:
    return Admission(time.monotonic, capacity)


def _later() -> float:
    return time.monotonic() + 5


async def test_no_more_places_are_held_than_there_are() -> None:
    admission, held, most = _admission(), 0, 0

    async def operation() -> None:
        nonlocal held, most
        async with places(admission, 4, _later()):
            held += 4
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 4

    await asyncio.gather(*(operation() for _ in range(20)))
    assert most == 8
    assert admission.free == 10


async def test_a_small_operation_does_not_overtake_a_large_one_that_waits() -> None:
    admission, order = _admission(), []

    async def operation(name: str, count: int) -> None:
        async with places(admission, count, _later()):
            order.append(name)
            await asyncio.sleep(0)

    async with places(admission, 5, _later()):
        tasks = [asyncio.create_task(operation("large", 9))]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(operation("small", 1)))
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*tasks)
    assert order == ["large", "small"]
    assert admission.free == 10


async def test_who_waits_past_the_deadline_is_told_so_and_takes_nothing() -> None:
    admission = _admission()
    async with places(admission, 10, _later()):
        with pytest.raises(Unavailable) as refused:
            async with places(admission, 1, time.monotonic()):
                pytest.fail("a place was given that was not free")
        assert refused.value.code == "WORKER_BUSY"
    assert admission.free == 10


async def test_a_cancelled_waiter_leaves_its_turn_to_the_next() -> None:
    admission = _admission()

    async def operation(count: int) -> None:
        async with places(admission, count, _later()):
            pass

    async with places(admission, 10, _later()):
        first = asyncio.create_task(operation(10))
        second = asyncio.create_task(operation(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    await second
    assert admission.free == 10


async def test_an_operation_that_fails_gives_its_places_back() -> None:
    admission = _admission()
    with pytest.raises(ValueError, match="defect"):
        async with places(admission, 7, _later()):
            raise ValueError("defect")
    assert admission.free == 10
