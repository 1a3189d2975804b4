"""Which records stand in a list, and what was decided for it: sections 4 and 5.

A list is made of columns: one for a subject's list, one per subject kind for a list over all
subjects. A column has one cell per provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from policies.model import Decision, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.model import FieldModel
from schema.predicate import Predicate, WireValue
from tests.oracle.access import Access, is_permitted
from tests.oracle.arguments import ListArguments
from tests.oracle.conditions import filter_fields, filter_holds
from tests.oracle.ids import Sealing
from tests.oracle.pages import Page, Position, page_of, position_of
from tests.oracle.records import Department, Record, subject_kind
from tests.oracle.world import World


@dataclass(frozen=True)
class Cell:
    """Decisions for one provider and one subject or subject kind."""

    provider: Department
    read: Decision
    filters: tuple[Decision, ...]
    orders: tuple[Decision, ...]
    count: Decision

    @property
    def is_open(self) -> bool:
        return is_permitted(self.read)

    @property
    def is_asked(self) -> bool:
        return self.is_open and all(map(is_permitted, (*self.filters, *self.orders)))


@dataclass(frozen=True)
class Column:
    """One subject, or one subject kind, of a list.

    Attributes:
        key: subject key, None for a subject kind.
    """

    key: str | None
    profile: SubjectProfile
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Found:
    """A record with the column it was found in, whose profile decides what it shows."""

    record: Record
    column: Column

    @property
    def provider(self) -> Department:
        return next(
            cell.provider
            for cell in self.column.cells
            if cell.provider.code == self.record.department
        )


@dataclass(frozen=True)
class RecordList:
    """A list of records with one page of it.

    Attributes:
        coordinate: schema coordinate of the field.
        is_cursor_refused: `after` does not belong here.
    """

    world: World
    access: Access
    coordinate: str
    arguments: ListArguments
    columns: tuple[Column, ...]
    after: Position | None
    is_cursor_refused: bool

    @property
    def open_cells(self) -> list[Cell]:
        return [cell for column in self.columns for cell in column.cells if cell.is_open]

    @cached_property
    def asked_slugs(self) -> set[str]:
        if self.is_cursor_refused:
            return set()
        return {
            cell.provider.slug for column in self.columns for cell in column.cells if cell.is_asked
        }

    @cached_property
    def failed_slugs(self) -> set[str]:
        return self.asked_slugs & set(self.world.failures)

    @property
    def is_null(self) -> bool:
        """Nobody is left to ask, or everybody asked failed."""
        return self.asked_slugs == self.failed_slugs

    @property
    def total(self) -> int | None:
        """`totalCount`."""
        if self.failed_slugs or not all(is_permitted(cell.count) for cell in self.open_cells):
            return None
        return len(self.all_found)

    @cached_property
    def all_found(self) -> list[Found]:
        """Every record of the list, without order and paging."""
        return [found for column in self.columns for found in self._found_in(column)]

    @cached_property
    def page(self) -> tuple[list[Found], Page]:
        """The records of the page in order, and the page."""
        found = {(each.record.department, each.record.record_id): each for each in self.all_found}
        page = page_of(
            [each.record for each in found.values()],
            self.arguments.model,
            self.arguments.effective_order,
            self.arguments.first,
            self.after,
        )
        return [found[record.department, record.record_id] for record in page.records], page

    @property
    def filter_fields(self) -> list[FieldModel]:
        """Fields that the filter reads, as the cells' decisions are ordered."""
        return filter_fields(self.arguments.wire_filter, self.arguments.model)

    def only(self, department: str, record_id: str) -> RecordList:
        """The same list, asked of one department and for one record id."""
        columns = tuple(
            replace(
                column,
                cells=tuple(cell for cell in column.cells if cell.provider.code == department),
            )
            for column in self.columns
        )
        wanted = {"meta": {"recordId": {"eq": record_id}}}
        arguments = replace(self.arguments, wire_filter=wanted)
        return replace(self, columns=columns, arguments=arguments)

    def cursor(self, record: Record) -> str:
        """Cursor of a record on this page, section 11."""
        position = position_of(record, self.arguments.effective_order)
        answered = self.asked_slugs - self.failed_slugs
        codes = sorted(each.code for each in self.world.departments if each.slug in answered)
        plain = [list(position.values), position.department, position.record_id, codes]
        key = self.columns[0].key or ""
        return self.world.sealing.seal(
            plain, cursor_place(self.access, key, self.coordinate, self.arguments)
        )

    def _found_in(self, column: Column) -> Iterator[Found]:
        for cell in column.cells:
            if cell.is_asked and cell.provider.slug not in self.world.failures:
                for record in self._candidates(cell.provider, column):
                    shown = self._with_effects(record, cell.provider, cell.read.row)
                    if shown is not None and self._satisfies(shown, cell):
                        yield Found(shown, column)

    def _candidates(self, provider: Department, column: Column) -> Sequence[Record]:
        kind = self.arguments.kind
        if column.key is not None:
            return provider.by_key.get((kind, column.key), ())
        return [
            record
            for record in provider.records.get(kind, ())
            if record.key is not None and subject_kind(record.key) is column.profile.subject_kind
        ]

    def _with_effects(
        self, record: Record, provider: Department, row: Predicate | None
    ) -> Record | None:
        """The record as the effects leave it, None if they hide it from this caller."""
        shown = record
        where = (provider.slug, record.kind, record.record_id)
        for effect in self.world.effects_by_record.get(where, ()):
            if self.access.caller.caller_class in effect.hidden_from:
                return None
            if effect.is_ended and row is not None and "meta.disclosureState" in repr(row):
                return None
            if effect.is_marked:
                marked: dict[str, WireValue] = {**record.values, "meta.objectionMark": True}
                shown = replace(shown, values=marked)
        return shown

    def _satisfies(self, record: Record, cell: Cell) -> bool:
        kind = self.arguments.model
        if not self.world.rows.holds(cell.read.row, record, kind, self.world.today):
            return False
        return filter_holds(self.arguments.wire_filter or {}, record.values, kind)


