"""Calls end soon after their deadline, whoever shares the timer, and others go on."""

import asyncio
import time

import pytest

from gateway.sources.deadlines import Deadlines


async def test_call_behind_its_deadline_ends_and_another_goes_on() -> None:
    deadlines = Deadlines(time.monotonic)
    release = asyncio.Event()

    async def call(seconds: float) -> str:
        async with deadlines.until(time.monotonic() + seconds):
            await release.wait()
        return "done"

    short, long = asyncio.create_task(call(0.05)), asyncio.create_task(call(30))
    with pytest.raises(TimeoutError):
        await short
    release.set()
    assert await long == "done"


async def test_deadline_that_has_passed_ends_what_waits() -> None:
    deadlines = Deadlines(time.monotonic)
    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            async with deadlines.until(time.monotonic() - 1):
                await asyncio.Event().wait()


async def test_cancelled_call_is_cancelled_and_no_timeout() -> None:
    deadlines = Deadlines(time.monotonic)

    async def call() -> None:
        async with deadlines.until(time.monotonic() + 30):
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
