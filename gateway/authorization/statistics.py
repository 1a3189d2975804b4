"""Statistics: which departments and subject kinds may be counted, and what is asked of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.authorization.streams import rule_with_effects
from gateway.authorization.types import Provider, StatisticsCell, StatisticsStream
from gateway.contract import StatisticsRequest
from gateway.entitlements.types import RecordEffects
from gateway.planning.types import StatisticsRoot
from policies.engine import AccessTable
from policies.model import Decision, Outcome, Use
from schema.classification import SubjectKind
from schema.predicate import both
from schema.records import MODEL

MAX_GROUPS = 1_000


def statistics_cell(root: StatisticsRoot, table: AccessTable) -> StatisticsCell:
    """Decide one cell."""
    kind = MODEL.kinds[root.kind]
    is_filtered = bool(root.arguments.filter_fields)

    def decisions(names: Sequence[str], use: Use) -> tuple[tuple[str, Decision], ...]:
        return tuple((name, table.decide(kind.by_name[name].coordinate, use)) for name in names)

    return StatisticsCell(
        kind=table.decide(kind.type_name, Use.READ),
        filters=decisions(root.arguments.filter_fields, Use.FILTER),
        count=table.decide(kind.type_name, Use.COUNT),
        aggregates=tuple(
            (name, decide_aggregate(table, kind.by_name[name].coordinate, is_filtered))
            for name in (*root.group_by, *root.sums)
        ),
        is_hiding=any(
            decision.outcome is not Outcome.CLEAR
            for _, decision in decisions((*root.group_by, *root.sums), Use.READ)
        ),
    )


def decide_aggregate(table: AccessTable, coordinate: str, is_filtered: bool) -> Decision:
    """Whether groups and sums may be made of a field.

    What may be summed but not read may not be summed over a filtered set: two filters that differ
    by one record would tell its value by subtraction.
    """
    aggregate = table.decide(coordinate, Use.AGGREGATE)
    if is_filtered and aggregate.outcome is Outcome.CLEAR:
        read = table.decide(coordinate, Use.READ)
        return aggregate if read.outcome is Outcome.CLEAR else read
    return aggregate


def statistics_streams(
    root: StatisticsRoot,
    providers: Sequence[Provider],
    cell: Callable[[Provider, SubjectKind], StatisticsCell],
    effects: Callable[[Provider], RecordEffects],
) -> list[StatisticsStream]:
    """One stream per provider and group of subject kinds with the same row rule.

    Where a field may be aggregated and not read, all count subjects: five records of one subject
    would tell of that subject what is not to be read.
    """
    streams: list[StatisticsStream] = []
    cells = {
        (provider, subject_kind): decided
        for provider in providers
        for subject_kind in SubjectKind
        if (decided := cell(provider, subject_kind)).is_asked
    }
    is_hiding = any(decided.is_hiding for decided in cells.values())
    for provider in providers:
        groups: dict[str, tuple[StatisticsCell, set[SubjectKind]]] = {}
        for subject_kind in SubjectKind:
            asked = cells.get((provider, subject_kind))
            if asked is not None:
                groups.setdefault(repr(asked.kind.row), (asked, set()))[1].add(subject_kind)
        for decided, kinds in groups.values():
            found = effects(provider)
            rule = rule_with_effects(decided.kind.row, found)
            request = StatisticsRequest(
                path=".".join(root.path),
                kind=root.kind,
                predicate=both(rule, root.arguments.filter),
                group_by=root.group_by,
                sums=root.sums,
                max_groups=MAX_GROUPS,
                marked=found.marked,
                subject_kinds=frozenset(kinds),
                subjects=is_hiding,
            )
            streams.append(StatisticsStream(provider, request))
    return streams
