"""Requests as SQL over an index, whose columns hold wire values already.

Two-valued logic as `schema.predicate` defines: a comparison with a missing value is false, and
`Not` turns that around. DuckDB compares text by its UTF-8 bytes, which is by code point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.contract import (
    PERSON_KEY_PREFIX,
    RECORD_ID,
    SUBJECT_KEY,
    After,
    NotSupported,
    OrderKey,
    RecordRequest,
    StatisticsRequest,
)
from gateway.sources.files.engine import identifier
from gateway.sources.files.judging import SUBJECT, kind_table
from gateway.sources.mapped_table import OBJECTION_MARK
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import (
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Or,
    Predicate,
    StartsWith,
    WireScalar,
)

_FEW = 16
"""Values that stand in the text of a statement; more are handed over as one list."""
_SUBJECT = f"r.{identifier(SUBJECT)}"
_RECORD_ID = f"r.{identifier(RECORD_ID)}"

Types = Mapping[str, str]
"""DuckDB type of each field that a kind's table has."""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement with its parameters."""

    text: str
    values: tuple[object, ...]


@dataclass
class KindSql:
    """SQL of one kind's fields, with record effects in place, and the parameters used so far."""

    kind: RecordKind
    types: Types
    marked: tuple[str, ...] = ()
    values: list[object] = field(default_factory=list)

    def column(self, name: str) -> str:
        """SQL of a field as it is compared; null where the department does not supply it."""
        if name == SUBJECT_KEY:
            return _SUBJECT
        base = f"r.{identifier(name)}" if name in self.types else None
        if name == OBJECTION_MARK and self.marked:
            is_marked = f"{_RECORD_ID} IN ({self._add_all(self.marked)})"
            return f"({is_marked} OR {base or 'NULL::boolean'})"
        return base or "NULL::VARCHAR"

    def shown(self, name: str) -> str:
        """SQL of a field's wire value."""
        is_number = self.types.get(name, "").startswith("DECIMAL")
        return f"{self.column(name)}::VARCHAR" if is_number else self.column(name)

    def supplies(self, name: str) -> bool:
        return name in self.types or (name == OBJECTION_MARK and bool(self.marked))

    def value(self, name: str, value: WireScalar) -> str:
        """A parameter that is compared with a field."""
        self.values.append(value)
        return f"?::{self._parameter_type(name)}"

    def members(self, name: str, values: Sequence[WireScalar]) -> str:
        """Parameters for `IN`."""
        kind = self._parameter_type(name)
        if len(values) <= _FEW:
            self.values += values
            return ", ".join(f"?::{kind}" for _ in values)
        self.values.append(list(values))
        return f"SELECT unnest(?::{kind}[])"

    def _add_all(self, values: Sequence[str]) -> str:
        self.values.append(list(values))
        return "SELECT unnest(?::VARCHAR[])"

    def _parameter_type(self, name: str) -> str:
        if name == OBJECTION_MARK:
            return "BOOLEAN"
        kind = self.types.get(name, "VARCHAR")
        return "DECIMAL(38, 10)" if kind.startswith("DECIMAL") else kind.removesuffix("[]")

    def condition(self, predicate: Predicate) -> str:
        """SQL boolean, true exactly where the predicate holds, else false or null."""
        match predicate:
            case And(parts):
                return "(" + " AND ".join(map(self.condition, parts)) + ")" if parts else "true"
            case Or(parts):
                return "(" + " OR ".join(map(self.condition, parts)) + ")" if parts else "false"
            case Not(part):
                return f"(({self.condition(part)}) IS NOT TRUE)"
            case IsNull(name):
                return f"({self.column(name)} IS NULL)" if self.supplies(name) else "true"
            case _ if not self.supplies(predicate.field):
                return "false"
            case OneOf(name, values):
                kept = tuple(value for value in values if _is_text(value))
                if not kept:
                    return "false"
                return f"({self.column(name)} IN ({self.members(name, kept)}))"
            case Comparison(name, operator, value):
                if not _is_text(value):
                    return "false"
                return f"({self.column(name)} {operator.value} {self.value(name, value)})"
            case StartsWith(name, prefix):
                if not _is_text(prefix):
                    return "false"
                return f"starts_with({self.column(name)}, {self.value(name, prefix)})"
            case Includes(name, value):
                if not _is_text(value):
                    return "false"
                return f"list_contains({self.column(name)}, {self.value(name, value)})"

    def order(self, order: Sequence[OrderKey]) -> str:
        """ORDER BY list: the keys, missing values last, then the record id."""
        keys = [
            f"{self.column(key.field)} {'DESC' if key.descending else 'ASC'} NULLS LAST"
            for key in order
        ]
        return ", ".join([*keys, f"{_RECORD_ID} ASC"])

    def behind(self, after: After, order: Sequence[OrderKey], department: str) -> str:
        """Condition: behind the position in the order over all departments."""
        alternatives: list[str] = []
        equal: list[tuple[str, WireScalar | None]] = []
        for key, value in zip(order, after.values, strict=True):
            if value is not None and not self.supplies(key.field):
                # All are missing here, and missing values come last.
                alternatives.append(self._all_equal(equal) + "true")
                return "(" + " OR ".join(f"({each})" for each in alternatives) + ")"
            if value is not None:
                sign = "<" if key.descending else ">"
                start = self._all_equal(equal)
                column = self.column(key.field)
                later = f"{column} {sign} {self.value(key.field, value)}"
                alternatives.append(f"{start}({later} OR {self.column(key.field)} IS NULL)")
            equal.append((key.field, value))
        start = self._all_equal(equal)
        alternatives.append(start + self._tie(after, department))
        return "(" + " OR ".join(f"({each})" for each in alternatives) + ")"

    def _all_equal(self, equal: Sequence[tuple[str, WireScalar | None]]) -> str:
        made = ""
        for name, value in equal:
            column = self.column(name)
            test = "IS NULL" if value is None else f"= {self.value(name, value)}"
            made += f"{column} {test} AND "
        return made

    def _tie(self, after: After, department: str) -> str:
        if department != after.department:
            return "true" if department > after.department else "false"
        self.values.append(after.record_id)
        return f"{_RECORD_ID} > ?::VARCHAR"

    def subjects(self, kinds: frozenset[SubjectKind] | None) -> str:
        """Condition of a list over all subjects."""
        if kinds is None or len(kinds) == len(SubjectKind):
            return "true"
        is_person = f"starts_with({_SUBJECT}, '{PERSON_KEY_PREFIX}')"
        is_business = f"starts_with({_SUBJECT}, '92')"
        alternatives = {
            SubjectKind.ORGANISATION: f"NOT ({is_person} OR {is_business})",
            SubjectKind.INDIVIDUAL_BUSINESS: is_business,
            SubjectKind.NATURAL_PERSON: is_person,
        }
        chosen = [sql for kind, sql in alternatives.items() if kind in kinds]
        return "(" + " OR ".join(chosen) + ")" if chosen else "false"

    def keys(self, keys: Sequence[str]) -> str:
        if len(keys) == 1:
            self.values.append(keys[0])
            return f"{_SUBJECT} = ?"
        self.values += keys
        return f"{_SUBJECT} IN ({', '.join('?' for _ in keys)})"


