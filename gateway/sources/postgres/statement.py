"""One statement for all requests of one call: a branch per request, joined by UNION ALL.

Each branch returns one row: number of the request, the payloads, per key the number of records
and the total, and for built JSON a summary of the checked fields. The row path has one payload,
a JSON array of the keys' arrays of rows; built JSON has one payload per key, in UTF-8, and where
they are asked for the rows beside it as a JSON array of the keys' arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.contract import (
    FETCHED_AT,
    PERSON_KEY_PREFIX,
    SUBJECT_KEY,
    JsonConstant,
    JsonField,
    JsonNode,
    RecordRequest,
    RecordSelection,
)
from gateway.contract.errors import NotSupported
from gateway.sources.mapping import Code, KindMapping
from gateway.sources.postgres.columns import identifier, literal
from gateway.sources.postgres.conditions import (
    Parameters,
    TableSql,
    after_sql,
    condition_sql,
    odd_sql,
    order_sql,
)
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from schema.predicate import NUMERIC_TEXT
from schema.records import MODEL

MOST_ANSWER_BYTES = 16 * 1024 * 1024
"""Of one request's records; the payloads are null if there is more."""


@dataclass(frozen=True, slots=True)
class KeysSlot:
    """Place of the key array of one group of requests among the parameters."""

    group: int


class FetchedAtSlot:
    """Place of the time of the fetch among the parameters."""


