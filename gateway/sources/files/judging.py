"""Rows of text judged and turned into records of one kind; the others are refused with a rule.

A refused row is no record: it is not counted and matched with nobody. Its line and the rule go
back to the department.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from gateway.contract import PERSON_KEY_PREFIX, RECORD_ID
from gateway.sources.files.codes import MISSING, judge_codes
from gateway.sources.files.engine import identifier, literal
from gateway.sources.files.forms import Defect, Form, columns_of, form_of
from gateway.sources.files.raw import RawTable
from gateway.sources.files.refusals import Rule
from gateway.sources.mapping import Constant, DateColumn, KindMapping, Part, Text, TextDate
from schema.codes import RecordKind
from schema.records import MODEL

SUBJECT = "@subject"
DECIDED_ON = "meta.decidedOn"
_PERSON = "^[0-9A-Za-z]{1,64}$"
_DAYS_AHEAD = 1
"""A drop written late in the evening may hold decisions of the next day."""

REFUSED = (
    "CREATE TABLE refused (kind VARCHAR, file INTEGER, line BIGINT, rule VARCHAR, item VARCHAR)"
)


@dataclass(frozen=True, slots=True)
class JudgedKind:
    """What became of the rows of one kind.

    Attributes:
        read: records in the files of its table.
        records: of them accepted.
    """

    kind: RecordKind
    read: int
    records: int


def kind_table(kind: RecordKind) -> str:
    """Name of the kind's table in an index, quoted; its columns are named like the fields."""
    return identifier(f"kind_{kind.value}")


def native_columns(mapping: KindMapping) -> tuple[str, ...]:
    """Columns that a file must have for this mapping, each once."""
    names = [mapping.record_id, mapping.organisation]
    if mapping.person is not None:
        names.append(mapping.person)
    for column in mapping.columns.values():
        names += columns_of(column)
    return tuple(dict.fromkeys(names))


def index_fields(mapping: KindMapping) -> tuple[str, ...]:
    """Fields with a column in the index: the mapped ones, and leaves of parts beside them."""
    names = dict.fromkeys((RECORD_ID, *mapping.columns))
    for field in MODEL.kinds[mapping.kind].fields:
        if field.nested_list is not None and field.name not in names:
            beginning = f"{field.nested_list}."
            if any(name.startswith(beginning) for name in mapping.columns):
                names[field.name] = None
    return tuple(names)


def judge_kind(
    connection: duckdb.DuckDBPyConnection,
    mapping: KindMapping,
    raw: RawTable,
    required: Sequence[str],
    as_of: dt.date,
) -> JudgedKind:
    """Make the kind's table in the draft.

    Args:
        required: fields that every record must have.
        as_of: the day of the drop; a decision after it cannot be.
    """
    table = identifier(raw.name)
    judge_codes(connection, table, raw.sql(mapping.organisation))
    judging = _Judging(mapping, raw, tuple(required), as_of)
    connection.execute(
        f"CREATE TEMP TABLE judged AS SELECT {judging.selected()} {judging.source()}"
    )
    connection.execute(
        f"INSERT INTO refused SELECT {literal(mapping.kind.value)}, file, line, d.rule, d.item "
        f"FROM (SELECT r.file, r.line, unnest({judging.defect_list()}) AS d {judging.source()} "
        f"WHERE (r.file, r.line) IN (SELECT (file, line) FROM judged WHERE is_bad))"
    )
    if raw.refused:
        connection.executemany(
            "INSERT INTO refused VALUES (?, ?, ?, ?, NULL)",
            [[mapping.kind.value, row.file, row.line, row.rule.value] for row in raw.refused],
        )
    _refuse_duplicates(connection, mapping)
    columns = ", ".join(identifier(name) for name in (SUBJECT, *index_fields(mapping)))
    order = f"{identifier(SUBJECT)}, {identifier(DECIDED_ON)} DESC"
    connection.execute(
        f"CREATE TABLE {kind_table(mapping.kind)} AS SELECT {columns} FROM judged "
        f"WHERE NOT is_bad ORDER BY {order}"
    )
    counted = connection.execute(f"SELECT count(*) FROM {kind_table(mapping.kind)}").fetchone()
    connection.execute("DROP TABLE judged")
    return JudgedKind(mapping.kind, raw.read, counted[0] if counted else 0)


def _refuse_duplicates(connection: duckdb.DuckDBPyConnection, mapping: KindMapping) -> None:
    """Of equal records one stays; of records that differ under one id, none."""
    key = identifier(RECORD_ID)
    connection.execute(
        f"CREATE TEMP TABLE doubled AS SELECT file, line FROM (SELECT file, line, "
        f"row_number() OVER (PARTITION BY {key} ORDER BY file, line) AS n, "
        f"min(digest) OVER (PARTITION BY {key}) <> max(digest) OVER (PARTITION BY {key}) AS differ "
        f"FROM judged WHERE NOT is_bad AND {key} IN (SELECT {key} FROM judged WHERE NOT is_bad "
        f"GROUP BY {key} HAVING count(*) > 1)) WHERE n > 1 OR differ"
    )
    connection.execute(
        f"INSERT INTO refused SELECT {literal(mapping.kind.value)}, file, line, "
        f"{literal(Rule.DUPLICATE_RECORD.value)}, {literal(mapping.record_id)} FROM doubled"
    )
    connection.execute(
        "UPDATE judged SET is_bad = true WHERE (file, line) IN (SELECT (file, line) FROM doubled)"
    )
    connection.execute("DROP TABLE doubled")


