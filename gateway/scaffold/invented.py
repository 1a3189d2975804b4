"""Invented records that fit a mapping: native values per column, subjects that cannot exist.

Codes lie under division 410199, which is not assigned. What is made depends on the seed alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Part,
    Text,
    TextDate,
    TextList,
    Timestamp,
)
from schema.identifiers import make_uscc
from schema.model import FieldModel, ValueType
from schema.records import MODEL
from schema.required import required_items

RECORDS = 48
_GAPS = 0.2
_DAYS = 400
_YEARS_SHOWN = 3

_AUTHORITIES = frozenset({"meta.decidingDepartmentCode", "authorityCode", "sourceUnitCode"})

Native = str | int | bool | list[str] | list[dict[str, str]] | None
NativeRow = Mapping[str, Native]


@dataclass(frozen=True, slots=True)
class InventedTable:
    """Rows of one mapped table.

    Attributes:
        types: kind of each column: text, date, timestamptz, timestamp, numeric, integer, text[],
            jsonb; in the order in which they are written.
        rows: native values by column.
    """

    mapping: KindMapping
    types: Mapping[str, str]
    rows: Sequence[NativeRow]


def invented_subjects() -> tuple[str, ...]:
    """Codes of the subjects that have records: enterprises, and one individual business."""
    firms = [make_uscc("9", "1", "410199", f"MA9FXT{number:02}").code for number in range(1, 6)]
    return (*firms, make_uscc("9", "2", "410199", "MA9FXT20").code)


def unknown_subject() -> str:
    """Code of a subject without records."""
    return make_uscc("9", "1", "410199", "MA9FXT99").code


def invent(
    mapping: KindMapping, department: str, today: dt.date, seed: int, start: int = 0
) -> InventedTable:
    """Rows for one mapping.

    Args:
        department: code of the department, which decides in its own records.
        today: the newest decision is some days before it.
        start: number behind which the records' ids are numbered.
    """
    random = Random(f"{seed} {mapping.table}")  # noqa: S311 - sample data
    kind = MODEL.kinds[mapping.kind]
    subjects = invented_subjects()
    count = len(subjects) if kind.declaration.singular else RECORDS
    types: dict[str, str] = {
        mapping.record_id: "text" if mapping.has_text_id else "bigint",
        mapping.organisation: "text",
    }
    if mapping.person is not None:
        types.setdefault(mapping.person, "text")
    for column in mapping.columns.values():
        for name, native in _native_types(column).items():
            types.setdefault(name, native)
    rows = []
    for number in range(count):
        maker = _RowMaker(random, mapping, department, subjects[number % len(subjects)], today)
        rows.append(maker.row(start + number + 1, is_full=number < len(subjects)))
    return InventedTable(mapping, types, rows)


def _native_types(column: Column) -> Mapping[str, str]:
    match column:
        case Constant():
            return {}
        case CodeColumns(names):
            return dict.fromkeys(names, "text")
        case Text(name) | TextDate(name) | Code(name) | Flag(name):
            return {name: "text"}
        case DateColumn(name):
            return {name: "date"}
        case Timestamp(name):
            return {name: "timestamptz"}
        case LocalTimestamp(name):
            return {name: "timestamp"}
        case Amount(name) | DecimalColumn(name):
            return {name: "numeric"}
        case Integer(name):
            return {name: "integer"}
        case TextList(name) | CodeList(name):
            return {name: "text[]"}
        case Part(name):
            return {name: "jsonb"}


class _RowMaker:
    """Makes the native values of one record; a column that serves several items is made once."""

    def __init__(
        self,
        random: Random,
        mapping: KindMapping,
        department: str,
        subject: str,
        today: dt.date,
    ) -> None:
        self._random = random
        self._mapping = mapping
        self._department = department
        self._subject = subject
        self._decided_on = today - dt.timedelta(days=10 + random.randrange(_DAYS))

    def row(self, number: int, is_full: bool) -> NativeRow:
        mapping, fields = self._mapping, MODEL.kinds[self._mapping.kind].by_name
        needed = set(required_items(mapping.kind))
        made: dict[str, Native] = {
            mapping.record_id: f"R-{number:04}" if mapping.has_text_id else number,
            mapping.organisation: self._subject,
        }
        if mapping.person is not None:
            made.setdefault(mapping.person, None)
        for name, column in mapping.columns.items():
            may_be_missing = not is_full and name not in needed
            gap = may_be_missing and self._random.random() < _GAPS
            for place, value in self._values(fields[name], column).items():
                made.setdefault(place, None if gap else value)
        return made

    def _values(self, field: FieldModel, column: Column) -> Mapping[str, Native]:
        random = self._random
        match column:
            case Constant():
                return {}
            case Text(name):
                return {name: self._text(field)}
            case DateColumn(name):
                return {name: self._day(field).isoformat()}
            case TextDate(name):
                return {name: f"{self._day(field):%Y%m%d}"}
            case Timestamp(name):
                return {name: f"{self._day(field).isoformat()}T{random.randrange(24):02}:30:15Z"}
            case LocalTimestamp(name):
                return {name: f"{self._day(field).isoformat()} {random.randrange(24):02}:30:15"}
            case Amount(name, unit):
                yuan = random.choice((500, 3_000, 20_000, 20_000, 150_000, 1_000_000))
                return {name: f"{yuan / unit:.4f}" if unit > 1 else f"{yuan}.00"}
            case DecimalColumn(name, decimals):
                return {name: f"{random.randrange(0, 100)}.{'5' * max(1, decimals)}"}
            case Integer(name):
                return {name: random.choice((1, 2, 3, 2024, 2025))}
            case Flag(name, true_values):
                return {name: random.choice((true_values[0], "0"))}
            case Code(name, translation):
                return {name: self._code(field, translation)}
            case TextList(name):
                return {name: [f"样例{field.declaration.name_zh}一", "样例二"]}
            case CodeList(name, translation):
                return {name: random.sample(sorted(translation), k=min(2, len(translation)))}
            case CodeColumns(names, translation):
                return {name: random.choice(sorted(translation)) for name in names}
            case Part(name):
                return {name: self._parts(name)}

    def _parts(self, column: str) -> list[dict[str, str]]:
        """The elements of a jsonb column; every leaf that reads it finds its key."""
        leaves = {
            leaf: part
            for leaf, part in self._mapping.columns.items()
            if isinstance(part, Part) and part.column == column
        }
        return [
            {part.key: self._leaf(part, number) for part in leaves.values()} for number in (1, 2)
        ]

    def _leaf(self, part: Part, number: int) -> str:
        if part.translation is not None:
            return sorted(part.translation)[0]
        return f"{number}0.50" if part.yuan_per_unit is not None else f"样例{number}"

    def _code(self, field: FieldModel, translation: Mapping[str, str]) -> str:
        """A native code; records of a fixture may be shown, as far as their state goes."""
        published = [native for native, member in translation.items() if member == "PUBLISHED"]
        if field.name == "meta.disclosureState" and published:
            return published[0]
        return self._random.choice(sorted(translation))

    def _text(self, field: FieldModel) -> str:
        if field.value_type is ValueType.USCC or field.name in _AUTHORITIES:
            is_subject = field.name.lower().endswith("uscc")
            return self._subject if is_subject else self._department
        if field.value_type is ValueType.PERSON:
            return "5e" * 32
        return f"样例{field.declaration.name_zh}{self._random.randrange(1, 9)}"

    def _day(self, field: FieldModel) -> dt.date:
        if field.name.endswith(("Until", "validTo")):
            return self._decided_on.replace(day=1) + dt.timedelta(days=365 * _YEARS_SHOWN)
        return self._decided_on
