"""What a caller is told about its access: clear, masked, denied, and for whom.

The order and form are written down in `docs/reference/answers.md`, sections 7 and 8. Decisions
depend on profiles, not on records, so a report is the same whether or not a record exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from gateway.answering.access import access_json, denial_errors, digest_json
from gateway.answering.entries import Column, entries_of
from gateway.answering.grounds import Gate, Grounds
from gateway.answering.types import Entry, Report
from gateway.audit.types import DecisionDigest
from gateway.authorization.plan import AuthorizedPlan, listed_kinds, subject_kind
from gateway.authorization.types import Cell, Provider, StatisticsCell
from gateway.contract import SUBJECT_KEY
from gateway.fetching.types import EVERYBODY, FetchResults
from gateway.planning.leaves import SUBJECT_ID, part_leaves
from gateway.planning.types import (
    ConnectionNode,
    EdgesNode,
    LeafNode,
    MetaNode,
    PartsNode,
    Path,
    RecordNode,
    RecordPlace,
    RecordsRoot,
    StatisticsRoot,
    SubjectPlace,
    SubjectsRoot,
    TotalCount,
)
from policies.model import Decision, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.records import MODEL

Decide = Callable[[Cell], Decision | None]


class Reporter:
    """Walks one plan in document order and notes every outcome."""

    def __init__(self, plan: AuthorizedPlan, results: FetchResults) -> None:
        self._plan = plan
        self._results = results
        self._grounds = Grounds()

    def key(self) -> tuple[object, ...]:
        """Everything that the report depends on beside the plan and the caller."""
        subjects = tuple(
            [(place, *found.groups) for place, found in self._results.subjects.items()]
        )
        refused = tuple([place for place, found in self._results.places.items() if found.refused])
        nodes = tuple(
            [
                self._node_kind(root.place)
                for root in self._plan.plan.roots.values()
                if isinstance(root, RecordsRoot) and root.place.record is not None
            ]
        )
        return subjects, refused, nodes

    def report(self) -> Report:
        """The report, from the plan's memory if the same profiles were reported before."""
        key = self.key()
        found = self._plan.reports.get(key)
        if found is None:
            entries = tuple(self._entries())
            fixed = all(entry.profiles is None for entry in entries)
            found = Report(
                entries,
                access_json(entries, {}) if fixed else None,
                tuple(denial_errors(entries, {})) if fixed else None,
                DecisionDigest(digest_json(entries)),
                self._grounds.digest(self._plan.caller, self._plan.policy_version),
            )
            self._plan.remember_report(key, found)
        return found

    def _entries(self) -> Iterator[Entry]:
        for root in self._plan.plan.roots.values():
            if isinstance(root, SubjectsRoot):
                yield from self._subjects(root.place)
            elif isinstance(root, RecordsRoot):
                yield from self._listing(root.place)
            elif isinstance(root, StatisticsRoot):
                yield from self._statistics(root)

    def _subjects(self, place: SubjectPlace) -> Iterator[Entry]:
        standing = self._results.subjects.get(place)
        if standing is None or not standing.groups:
            return
        profiles = standing.profiles
        for name in place.order:
            members = [place.organisation.get(name), place.person.get(name)]
            for member in dict.fromkeys(m for m in members if isinstance(m, RecordPlace)):
                yield from self._place(member, profiles, self._keyed_cell(place, member), place)

    def _keyed_cell(
        self, subjects: SubjectPlace, place: RecordPlace
    ) -> Callable[[Provider, Column], Cell | None]:
        def cell(provider: Provider, profile: Column) -> Cell | None:
            if not isinstance(profile, SubjectProfile):
                return None
            is_person = profile.subject_kind is SubjectKind.NATURAL_PERSON
            members = subjects.person if is_person else subjects.organisation
            if place not in members.values():
                return None
            return self._plan.cell(place, provider, profile)

        return cell

    def _listing(self, place: RecordPlace) -> Iterator[Entry]:
        if place.record is not None:
            kind = self._node_kind(place)
            if kind is None:
                return
            columns: tuple[SubjectKind, ...] = (kind,)
        else:
            columns = listed_kinds(place)

        def cell(provider: Provider, kind: Column) -> Cell | None:
            if not isinstance(kind, SubjectKind):
                return None
            return self._plan.cell(place, provider, self._plan.general_profile(kind))

        yield from self._place(place, columns, cell, None)

    def _node_kind(self, place: RecordPlace) -> SubjectKind | None:
        """Subject kind of the record that `node` found; None if it found none."""
        if place.record is None:
            return None
        records = self._results.places[place].records().get(EVERYBODY)
        if records is None or not records.count:
            return None
        stream, rows = records.runs[0]
        key = rows[0][stream.columns[SUBJECT_KEY]]
        return subject_kind(str(key)) if key is not None else SubjectKind.ORGANISATION

    def _place(
        self,
        place: RecordPlace,
        columns: Sequence[Column],
        cell: Callable[[Provider, Column], Cell | None],
        subjects: SubjectPlace | None,
    ) -> Iterator[Entry]:
        found = self._results.places.get(place)
        if found is not None and found.refused:
            return
        providers = self._plan.providers(place)
        table = {
            (provider, column): cell(provider, column)
            for provider in providers
            for column in columns
        }
        noter = _Noter(self._plan, self._grounds, place, providers, columns, table, subjects)
        kind = MODEL.kinds[place.kind]
        yield from noter.note(place.path, kind.type_name, Use.READ, Gate.OWN, _own_denial)
        for index, name in enumerate(place.arguments.filter_fields):
            yield from noter.note(
                place.path,
                kind.by_name[name].coordinate,
                Use.FILTER,
                Gate.REFUSED,
                _filter_denial(index),
            )
        if not place.arguments.is_default_order:
            for index, key in enumerate(place.arguments.order):
                coordinate = kind.by_name[key.field].coordinate
                yield from noter.note(
                    place.path, coordinate, Use.ORDER, Gate.REFUSED, _order_denial(index)
                )
        if any(item is not None and item.is_open for item in table.values()):
            yield from self._below(place, place.content, place.path, noter)

    def _below(
        self, place: RecordPlace, content: object, path: Path, noter: _Noter
    ) -> Iterator[Entry]:
        if isinstance(content, RecordNode):
            yield from self._record(place, content, path, noter)
        elif isinstance(content, SubjectPlace):
            yield from self._subjects(content)
        elif isinstance(content, ConnectionNode | EdgesNode):
            for key, member in content.members.items():
                if member is TotalCount.TOTAL_COUNT:
                    type_name = MODEL.kinds[place.kind].type_name
                    yield from noter.note((*path, key), type_name, Use.COUNT, Gate.SHOWN, _count)
                else:
                    yield from self._below(place, member, (*path, key), noter)

    def _record(
        self, place: RecordPlace, node: RecordNode, path: Path, noter: _Noter
    ) -> Iterator[Entry]:
        for key, member in node.members.items():
            here = (*path, key)
            if isinstance(member, LeafNode):
                yield from noter.leaf(here, member.field)
            elif isinstance(member, MetaNode):
                for inner, leaf in member.members.items():
                    if isinstance(leaf, LeafNode):
                        yield from noter.leaf((*here, inner), leaf.field)
            elif isinstance(member, PartsNode):
                yield from _parts(member, here, noter)
            elif isinstance(member, SubjectPlace):
                yield from noter.leaf(here, SUBJECT_ID)
                yield from self._subjects(member)

    def _statistics(self, root: StatisticsRoot) -> Iterator[Entry]:
        providers = self._plan.statistics_providers(root)
        table = {
            (provider, subject_kind): self._plan.statistics_cell(root, provider, subject_kind)
            for provider in providers
            for subject_kind in SubjectKind
        }
        kind = MODEL.kinds[root.kind]
        noter = _StatisticsNoter(self._plan, self._grounds, root, providers, table)
        yield from noter.note(
            kind.type_name, Use.READ, Gate.OWN, lambda cell: cell.kind, open_only=False
        )
        for index, name in enumerate(root.arguments.filter_fields):
            yield from noter.note(
                kind.by_name[name].coordinate,
                Use.FILTER,
                Gate.REFUSED,
                _statistics_filter(index),
            )
        yield from noter.note(kind.type_name, Use.COUNT, Gate.REFUSED, lambda cell: cell.count)
        is_filtered = bool(root.arguments.filter_fields)
        gate = Gate.FILTERED_AGGREGATE if is_filtered else Gate.AGGREGATE
        for index, name in enumerate((*root.group_by, *root.sums)):
            yield from noter.note(
                kind.by_name[name].coordinate, Use.AGGREGATE, gate, _aggregate(index)
            )


