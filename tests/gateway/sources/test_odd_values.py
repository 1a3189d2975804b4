"""Records with values that cannot be shown are left out and counted; the others stand."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.contract import (
    JsonBatch,
    JsonField,
    JsonNode,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
    StatisticsRequest,
)
from gateway.contract.requests import FetchContext
from schema.classification import SubjectKind
from schema.predicate import ALWAYS, Comparison, IsNull, Operator
from tests.gateway.sources.odd_table import COLUMNS, FIRM, PENALTY, SHOP, OddSource

CONTEXT = FetchContext("test", time.monotonic() + 3_000, "2026-11-02T08:00:00Z")
DAY = dt.date(2026, 1, 1)
ODD = {
    "infinite day": ("day", "infinity", "meta.decidedOn"),
    "infinite past": ("day", "-infinity", "meta.decidedOn"),
    "day of five digits": ("day", "20211-06-01", "meta.decidedOn"),
    "day before our era": ("day", "0044-03-15 BC", "meta.decidedOn"),
    "30 February": ("day_text", "20000230", "decidedOn"),
    "31 June": ("day_text", "20010631", "decidedOn"),
    "29 February of no leap year": ("day_text", "20010229", "decidedOn"),
    "year 0": ("day_text", "00000101", "decidedOn"),
    "infinite time": ("at", "infinity", "meta.reportedAt"),
    "infinite local time": ("local", "-infinity", "meta.verifiedAt"),
    "no number": ("amount", "NaN", "fineAmount"),
    "too large": ("amount", "1e31", "fineAmount"),
    "infinite amount": ("amount", "-infinity", "fineAmount"),
}
FINE = {
    "29 February": ("day_text", "20000229", "decidedOn"),
    "text that is no day": ("day_text", "until then", "decidedOn"),
    "far day": ("day", "9999-12-31", "meta.decidedOn"),
    "large": ("amount", "123456789012345678.125", "fineAmount"),
}


def row(number: int, code: str | None = FIRM) -> tuple[Any, ...]:
    values = dict.fromkeys(COLUMNS)
    values |= {"id": f"r{number}", "code": code, "t": f"第{number}号"}
    values |= {"day": DAY - dt.timedelta(number)}
    return tuple(values[name] for name in COLUMNS)


def fill(odd: OddSource, column: str, value: str) -> None:
    """Three records of the firm, one of the shop; the firm's second holds the value."""
    odd.fill("own", [row(1), row(2), row(3), row(4, SHOP)])
    odd.execute(f"UPDATE odd.own SET {column} = '{value}' WHERE id = 'r2'")


def rows_of(field: str, keys: tuple[str, ...] | None = (FIRM, SHOP)) -> RecordRequest:
    selection = RecordSelection(
        kind=PENALTY, fields=("meta.recordId", field), first=2, lookahead=True, count=True
    )
    return RecordRequest("p", selection, keys)


def json_of(field: str, keys: tuple[str, ...] | None = (FIRM, SHOP)) -> RecordRequest:
    asked = rows_of(field, keys)
    shape = JsonNode((("id", JsonField("meta.recordId")), ("v", JsonField(field))))
    return asked._replace(selection=replace(asked.selection, fields=(), json=shape))


def ids(batch: Any) -> list[list[str]]:
    if isinstance(batch, RowBatch):
        return [[str(row[0]) for row in group] for group in batch.groups]
    assert isinstance(batch, JsonBatch)
    return [[item["id"] for item in orjson.loads(b"[" + group + b"]")] for group in batch.groups]


@pytest.mark.parametrize("name", ODD)
def test_record_with_an_odd_value_is_left_out_and_counted(odd: OddSource, name: str) -> None:
    column, value, field = ODD[name]
    fill(odd, column, value)
    for request in (rows_of(field), json_of(field)):
        (batch,) = odd.ask(request)
        assert ids(batch) == [["r1", "r3"], ["r4"]]
        assert batch.withheld == 1
        assert batch.totals == [3, 1]


@pytest.mark.parametrize("name", FINE)
def test_record_with_a_rare_value_stands(odd: OddSource, name: str) -> None:
    column, value, field = FINE[name]
    fill(odd, column, value)
    for request in (rows_of(field), json_of(field)):
        (batch,) = odd.ask(request)
        assert any(ids(batch))
        assert batch.withheld == 0


@pytest.mark.parametrize("name", ODD)
def test_value_that_nobody_reads_withholds_nothing(odd: OddSource, name: str) -> None:
    column, value, _ = ODD[name]
    fill(odd, column, value)
    (batch,) = odd.ask(rows_of("documentNo"))
    assert batch.withheld == 0
    assert sum(map(len, ids(batch)), 0) == 4


@pytest.mark.parametrize("name", ODD)
def test_filters_and_orders_by_odd_values_fail_nothing(odd: OddSource, name: str) -> None:
    column, value, field = ODD[name]
    fill(odd, column, value)
    bound = "0.00" if column == "amount" else "2000-01-01"
    bound = f"{bound}T00:00:00Z" if column in ("at", "local") else bound
    for predicate in (ALWAYS, IsNull(field), Comparison(field, Operator.GE, bound)):
        request = rows_of(field)
        selection = replace(request.selection, predicate=predicate, order=(OrderKey(field, True),))
        (batch,) = odd.ask(request._replace(selection=selection))
        assert not any("r2" in group for group in ids(batch))


def test_row_rule_over_an_odd_day_is_noticed_in_built_json(odd: OddSource) -> None:
    fill(odd, "day", "infinity")
    request = json_of("documentNo")
    selection = replace(request.selection, checked=("meta.decidedOn",))
    (batch,) = odd.ask(request._replace(selection=selection))
    assert batch.withheld == 1
    assert isinstance(batch, JsonBatch)
    assert batch.summary["meta.decidedOn"].greatest == "2025-12-31"


@pytest.mark.parametrize("name", ODD)
def test_statistics_leave_odd_records_out(odd: OddSource, name: str) -> None:
    column, value, field = ODD[name]
    fill(odd, column, value)
    is_sum = column == "amount"
    request = StatisticsRequest(
        path="s",
        kind=PENALTY,
        predicate=ALWAYS,
        group_by=() if is_sum else (field,),
        sums=(field,) if is_sum else (),
        max_groups=100,
        subject_kinds=frozenset(SubjectKind),
    )
    (batch,) = odd.runner.run(odd.own.statistics([request], CONTEXT))
    assert sum(group.count for group in batch.groups) == 3
    assert batch.withheld == 1


def test_record_about_nobody_is_in_no_list(odd: OddSource) -> None:
    odd.fill("own", [row(1), row(2, None)])
    request = rows_of("documentNo", None)
    selection = replace(request.selection, subject_kinds=frozenset(SubjectKind))
    (batch,) = odd.ask(request._replace(selection=selection))
    assert ids(batch) == [["r1"]]
    assert batch.totals == [1]
