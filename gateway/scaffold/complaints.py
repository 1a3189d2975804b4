"""Why a stored record is not, or not wholly, shown: values held against the forms of a sheet."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gateway.scaffold.native import NativeRecord
from gateway.sources.declared.items import item_name
from gateway.sources.local import Odd, reader
from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Text,
    TextDate,
    Timestamp,
)
from schema.identifiers import UsccError, parse_uscc
from schema.model import FieldModel, ValueType
from schema.records import MODEL
from schema.required import required_items

_DAY = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a stored record is not, or not wholly, shown.

    Attributes:
        rule: BAD_USCC, MISSING_ITEM, UNKNOWN_CODE, BAD_DATE, BAD_NUMBER or BAD_VALUE.
        item: item as the sheet calls it.
        is_rejected: the record is left out as a whole; else this item shows as missing.
    """

    record_id: str
    rule: str
    item: str
    text: str
    is_rejected: bool


def complaints_of(record: NativeRecord, mapping: KindMapping) -> Iterator[Complaint]:
    """What is wrong with a stored record; names items and rules, never values of persons."""
    kind = MODEL.kinds[mapping.kind]
    record_id = str(record.get(mapping.record_id))
    needed = required_items(mapping.kind)
    code = record.get(mapping.organisation)
    if code is not None and not _is_exact_code(str(code)):
        yield Complaint(
            record_id, "BAD_USCC", "", "the subject's code is not valid, or not as written", True
        )
    for name, column in mapping.columns.items():
        field = kind.by_name[name]
        found = _complaint(record, column, field)
        if found is None and name in needed and _is_missing(record, column):
            found = ("MISSING_ITEM", "a required item is missing", False)
        if found is not None:
            rule, text, is_rejected = found
            yield Complaint(record_id, rule, item_name(field), text, is_rejected)


def _is_exact_code(text: str) -> bool:
    try:
        return parse_uscc(text).code == text
    except UsccError:
        return False


def _is_missing(record: NativeRecord, column: Column) -> bool:
    if isinstance(column, Constant):
        return False
    names = column.columns if isinstance(column, CodeColumns) else (column.column,)
    return all(record.get(name) in (None, "") for name in names)


def _complaint(
    record: NativeRecord, column: Column, field: FieldModel
) -> tuple[str, str, bool] | None:
    """Rule, sentence, and whether the whole record is left out; None if all is well."""
    if isinstance(column, Constant | CodeColumns):
        return None
    value = record.get(column.column)
    if value is None:
        return None
    text = str(value)
    match column:
        case Code(_, translation) if text not in translation:
            return ("UNKNOWN_CODE", f"code `{text}` is not in the code list", False)
        case TextDate():
            return _text_date(text)
        case DateColumn() | Timestamp() | LocalTimestamp() if _reads_odd(column, text):
            return ("BAD_DATE", "the date is none that can be shown", True)
        case Amount() | DecimalColumn() | Integer():
            return _number(text)
        case Flag() | Text() if field.value_type is ValueType.USCC and not _is_exact_code(text):
            return ("BAD_USCC", "the code is not valid", True)
    return None


def _reads_odd(column: Column, text: str) -> bool:
    """Whether a kit would find that a stored text cannot be shown."""
    return isinstance(reader(column, lambda _: lambda value: value)(text), Odd)


def _text_date(text: str) -> tuple[str, str, bool] | None:
    if not _DAY.fullmatch(text):
        return ("BAD_DATE", "expected eight digits YYYYMMDD; shows as missing", False)
    try:
        time.strptime(text, "%Y%m%d")
    except ValueError:
        return ("BAD_DATE", "there is no such day", True)
    return None


def _number(text: str) -> tuple[str, str, bool] | None:
    try:
        good = Decimal(text).is_finite()
    except InvalidOperation:
        good = False
    return None if good else ("BAD_NUMBER", "the number is none that can be shown", True)
