"""Departments that fail, each in one way; what they do is to real requests of a real adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import FetchContext, Health, Manifest, RecordRequest, StatisticsRequest

Spoil = Callable[[list[Any], Sequence[RecordRequest]], Any]
"""Changes right batches into what the faulty department answers."""


class FaultyAdapter(ReferenceAdapter):
    """A department in memory whose answers are spoiled.

    Attributes:
        asked: number of calls.
        is_up: whether it gives a sign of life.
    """

    def __init__(
        self, manifest: Manifest, records: Sequence[ReferenceRecord], spoil: Spoil
    ) -> None:
        super().__init__(manifest, records)
        self._spoil = spoil
        self.asked = 0
        self.is_up = True

    async def health(self) -> Health:
        return Health(self.is_up, None)

    async def fetch(self, requests: Sequence[RecordRequest], context: FetchContext) -> Any:
        self.asked += 1
        made = list(await super().fetch(requests, context))
        spoiled = self._spoil(made, requests)
        return await spoiled if asyncio.iscoroutine(spoiled) else spoiled

    async def statistics(self, requests: Sequence[StatisticsRequest], context: FetchContext) -> Any:
        self.asked += 1
        made = list(await super().statistics(requests, context))
        spoiled = self._spoil(made, ())
        return await spoiled if asyncio.iscoroutine(spoiled) else spoiled


def raising(error: BaseException) -> Spoil:
    """Raises whatever is asked."""

    def spoil(_batches: list[Any], _requests: Sequence[RecordRequest]) -> Any:
        raise error

    return spoil


async def _never() -> None:
    await asyncio.Event().wait()


def hanging(_batches: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    """Never answers."""
    return _never()
