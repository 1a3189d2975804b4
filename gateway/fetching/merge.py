"""Records of several streams as one list in the asked order, cut to the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from gateway.authorization.types import Stream
from gateway.contract import RECORD_ID, OrderKey, Row
from gateway.planning.types import RecordPlace
from schema.predicate import NUMERIC_TEXT
from schema.records import MODEL

StreamRow = tuple[Stream, Row]


def merge_rows(
    place: RecordPlace, streams: Sequence[tuple[Stream, Sequence[Row]]]
) -> list[StreamRow]:
    """All rows in order: order keys with missing values last, department code, record id."""
    merged = [(stream, row) for stream, rows in streams for row in rows]
    if len(streams) > 1:
        merged.sort(key=_identity)
        for key in reversed(place.arguments.order):
            merged = _sorted_by(merged, place, key)
    return merged


def _identity(item: StreamRow) -> tuple[str, Any]:
    stream, row = item
    return stream.provider.code, row[stream.columns[RECORD_ID]]


def _sorted_by(rows: list[StreamRow], place: RecordPlace, key: OrderKey) -> list[StreamRow]:
    """Stable sort by one key; records without a value come last, in the order they had."""
    number = _number(place, key.field)
    present: list[StreamRow] = []
    missing: list[StreamRow] = []
    for item in rows:
        stream, row = item
        (missing if row[stream.columns[key.field]] is None else present).append(item)

    def value(item: StreamRow) -> Any:
        stream, row = item
        return number(row[stream.columns[key.field]])

    present.sort(key=value, reverse=key.descending)
    return present + missing


def _number(place: RecordPlace, field: str) -> Callable[[Any], Any]:
    model = MODEL.kinds[place.kind].by_name[field]
    return Decimal if model.value_type in NUMERIC_TEXT else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
