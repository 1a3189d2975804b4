"""Ten thousand row rules select alike in SQL, in Python and in generated code.

Rules are made of every operator that the rule language has, periods before today and conditions
per kind among them, on rows with missing values, Chinese text and trailing blanks.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.sources.mapping import Column
from policies.disclosure.loader import packaged_clock
from policies.rows import read_row
from policies.settling import for_kind, on_day
from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from schema.predicate import Predicate
from schema.records import MODEL
from tests.gateway.sources.odd_table import (
    CREDIT,
    CREDIT_COLUMNS,
    PENALTY,
    PENALTY_COLUMNS,
    OddSource,
    rows,
)
from tests.gateway.sources.test_conditions import check_all

EXAMPLES, RULES_EACH = 50, 100
WORDS = ("甲", "乙", "甲 ", " 甲", "a", "a ", "Ａ", "样例'局\\", "%", "_", "é", "😀", "b  ")
VALUES: Mapping[ValueType, tuple[Any, ...]] = {
    ValueType.TEXT: WORDS,
    ValueType.DATE: ("1999-12-31", "2000-01-01", "2000-01-02", "today"),
    ValueType.DATETIME: ("2000-01-01T00:00:01Z", "1999-12-31T16:00:01Z"),
    ValueType.MONEY: ("0.00", "-0.01", "0.01", "1.50", "10.00"),
    ValueType.DECIMAL: ("0", "-0.004", "0.005", "1.50", "10"),
    ValueType.INTEGER: (-2, -1, 0, 1, 2, 3),
    ValueType.BOOLEAN: (True, False),
}
RANGED = (ValueType.DATE, ValueType.DATETIME, ValueType.MONEY, ValueType.DECIMAL, ValueType.INTEGER)
PERIODS = ("1 day", "45 days", "3 months", "1 year", "5 years")


class Rules:
    """Makes row rules on the fields that a table supplies, as rule files write them."""

    def __init__(self, kind: RecordKind, columns: Mapping[str, Column], seed: int) -> None:
        self._chance = random.Random(seed)
        self._kind = MODEL.kinds[kind]
        self._fields = [
            field
            for field in self._kind.fields
            if field.name in columns and field.nested_list is None and field.is_filterable
        ]

    def predicate(self) -> Predicate:
        """A rule as a source gets it, on a day near those in the table."""
        today = dt.date(2000, 1, 1) + dt.timedelta(days=self._chance.randint(-400, 2_000))
        read = read_row(self._condition(3), [self._kind], lambda *told: AssertionError(told))
        return on_day(for_kind(read, self._kind), today)

    def _condition(self, depth: int) -> dict[str, Any]:
        chance = self._chance.random()
        if depth == 0 or chance < 0.4:
            return self._test(self._chance.choice(self._fields))
        if chance < 0.5:
            return {"not": self._condition(depth - 1)}
        if chance < 0.6:
            kind = self._chance.choice((self._kind.kind.value, RecordKind.TAX_ARREARS.value))
            return {"per-kind": {kind: self._condition(depth - 1), PENALTY.value: self._leaf()}}
        word = self._chance.choice(("all", "any"))
        return {word: [self._condition(depth - 1) for _ in range(self._chance.randint(1, 3))]}

    def _leaf(self) -> dict[str, Any]:
        return {"field": "meta.recordId", "absent": False}

    def _test(self, field: FieldModel) -> dict[str, Any]:
        name, kind, chance = field.name, field.value_type, self._chance
        values = field.enum_values or VALUES.get(kind, WORDS)
        if chance.random() < 0.15:
            return {"field": name, "absent": chance.random() < 0.5}
        if field.is_list:
            return {"field": name, "includes": chance.choice(values)}
        if kind is ValueType.DATE and chance.random() < 0.6:
            named = [
                f"@{each}" for each, period in packaged_clock().periods.items()
                if period.runs_from == name
            ]  # fmt: skip
            period = chance.choice([*PERIODS, *named])
            return {"field": name, chance.choice(("at-least", "below")): f"today - {period}"}
        constants = [value for value in values if value != "today"]
        if chance.random() < 0.2:
            return {"field": name, "in": chance.sample(constants, min(2, len(constants)))}
        if kind is ValueType.TEXT and chance.random() < 0.3:
            return {"field": name, "starts-with": chance.choice(values)}
        ranges = ("below", "at-most", "above", "at-least") if kind in RANGED else ()
        return {"field": name, chance.choice(("is", *ranges)): chance.choice(values)}


@pytest.mark.parametrize(
    ("kind", "columns", "prefix"),
    [(PENALTY, PENALTY_COLUMNS, "p"), (CREDIT, CREDIT_COLUMNS, "c")],
    ids=["penalties", "grades"],
)
def test_row_rules_select_alike_in_sql_and_python(
    odd: OddSource, kind: RecordKind, columns: Mapping[str, Column], prefix: str
) -> None:
    checked = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck),
        database=None, derandomize=True,
    )  # fmt: skip
    @given(rows(prefix), st.integers(0, 2**32))
    def check(native: list[tuple[object, ...]], seed: int) -> None:
        nonlocal checked
        rules = Rules(kind, columns, seed)
        odd.fill("own", native)
        check_all(odd, kind, columns, [rules.predicate() for _ in range(RULES_EACH)])
        checked += RULES_EACH

    check()
    assert checked >= EXAMPLES * RULES_EACH
