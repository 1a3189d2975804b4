"""Order and pages, section 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schema.model import KindModel
from schema.predicate import WireValue
from tests.oracle.conditions import comparable
from tests.oracle.records import Record


@dataclass(frozen=True, slots=True)
class Key:
    """One order key."""

    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands in an order over all departments."""

    values: tuple[WireValue, ...]
    department: str
    record_id: str


DEFAULT_ORDER = (Key("meta.decidedOn", descending=True),)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an ordered list.

    Attributes:
        has_next: records follow behind the last one.
    """

    records: tuple[Record, ...]
    has_next: bool


def position_of(record: Record, order: Sequence[Key]) -> Position:
    """Position of a record."""
    values = tuple(record.values.get(key.field) for key in order)
    return Position(values, record.department, record.record_id)


def page_of(
    records: Sequence[Record],
    kind: KindModel,
    order: Sequence[Key],
    first: int,
    after: Position | None,
) -> Page:
    """The first records behind a position."""
    behind = list(records)
    if after is not None:
        behind = [
            record
            for record in behind
            if _compare(after, position_of(record, order), order, kind) < 0
        ]
    behind = _sorted(behind, kind, order)
    return Page(tuple(behind[:first]), len(behind) > first)


def _sorted(records: Sequence[Record], kind: KindModel, order: Sequence[Key]) -> list[Record]:
    """Sort by the last key first: each pass is stable."""
    ordered = sorted(records, key=lambda record: (record.department, record.record_id))
    for key in reversed(order):
        field = kind.by_name[key.field]
        present = [record for record in ordered if record.values.get(key.field) is not None]
        missing = [record for record in ordered if record.values.get(key.field) is None]
        present.sort(
            key=lambda record: comparable(field, record.values[key.field]),
            reverse=key.descending,
        )
        ordered = present + missing
    return ordered


def _compare(left: Position, right: Position, order: Sequence[Key], kind: KindModel) -> int:
    for key, mine, other in zip(order, left.values, right.values, strict=True):
        sign = _compare_values(kind, key, mine, other)
        if sign:
            return sign
    return _sign((left.department, left.record_id), (right.department, right.record_id))


def _compare_values(kind: KindModel, key: Key, mine: WireValue, other: WireValue) -> int:
    if mine is None or other is None:
        return (mine is None) - (other is None)
    field = kind.by_name[key.field]
    sign = _sign(comparable(field, mine), comparable(field, other))
    return -sign if key.descending else sign


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)
