"""Operation to FetchPlan: walks the selection sets once and names every place to fetch from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLSchema
from graphql.execution.values import VariableValues, get_argument_values

from gateway.contract import PERSON_KEY_PREFIX
from gateway.opaque import PERSON_REFERENCE_PREFIX, OpaqueCodec, RecordId, SubjectId
from gateway.operation.types import ValidatedOperation
from gateway.planning.arguments import DEFAULT_ORDER, list_arguments, runtime_value
from gateway.planning.collect import Collector
from gateway.planning.errors import PlanError
from gateway.planning.leaves import record_place
from gateway.planning.records import SelectionPlanner
from gateway.planning.types import (
    FetchPlan,
    ListArguments,
    NullRoot,
    Path,
    PersonArgument,
    RecordIdentity,
    RecordsRoot,
    ResolvedRoot,
    Root,
    RuntimeValue,
    StatisticsRoot,
    SubjectsRoot,
    TypenameRoot,
)
from schema.codes import RecordKind
from schema.predicate import Comparison, Operator
from schema.records import MODEL

KIND_MEMBERS: Mapping[str, RecordKind] = {
    kind.type_name[0].lower() + kind.type_name[1:]: kind.kind for kind in MODEL.kinds.values()
}
_KIND_NAMES = frozenset(kind.value for kind in RecordKind)
MAX_GROUP_FIELDS = 3
MAX_SUM_FIELDS = 3


class Planner:
    """Plans operations of one schema."""

    def __init__(self, schema: GraphQLSchema, opaque: OpaqueCodec) -> None:
        self._schema = schema
        self._opaque = opaque

    def plan(
        self, operation: ValidatedOperation, variables: VariableValues, key: bytes
    ) -> FetchPlan:
        """Plan a query.

        Args:
            variables: coerced; only those that shape the plan are looked at.
            key: what the plan is cached under.

        Raises:
            GraphQLError: an argument out of its range or for another kind, with locations.
        """
        collector = Collector(self._schema, operation.document, variables)
        query = self._schema.query_type
        if query is None:  # pragma: no cover - the schema always has one
            raise AssertionError("the schema has no query type")
        run = _PlanRun(self._schema, self._opaque, collector, query)
        collected = collector.collect(query, [operation.operation.selection_set])
        roots = {name: run.root(name, fields) for name, fields in collected.items()}
        return FetchPlan(roots, key, tuple(run.persons))


class _PlanRun:
    """One planning of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        opaque: OpaqueCodec,
        collector: Collector,
        query: GraphQLObjectType,
    ) -> None:
        self._schema = schema
        self._opaque = opaque
        self._collector = collector
        self._query = query
        self._selections = SelectionPlanner(schema, collector)
        self.persons: list[PersonArgument] = []

    def root(self, response_key: str, fields: Sequence[FieldNode]) -> Root:
        name = fields[0].name.value
        if name == "__typename":
            return TypenameRoot()
        makers = {
            "subject": self._subject,
            "subjects": self._subjects,
            "person": self._person,
            "_entities": self._entities,
            "searchSubjects": self._search,
            "records": self._records,
            "recordStatistics": self._statistics,
            "node": self._node,
        }
        if name not in makers:
            return ResolvedRoot(tuple(fields))
        try:
            return makers[name]((response_key,), fields)
        except PlanError as error:
            raise error.located(fields) from error

    def _arguments(self, fields: Sequence[FieldNode]) -> dict[str, Any]:
        definition = self._query.fields[fields[0].name.value]
        return get_argument_values(definition, fields[0], self._collector.variables)

    def _subject(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        place = self._selections.subjects(path, fields, persons=False)
        return SubjectsRoot(place, runtime_value(fields[0], "uscc", self._arguments(fields)), False)

    def _subjects(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        place = self._selections.subjects(path, fields, persons=False)
        return SubjectsRoot(place, runtime_value(fields[0], "usccs", self._arguments(fields)), True)

    def _person(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        given = runtime_value(fields[0], "reference", self._arguments(fields))
        return self._person_root(path, fields, given)

    def _person_root(
        self, path: Path, fields: Sequence[FieldNode], reference: RuntimeValue
    ) -> Root:
        """The person whom a reference stands for; whom is known when the plan runs."""
        place = self._selections.subjects(path, fields, organisations=False)
        located = GraphQLError("", list(fields))
        argument = PersonArgument(
            f"@person.{path[0]}", reference, located.source, tuple(located.positions or ())
        )
        self.persons.append(argument)
        return SubjectsRoot(place, RuntimeValue(argument.name), False)

    def _entities(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        place = self._selections.subjects(path, fields, persons=False)
        keys = runtime_value(fields[0], "representations", self._arguments(fields))
        return SubjectsRoot(place, keys, True, is_entities=True)

    def _search(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        given = self._arguments(fields)
        arguments = list_arguments(
            MODEL.kinds[RecordKind.REGISTRATION],
            given.get("filter"),
            given.get("orderBy"),
            given["first"],
            runtime_value(fields[0], "after", given),
        )
        content = self._selections.subject_connection(path, fields)
        return RecordsRoot(
            record_place(path, "searchSubjects", RecordKind.REGISTRATION, arguments, content, False)
        )

    def _records(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        given = self._arguments(fields)
        kind: RecordKind = given["kind"]
        arguments = list_arguments(
            MODEL.kinds[kind],
            of_kind(given.get("filter"), kind, "filter"),
            of_kind(given.get("orderBy"), kind, "orderBy"),
            given["first"],
            runtime_value(fields[0], "after", given),
        )
        content = self._selections.record_connection(path, fields, kind)
        return RecordsRoot(record_place(path, "records", kind, arguments, content, is_keyed=False))

    def _statistics(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        given = self._arguments(fields)
        kind: RecordKind = given["kind"]
        model = MODEL.kinds[kind]
        arguments = list_arguments(
            model, of_kind(given.get("filter"), kind, "filter"), None, 0, RuntimeValue(None)
        )
        group_by = _field_names(of_kind(given.get("groupBy"), kind, "groupBy"), MAX_GROUP_FIELDS)
        sums = _field_names(of_kind(given.get("sum"), kind, "sum"), MAX_SUM_FIELDS)
        for name in sums:
            if model.by_name[name].value_type.value not in ("MONEY", "INTEGER", "DECIMAL"):
                raise PlanError("NOT_SUMMABLE", f"`{name}` is no number and cannot be summed")
        return StatisticsRoot(
            path, kind, arguments, group_by, sums, self._selections.statistics(fields)
        )

    def _node(self, path: Path, fields: Sequence[FieldNode]) -> Root:
        text: str = self._arguments(fields)["id"]
        if text.startswith(PERSON_REFERENCE_PREFIX):
            return self._person_root(path, fields, RuntimeValue(None, text))
        identity = self._opaque.read_id(text)
        if isinstance(identity, SubjectId):
            if identity.key.startswith(PERSON_KEY_PREFIX):
                return NullRoot()
            place = self._selections.subjects(path, fields, persons=False)
            return SubjectsRoot(place, RuntimeValue(None, identity.key), False)
        # An id may outlive the record kind that it names.
        if not isinstance(identity, RecordId) or identity.kind not in _KIND_NAMES:
            return NullRoot()
        kind = RecordKind(identity.kind)
        arguments = ListArguments(
            filter=Comparison("meta.recordId", Operator.EQ, identity.record_id),
            filter_fields=(),
            filter_canonical=b"null",
            order=DEFAULT_ORDER,
            is_default_order=True,
            first=1,
            after=RuntimeValue(None),
        )
        content = self._selections.record(path, fields, kind)
        return RecordsRoot(
            record_place(
                path,
                "node",
                kind,
                arguments,
                content,
                is_keyed=False,
                record=RecordIdentity(identity.department, identity.record_id),
            )
        )


def of_kind(value: Mapping[str, Any] | None, kind: RecordKind, argument: str) -> Any:
    """The member of a per-kind input that belongs to the kind.

    Raises:
        PlanError: ARGUMENT_OF_ANOTHER_KIND, a member of another kind is set.
    """
    if value is None:
        return None
    for member, content in value.items():
        if content is not None and KIND_MEMBERS[member] is not kind:
            raise PlanError(
                "ARGUMENT_OF_ANOTHER_KIND",
                f"`{argument}` sets `{member}`, but the records are of kind `{kind.value}`",
            )
    return next((content for content in value.values() if content is not None), None)


def _field_names(value: Sequence[Any] | None, most: int) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(member.value for member in value or ()))
    if len(names) > most:
        raise PlanError(
            "ARGUMENT_OUT_OF_RANGE", f"{len(names)} fields were given, expected at most {most}"
        )
    return names