def cursor_place(
    access: Access, key: str, coordinate: str, arguments: ListArguments
) -> list[object]:
    """Associated data of a cursor."""
    order = [[key.field, "DESC" if key.descending else "ASC"] for key in arguments.effective_order]
    return [
        "cursor",
        key,
        coordinate,
        arguments.kind.value,
        arguments.wire_filter,
        order,
        access.caller.caller_class.value,
    ]


def open_cursor(
    sealing: Sealing, text: str, access: Access, key: str, coordinate: str, arguments: ListArguments
) -> Position | None:
    """Position of a cursor, None if it does not belong to this list."""
    plain = sealing.open(text, cursor_place(access, key, coordinate, arguments))
    if plain is None:
        return None
    values, department, record_id, _ = plain
    return Position(tuple(values), department, record_id)


def column_of(
    access: Access, key: str | None, profile: SubjectProfile, arguments: ListArguments
) -> Column:
    """Ask the rules for one column."""
    kind = arguments.model
    cells = []
    for provider in access.world.providers(arguments.kind):

        def decided(coordinate: str, use: Use, provider: Department = provider) -> Decision:
            return access.decide(coordinate, use, profile, provider)

        cells.append(
            Cell(
                provider,
                decided(kind.type_name, Use.READ),
                tuple(
                    decided(field.coordinate, Use.FILTER)
                    for field in filter_fields(arguments.wire_filter, kind)
                ),
                tuple(
                    decided(kind.by_name[key.field].coordinate, Use.ORDER)
                    for key in arguments.order
                ),
                decided(kind.type_name, Use.COUNT),
            )
        )
    return Column(key, profile, tuple(cells))


def subject_list(access: Access, coordinate: str, key: str, arguments: ListArguments) -> RecordList:
    """A subject's list."""
    column = column_of(access, key, access.profile(key), arguments)
    return _listed(access, coordinate, (column,), arguments)


def whole_list(
    access: Access, coordinate: str, kinds: Sequence[SubjectKind], arguments: ListArguments
) -> RecordList:
    """A list over all subjects of the subject kinds."""
    columns = tuple(column_of(access, None, access.kind_profile(kind), arguments) for kind in kinds)
    return _listed(access, coordinate, columns, arguments)


def _listed(
    access: Access, coordinate: str, columns: tuple[Column, ...], arguments: ListArguments
) -> RecordList:
    after = None
    if arguments.after is not None:
        sealing, key = access.world.sealing, columns[0].key or ""
        after = open_cursor(sealing, arguments.after, access, key, coordinate, arguments)
    is_refused = arguments.after is not None and after is None
    return RecordList(access.world, access, coordinate, arguments, columns, after, is_refused)
