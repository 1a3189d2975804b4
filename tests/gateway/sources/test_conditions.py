"""SQL, the predicate language in Python and the generated row check agree on random rows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.contract import RECORD_ID, RecordRequest, RecordSelection, RowBatch
from gateway.rowcode import rows_check, rows_rule
from gateway.sources.mapping import Column
from schema.codes import RecordKind
from schema.predicate import Comparison, Includes, OneOf, Operator, Predicate, StartsWith, matches
from schema.records import MODEL
from tests.gateway.sources.odd_table import (
    CREDIT,
    CREDIT_COLUMNS,
    DEFAULTER,
    DEFAULTER_COLUMNS,
    PENALTY,
    PENALTY_COLUMNS,
    OddSource,
    rows,
)
from tests.gateway.sources.predicates import predicates

QUIET = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def fields_of(columns: Mapping[str, Column]) -> tuple[str, ...]:
    return (RECORD_ID, *(name for name in columns if name != RECORD_ID))


def check_all(
    odd: OddSource, kind: RecordKind, columns: Mapping[str, Column], wanted: list[Predicate]
) -> None:
    model = MODEL.kinds[kind]
    missing = next(f.name for f in model.filterable if f.name not in columns)
    names = (*fields_of(columns), missing)
    every = RecordSelection(kind, names, first=100)
    selections = [RecordSelection(kind, (RECORD_ID,), predicate=p, first=100) for p in wanted]
    requests = [RecordRequest("r", selection, None) for selection in (every, *selections)]
    whole, *selected = odd.ask(*requests)
    assert isinstance(whole, RowBatch)
    (found,) = whole.groups
    assert rows_check(model, names)(found)
    positions = {name: number for number, name in enumerate(names)}
    for predicate, batch in zip(wanted, selected, strict=True):
        assert isinstance(batch, RowBatch)
        in_sql = sorted(str(row[0]) for row in batch.groups[0])
        as_rows = [dict(zip(names, row, strict=True)) for row in found]
        in_python = sorted(str(r[RECORD_ID]) for r in as_rows if matches(predicate, r, model))
        rule = rows_rule(predicate, positions, model)
        in_generated_code = sorted(str(row[0]) for row in found if rule([row]))
        assert in_sql == in_python == in_generated_code, predicate


@QUIET
@given(rows("p"), st.lists(predicates(PENALTY, frozenset(PENALTY_COLUMNS)), max_size=12))
def test_conditions_select_alike_in_sql_and_python(
    odd: OddSource, native: list[tuple[object, ...]], wanted: list[Predicate]
) -> None:
    odd.fill("own", native)
    check_all(odd, PENALTY, PENALTY_COLUMNS, wanted)


@QUIET
@given(rows("c"), st.lists(predicates(CREDIT, frozenset(CREDIT_COLUMNS)), max_size=12))
def test_conditions_on_decimals_and_text_lists_select_alike(
    odd: OddSource, native: list[tuple[object, ...]], wanted: list[Predicate]
) -> None:
    odd.fill("own", native)
    check_all(odd, CREDIT, CREDIT_COLUMNS, wanted)


@QUIET
@given(rows("d"), st.lists(predicates(DEFAULTER, frozenset(DEFAULTER_COLUMNS)), max_size=12))
def test_conditions_on_codes_of_several_columns_select_alike(
    odd: OddSource, native: list[tuple[object, ...]], wanted: list[Predicate]
) -> None:
    odd.fill("own", native)
    check_all(odd, DEFAULTER, DEFAULTER_COLUMNS, wanted)


@pytest.mark.parametrize(
    "predicate",
    [
        Comparison("documentNo", Operator.EQ, "a\x00"),
        OneOf("documentNo", ("\x00", "甲")),
        StartsWith("documentNo", "\x00"),
        StartsWith("authorityName", "\x00"),
        Comparison("violationType", Operator.EQ, "\x00"),
        Comparison(RECORD_ID, Operator.EQ, "\x00"),
    ],
)
def test_text_that_no_database_can_hold_is_found_nowhere_and_fails_nothing(
    odd: OddSource, predicate: Predicate
) -> None:
    odd.fill("own", [])
    check_all(odd, PENALTY, PENALTY_COLUMNS, [predicate])


def test_list_member_that_no_database_can_hold_is_found_nowhere(odd: OddSource) -> None:
    odd.fill("own", [])
    check_all(odd, CREDIT, CREDIT_COLUMNS, [Includes("directReasons", "\x00")])


def test_very_many_values_fit_into_one_statement(odd: OddSource) -> None:
    """A statement has at most 32,767 parameters; values must not take one each."""
    odd.fill("own", [])
    days = tuple(f"2000-01-{day:02}" for day in range(1, 29)) * 7
    selection = RecordSelection(PENALTY, (RECORD_ID,), predicate=OneOf("meta.decidedOn", days))
    request = RecordRequest("r", selection, None)
    assert len(odd.ask(*[request] * 200)) == 200
