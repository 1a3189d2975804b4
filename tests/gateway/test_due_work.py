"""The loop that has departments do what is due."""

from __future__ import annotations

import asyncio

from gateway.contract import Adapter, DueWork
from gateway.due_work import DueWorker
from plugins.creditcentre.adapter import CreditCentre
from plugins.creditcentre.settings import CentreSettings

NOWHERE = "postgresql://nobody:x@127.0.0.1:9/none"


class Counting(CreditCentre):
    """A department whose work fails the first time."""

    def __init__(self) -> None:
        super().__init__(CentreSettings(NOWHERE, NOWHERE))
        self.asked = 0
        self.was_asked_again = asyncio.Event()

    async def do_due_work(self) -> DueWork:
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("the database is away")
        self.was_asked_again.set()
        return DueWork(1, 0)


async def test_department_that_fails_is_asked_again() -> None:
    department = Counting()
    adapters: dict[str, Adapter] = {"creditcentre": department}
    worker = DueWorker(adapters, pause_s=0.0)
    await worker.open()
    async with asyncio.timeout(10):
        await department.was_asked_again.wait()
    await worker.aclose()
    asked = department.asked
    await asyncio.sleep(0)
    assert department.asked == asked
