"""Groups of `recordStatistics`: added up over departments, small ones held back, put in order.

A group of fewer than five records is left out. Where those left out have fewer than five records
together, the next smallest goes with them, so that a total less what is shown tells of five at
least. Where something is asked about that the caller may not read, it is five subjects, not
records: several departments' subjects count as the same ones, as far as they may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway.authorization.types import StatisticsStream
from gateway.contract import StatisticsBatch, StatisticsGroup
from gateway.fetching.types import SourceOutcome
from gateway.planning.types import StatisticsRoot
from schema.model import ValueType
from schema.predicate import NUMERIC_TEXT
from schema.records import MODEL

SMALLEST_GROUP = 5

Answers = Sequence[tuple[StatisticsStream, StatisticsBatch | SourceOutcome]]
Values = tuple[Any, ...]


class _Group:
    def __init__(self, sums: int) -> None:
        self.count = 0
        self.subjects: dict[str, int] = {}
        self.sums: list[Decimal | None] = [None] * sums

    def add(self, source: str, found: StatisticsGroup) -> None:
        self.count += found.count
        # of one source they come by kinds of subjects, none of which is of two kinds
        self.subjects[source] = self.subjects.get(source, 0) + (found.subjects or 0)
        for position, text in enumerate(found.sums):
            if text is not None:
                self.sums[position] = (self.sums[position] or Decimal(0)) + Decimal(text)


def write_statistics(root: StatisticsRoot, answers: Answers) -> dict[str, Any] | None:
    """The value of the field; None if nobody was asked or everybody asked has failed."""
    batches = [(stream, batch) for stream, batch in answers if isinstance(batch, StatisticsBatch)]
    if not batches or not all(batch.is_complete for _, batch in batches):
        return None
    groups: dict[Values, _Group] = {}
    for stream, batch in batches:
        for item in batch.groups:
            group = groups.setdefault(tuple(item.values), _Group(len(root.sums)))
            group.add(stream.provider.slug, item)
    by_subjects = any(stream.request.subjects for stream, _ in batches)
    held_back = _held_back(root, groups, by_subjects)
    shown = [values for values in _ordered(root, groups) if values not in held_back]
    plain = {
        "groups": [_plain_group(root, values, groups[values]) for values in shown],
        "suppressedGroups": len(held_back),
    }
    selected: dict[str, Any] = _selected(root.members, plain)
    return selected


def _held_back(
    root: StatisticsRoot, groups: Mapping[Values, _Group], by_subjects: bool
) -> set[Values]:
    def size(values: Values) -> int:
        group = groups[values]
        return max(group.subjects.values()) if by_subjects else group.count

    small = {values for values in groups if size(values) < SMALLEST_GROUP}
    # one subject may be in all of the groups, a record is in one
    together = (max if by_subjects else sum)(map(size, small)) if small else 0
    if 0 < together < SMALLEST_GROUP and len(groups) > len(small):
        # one is enough: it has five of its own
        others = [values for values in _ordered(root, groups) if values not in small]
        small.add(min(others, key=size))
    return small


def _ordered(root: StatisticsRoot, groups: Mapping[Values, _Group]) -> list[Values]:
    kind = MODEL.kinds[root.kind]

    def key(values: Values) -> tuple[Any, ...]:
        parts: list[Any] = []
        for name, value in zip(root.group_by, values, strict=True):
            parts.append(value is None)
            parts.append("" if value is None else _comparable(kind.by_name[name].value_type, value))
        return tuple(parts)

    present = sorted(groups, key=lambda values: [value is None for value in values])
    return sorted(present, key=lambda values: [_Last(part) for part in key(values)])


class _Last:
    """Compares values of one column; equal types are guaranteed where neither is missing."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Last) -> bool:
        if type(self.value) is not type(other.value):
            return False
        return bool(self.value < other.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Last) and bool(self.value == other.value)

    def __hash__(self) -> int:  # pragma: no cover - needed beside __eq__
        return hash(self.value)


def _comparable(value_type: ValueType, value: Any) -> Any:
    return Decimal(str(value)) if value_type in NUMERIC_TEXT else value


def _plain_group(root: StatisticsRoot, values: Values, group: _Group) -> dict[str, Any]:
    return {
        "values": [
            {"field": name, "value": _text(value)}
            for name, value in zip(root.group_by, values, strict=True)
        ],
        "count": group.count,
        "sums": [
            {"field": name, "value": None if total is None else format(total, "f")}
            for name, total in zip(root.sums, group.sums, strict=True)
        ],
    }


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _selected(members: Mapping[str, Any], value: Any) -> Any:
    """The members selected of plain data: per response key a name, and what is selected below."""
    if isinstance(value, list):
        return [_selected(members, item) for item in value]
    return {
        key: inner
        if name == "__typename"
        else value[name]
        if inner is None
        else _selected(inner, value[name])
        for key, (name, inner) in members.items()
    }
