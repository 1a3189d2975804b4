"""Counts and sums: asks every department that may be counted, adds up nothing yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.authorization.plan import AuthorizedPlan
from gateway.authorization.types import StatisticsStream
from gateway.contract import FetchContext, StatisticsBatch, StatisticsGroup
from gateway.fetching.calls import Departments
from gateway.fetching.types import FetchResults, SourceOutcome
from gateway.planning.types import StatisticsRoot
from gateway.rowcode import rows_check
from schema.records import MODEL

_SUM = re.compile(r"-?[0-9]+(\.[0-9]+)?")


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
    by_slug: dict[str, list[_Call]] = {}
    for call in calls:
        by_slug.setdefault(call.stream.provider.slug, []).append(call)
    requests = {slug: [call.stream.request for call in found] for slug, found in by_slug.items()}
    answered = await departments.statistics_all(requests, context)
    for root in roots:
        results.statistics[root] = []
    for slug, found in by_slug.items():
        answer = answered[slug]
        for position, call in enumerate(found):
            judged = _judged(call, answer, position, len(found))
            outcome = judged if isinstance(judged, SourceOutcome) else SourceOutcome.ANSWERED
            results.note_source(slug, outcome)
            if isinstance(judged, StatisticsBatch):
                results.note_withheld(slug, judged.withheld)
            results.statistics[call.root].append((call.stream, judged))


def _judged(
    call: _Call, answer: Sequence[StatisticsBatch] | SourceOutcome, position: int, expected: int
) -> StatisticsBatch | SourceOutcome:
    if isinstance(answer, SourceOutcome):
        return answer
    if (
        not isinstance(answer, list | tuple)
        or len(answer) != expected
        or not _is_sound(call, answer[position])
    ):
        return SourceOutcome.MALFORMED
    batch: StatisticsBatch = answer[position]
    return batch


def _is_sound(call: _Call, batch: object) -> bool:
    """Whether groups have the declared types and come once each."""
    if not isinstance(batch, StatisticsBatch) or not isinstance(batch.groups, list | tuple):
        return False
    if not all(isinstance(group, StatisticsGroup) for group in batch.groups):
        return False
    request = call.stream.request
    values = [group.values for group in batch.groups]
    return (
        type(batch.is_complete) is bool
        and type(batch.withheld) is int
        and batch.withheld >= 0
        and all(isinstance(found, tuple) for found in values)
        and rows_check(MODEL.kinds[request.kind], request.group_by)(values)
        and len(set(values)) == len(values)
        and all(type(group.count) is int and group.count > 0 for group in batch.groups)
        and all(_are_subjects(group, request.subjects) for group in batch.groups)
        and all(
            isinstance(group.sums, tuple)
            and len(group.sums) == len(request.sums)
            and all(_is_sum(total) for total in group.sums)
            for group in batch.groups
        )
    )


def _are_subjects(group: StatisticsGroup, were_asked: bool) -> bool:
    if not were_asked:
        return group.subjects is None
    return type(group.subjects) is int and 0 < group.subjects <= group.count


def _is_sum(total: object) -> bool:
    return total is None or (isinstance(total, str) and _SUM.fullmatch(total) is not None)
