"""Counts and sums as one grouped statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.contract import StatisticsBatch, StatisticsGroup, StatisticsRequest
from gateway.sources.mapping import KindMapping
from gateway.sources.postgres.columns import identifier
from gateway.sources.postgres.conditions import Parameters, TableSql, condition_sql, odd_sql
from gateway.sources.postgres.statement import subject_conditions, subject_key_sql


def statistics_statement(
    request: StatisticsRequest, mapping: KindMapping, is_careful: bool = False
) -> tuple[str, list[object]]:
    """Statement and arguments: a row per group, group values first, then count, then sums.

    Last comes the number of subjects, where it is asked for.

    Args:
        is_careful: leave out records that hold a value which cannot be shown.
    """
    parameters = Parameters()
    table = TableSql(mapping, parameters, request.marked, is_careful)
    conditions = _conditions(request, table, parameters)
    if is_careful:
        conditions.append(f"NOT {odd_sql((*request.group_by, *request.sums), table)}")
    groups = [table.column(name).shown for name in request.group_by]
    sums = [_sum(name, table) for name in request.sums]
    subjects = [f"count(DISTINCT {subject_key_sql(mapping)})"] if request.subjects else []
    selected = ", ".join([*groups, "count(*)", *sums, *subjects])
    numbers = ", ".join(str(position + 1) for position in range(len(groups)))
    grouped = f" GROUP BY {numbers}" if groups else ""
    text = (
        f"SELECT {selected} FROM {identifier(mapping.table)} r "
        f"WHERE {' AND '.join(conditions)}{grouped} LIMIT {request.max_groups + 1:d}"
    )
    return text, parameters.values


def _sum(name: str, table: TableSql) -> str:
    """Sum of a field as text; of one that the department does not supply there is none."""
    return f"sum({table.column(name).compared})::text" if table.supplies(name) else "NULL::text"


def withheld_statement(
    request: StatisticsRequest, mapping: KindMapping
) -> tuple[str, list[object]]:
    """Statement and arguments: the number of records that the careful one leaves out."""
    parameters = Parameters()
    table = TableSql(mapping, parameters, request.marked, is_careful=True)
    conditions = _conditions(request, table, parameters)
    conditions.append(odd_sql((*request.group_by, *request.sums), table))
    text = f"SELECT count(*) FROM {identifier(mapping.table)} r WHERE {' AND '.join(conditions)}"
    return text, parameters.values


def _conditions(request: StatisticsRequest, table: TableSql, parameters: Parameters) -> list[str]:
    found = [condition_sql(request.predicate, table, parameters)]
    return found + subject_conditions(table.mapping, request.subject_kinds)


def has_odd_sum(batch: StatisticsBatch) -> bool:
    """Whether a sum is no number: NaN adds up without an error."""
    return any("NaN" in group.sums for group in batch.groups)


def statistics_batch(request: StatisticsRequest, rows: Sequence[Any]) -> StatisticsBatch:
    """Turn the statement's rows into groups."""
    width = len(request.group_by)
    end = width + 1 + len(request.sums)
    groups = [
        StatisticsGroup(
            tuple(row[:width]),
            row[width],
            tuple(row[width + 1 : end]),
            row[end] if request.subjects else None,
        )
        for row in rows[: request.max_groups]
        if row[width] > 0
    ]
    return StatisticsBatch(groups, len(rows) <= request.max_groups)