def _is_text(value: WireScalar) -> bool:
    """Whether the value can be stored: half a surrogate pair is no text."""
    try:
        return not isinstance(value, str) or bool(value.encode("utf-8")) or value == ""
    except UnicodeEncodeError:
        return False


def record_query(request: RecordRequest, types: Types | None, department: str) -> Query:
    """Rows of a request: the subject's key, then the fields, in the order of keys and of rows.

    Raises:
        NotSupported: a kind that no mapping supplies, or built JSON.
    """
    selection = request.selection
    if types is None or selection.json is not None:
        raise NotSupported("a kind without a mapping, or built JSON, which files do not offer")
    sql = KindSql(selection.kind, types, selection.marked)
    fields = ", ".join(
        [_SUBJECT, *(f"{sql.shown(name)} AS c{n}" for n, name in enumerate(selection.fields))]
    )
    most = selection.first + (1 if selection.lookahead else 0)
    is_ranked = request.keys is not None and len(request.keys) != 1
    if is_ranked:
        fields += (
            f", row_number() OVER (PARTITION BY {_SUBJECT} ORDER BY {sql.order(selection.order)})"
            " AS place"
        )
    conditions = _conditions(request, sql)
    if request.after is not None:
        conditions.append(sql.behind(request.after, selection.order, department))
    text = f"SELECT {fields} FROM {kind_table(selection.kind)} r WHERE {_joined(conditions)}"
    if is_ranked:
        text = f"SELECT * EXCLUDE (place) FROM ({text}) WHERE place <= {most:d} ORDER BY 1, place"
    else:
        text += f" ORDER BY {sql.order(selection.order)} LIMIT {most:d}"
    return Query(text, tuple(sql.values))


def count_query(request: RecordRequest, types: Types) -> Query:
    """Number of matching records per key, or in all; keys without any are left out."""
    sql = KindSql(request.selection.kind, types, request.selection.marked)
    where = _joined(_conditions(request, sql))
    table = kind_table(request.selection.kind)
    if request.keys is None:
        return Query(f"SELECT '', count(*) FROM {table} r WHERE {where}", tuple(sql.values))
    text = f"SELECT {_SUBJECT}, count(*) FROM {table} r WHERE {where} GROUP BY 1"
    return Query(text, tuple(sql.values))


def statistics_query(request: StatisticsRequest, types: Types | None) -> Query:
    """A row per group: group values, the count, the sums, and the subjects if asked for."""
    if types is None:
        raise NotSupported(f"no mapping for record kind `{request.kind.value}`")
    sql = KindSql(request.kind, types, request.marked)
    groups = [sql.shown(name) for name in request.group_by]
    sums = [f"sum({_summed(name, types)})::VARCHAR" for name in request.sums]
    subjects = [f"count(DISTINCT {_SUBJECT})"] if request.subjects else []
    selected = ", ".join([*groups, "count(*)", *sums, *subjects])
    numbers = ", ".join(str(position + 1) for position in range(len(groups)))
    where = _joined([sql.condition(request.predicate), sql.subjects(request.subject_kinds)])
    grouped = f" GROUP BY {numbers}" if groups else ""
    text = (
        f"SELECT {selected} FROM {kind_table(request.kind)} r WHERE {where}{grouped} "
        f"LIMIT {request.max_groups + 1:d}"
    )
    return Query(text, tuple(sql.values))


def _summed(name: str, types: Types) -> str:
    return f"r.{identifier(name)}" if name in types else "NULL::BIGINT"


def _conditions(request: RecordRequest, sql: KindSql) -> list[str]:
    made = [sql.keys(request.keys)] if request.keys is not None else []
    made.append(sql.condition(request.selection.predicate))
    made.append(sql.subjects(request.selection.subject_kinds))
    return made


def _joined(conditions: Sequence[str]) -> str:
    return " AND ".join(each for each in conditions if each != "true") or "true"