class _Judging:
    """SQL of the judgement of one kind; `r` is the raw table, `k` its odd codes."""

    def __init__(
        self, mapping: KindMapping, raw: RawTable, required: tuple[str, ...], as_of: dt.date
    ) -> None:
        self._mapping = mapping
        self._raw = raw
        self._as_of = as_of
        self._code = f"CASE WHEN k.raw IS NULL THEN {raw.sql(mapping.organisation)} ELSE k.code END"
        self._forms = {name: self._form(name) for name in index_fields(mapping)}
        self._defects = [*self._subject_defects(), *self._field_defects(required)]

    def source(self) -> str:
        organisation = self._raw.sql(self._mapping.organisation)
        prepared = dict(each for form in self._forms.values() for each in form.prepared)
        columns = ", ".join(["r.*", *(f"{sql} AS {name}" for name, sql in prepared.items())])
        table = f"(SELECT {columns} FROM {identifier(self._raw.name)} r)"
        return f"FROM {table} r LEFT JOIN codes k ON k.raw = {organisation}"

    def selected(self) -> str:
        columns = ["r.file", "r.line", f"{self._subject()} AS {identifier(SUBJECT)}"]
        columns += [
            f"({form.value})::{form.type} AS {identifier(name)}"
            for name, form in self._forms.items()
        ]
        bad = " OR ".join(f"({defect.condition})" for defect in self._defects)
        digest = ", ".join(f"r.c{number}" for number in range(len(self._raw.columns)))
        return ", ".join([*columns, f"({bad}) IS TRUE AS is_bad", f"hash({digest}) AS digest"])

    def defect_list(self) -> str:
        """SQL list of the rules and items that a row breaks."""
        entries = ", ".join(
            f"CASE WHEN {defect.condition} THEN {{'rule': {self._rule(defect)}, "
            f"'item': {literal(defect.item)}}} END"
            for defect in self._defects
        )
        return f"list_filter([{entries}], lambda d: d IS NOT NULL)"

    def _rule(self, defect: Defect) -> str:
        named = literal(defect.rule.value)
        return f"coalesce(k.rule, {named})" if defect.rule is Rule.MISSING_CODE else named

    def _form(self, name: str) -> Form:
        mapping = self._mapping
        if name == RECORD_ID:
            return form_of(Text(mapping.record_id), self._raw.sql)
        column = mapping.columns.get(name)
        if column is None:
            # A leaf of parts that is not mapped while others are: as many missing values.
            beginning = name.rpartition(".")[0] + "."
            column = next(
                Part(other.column, "")
                for each, other in mapping.columns.items()
                if isinstance(other, Part) and each.startswith(beginning)
            )
        if isinstance(column, Text) and column.column == mapping.organisation:
            return Form(self._code, "VARCHAR")
        return form_of(column, self._raw.sql)

    def _subject(self) -> str:
        mapping = self._mapping
        if mapping.person is None:
            return f"({self._code})"
        person = self._raw.sql(mapping.person)
        return f"coalesce({self._code}, {literal(PERSON_KEY_PREFIX)} || {person})"

    def _subject_defects(self) -> list[Defect]:
        mapping = self._mapping
        is_bad = f"(k.rule IS NOT NULL AND k.rule <> {literal(MISSING)})"
        if mapping.person is None:
            return [Defect(Rule.MISSING_CODE, mapping.organisation, f"({self._code}) IS NULL")]
        person = self._raw.sql(mapping.person)
        return [
            Defect(
                Rule.MISSING_CODE,
                mapping.organisation,
                f"{is_bad} OR (({self._code}) IS NULL AND {person} IS NULL)",
            ),
            Defect(
                Rule.BAD_PERSON,
                mapping.person,
                f"({self._code}) IS NULL AND NOT {is_bad} "
                f"AND NOT regexp_matches({person}, {literal(_PERSON)})",
            ),
        ]

    def _field_defects(self, required: tuple[str, ...]) -> list[Defect]:
        found = [defect for form in self._forms.values() for defect in form.defects]
        for name in dict.fromkeys((RECORD_ID, DECIDED_ON, *required)):
            natives = self._natives(name)
            if natives:
                missing = " AND ".join(f"{self._raw.sql(native)} IS NULL" for native in natives)
                found.append(Defect(Rule.MISSING_ITEM, natives[0], missing))
        decided = self._mapping.columns.get(DECIDED_ON)
        if isinstance(decided, DateColumn | TextDate):
            latest = self._as_of + dt.timedelta(days=_DAYS_AHEAD)
            day = self._forms[DECIDED_ON].value
            ahead = f"{day} > {literal(latest.isoformat())}"
            found.append(Defect(Rule.FUTURE_DATE, decided.column, ahead))
        return list(dict.fromkeys(found))

    def _natives(self, name: str) -> tuple[str, ...]:
        if name == RECORD_ID:
            return (self._mapping.record_id,)
        column = self._mapping.columns.get(name)
        return () if column is None or isinstance(column, Constant) else columns_of(column)
