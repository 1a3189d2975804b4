"""Counts and sums as one grouped statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.contract import StatisticsBatch, StatisticsGroup, StatisticsRequest
from gateway.sources.mapping import KindMapping
from gateway.sources.mysql.columns import identifier
from gateway.sources.mysql.conditions import (
    TableSql,
    condition_sql,
    odd_sql,
    subject_conditions,
)
from schema.predicate import WireScalar


def statistics_statement(
    request: StatisticsRequest, mapping: KindMapping, is_careful: bool = False
) -> str:
    """Statement: a row per group, group values first, then counts of all and of odd, then sums.

    Last comes the number of subjects, where it is asked for.

    Args:
        is_careful: leave out records that hold a value which cannot be shown.
    """
    table = TableSql(mapping, request.marked)
    conditions = _conditions(request, table)
    odd = odd_sql((*request.group_by, *request.sums), table)
    if is_careful:
        conditions.append(f"NOT {odd}")
    groups = [table.column(name).compared for name in request.group_by]
    sums = [f"SUM({table.column(name).compared})" for name in request.sums]
    subjects = [f"COUNT(DISTINCT {table.subject})"] if request.subjects else []
    chosen = ", ".join([*groups, "COUNT(*)", f"COALESCE(SUM({odd}), 0)", *sums, *subjects])
    numbers = ", ".join(str(position + 1) for position in range(len(groups)))
    grouped = f" GROUP BY {numbers}" if groups else ""
    return (
        f"SELECT {chosen} FROM {identifier(mapping.table)} r "
        f"WHERE {' AND '.join(conditions)}{grouped} LIMIT {request.max_groups + 1:d}"
    )


def withheld_statement(request: StatisticsRequest, mapping: KindMapping) -> str:
    """Statement: the number of records that the careful one leaves out."""
    table = TableSql(mapping, request.marked)
    conditions = _conditions(request, table)
    conditions.append(odd_sql((*request.group_by, *request.sums), table))
    return f"SELECT COUNT(*) FROM {identifier(mapping.table)} r WHERE {' AND '.join(conditions)}"


def _conditions(request: StatisticsRequest, table: TableSql) -> list[str]:
    found = [condition_sql(request.predicate, table)]
    return found + subject_conditions(table, request.subject_kinds)


def has_odd(request: StatisticsRequest, rows: Sequence[Any]) -> bool:
    """Whether a group counts a record that cannot be shown."""
    position = len(request.group_by) + 1
    return any(int(row[position]) > 0 for row in rows)


def statistics_batch(
    request: StatisticsRequest, mapping: KindMapping, rows: Sequence[Any]
) -> StatisticsBatch:
    """Turn the statement's rows into groups."""
    table = TableSql(mapping, request.marked)
    width = len(request.group_by)
    end = width + 2 + len(request.sums)
    shown = [table.column(name).shown for name in request.group_by]
    summed = [table.column(name).shown for name in request.sums]
    groups = []
    for row in rows[: request.max_groups]:
        values: list[WireScalar | None] = [
            None if found is None else show(_text(found))
            for show, found in zip(shown, row[:width], strict=True)
        ]
        sums = [
            None if found is None else str(show(_text(found)))
            for show, found in zip(summed, row[width + 2 : end], strict=True)
        ]
        if int(row[width]) > 0:
            subjects = int(row[end]) if request.subjects else None
            groups.append(StatisticsGroup(tuple(values), int(row[width]), tuple(sums), subjects))
    return StatisticsBatch(groups, len(rows) <= request.max_groups)


def _text(found: str | bytes) -> str:
    return found.decode() if isinstance(found, bytes) else found