def _own_denial(cell: Cell) -> Decision | None:
    return None if cell.is_open else cell.kind


def _filter_denial(index: int) -> Decide:
    def decide(cell: Cell) -> Decision | None:
        decision = cell.filters[index][1]
        return decision if cell.is_open and decision.outcome is not Outcome.CLEAR else None

    return decide


def _order_denial(index: int) -> Decide:
    def decide(cell: Cell) -> Decision | None:
        decision = cell.orders[index][1]
        return decision if cell.is_open and decision.outcome is not Outcome.CLEAR else None

    return decide


def _count(cell: Cell) -> Decision | None:
    return cell.count if cell.is_open else None


def _statistics_filter(index: int) -> Callable[[StatisticsCell], Decision]:
    return lambda cell: cell.filters[index][1]


def _aggregate(index: int) -> Callable[[StatisticsCell], Decision]:
    return lambda cell: cell.aggregates[index][1]


def _parts(node: PartsNode, path: Path, noter: _Noter) -> Iterator[Entry]:
    named = False
    for key, leaf in node.members.items():
        if isinstance(leaf, LeafNode):
            named = True
            yield from noter.leaf((*path, key), leaf.field)
    if not named:
        yield from noter.leaf(path, part_leaves(node)[0])


class _Noter:
    """Notes outcomes of the cells of one record place."""

    def __init__(
        self,
        plan: AuthorizedPlan,
        grounds: Grounds,
        place: RecordPlace,
        providers: Sequence[Provider],
        columns: Sequence[Column],
        table: Mapping[tuple[Provider, Column], Cell | None],
        subjects: SubjectPlace | None,
    ) -> None:
        self._plan = plan
        self._grounds = grounds
        self._place = place
        self._providers = providers
        self._columns = columns
        self._table = table
        self._subjects = subjects

    def leaf(self, path: Path, name: str) -> Iterator[Entry]:
        coordinate = MODEL.kinds[self._place.kind].by_name[name].coordinate
        return self.note(
            path,
            coordinate,
            Use.READ,
            Gate.SHOWN,
            lambda cell: cell.leaves[name] if cell.is_open else None,
        )

    def note(
        self, path: Path, coordinate: str, use: Use, gate: Gate, decide: Decide
    ) -> Iterator[Entry]:
        kind = MODEL.kinds[self._place.kind].type_name
        self._grounds.note(kind, coordinate, use, gate, self._cells())
        outcomes = {
            pair: decide(cell) if cell is not None else None for pair, cell in self._table.items()
        }
        return entries_of(
            path, coordinate, use, self._providers, self._columns, outcomes, self._subjects
        )

    def _cells(self) -> Iterator[tuple[str, frozenset[str], SubjectProfile]]:
        for (provider, column), cell in self._table.items():
            if cell is not None:
                profile = column
                if isinstance(profile, SubjectKind):
                    profile = self._plan.general_profile(profile)
                yield provider.code, self._plan.granted.of(provider.code), profile


