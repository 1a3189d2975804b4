"""Counts and sums: asks every department that may be counted, adds up nothing yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.authorization.authorize import AuthorizedPlan
from gateway.authorization.statistics import StatisticsStream
from gateway.contract import FetchContext, StatisticsBatch
from gateway.fetching.calls import Departments
from gateway.fetching.types import FetchResults, SourceOutcome
from gateway.planning.types import StatisticsRoot


@dataclass(frozen=True, slots=True)
class _Call:
    root: StatisticsRoot
    stream: StatisticsStream


async def fetch_statistics(
    roots: Sequence[StatisticsRoot],
    plan: AuthorizedPlan,
    departments: Departments,
    context: FetchContext,
    results: FetchResults,
) -> None:
    """Ask for all statistics of an operation at once; answers go into `results`."""
    calls = [_Call(root, stream) for root in roots for stream in plan.statistics_streams(root)]
    answers = await asyncio.gather(
        *(
            departments.statistics(call.stream.provider.slug, [call.stream.request], context)
            for call in calls
        )
    )
    for root in roots:
        results.statistics[root] = []
    for call, answer in zip(calls, answers, strict=True):
        slug = call.stream.provider.slug
        outcome, batch = _judged(call, answer)
        if results.sources.get(slug) in (None, SourceOutcome.ANSWERED):
            results.sources[slug] = outcome
        results.statistics[call.root].append((call.stream, batch if batch is not None else outcome))


def _judged(
    call: _Call, answer: Sequence[StatisticsBatch] | SourceOutcome
) -> tuple[SourceOutcome, StatisticsBatch | None]:
    if isinstance(answer, SourceOutcome):
        return answer, None
    if len(answer) != 1 or not _is_sound(call, answer[0]):
        return SourceOutcome.MALFORMED, None
    return SourceOutcome.ANSWERED, answer[0]


def _is_sound(call: _Call, batch: StatisticsBatch) -> bool:
    request = call.stream.request
    return all(
        len(group.values) == len(request.group_by)
        and len(group.sums) == len(request.sums)
        and type(group.count) is int
        and group.count > 0
        for group in batch.groups
    )
