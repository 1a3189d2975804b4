"""LocalTable: requests answered over the records of one kind that a source gave.

Semantics are those of every kit: text by code point, missing values last in both directions, the
record id as the last key, pages behind a position of any department, totals without paging.
A record with an odd value in a field that is shown is withheld; where such a field is only
compared, it counts as missing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from gateway.contract import (
    PERSON_KEY_PREFIX,
    RECORD_ID,
    SUBJECT_KEY,
    After,
    NotSupported,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
    StatisticsBatch,
    StatisticsGroup,
    StatisticsRequest,
)
from gateway.rowcode import RowsChoice, rows_choice
from gateway.sources.local.values import ODD, Getter, Odd, Read, reader, subject_reader, text
from gateway.sources.mapped_table import OBJECTION_MARK
from gateway.sources.mapping import KindMapping, Part
from schema.classification import SubjectKind
from schema.predicate import NUMERIC_TEXT, WireScalar, WireValue, fields_of
from schema.records import MODEL

PLANS_KEPT = 1024

_Row = list[Any]
"""Wire values of the fields of a plan; behind them whether a shown one is odd."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How records are read and chosen for one selection.

    Attributes:
        readers: per field that is needed, those to show first.
        shown: number of fields to show.
        columns: position per needed field.
        choose: the predicate.
    """

    readers: tuple[Read, ...]
    shown: int
    columns: dict[str, int]
    choose: RowsChoice


class LocalTable:
    """Completes requests for one record kind of one department."""

    def __init__(self, mapping: KindMapping, department: str, get: Getter) -> None:
        """
        Args:
            department: code of the department, which stands in the order between order keys and
                record id.
            get: how a column of the mapping is read out of a record.
        """
        self._mapping = mapping
        self._department = department
        self._get = get
        self._kind = MODEL.kinds[mapping.kind]
        self._plans: OrderedDict[RecordSelection, _Plan] = OrderedDict()

    def answer(self, records: Iterable[Any], request: RecordRequest) -> RowBatch:
        """Answer a request over the records; what is about other subjects is left out.

        Raises:
            NotSupported: JSON is asked for.
        """
        selection = request.selection
        if selection.json is not None:
            raise NotSupported("this source builds no JSON")
        plan = self._plan(selection)
        rows = self._rows(plan, records, selection.marked)
        groups = _grouped(plan, rows, request)
        chosen = [plan.choose(group) for group in groups]
        totals = [len(group) for group in chosen] if selection.count else None
        pages: list[list[_Row]] = []
        withheld = 0
        for group in chosen:
            page, bad = self._page(plan, group, request)
            pages.append([row[: plan.shown] for row in page])
            withheld += bad
        return RowBatch(pages, totals, withheld)

    def settled(self, records: Sequence[Any], request: RecordRequest) -> RowBatch | None:
        """Answer from the beginning of a list that comes in the order of the first order key.

        Args:
            records: at least one.

        Returns:
            None where records behind these could still be in the answer.
        """
        selection = request.selection
        plan = self._plan(selection)
        (group,) = _grouped(plan, self._rows(plan, records, selection.marked), request)
        page, withheld = self._page(plan, plan.choose(group), request)
        if not page or len(page) < selection.first + selection.lookahead:
            return None
        key = selection.order[0]
        boundary = page[-1][plan.columns[key.field]]
        last = plan.readers[plan.columns[key.field]](records[-1])
        if isinstance(last, Odd) or boundary is None:
            return None
        if last is not None:
            difference = _difference(last, boundary, self._is_number(key.field))
            if difference == 0 or (difference > 0) is key.descending:
                return None
        return RowBatch([[row[: plan.shown] for row in page]], None, withheld)

    def _page(
        self, plan: _Plan, rows: list[_Row], request: RecordRequest
    ) -> tuple[list[_Row], int]:
        """The rows of the page in their order, and how many odd ones were left out."""
        selection = request.selection
        behind = self._behind(plan, rows, request)
        good = [row for row in behind if not row[-1]]
        ordered = self._in_order(plan, good, selection.order)
        return ordered[: selection.first + selection.lookahead], len(behind) - len(good)

    def record_id(self, record: Any) -> str | None:
        """Id of a record; None where it has none."""
        return _text_or_none(self._id_reader(record))

    def statistics(self, records: Iterable[Any], request: StatisticsRequest) -> StatisticsBatch:
        """Count and sum over the records."""
        shown = tuple(dict.fromkeys((*request.group_by, *request.sums)))
        names = (*shown, *sorted(fields_of(request.predicate)))
        plan = self._make_plan(shown, names, request.predicate)
        rows = self._rows(plan, records, request.marked)
        kinds = request.subject_kinds
        if kinds is not None:
            position = plan.columns[SUBJECT_KEY]
            rows = [row for row in rows if subject_kind(row[position]) in kinds]
        chosen = plan.choose(rows)
        good = [row for row in chosen if not row[-1]]
        group_of = [plan.columns[name] for name in request.group_by]
        groups: dict[tuple[WireScalar | None, ...], list[_Row]] = {}
        for row in good:
            groups.setdefault(tuple([row[position] for position in group_of]), []).append(row)
        sums = [plan.columns[name] for name in request.sums]
        subject = plan.columns[SUBJECT_KEY]
        made = [
            StatisticsGroup(
                values,
                len(members),
                tuple(_sum(members, at) for at in sums),
                len({member[subject] for member in members}) if request.subjects else None,
            )
            for values, members in groups.items()
        ]
        most = request.max_groups
        return StatisticsBatch(made[:most], len(made) <= most, len(chosen) - len(good))

    def _plan(self, selection: RecordSelection) -> _Plan:
        found = self._plans.get(selection)
        if found is None:
            ordered = [key.field for key in selection.order]
            names = (*selection.fields, *sorted(fields_of(selection.predicate)), *ordered)
            found = self._make_plan(selection.fields, names, selection.predicate)
            self._plans[selection] = found
            if len(self._plans) > PLANS_KEPT:
                self._plans.popitem(last=False)
        return found

    def _make_plan(self, shown: Sequence[str], names: Sequence[str], predicate: Any) -> _Plan:
        needed = list(dict.fromkeys((*names, RECORD_ID, SUBJECT_KEY)))
        columns = {name: position for position, name in enumerate(needed)}
        readers = tuple(self._reader(name) for name in needed)
        return _Plan(readers, len(shown), columns, rows_choice(predicate, columns, self._kind))

    def _reader(self, name: str) -> Read:
        if name == RECORD_ID:
            return self._id_reader
        if name == SUBJECT_KEY:
            return subject_reader(self._mapping, self._get)
        mapped = self._mapping.columns.get(name) or self._missing_part(name)
        return reader(mapped, self._get)

    def _missing_part(self, name: str) -> Part | None:
        """For a leaf of parts that is not mapped while others are: as many missing values."""
        beginning = name.rpartition(".")[0] + "."
        for other, column in self._mapping.columns.items():
            if isinstance(column, Part) and other.startswith(beginning):
                return Part(column.column, "")
        return None

    @property
    def _id_reader(self) -> Read:
        get = self._get(self._mapping.record_id)
        return lambda record: text(get(record))

    def _rows(self, plan: _Plan, records: Iterable[Any], marked: Sequence[str]) -> list[_Row]:
        """Read the records. One without an id, or with a key that is none, is always withheld."""
        readers, shown = plan.readers, plan.shown
        record_id, subject = plan.columns[RECORD_ID], plan.columns[SUBJECT_KEY]
        mark = plan.columns.get(OBJECTION_MARK)
        marks = frozenset(marked) if mark is not None else frozenset[str]()
        rows: list[_Row] = []
        for record in records:
            row: _Row = [read(record) for read in readers]
            is_bad = row[record_id] is None
            if ODD in row:
                is_bad = is_bad or ODD in row[:shown] or ODD in (row[record_id], row[subject])
                row = [None if value is ODD else value for value in row]
            if is_bad and row[record_id] is None:
                row[record_id] = ""
            if mark is not None and row[record_id] in marks:
                row[mark] = True
            row.append(is_bad)
            rows.append(row)
        return rows

    def _behind(self, plan: _Plan, rows: list[_Row], request: RecordRequest) -> list[_Row]:
        after = request.after
        if after is None:
            return rows
        order = request.selection.order
        compare = self._comparison(plan, order)
        return [row for row in rows if compare(row, after) > 0]

    def _comparison(self, plan: _Plan, order: Sequence[OrderKey]) -> Callable[[_Row, After], int]:
        """What compares a row with a position: above zero where it comes later."""
        keys = [
            (plan.columns[key.field], self._is_number(key.field), key.descending) for key in order
        ]
        record_id, department = plan.columns[RECORD_ID], self._department

        def compare(row: _Row, after: After) -> int:
            for (position, is_number, is_descending), right in zip(keys, after.values, strict=True):
                left = row[position]
                if left == right:
                    continue
                if left is None or right is None:
                    return 1 if left is None else -1
                difference = _difference(left, right, is_number)
                if difference:
                    return -difference if is_descending else difference
            own = (department, row[record_id])
            last = (after.department, after.record_id)
            return (own > last) - (own < last)

        return compare

    def _is_number(self, name: str) -> bool:
        field = self._kind.by_name.get(name)
        return field is not None and field.value_type in NUMERIC_TEXT

    def _in_order(self, plan: _Plan, rows: list[_Row], order: Sequence[OrderKey]) -> list[_Row]:
        """Sort by the last key first: sorting keeps the order of what is equal."""
        rows = sorted(rows, key=itemgetter(plan.columns[RECORD_ID]))
        for key in reversed(order):
            position = plan.columns[key.field]
            present = [row for row in rows if row[position] is not None]
            missing = [row for row in rows if row[position] is None]
            by: Callable[[_Row], Any] = itemgetter(position)
            if self._is_number(key.field):
                by = _decimal_at(position)
            present.sort(key=by, reverse=key.descending)
            rows = present + missing
        return rows


def _difference(left: Any, right: Any, is_number: bool) -> int:
    if is_number:
        left, right = Decimal(left), Decimal(str(right))
    return int(left > right) - int(left < right)


def _decimal_at(position: int) -> Callable[[_Row], Decimal]:
    return lambda row: Decimal(row[position])


def _grouped(plan: _Plan, rows: list[_Row], request: RecordRequest) -> list[list[_Row]]:
    position = plan.columns[SUBJECT_KEY]
    if request.keys is None:
        kinds = request.selection.subject_kinds
        if kinds is None:
            return [rows]
        return [[row for row in rows if subject_kind(row[position]) in kinds]]
    groups: dict[str, list[_Row]] = {key: [] for key in request.keys}
    for row in rows:
        group = groups.get(row[position])
        if group is not None:
            group.append(row)
    return list(groups.values())


def subject_kind(key: str | None) -> SubjectKind | None:
    """Kind of a subject by its key; None for nobody."""
    if key is None:
        return None
    if key.startswith(PERSON_KEY_PREFIX):
        return SubjectKind.NATURAL_PERSON
    return SubjectKind.INDIVIDUAL_BUSINESS if key.startswith("92") else SubjectKind.ORGANISATION


def _text_or_none(found: WireValue | Odd) -> str | None:
    return found if isinstance(found, str) else None


def _sum(rows: Sequence[_Row], position: int) -> str | None:
    present = [Decimal(str(row[position])) for row in rows if row[position] is not None]
    return format(sum(present, Decimal(0)), "f") if present else None
