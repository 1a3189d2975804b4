"""Awkward records as a department might store them: native names, codes, units and parts.

Every field is mapped by the form that fits its type, so that a kit can be held to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.conformance import ReferenceRecord
from gateway.conformance.department import source_fields
from gateway.contract import RECORD_ID, Manifest
from gateway.sources.mapping import (
    Amount,
    Code,
    CodeList,
    Column,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    Part,
    Text,
    TextList,
    Timestamp,
)
from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from schema.predicate import WireValue
from schema.records import MODEL
from tests.support.awkward_department import manifest_for

ID, ORGANISATION, PERSON = "bh", "xydm", "rybs"
KINDS = (RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.REGISTRATION, RecordKind.TAXPAYER_CREDIT)
"""Kinds that together have every type and every form."""


def rows_only(kinds: Sequence[RecordKind] = KINDS) -> Manifest:
    """The manifest of the awkward department, for a kit that builds no JSON."""
    manifest = manifest_for()
    entries = tuple(replace(entry, json=False) for entry in manifest.entries if entry.kind in kinds)
    return replace(manifest, entries=entries)


def native_mapping(kind: RecordKind, table: str = "records") -> KindMapping:
    """A mapping of every field; columns are numbered as `c7`, amounts are in 万元."""
    columns: dict[str, Column] = {RECORD_ID: Text(ID)}
    for field in source_fields(kind)[1:]:
        columns[field.name] = _column(field)
    return KindMapping(kind, table, ID, ORGANISATION, columns, PERSON)


def column_name(field: FieldModel) -> str:
    """Native name of the field's column; leaves of one list share theirs."""
    names = [other.nested_list or other.name for other in source_fields(field.kind)]
    return f"c{names.index(field.nested_list or field.name)}"


def _column(field: FieldModel) -> Column:
    name = column_name(field)
    translation = {f"{member}码": member for member in field.enum_values}
    if field.nested_list is not None:
        key = field.name.rpartition(".")[2]
        if field.value_type is ValueType.MONEY:
            return Part(name, key, yuan_per_unit=10_000)
        return Part(name, key, translation or None)
    if field.is_list:
        return CodeList(name, translation) if translation else TextList(name)
    match field.value_type:
        case ValueType.ENUM:
            return Code(name, translation)
        case ValueType.DATE:
            return DateColumn(name)
        case ValueType.DATETIME:
            return Timestamp(name)
        case ValueType.MONEY:
            return Amount(name, yuan_per_unit=10_000)
        case ValueType.DECIMAL:
            return DecimalColumn(name)
        case ValueType.INTEGER:
            return Integer(name)
        case ValueType.BOOLEAN:
            return Flag(name, ("是",))
        case _:
            return Text(name)


def native_record(record: ReferenceRecord) -> dict[str, Any]:
    """The record as a JSON object with the columns of `native_mapping`."""
    key = record.subject_key
    is_person = key is not None and key.startswith("P:")
    made: dict[str, Any] = {
        ID: record.record_id,
        ORGANISATION: None if is_person else key,
        PERSON: key[2:] if key is not None and is_person else None,
    }
    for field in source_fields(record.kind)[1:]:
        value = record.values[field.name]
        if field.nested_list is None:
            made[column_name(field)] = _native(field, value)
        else:
            _add_parts(made, field, value)
    return made


def _add_parts(made: dict[str, Any], field: FieldModel, values: WireValue) -> None:
    name = column_name(field)
    if not isinstance(values, list):
        made[name] = None
        return
    parts = made.setdefault(name, [{} for _ in values])
    for part, value in zip(parts, values, strict=True):
        part[field.name.rpartition(".")[2]] = _scalar(field, value)


def _native(field: FieldModel, value: WireValue) -> Any:
    if isinstance(value, list):
        return [_scalar(field, member) for member in value]
    return _scalar(field, value)


def _scalar(field: FieldModel, value: Any) -> Any:
    if value is None:
        return None
    match field.value_type:
        case ValueType.ENUM:
            return f"{value}码"
        case ValueType.MONEY:
            return str(Decimal(value).scaleb(-4))
        case ValueType.BOOLEAN:
            return "是" if value else "否"
        case _:
            return value


def shown_record(record: ReferenceRecord) -> ReferenceRecord:
    """The record as the mapping shows it: decimals have two places, whatever they had."""
    fields: Mapping[str, FieldModel] = MODEL.kinds[record.kind].by_name
    values = {
        name: format(Decimal(str(value)).quantize(Decimal("0.01")), "f")
        if value is not None and fields[name].value_type is ValueType.DECIMAL
        else value
        for name, value in record.values.items()
    }
    return replace(record, values=values)
