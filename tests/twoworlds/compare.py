"""Asks both worlds the same and tells what differs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.contract import Adapter
from policies.model import Caller
from tests.oracle.world import World
from tests.twoworlds.questions import MOST_PAGES, next_page
from tests.twoworlds.side import Question, Side


@dataclass
class Pair:
    """Two worlds, each behind a gateway of its own.

    Attributes:
        asked: requests sent to each. telling: those of them that returned records or groups.
    """

    first: Side
    second: Side
    asked: int = 0
    telling: int = 0

    async def compare(self, question: Question, before: Caller | None = None) -> str:
        """What differs between the answers, all pages of them; empty if nothing does.

        Args:
            before: somebody who asks both gateways the same just before, and whose answer must
                leave no trace in what the caller gets.
        """
        if before is not None:
            for side in (self.first, self.second):
                await side.ask(replace(question, caller=before))
        for _ in range(MOST_PAGES):
            one = await self.first.ask(question)
            other = await self.second.ask(question)
            self.asked += 1
            self.telling += one.rows > 0
            difference = one.differs_from(other)
            if difference:
                return f"{question}\n{difference}"
            following = next_page(question, one)
            if following is None:
                break
            question = following
        return ""


@asynccontextmanager
async def opened(
    worlds: tuple[World, World], adapters: tuple[Mapping[str, Adapter], Mapping[str, Adapter]]
) -> AsyncIterator[Pair]:
    """Open the adapters of both worlds for the length of the block."""
    pair = Pair(Side(worlds[0], adapters[0]), Side(worlds[1], adapters[1]))
    every = [*pair.first.adapters.values(), *pair.second.adapters.values()]
    for adapter in every:
        await adapter.open()
    try:
        yield pair
    finally:
        for adapter in every:
            await adapter.aclose()
