"""What adapters outside offer beyond fetching: a class each, put together as a package offers it.

Whoever looks for a capability looks whether the method is there, as with any other adapter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache

from gateway.contract import (
    ChangesBatch,
    ChangesRequest,
    Command,
    CommandResult,
    FetchContext,
    KindQuality,
    QualityRequest,
    RecordRequest,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.isolation import answer_form, asking_form, quality_form
from gateway.isolation.adapter import ProcessAdapter, Upkeep
from gateway.isolation.explaining import explain_outside
from gateway.isolation.start import AdapterStart, introduce
from gateway.isolation.words import Word


class _Counting(ProcessAdapter):
    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        form = asking_form.statistics_form(requests, context)
        reply = await self._running().call(Word.STATISTICS, form)
        return answer_form.statistics_batches_of(reply.body)


class _TellingChanges(ProcessAdapter):
    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        form = asking_form.changes_form(request, context)
        return answer_form.changes_batch_of((await self._running().call(Word.CHANGES, form)).body)


class _Commanded(ProcessAdapter):
    async def submit(self, command: Command, context: FetchContext) -> CommandResult:
        form = asking_form.command_form(command, context)
        return answer_form.result_of((await self._running().call(Word.SUBMIT, form)).body)


class _Measuring(ProcessAdapter):
    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        form = quality_form.quality_form(requests, context)
        return quality_form.qualities_of((await self._running().call(Word.QUALITY, form)).body)


class _Explaining(ProcessAdapter):
    def explain(self, requests: Sequence[RecordRequest]) -> str:
        """What it would send, as a second process tells. Blocks; for commands only."""
        return explain_outside(self._start, requests)


_CLASSES: dict[Word, type[ProcessAdapter]] = {
    Word.STATISTICS: _Counting,
    Word.CHANGES: _TellingChanges,
    Word.SUBMIT: _Commanded,
    Word.QUALITY: _Measuring,
    Word.EXPLAIN: _Explaining,
}


@cache
def _class_with(offers: frozenset[str]) -> type[ProcessAdapter]:
    bases = tuple(made for word, made in _CLASSES.items() if word in offers)
    return type("OfferingProcessAdapter", bases, {}) if bases else ProcessAdapter


def start_adapter(
    start: AdapterStart,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 - it keeps nothing
    clock: Callable[[], float] = time.monotonic,
) -> ProcessAdapter:
    """Start the process of a package, and hear its manifest. Blocks.

    Raises:
        LoadingFailed: the package made no adapter.
    """
    process, introduction = introduce(start)
    made = _class_with(introduction.offers)
    return made(start, process, introduction, upkeep, clock)
