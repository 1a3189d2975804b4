"""The order of records over all departments, in plain Python: what every kit must agree with.

Order keys first, missing values last in both directions; then department code, then record id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cmp_to_key
from typing import NamedTuple

from gateway.contract import After, OrderKey
from schema.model import KindModel
from schema.predicate import NUMERIC_TEXT, WireValue

Values = Mapping[str, WireValue]


class Position(NamedTuple):
    """Where a record stands: wire value per order key, department code, record id."""

    values: tuple[WireValue, ...]
    department: str
    record_id: str


def compare_positions(
    first: Position, second: Position, order: Sequence[OrderKey], kind: KindModel
) -> int:
    """Below zero if the first comes earlier, above zero if later, zero for the same record."""
    for key, left, right in zip(order, first.values, second.values, strict=True):
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        is_number = kind.by_name[key.field].value_type in NUMERIC_TEXT
        found = _compare_values(left, right, is_number)
        if found:
            return -found if key.descending else found
    return _compare_values(first[1:], second[1:], is_number=False)


def _compare_values(left: object, right: object, is_number: bool) -> int:
    if is_number:
        left, right = Decimal(str(left)), Decimal(str(right))
    is_more: bool = left > right  # type: ignore[operator]
    is_less: bool = left < right  # type: ignore[operator]
    return is_more - is_less


def position_of(
    row: Values, record_id: str, department: str, order: Sequence[OrderKey]
) -> Position:
    """The position of a record given by its values."""
    return Position(tuple(row[key.field] for key in order), department, record_id)


def in_order(
    positions: Iterable[Position], order: Sequence[OrderKey], kind: KindModel
) -> list[Position]:
    """Positions sorted."""

    def compare(first: Position, second: Position) -> int:
        return compare_positions(first, second, order, kind)

    return sorted(positions, key=cmp_to_key(compare))


def is_behind(position: Position, after: After, order: Sequence[OrderKey], kind: KindModel) -> bool:
    """Whether a record comes after the position of a page's last record."""
    last = Position(after.values, after.department, after.record_id)
    return compare_positions(position, last, order, kind) > 0
