"""Drops written as a department would write them, and departments in files for the kits' tests."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from gateway.conformance import ReferenceRecord
from gateway.contract import PERSON_KEY_PREFIX
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

CODE, PERSON = "统一社会信用代码", "人员标识"
ID = "记录标识"


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def write_drop(
    exchange: Path,
    name: str,
    files: Mapping[str, tuple[str, bytes, int]],
    as_of: str = "2026-11-02",
    **changes: object,
) -> Path:
    """Write a drop, its manifest last.

    Args:
        files: table, bytes and number of records by file name.
        changes: other values of the manifest.
    """
    folder = exchange / name
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for file, (table, content, rows) in files.items():
        (folder / file).write_bytes(content)
        digest = sha256(content).hexdigest()
        entries.append({"name": file, "table": table, "rows": rows, "sha256": digest})
    manifest = {"manifest_version": 1, "as_of": as_of, "files": entries, **changes}
    draft = folder / "manifest.json.part"
    draft.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    draft.replace(folder / "manifest.json")
    return folder


def mapping_for(kind: RecordKind) -> KindMapping:
    """A mapping of every field of a kind to a column of its own name."""
    columns = {field.name: _form(field) for field in _source_fields(kind)}
    return KindMapping(kind, kind.value.lower(), ID, CODE, columns, PERSON)


def _source_fields(kind: RecordKind) -> list[FieldModel]:
    from gateway.conformance.department import source_fields

    return list(source_fields(kind))


def _form(field: FieldModel) -> Column:
    name = field.name
    if field.nested_list is not None:
        return Part(field.nested_list, name.rpartition(".")[2])
    members = {member: member for member in field.enum_values}
    if field.is_list:
        return CodeList(name, members) if field.value_type is ValueType.ENUM else TextList(name)
    forms: dict[ValueType, Column] = {
        ValueType.DATE: DateColumn(name),
        ValueType.DATETIME: Timestamp(name),
        ValueType.MONEY: Amount(name),
        ValueType.DECIMAL: DecimalColumn(name),
        ValueType.INTEGER: Integer(name),
        ValueType.BOOLEAN: Flag(name),
        ValueType.ENUM: Code(name, members),
    }
    return forms.get(field.value_type, Text(name))


def kind_file(kind: RecordKind, records: Iterable[ReferenceRecord]) -> tuple[str, bytes, int]:
    """The CSV file of the records of one kind."""
    mapping = mapping_for(kind)
    columns = [ID, CODE, PERSON, *_natives(mapping)]
    rows = [_row(record, mapping, columns) for record in records if record.kind is kind]
    return mapping.table, csv_bytes(columns, rows), len(rows)


def _natives(mapping: KindMapping) -> list[str]:
    from gateway.sources.files.forms import columns_of

    names = [name for column in mapping.columns.values() for name in columns_of(column)]
    return list(dict.fromkeys(names))


def _row(record: ReferenceRecord, mapping: KindMapping, columns: Sequence[str]) -> list[object]:
    cells: dict[str, object] = {ID: record.record_id}
    key = record.subject_key
    is_person = key is not None and key.startswith(PERSON_KEY_PREFIX)
    cells[PERSON if is_person else CODE] = (key or "").removeprefix(PERSON_KEY_PREFIX)
    for name, value in record.values.items():
        field = MODEL.kinds[record.kind].by_name[name]
        if field.nested_list is not None:
            cells[field.nested_list] = _parts(record, field.nested_list)
        else:
            cells[name] = _cell(value)
    return [cells.get(column) for column in columns]


def _parts(record: ReferenceRecord, beginning: str) -> str | None:
    leaves = {
        name.rpartition(".")[2]: value
        for name, value in record.values.items()
        if name.startswith(f"{beginning}.")
    }
    first = next(iter(leaves.values()))
    if first is None:
        return None
    assert isinstance(first, list)
    parts = [
        {key: value[n] for key, value in leaves.items() if isinstance(value, list)}
        for n in range(len(first))
    ]
    return json.dumps(parts, ensure_ascii=False)


def _cell(value: WireValue) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value
