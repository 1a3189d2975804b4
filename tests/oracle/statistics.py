"""`recordStatistics`: section 12."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from policies.model import Decision, Outcome, SubjectProfile, Use
from schema.model import KindModel, ValueType
from schema.predicate import WireValue
from tests.oracle.access import Access, is_permitted
from tests.oracle.conditions import comparable
from tests.oracle.lists import Cell, RecordList
from tests.oracle.records import Record

SMALLEST = 5


@dataclass(frozen=True)
class Statistics:
    """Counts and sums over a list of all subjects.

    Attributes:
        listed: the list without what COUNT or AGGREGATE bars.
        decisions: COUNT, then AGGREGATE per group and sum field, by (provider, column).
        hides: whether a field is counted or summed that is not to be read.
    """

    listed: RecordList
    group_by: tuple[str, ...]
    sums: tuple[str, ...]
    decisions: dict[tuple[int, int], tuple[Decision, ...]]
    hides: bool

    def value(self) -> dict[str, Any]:
        """The members of RecordStatistics."""
        groups: dict[tuple[WireValue, ...], list[Record]] = {}
        for found in self.listed.all_found:
            values = tuple(found.record.values.get(name) for name in self.group_by)
            groups.setdefault(values, []).append(found.record)
        kind = self.listed.arguments.model
        ordered = sorted(groups, key=lambda values: _group_order(values, self.group_by, kind))
        size = {values: self._size(groups[values]) for values in ordered}
        left_out = {values for values in ordered if size[values] < SMALLEST}
        if left_out and (self.hides or sum(size[values] for values in left_out) < SMALLEST):
            others = [values for values in ordered if values not in left_out]
            if others:
                left_out.add(min(others, key=lambda values: size[values]))
        return {
            "groups": [
                self._group(values, groups[values]) for values in ordered if values not in left_out
            ],
            "suppressedGroups": len(left_out),
        }

    def _size(self, records: Sequence[Record]) -> int:
        """Records; or subjects of the department that has most of them, if something is hidden."""
        if not self.hides:
            return len(records)
        pairs = {(record.department, record.key) for record in records}
        return max(Counter(department for department, _ in pairs).values())

    def _group(self, values: tuple[WireValue, ...], records: Sequence[Record]) -> dict[str, Any]:
        kind = self.listed.arguments.model
        return {
            "values": [
                {"field": name, "value": _text(value)}
                for name, value in zip(self.group_by, values, strict=True)
            ],
            "count": len(records),
            "sums": [{"field": name, "value": _sum(name, records, kind)} for name in self.sums],
        }


def statistics(
    listed: RecordList, access: Access, group_by: tuple[str, ...], sums: tuple[str, ...]
) -> Statistics:
    """Ask the rules about counting and aggregating, and close the cells that are barred."""
    kind = listed.arguments.model
    decisions: dict[tuple[int, int], tuple[Decision, ...]] = {}
    columns = []
    hides = False
    for number, column in enumerate(listed.columns):
        cells = []
        for place, cell in enumerate(column.cells):
            asked = (
                cell.count,
                *(
                    _aggregated(access, kind.by_name[name].coordinate, column.profile, cell)
                    for name in (*group_by, *sums)
                ),
            )
            if cell.is_open:
                decisions[place, number] = asked
                if all(map(is_permitted, (*cell.filters, *asked))):
                    hides |= any(
                        access.decide(
                            kind.by_name[name].coordinate, Use.READ, column.profile, cell.provider
                        ).outcome
                        is not Outcome.CLEAR
                        for name in (*group_by, *sums)
                    )
            cells.append(_barred(cell, asked))
        columns.append(replace(column, cells=tuple(cells)))
    return Statistics(replace(listed, columns=tuple(columns)), group_by, sums, decisions, hides)


def _aggregated(access: Access, coordinate: str, profile: SubjectProfile, cell: Cell) -> Decision:
    """AGGREGATE of a field; over a filter also READ, or subtraction would tell single values."""
    decision = access.decide(coordinate, Use.AGGREGATE, profile, cell.provider)
    if cell.filters and is_permitted(decision):
        read = access.decide(coordinate, Use.READ, profile, cell.provider)
        return decision if is_permitted(read) else read
    return decision


def _barred(cell: Cell, asked: tuple[Decision, ...]) -> Cell:
    """The cell, asking nothing if one of the decisions is a denial."""
    return cell if all(map(is_permitted, asked)) else replace(cell, filters=cell.filters + asked)


def _group_order(
    values: tuple[WireValue, ...], names: tuple[str, ...], kind: KindModel
) -> tuple[tuple[bool, Any], ...]:
    return tuple(
        (value is None, 0 if value is None else comparable(kind.by_name[name], value))
        for name, value in zip(names, values, strict=True)
    )


def _text(value: WireValue) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _sum(name: str, records: Sequence[Record], kind: KindModel) -> str | None:
    present = [record.values.get(name) for record in records]
    numbers = [Decimal(str(value)) for value in present if value is not None]
    if not numbers:
        return None
    if kind.by_name[name].value_type is ValueType.INTEGER:
        return str(int(sum(numbers)))
    return f"{sum(numbers):f}"
