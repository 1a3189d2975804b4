"""`adapter try`: one subject's records as the gateway would read them, and why others are not.

What is shown comes from the adapter itself.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

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
from gateway.scaffold.complaints import Complaint
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.sources import SourceTools
from gateway.sources.declared import DeclaredDepartment
from gateway.sources.declared.items import item_name
from gateway.sources.mapping import (
    KindMapping,
)
from schema.classification import FieldClass
from schema.identifiers import UsccError, parse_uscc
from schema.model import FieldModel, KindModel
from schema.predicate import WireValue
from schema.records import MODEL

PATIENCE_S = 10.0
MOST_SHOWN = 100
HIDDEN = "（保密，未显示）"
_DAY = re.compile(r"[0-9]{8}")


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
        _trial(sheet.mapping, batch, tools.complaints(declared, settings, sheet, key))
        for sheet, batch in zip(declared.sheets, batches, strict=True)
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


def _trial(mapping: KindMapping, batch: RowBatch, found: Sequence[Complaint]) -> TrialOfKind:
    kind = MODEL.kinds[mapping.kind]
    names = (*mapping.columns, SUBJECT_KEY)
    fits = rows_check(kind, names)
    complaints = list(found)
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
