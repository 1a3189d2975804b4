"""`adapter try`: one subject's records as the gateway would read them, and why others are not.

The checks here look at stored values, each with the form that its sheet states; what the kit
shows comes from the adapter itself.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gateway.contract import (
    RECORD_ID,
    SUBJECT_KEY,
    Adapter,
    AdapterError,
    AdapterSettings,
    FetchContext,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
)
from gateway.rowcode import rows_check
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.native import NativeRecord
from gateway.scaffold.sources import SourceTools
from gateway.sources.declared import DeclaredDepartment
from gateway.sources.declared.items import item_name
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
from schema.classification import FieldClass
from schema.identifiers import UsccError, parse_uscc
from schema.model import FieldModel, KindModel, ValueType
from schema.predicate import WireValue
from schema.records import MODEL
from schema.required import required_items

PATIENCE_S = 10.0
MOST_SHOWN = 100
HIDDEN = "（保密，未显示）"
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


@dataclass(frozen=True, slots=True)
class TrialOfKind:
    """
    Attributes:
        records: per record the items and their values, SECRET ones hidden.
        withheld: as the adapter counts it.
    """

    kind: KindModel
    records: Sequence[Sequence[tuple[str, str]]]
    complaints: Sequence[Complaint]
    withheld: int


def try_subject(
    declared: DeclaredDepartment, settings: AdapterSettings, tools: SourceTools, subject: str
) -> list[TrialOfKind]:
    """Read a subject's records of every kind.

    Raises:
        ScaffoldError: the code is none, or the source cannot be read.
    """
    try:
        key = parse_uscc(subject).code
    except UsccError as error:
        raise ScaffoldError(f"`{subject}` is no unified social credit code: {error}") from error
    try:
        adapter = declared.adapter(settings)
    except ValueError as error:
        raise ScaffoldError(str(error)) from error
    mappings = [sheet.mapping for sheet in declared.sheets]
    try:
        batches = asyncio.run(_read(adapter, mappings, key))
    except (AdapterError, TimeoutError) as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        raise ScaffoldError(f"the adapter cannot read: {error}{cause}") from error
    return [
        _trial(mapping, batch, tools.read_records(settings, mapping, key))
        for mapping, batch in zip(mappings, batches, strict=True)
    ]


async def _read(adapter: Adapter, mappings: Sequence[KindMapping], key: str) -> Sequence[RowBatch]:
    context = FetchContext("try", time.monotonic() + PATIENCE_S, "2026-01-01T00:00:00Z")
    requests = [
        RecordRequest(
            "try",
            RecordSelection(
                mapping.kind,
                (*mapping.columns, SUBJECT_KEY),
                order=(OrderKey("meta.decidedOn", descending=True),),
                first=MOST_SHOWN,
            ),
            (key,),
        )
        for mapping in mappings
    ]
    await adapter.open()
    try:
        async with asyncio.timeout(PATIENCE_S):
            batches = await adapter.fetch(requests, context)
    finally:
        await adapter.aclose()
    return [batch for batch in batches if isinstance(batch, RowBatch)]


def _trial(mapping: KindMapping, batch: RowBatch, stored: Sequence[NativeRecord]) -> TrialOfKind:
    kind = MODEL.kinds[mapping.kind]
    names = (*mapping.columns, SUBJECT_KEY)
    fits = rows_check(kind, names)
    complaints = [each for record in stored for each in complaints_of(record, mapping)]
    rows = batch.groups[0]
    records = [
        [
            (item_name(kind.by_name[name]), _shown(kind.by_name[name], value))
            for name, value in zip(names, row, strict=True)
            if name != SUBJECT_KEY and value is not None
        ]
        for row in rows
    ]
    at = names.index(RECORD_ID)
    complaints += [
        Complaint(str(row[at]), "BAD_VALUE", "", "the gateway would refuse this answer", True)
        for row in rows
        if not fits([row])
    ]
    return TrialOfKind(kind, records, complaints, batch.withheld)


def _shown(field: FieldModel, value: WireValue) -> str:
    """A value for the author's screen; SECRET ones stay hidden there too."""
    if field.declaration.field_class is FieldClass.SECRET:
        return HIDDEN
    terms = dict(zip(field.enum_values, field.enum_terms, strict=False))
    if isinstance(value, list | tuple):
        return "、".join(terms.get(str(each), str(each)) for each in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return terms.get(str(value), str(value))


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
        case DateColumn() | Timestamp() | LocalTimestamp() if not text[:4].isdecimal():
            return ("BAD_DATE", "the date is none that can be shown", True)
        case Amount() | DecimalColumn() | Integer():
            return _number(text)
        case Flag() | Text() if field.value_type is ValueType.USCC and not _is_exact_code(text):
            return ("BAD_USCC", "the code is not valid", True)
    return None


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