Slots = tuple[tuple[int, KeysSlot | FetchedAtSlot], ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Text and parameters of a statement.

    Attributes:
        values: parameters; where a slot is, the value is filled in for each call.
        slots: positions of the slots.
    """

    text: str
    values: tuple[object, ...]
    slots: Slots

    @property
    def shows_time(self) -> bool:
        """Whether the time of the fetch is part of the answer."""
        return any(isinstance(slot, FetchedAtSlot) for _, slot in self.slots)

    def arguments(self, keys: Sequence[Sequence[str]], fetched_at: str) -> list[object]:
        """Parameters with the slots filled."""
        filled = list(self.values)
        for position, slot in self.slots:
            filled[position] = (
                ",".join(keys[slot.group]) if isinstance(slot, KeysSlot) else fetched_at
            )
        return filled


class KeyGroups(NamedTuple):
    """The distinct key tuples of the requests of one call.

    Attributes:
        keys: each tuple once.
        modes: which columns hold the keys of each: `organisation`, `person` or `both`.
        numbers: group of each request; None for a request without keys.
        is_unpaged: no request continues behind a cursor.
    """

    keys: tuple[tuple[str, ...], ...]
    modes: tuple[str, ...]
    numbers: tuple[int | None, ...]
    is_unpaged: bool


def key_groups(requests: Sequence[RecordRequest]) -> KeyGroups:
    """Group the requests by their keys."""
    is_unpaged = all(request.after is None for request in requests)
    keys: list[tuple[str, ...]] = []
    numbers: list[int | None] = []
    for request in requests:
        asked = request.keys
        if asked is None:
            numbers.append(None)
            continue
        for number, known in enumerate(keys):
            if known is asked or known == asked:
                numbers.append(number)
                break
        else:
            numbers.append(len(keys))
            keys.append(asked)
    return KeyGroups(tuple(keys), tuple(map(_mode, keys)), tuple(numbers), is_unpaged)


def _mode(keys: Sequence[str]) -> str:
    persons = sum([key.startswith(PERSON_KEY_PREFIX) for key in keys])
    return "organisation" if persons == 0 else "person" if persons == len(keys) else "both"


@dataclass(frozen=True, slots=True)
class _Keys:
    """Parameter of the keys of a branch, joined by commas, and which columns hold them."""

    parameter: str
    mode: str


class StatementBuilder:
    """Writes statements for the mappings of one department."""

    def __init__(self, department: str, mappings: Mapping[RecordKind, KindMapping]) -> None:
        self._department = department
        self._mappings = mappings

    def build(self, requests: Sequence[RecordRequest], is_careful: bool = False) -> Statement:
        """Write the statement.

        Args:
            is_careful: leave out the records that hold a value which cannot be shown, and say in
                one more column how many they are.

        Raises:
            NotSupported: a request for a kind or a field that no mapping supplies.
        """
        groups = key_groups(requests)
        parameters = Parameters()
        sources = [
            _Keys(parameters.add(KeysSlot(number)), mode)
            for number, mode in enumerate(groups.modes)
        ]
        branches = []
        for index, (request, number) in enumerate(zip(requests, groups.numbers, strict=True)):
            keys = None if number is None else sources[number]
            branches.append(self._branch(index, request, keys, parameters, is_careful))
        slots = tuple(
            (position, value)
            for position, value in enumerate(parameters.values)
            if isinstance(value, KeysSlot | FetchedAtSlot)
        )
        return Statement("\nUNION ALL\n".join(branches), tuple(parameters.values), slots)

    def _branch(
        self,
        index: int,
        request: RecordRequest,
        keys: _Keys | None,
        parameters: Parameters,
        is_careful: bool,
    ) -> str:
        selection = request.selection
        mapping = self._mapping(selection.kind)
        table = TableSql(mapping, parameters, selection.marked, is_careful)
        conditions = [condition_sql(selection.predicate, table, parameters)]
        conditions += subject_conditions(mapping, selection.subject_kinds)
        if keys is not None:
            conditions.append(_key_condition(mapping, keys.mode))
        where = " AND ".join(condition for condition in conditions if condition != "true")
        total = _total(table, where or "true")
        if request.after is not None:
            behind = after_sql(request.after, selection.order, self._department, table, parameters)
            where = f"{where} AND {behind}" if where else behind
        withheld = ""
        if is_careful:
            odd = odd_sql(_read_fields(selection), table)
            left_out = _total(table, f"{where or 'true'} AND {odd}")
            withheld = f", sum({left_out})::bigint AS withheld"
            where = f"{where or 'true'} AND NOT {odd}"
        source = f"FROM {identifier(mapping.table)} r WHERE {where or 'true'}"
        is_single = keys is not None and MODEL.kinds[selection.kind].declaration.singular
        if not is_single or selection.first == 0:
            most = selection.first + (1 if selection.lookahead else 0)
            source += f" ORDER BY {order_sql(selection.order, table)} LIMIT {most:d}"
        body, summary = (
            (_rows(selection, table, source), "NULL::text")
            if selection.json is None
            else _json(selection, selection.json, table, source, parameters)
        )
        keyed = (
            f"unnest(string_to_array({keys.parameter}::text, ',')) WITH ORDINALITY k(key, o)"
            if keys is not None
            else "(SELECT ''::text AS key, 1 AS o) k"
        )
        payloads = (
            "ARRAY[convert_to('[' || string_agg(coalesce(g.payload, '[]'), ',' ORDER BY k.o)"
            " || ']', 'UTF8')]"
            if selection.json is None
            else "array_agg(g.payload ORDER BY k.o)"
        )
        # More is not even sent: one value can be a gigabyte long.
        fits = f"coalesce(sum(octet_length(g.payload)), 0) <= {MOST_ANSWER_BYTES:d}"
        payloads = f"CASE WHEN {fits} THEN {payloads} END"
        totals = f"array_agg({total} ORDER BY k.o)" if selection.count else "NULL::bigint[]"
        return (
            f"SELECT {index:d}::int AS request, {payloads} AS payloads, "
            f"array_agg(g.found ORDER BY k.o) AS counts, "
            f"{totals} AS totals, {summary} AS summary, {_beside(selection)} AS beside{withheld}\n"
            f"FROM {keyed} LEFT JOIN LATERAL (\n{body}\n) g ON true"
        )

    def _mapping(self, kind: RecordKind) -> KindMapping:
        mapping = self._mappings.get(kind)
        if mapping is None:
            raise NotSupported(f"no mapping for record kind `{kind.value}`")
        return mapping


def _total(table: TableSql, where: str) -> str:
    return f"(SELECT count(*) FROM {identifier(table.mapping.table)} r WHERE {where})"


def _key_condition(mapping: KindMapping, mode: str) -> str:
    organisation = f"r.{identifier(mapping.organisation)} = k.key"
    if mapping.person is None:
        return organisation
    person = f"r.{identifier(mapping.person)} = substr(k.key, {len(PERSON_KEY_PREFIX) + 1:d})"
    if mode == "organisation":
        return organisation
    return person if mode == "person" else f"({organisation} OR {person})"


def subject_conditions(mapping: KindMapping, kinds: frozenset[SubjectKind] | None) -> list[str]:
    """Conditions of a list over all subjects; a record that is about nobody is in none."""
    if kinds is None:
        return []
    code = f"r.{identifier(mapping.organisation)}"
    if len(kinds) == len(SubjectKind):
        return [f"({subject_key_sql(mapping)}) IS NOT NULL"]
    alternatives = {
        SubjectKind.ORGANISATION: f"({code} IS NOT NULL AND NOT starts_with({code}, '92'))",
        SubjectKind.INDIVIDUAL_BUSINESS: f"starts_with({code}, '92')",
        SubjectKind.NATURAL_PERSON: (
            "false"
            if mapping.person is None
            else f"({code} IS NULL AND r.{identifier(mapping.person)} IS NOT NULL)"
        ),
    }
    chosen = [sql for kind, sql in alternatives.items() if kind in kinds]
    return ["(" + " OR ".join(chosen) + ")"] if chosen else ["false"]


def subject_key_sql(mapping: KindMapping) -> str:
    """SQL of the key of the subject that a record is about."""
    organisation = f"r.{identifier(mapping.organisation)}"
    if mapping.person is None:
        return organisation
    prefix = literal(PERSON_KEY_PREFIX)
    return f"coalesce({organisation}, {prefix} || r.{identifier(mapping.person)})"


def field_sql(name: str, table: TableSql) -> str:
    """SQL of a field as it is shown, or of the subject key."""
    if name == SUBJECT_KEY:
        return subject_key_sql(table.mapping)
    return table.column(name).shown


def _rows(selection: RecordSelection, table: TableSql, source: str) -> str:
    columns = [f"{field_sql(name, table)} AS c{i}" for i, name in enumerate(selection.fields)]
    row = ", ".join(f"s.c{i}" for i in range(len(columns)))
    return (
        f"SELECT '[' || string_agg(json_build_array({row})::text, ',') || ']' "
        f"AS payload, count(*)::int AS found FROM (SELECT {', '.join(columns) or '1 AS c'} "
        f"{source}) s"
    )


def _json(
    selection: RecordSelection,
    node: JsonNode,
    table: TableSql,
    source: str,
    parameters: Parameters,
) -> tuple[str, str]:
    fields = list(dict.fromkeys(_fields_of(node)))
    columns = [f"{_json_value(name, table)} AS c{i}" for i, name in enumerate(fields)]
    checks = [_check(i, name, table) for i, name in enumerate(selection.checked)]
    columns += [check.column for check in checks]
    columns += [f"{field_sql(name, table)} AS b{i}" for i, name in enumerate(selection.beside)]
    shape = _object(node, {name: f"s.c{i}" for i, name in enumerate(fields)}, parameters)
    within = f" FILTER (WHERE s.n <= {selection.first:d})" if selection.lookahead else ""
    number = ", row_number() OVER () AS n" if selection.lookahead else ""
    parts = [
        f"convert_to(string_agg(row_to_json(j)::text, ','){within}, 'UTF8') AS payload",
        "count(*)::int AS found",
        *(check.per_key for check in checks),
    ]
    if selection.beside:
        row = ", ".join(f"s.b{i}" for i in range(len(selection.beside)))
        parts.append(f"json_agg(json_build_array({row})){within} AS beside")
    body = (
        f"SELECT {', '.join(parts)} FROM (SELECT s.*{number} FROM (SELECT "
        f"{', '.join(columns) or '1 AS c'} {source}) s) s CROSS JOIN LATERAL ({shape}) j"
    )
    overall = ", ".join(check.overall for check in checks)
    return body, f"json_build_array({overall})::text" if checks else "NULL::text"


def _beside(selection: RecordSelection) -> str:
    """SQL of the rows beside built JSON, the keys in their order."""
    if not selection.beside:
        return "NULL::text"
    return "json_agg(coalesce(g.beside, '[]') ORDER BY k.o)::text"


def _read_fields(selection: RecordSelection) -> list[str]:
    """Fields whose values leave the source in whatever form."""
    shown = selection.fields if selection.json is None else _fields_of(selection.json)
    return [*shown, *selection.checked, *selection.beside]


def _fields_of(node: JsonNode) -> list[str]:
    found: list[str] = []
    for _, entry in node.entries:
        if isinstance(entry, JsonField):
            found.append(entry.field)
        elif isinstance(entry, JsonNode):
            found.extend(_fields_of(entry))
    return found


def _json_value(name: str, table: TableSql) -> str:
    return field_sql(name, table) if name == SUBJECT_KEY else table.column(name).in_json


def _object(node: JsonNode, columns: Mapping[str, str], parameters: Parameters) -> str:
    members = []
    for key, entry in node.entries:
        if isinstance(entry, JsonField):
            sql = columns[entry.field]
        elif isinstance(entry, JsonNode):
            sql = f"(SELECT m FROM ({_object(entry, columns, parameters)}) m)"
        else:
            sql = _constant(entry, parameters)
        members.append(f"{sql} AS {identifier_whole(key)}")
    return "SELECT " + ", ".join(members)


def identifier_whole(name: str) -> str:
    """Quoted identifier, dots included."""
    return '"' + name.replace('"', '""') + '"'


def _constant(constant: JsonConstant, parameters: Parameters) -> str:
    value = constant.value
    if value == FETCHED_AT:
        return f"{parameters.add(FetchedAtSlot())}::text"
    if value is None:
        return "NULL::text"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:d}" if isinstance(value, int) else f"{literal(value)}::text"


@dataclass(frozen=True, slots=True)
class _Check:
    column: str
    per_key: str
    overall: str


def _check(index: int, name: str, table: TableSql) -> _Check:
    """SQL of one field's summary: a column, its aggregates per key, and over all keys.

    An enum's summary is a set of bits, one per member and one above them for a missing value.
    """
    model = MODEL.kinds[table.mapping.kind].by_name[name]
    if model.value_type is ValueType.ENUM:
        return _Check(
            f"{_member_bits(name, model, table)}::bigint AS k{index}",
            f"bit_or(s.k{index}) AS lo{index}",
            f"json_build_array(bit_or(g.lo{index}), NULL, 0)",
        )
    made = table.column(name)
    is_number = model.value_type in NUMERIC_TEXT
    is_plain = is_number or model.value_type in (ValueType.INTEGER, ValueType.DATE)
    is_day = model.value_type is ValueType.DATE
    ordered = made.in_json if is_day else made.compared if is_plain else f'{made.shown} COLLATE "C"'
    if model.value_type is ValueType.BOOLEAN:
        ordered = f"({made.shown})::int"
    shown = "::text" if is_number else ""
    return _Check(
        f"{ordered} AS k{index}",
        f"min(s.k{index}) AS lo{index}, max(s.k{index}) AS hi{index}, "
        f"count(*) FILTER (WHERE s.k{index} IS NULL) AS miss{index}",
        f"json_build_array(min(g.lo{index}){shown}, max(g.hi{index}){shown}, "
        f"coalesce(sum(g.miss{index}), 0))",
    )


def _member_bits(name: str, model: FieldModel, table: TableSql) -> str:
    """SQL of the bit of an enum's value; from the native code where there is one."""
    bits = {member: 1 << position for position, member in enumerate(model.enum_values)}
    missing = 1 << len(model.enum_values)
    mapped = table.mapped(name)
    if isinstance(mapped, Code):
        raw = f"r.{identifier(mapped.column)}::text"
        cases = {native: bits[member] for native, member in mapped.translation.items()}
    else:
        raw, cases = table.column(name).shown, bits
    listed = " ".join(f"WHEN {literal(value)} THEN {bit:d}" for value, bit in cases.items())
    return f"(CASE {raw} {listed} ELSE {missing:d} END)"
