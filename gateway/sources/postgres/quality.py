"""The quality of a kind's table, as one grouped statement and two of days. Slow on purpose:
never on a query's path, on a connection of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.contract import KindQuality, QualityRequest
from gateway.sources import measuring
from gateway.sources.mapping import Code, DateColumn, KindMapping, TextDate
from gateway.sources.measuring import DECIDED, PUBLISHED, REPORTED
from gateway.sources.postgres.columns import identifier, literal
from gateway.sources.postgres.conditions import Parameters, TableSql, odd_sql
from gateway.sources.postgres.statement import subject_key_sql
from schema.identifiers.uscc import USCC_ALPHABET


class QualitySql:
    """Statements about one mapping.

    Attributes:
        rules: rules that are counted, in the order of their columns.
        supplied: required fields that are counted, likewise.
    """

    def __init__(self, mapping: KindMapping, request: QualityRequest) -> None:
        self._table = TableSql(mapping, Parameters(), is_careful=True)
        self._mapping = mapping
        self._request = request
        self._rules = self._conditions()
        self.rules = tuple(self._rules)
        self.supplied = tuple(name for name in request.required if self._table.supplies(name))

    def counts(self) -> str:
        """A row: records, rows refused, newest decision, newest report, then `rules`, `supplied`.

        A row that breaks a rule is withheld from answers that show the item, and counts as refused.
        """
        refused = " OR ".join(f"({condition})" for condition in self._rules.values()) or "false"
        columns = [
            f"count(*) FILTER (WHERE ({refused}) IS NOT TRUE)",
            f"count(*) FILTER (WHERE ({refused}) IS TRUE)",
            f"max({self._compared(DECIDED)})::text",
            f"to_char(max({self._moment(REPORTED)}) AT TIME ZONE 'UTC', "
            """'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
        ]
        columns += [f"count(*) FILTER (WHERE ({each}) IS TRUE)" for each in self._rules.values()]
        columns += [
            f"count(*) FILTER (WHERE {self._presence(name)} IS NULL)" for name in self.supplied
        ]
        return f"SELECT {', '.join(columns)} FROM {identifier(self._mapping.table)} r"

    def lags(self, begun: str, done: str) -> str | None:
        """Rows: day begun, day done, records; None where the department does not supply both."""
        if not all(self._table.supplies(name) for name in (DECIDED, begun, done)):
            return None
        first, last = self._day(begun), self._day(done)
        since = f"{self._compared(DECIDED)} >= {literal(self._request.since)}"
        if isinstance(self._mapping.columns[DECIDED], DateColumn):
            since += "::date"
        return (
            f"SELECT ({first})::text, ({last})::text, count(*) "
            f"FROM {identifier(self._mapping.table)} r WHERE {since} AND {first} IS NOT NULL "
            f"GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT {self._request.max_lags + 1:d}"
        )

    def _conditions(self) -> Mapping[str, str]:
        mapping = self._mapping
        code = f"r.{identifier(mapping.organisation)}"
        found = {
            measuring.MISSING_CODE: f"({subject_key_sql(mapping)}) IS NULL",
            measuring.BAD_USCC: f"{code} IS NOT NULL AND NOT {_is_code(code)}",
            measuring.ODD_VALUE: odd_sql(mapping.columns, self._table),
            measuring.UNKNOWN_CODE: self._any_lost(Code),
            measuring.BAD_DATE: self._any_lost(TextDate),
        }
        return {rule: sql for rule, sql in found.items() if sql != "false"}

    def _any_lost(self, form: type[Code] | type[TextDate]) -> str:
        """Some cell of this form has a value, and shows none."""
        lost = [
            f"(nullif(r.{identifier(column.column)}::text, '') IS NOT NULL "
            f"AND {self._presence(name)} IS NULL)"
            for name, column in self._mapping.columns.items()
            if isinstance(column, form)
        ]
        return " OR ".join(dict.fromkeys(lost)) or "false"

    def _compared(self, name: str) -> str:
        return self._table.column(name).compared

    def _presence(self, name: str) -> str:
        column = self._table.column(name)
        return column.in_json if column.odd is None else column.compared

    def _moment(self, name: str) -> str:
        if not self._table.supplies(name):
            return "NULL::timestamptz"
        return self._compared(name)

    def _day(self, name: str) -> str:
        if name in (DECIDED, PUBLISHED):
            return self._compared(name)
        return f"({self._compared(name)} AT TIME ZONE 'Asia/Shanghai')::date"


def quality_of(
    request: QualityRequest,
    sql: QualitySql,
    row: Any,
    published: Sequence[Any],
    checked: Sequence[Any],
) -> KindQuality:
    """Put the rows of the statements together."""
    records, refused, newest, synced_at, *numbers = row
    counts = measuring.Counts(
        records,
        refused,
        newest,
        synced_at,
        dict(zip(sql.rules, numbers, strict=False)),
        dict(zip(sql.supplied, numbers[len(sql.rules) :], strict=True)),
    )
    return measuring.quality_of(request, counts, published, checked)


def _is_code(text: str) -> str:
    total = " + ".join(
        f"(strpos({literal(USCC_ALPHABET)}, substr({text}, {place:d}, 1)) - 1) * {weight:d}"
        for place, weight in enumerate(measuring.USCC_WEIGHTS, 1)
    )
    fits = f"{text} ~ {literal(measuring.USCC_PATTERN)}"
    return f"(CASE WHEN {fits} THEN ({total}) % 31 = 0 ELSE false END)"
