"""Walks the selections of an operation and reports what was decided at each place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, OperationDefinitionNode
from graphql.execution.values import get_argument_values

from policies.model import Decision, Use
from schema.codes import RecordKind
from schema.model import KindModel
from schema.records import MODEL
from tests.oracle.access import Access
from tests.oracle.asking import Asking, record_nodes
from tests.oracle.collect import Collector, Columns, Part, Selected
from tests.oracle.links import LINKS
from tests.oracle.lists import Cell, RecordList
from tests.oracle.nodes import SUBJECT_ID, RecordNode, SubjectNode
from tests.oracle.report import Grid, Path, Report

_MADE_BY_GATEWAY = ("id", "uscc", "__typename")
Where = tuple[int, int]


@dataclass(frozen=True)
class _Place:
    """A connection, a record or statistics at one response path.

    Attributes:
        cells: by (provider, column), for the columns at which the field is selected.
        records: records at the place in response order with the column of each.
    """

    path: Path
    kind: KindModel
    grid: Grid
    cells: Mapping[Where, Cell]
    records: Sequence[tuple[int, RecordNode]]
    profiles: Mapping[int, Any]

    @property
    def open(self) -> dict[Where, Cell]:
        return {where: cell for where, cell in self.cells.items() if cell.is_open}


@dataclass(frozen=True)
class Walk:
    """One operation's walk."""

    collector: Collector
    asking: Asking
    report: Report

    @property
    def access(self) -> Access:
        return self.asking.access

    def operation(self, operation: OperationDefinitionNode) -> None:
        """Report every place of the operation."""
        parts: list[Part] = [(operation.selection_set, frozenset({0}))]
        for selected in self.collector.collect(parts, {0: "Query"}):
            handle = _ROOTS.get(selected.name)
            if handle is not None:
                handle(self, (selected.key,), selected, self._arguments("Query", selected))

    def one_subject(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`subject`."""
        self._known_subjects(path, selected, [arguments["uscc"]])

    def one_person(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`person`."""
        self._known_subjects(path, selected, [self.asking.person(arguments["reference"]).key])

    def many_subjects(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`subjects`."""
        self._known_subjects(path, selected, arguments["usccs"])

    def entities(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`_entities`."""
        codes = [representation["uscc"] for representation in arguments["representations"]]
        self._known_subjects(path, selected, codes)

    def search(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`searchSubjects`."""
        listed = self.asking.search(arguments)
        place = self._whole_place(path, listed)
        if self._own_entries(place, [listed]):
            self._connection(place, _for_all(selected, place), "OrganisationConnection")

    def records(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`records`."""
        listed = self.asking.of_kind(arguments)
        place = self._whole_place(path, listed)
        if self._own_entries(place, [listed]):
            self._connection(place, _for_all(selected, place), "CreditRecordConnection")

    def statistics(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`recordStatistics`."""
        made = self.asking.statistics(arguments)
        place = self._whole_place(path, made.listed)
        if not self._own_entries(place, [made.listed]):
            return
        kind = place.kind
        names = [kind.by_name[name].coordinate for name in (*made.group_by, *made.sums)]
        questions = [(kind.type_name, Use.COUNT), *((name, Use.AGGREGATE) for name in names)]
        for number, (coordinate, use) in enumerate(questions):
            cells = {where: asked[number] for where, asked in made.decisions.items()}
            self.report.add(path, coordinate, use, cells, place.grid, lists_clear=False)

    def node(self, path: Path, selected: Selected, arguments: Mapping[str, Any]) -> None:
        """`node`."""
        found = self.asking.by_id(arguments["id"])
        if isinstance(found, SubjectNode):
            self._known_subjects(path, selected, [found.key])
        elif found is not None:
            providers = self.access.world.providers(found.arguments.kind)
            self.report.asked_at(path, found.asked_slugs, providers)
            for _, record in record_nodes(found)[:1]:
                self._found_by_id(path, selected, record)

    def _found_by_id(self, path: Path, selected: Selected, record: RecordNode) -> None:
        grid = Grid((record.provider,), "positions", (0,))
        listed = self.asking.by_id(record.id)
        assert isinstance(listed, RecordList)
        cell = next(
            cell
            for column in listed.columns
            for cell in column.cells
            if column.profile == record.profile and cell.provider is record.provider
        )
        place = _Place(path, record.model, grid, {(0, 0): cell}, [(0, record)], {0: record.profile})
        self.report.rows += 1
        self._record(place, path, selected.parts, "")

    def _known_subjects(self, path: Path, selected: Selected, keys: Sequence[str]) -> None:
        for key in keys:
            if not key.startswith("P:"):
                providers = self.access.world.providers(RecordKind.REGISTRATION)
                self.report.asked |= {provider.slug for provider in providers}
        nodes = [SubjectNode(self.access, key) for key in keys]
        columns = frozenset(range(len(nodes)))
        parts = [(selection_set, columns) for selection_set, _ in selected.parts]
        self._subjects(path, parts, nodes)

    def _subjects(self, path: Path, parts: Sequence[Part], nodes: Sequence[SubjectNode]) -> None:
        """Report what is selected of the subjects at one place."""
        if not nodes:
            return
        types = {number: node.type_name for number, node in enumerate(nodes)}
        for selected in self.collector.collect(parts, types):
            if selected.name not in _MADE_BY_GATEWAY:
                self._subject_field((*path, selected.key), selected, nodes)

    def _subject_field(self, path: Path, selected: Selected, nodes: Sequence[SubjectNode]) -> None:
        link = LINKS[selected.name]
        columns = sorted(selected.columns)
        if not columns:
            return
        arguments = self._arguments(nodes[columns[0]].type_name, selected)
        lists = {
            number: self.asking.of_subject(nodes[number], selected.name, arguments)
            for number in columns
        }
        grid = Grid(self.access.world.providers(link.kind), "positions", tuple(range(len(nodes))))
        cells = {
            (provider, number): cell
            for number, listed in lists.items()
            for provider, cell in enumerate(listed.columns[0].cells)
        }
        records = [
            (number, record)
            for number, listed in lists.items()
            for _, record in record_nodes(listed)
        ]
        profiles = {number: listed.columns[0].profile for number, listed in lists.items()}
        place = _Place(path, MODEL.kinds[link.kind], grid, cells, records, profiles)
        if not self._own_entries(place, list(lists.values())):
            return
        if link.is_list:
            type_name = f"{place.kind.type_name}Connection"
            self._connection(place, selected.parts, type_name)
        else:
            self._record(place, path, selected.parts, "")

    def _whole_place(self, path: Path, listed: RecordList) -> _Place:
        kinds = tuple(column.profile.subject_kind.value for column in listed.columns)
        providers = self.access.world.providers(listed.arguments.kind)
        cells = {
            (provider, number): cell
            for number, column in enumerate(listed.columns)
            for provider, cell in enumerate(column.cells)
        }
        profiles = {number: column.profile for number, column in enumerate(listed.columns)}
        grid = Grid(providers, "subjectKinds", kinds)
        kind = listed.arguments.model
        return _Place(path, kind, grid, cells, record_nodes(listed), profiles)

    def _own_entries(self, place: _Place, lists: Sequence[RecordList]) -> bool:
        """Report the place's own decisions; return whether anything below it is reported."""
        if any(listed.is_cursor_refused for listed in lists):
            self.report.cursor_refused(place.path)
            return False
        kind, report = place.kind, self.report
        report.rows += len(place.records)
        arguments = lists[0].arguments
        reads = {where: cell.read for where, cell in place.cells.items()}
        reads = {where: cell.read for where, cell in place.cells.items()}
        self._add(place, kind.type_name, Use.READ, reads)
        asked = set[str]().union(*(listed.asked_slugs for listed in lists))
        report.asked_at(place.path, asked, place.grid.providers)
        if not place.open:
            return False
        for number, field in enumerate(lists[0].filter_fields):
            filters = {where: cell.filters[number] for where, cell in place.open.items()}
            self._add(place, field.coordinate, Use.FILTER, filters)
        for number, key in enumerate(arguments.order):
            orders = {where: cell.orders[number] for where, cell in place.open.items()}
            self._add(place, kind.by_name[key.field].coordinate, Use.ORDER, orders)
        return True

    def _add(
        self, place: _Place, coordinate: str, use: Use, decisions: Mapping[Where, Decision]
    ) -> None:
        self.report.add(place.path, coordinate, use, decisions, place.grid, lists_clear=False)

    def _connection(self, place: _Place, parts: Sequence[Part], type_name: str) -> None:
        for selected in self._collected(place, parts, type_name):
            path = (*place.path, selected.key)
            if selected.name == "nodes":
                self._members(place, path, selected.parts, type_name)
            elif selected.name == "edges":
                edge_type = type_name.removesuffix("Connection") + "Edge"
                for inner in self._collected(place, selected.parts, edge_type):
                    if inner.name == "node":
                        self._members(place, (*path, inner.key), inner.parts, type_name)
            elif selected.name == "totalCount":
                counts = {
                    where: cell.count
                    for where, cell in place.open.items()
                    if where[1] in selected.columns
                }
                self.report.add(path, place.kind.type_name, Use.COUNT, counts, place.grid)

    def _members(self, place: _Place, path: Path, parts: Sequence[Part], type_name: str) -> None:
        if type_name != "OrganisationConnection":
            self._record(place, path, parts, "")
            return
        keys = [record.record.key for _, record in place.records]
        nodes = [SubjectNode(self.access, key) for key in keys if key is not None]
        columns = frozenset(range(len(nodes)))
        self._subjects(path, [(selection_set, columns) for selection_set, _ in parts], nodes)

    def _record(self, place: _Place, path: Path, parts: Sequence[Part], prefix: str) -> None:
        """Report leaves and links of the records at a place; `prefix` names a part of them."""
        type_name = self._part_type(place.kind, prefix)
        for selected in self._collected(place, parts, type_name):
            below = (*path, selected.key)
            name = prefix + selected.name
            if selected.name in ("id", "__typename") and name not in place.kind.by_name:
                continue
            if name == "subject":
                self._leaf(place, below, SUBJECT_ID, selected.columns)
                self._record_subjects(place, below, selected)
            elif name in place.kind.by_name:
                self._leaf(place, below, name, selected.columns)
            else:
                self._record(place, below, selected.parts, f"{name}.")
                self._probe(place, below, selected, name)

    def _probe(self, place: _Place, path: Path, selected: Selected, list_name: str) -> None:
        """A list of parts without selected leaves counts as one of its first leaf."""
        leaves = [leaf for leaf in place.kind.fields if leaf.nested_list == list_name]
        if not leaves:
            return
        type_name = self._part_type(place.kind, f"{list_name}.")
        inside = self._collected(place, selected.parts, type_name)
        having = [each.columns for each in inside if each.name != "__typename"]
        without = selected.columns - frozenset[int]().union(*having)
        self._leaf(place, path, leaves[0].name, without)

    def _leaf(self, place: _Place, path: Path, name: str, columns: Columns) -> None:
        coordinate = place.kind.by_name[name].coordinate
        decisions = {
            where: self.access.decide(coordinate, Use.READ, place.profiles[where[1]], cell.provider)
            for where, cell in place.open.items()
            if where[1] in columns
        }
        self.report.add(path, coordinate, Use.READ, decisions, place.grid)

    def _record_subjects(self, place: _Place, path: Path, selected: Selected) -> None:
        nodes: list[SubjectNode] = []
        columns: list[int] = []
        for column, record in place.records:
            if column in selected.columns and record.subject is not None:
                nodes.append(record.subject)
                columns.append(column)
        parts = [
            (
                selection_set,
                frozenset(number for number, column in enumerate(columns) if column in chosen),
            )
            for selection_set, chosen in selected.parts
        ]
        self._subjects(path, parts, nodes)

    def _collected(self, place: _Place, parts: Sequence[Part], type_name: str) -> list[Selected]:
        return self.collector.collect(parts, dict.fromkeys(place.profiles, type_name))

    def _part_type(self, kind: KindModel, prefix: str) -> str:
        """Name of the object type that a prefix such as `meta.` leads to."""
        inner: Any = self.collector.schema.type_map[kind.type_name]
        for name in prefix.split(".")[:-1]:
            inner = inner.fields[name].type
            while hasattr(inner, "of_type"):
                inner = inner.of_type
        return str(inner.name)

    def _arguments(self, type_name: str, selected: Selected) -> Mapping[str, Any]:
        owner = self.collector.schema.type_map[type_name]
        assert isinstance(owner, GraphQLObjectType)
        if selected.name not in owner.fields:
            return {}
        coerced: Mapping[str, Any] = get_argument_values(
            owner.fields[selected.name], selected.node, self.collector.variables
        )
        return coerced


def _for_all(selected: Selected, place: _Place) -> list[Part]:
    """The selection sets of a root field, for every column of its place."""
    columns = frozenset(place.profiles)
    return [(selection_set, columns) for selection_set, _ in selected.parts]


_Root = Callable[[Walk, Path, Selected, Mapping[str, Any]], None]
_ROOTS: Mapping[str, _Root] = {
    "subject": Walk.one_subject,
    "subjects": Walk.many_subjects,
    "person": Walk.one_person,
    "_entities": Walk.entities,
    "searchSubjects": Walk.search,
    "records": Walk.records,
    "recordStatistics": Walk.statistics,
    "node": Walk.node,
}