class _StatisticsNoter:
    """Notes denials of the cells of one `recordStatistics`."""

    def __init__(
        self,
        plan: AuthorizedPlan,
        grounds: Grounds,
        root: StatisticsRoot,
        providers: Sequence[Provider],
        table: Mapping[tuple[Provider, SubjectKind], StatisticsCell],
    ) -> None:
        self._plan = plan
        self._grounds = grounds
        self._root = root
        self._providers = providers
        self._table = table

    def note(
        self,
        coordinate: str,
        use: Use,
        gate: Gate,
        decide: Callable[[StatisticsCell], Decision],
        open_only: bool = True,
    ) -> Iterator[Entry]:
        plan = self._plan
        cells = [
            (provider.code, plan.granted.of(provider.code), plan.counted_profile(kind))
            for provider, kind in self._table
        ]
        self._grounds.note(MODEL.kinds[self._root.kind].type_name, coordinate, use, gate, cells)
        outcomes: dict[tuple[Provider, Column], Decision | None] = {}
        for pair, cell in self._table.items():
            decision = decide(cell)
            applies = cell.is_open or not open_only
            denied = decision.outcome is not Outcome.CLEAR
            outcomes[pair] = decision if applies and denied else None
        return entries_of(
            self._root.path, coordinate, use, self._providers, tuple(SubjectKind), outcomes, None
        )
