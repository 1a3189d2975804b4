"""The quality of a kind's table, as one statement of counts and two of days. Slow on purpose:
never on a query's path, on a connection of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.contract import QualityRequest
from gateway.sources import measuring
from gateway.sources.mapping import Code, KindMapping, TextDate
from gateway.sources.measuring import DECIDED, PUBLISHED, REPORTED, Counts
from gateway.sources.mysql.columns import ColumnSql, column_name, identifier
from gateway.sources.mysql.conditions import TableSql, odd_sql
from schema.identifiers.uscc import USCC_ALPHABET

_LOCAL_HOURS = 8
"""Days are those of the country, which has one zone, +08:00; times are compared in UTC."""
_BY_BYTES = "USING utf8mb4) COLLATE utf8mb4_bin"


class QualitySql:
    """Statements about one mapping.

    Attributes:
        rules: conditions of the rules that are counted, in the order of their columns.
        supplied: required fields that are counted, likewise.
    """

    def __init__(self, mapping: KindMapping, request: QualityRequest) -> None:
        self._table = TableSql(mapping)
        self._mapping = mapping
        self._request = request
        self.rules = self._conditions()
        self.supplied = tuple(name for name in request.required if self._table.supplies(name))

    def counts(self) -> str:
        """A row: records, rows refused, newest decision, newest report, then `rules`, `supplied`.

        A row that breaks a rule is withheld from answers that show the item, and counts as refused.
        """
        refused = " OR ".join(f"({condition}) IS TRUE" for condition in self.rules.values())
        columns = [
            _number_of(f"NOT ({refused})"),
            _number_of(f"({refused})"),
            self._greatest(DECIDED),
            self._greatest(REPORTED),
        ]
        columns += [_number_of(f"({condition}) IS TRUE") for condition in self.rules.values()]
        columns += [_number_of(f"{self._sure(name)} IS NULL") for name in self.supplied]
        return f"SELECT {', '.join(columns)} FROM {identifier(self._mapping.table)} r"

    def counted(self, row: Sequence[Any]) -> Counts:
        """The row of `counts`."""
        numbers = [int(value) for value in row[4:]]
        return Counts(
            int(row[0]),
            int(row[1]),
            self._shown(DECIDED, row[2]),
            self._shown(REPORTED, row[3]),
            dict(zip(self.rules, numbers, strict=False)),
            dict(zip(self.supplied, numbers[len(self.rules) :], strict=True)),
        )

    def lags(self, begun: str, done: str) -> str | None:
        """Rows: day begun, day done, records; None where the department does not supply both."""
        if not all(self._table.supplies(name) for name in (DECIDED, begun, done)):
            return None
        first, last = self._day(begun), self._day(done)
        since = self._table.column(DECIDED).parameter(self._request.since)
        return (
            f"SELECT {first}, {last}, COUNT(*) FROM {identifier(self._mapping.table)} r "
            f"WHERE {self._sure(DECIDED)} >= {since} AND {first} IS NOT NULL "
            f"GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT {self._request.max_lags + 1:d}"
        )

    def _conditions(self) -> Mapping[str, str]:
        mapping = self._mapping
        found = {
            measuring.MISSING_CODE: f"{self._table.subject} IS NULL",
            measuring.BAD_USCC: _is_no_code(column_name(mapping.organisation)),
            measuring.ODD_VALUE: odd_sql(mapping.columns, self._table),
            measuring.UNKNOWN_CODE: self._any_lost(Code),
            measuring.BAD_DATE: self._any_lost(TextDate),
        }
        return {rule: sql for rule, sql in found.items() if sql != "FALSE"}

    def _any_lost(self, form: type[Code] | type[TextDate]) -> str:
        """Some cell of this form has a value, and shows none."""
        lost = [
            f"(CONVERT({column_name(column.column)} USING utf8mb4) <> '' "
            f"AND {self._table.column(name).compared} IS NULL)"
            for name, column in self._mapping.columns.items()
            if isinstance(column, form)
        ]
        return " OR ".join(dict.fromkeys(lost)) or "FALSE"

    def _sure(self, name: str) -> str:
        """What is compared of a field; null where the stored value cannot be shown."""
        return _unless_odd(self._table.column(name))

    def _greatest(self, name: str) -> str:
        return f"CAST(MAX({self._sure(name)}) AS CHAR)" if self._table.supplies(name) else "NULL"

    def _shown(self, name: str, found: Any) -> str | None:
        return None if found is None else str(self._table.column(name).shown(text_of(found)))

    def _day(self, name: str) -> str:
        if name in (DECIDED, PUBLISHED):
            return f"CAST({self._sure(name)} AS CHAR)"
        moment = f"CAST(CAST({self._sure(name)} AS CHAR) AS DATETIME)"
        return f"CAST(DATE({moment} + INTERVAL {_LOCAL_HOURS:d} HOUR) AS CHAR)"


def text_of(value: Any) -> str:
    """A value of a row, which may come as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)


def lags_of(rows: Sequence[Any]) -> list[tuple[str, str | None, int]]:
    """The rows of `QualitySql.lags`."""
    return [
        (text_of(begun), None if done is None else text_of(done), int(number))
        for begun, done, number in rows
    ]


def _number_of(condition: str) -> str:
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def _unless_odd(column: ColumnSql) -> str:
    if column.odd is None:
        return column.compared
    return f"(CASE WHEN ({column.odd}) IS NOT TRUE THEN {column.compared} END)"


def _is_no_code(raw: str) -> str:
    """A code is there, and is none, capital letters and check character included."""
    text = f"CONVERT({raw} {_BY_BYTES}"
    places = f"CONVERT('{USCC_ALPHABET}' {_BY_BYTES}"
    total = " + ".join(
        f"(LOCATE(SUBSTR({text}, {place:d}, 1), {places}) - 1) * {weight:d}"
        for place, weight in enumerate(measuring.USCC_WEIGHTS, 1)
    )
    fits = f"{text} REGEXP '{measuring.USCC_PATTERN}' AND MOD({total}, 31) = 0"
    return f"({text} <> '' AND ({fits}) IS NOT TRUE)"
