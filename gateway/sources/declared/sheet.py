"""The mapping sheet of one record kind: catalogue entry, table, and a line per item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.contract import RECORD_ID, CatalogueEntry
from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.forms import CodeLists, Form, read_column
from gateway.sources.declared.items import find_item, find_kind, item_name
from gateway.sources.declared.kinds import SourceKind
from gateway.sources.declared.lines import Line
from gateway.sources.declared.service import read_resource
from gateway.sources.mapping import Column, KindMapping, Text
from gateway.sources.rest import Resource
from schema.codes import DisclosureWay, Nature, SharingAttribute
from schema.model import KindModel
from schema.records import MODEL
from schema.required import required_items

PLACEHOLDER = "待填写"
_NEEDED = "meta.decidedOn"


@dataclass(frozen=True, slots=True)
class KindSheet:
    """What a sheet says.

    Attributes:
        missing: required items that it does not map, by their names in sheets.
        resource: how a service is asked; None where the source is none.
    """

    entry: CatalogueEntry
    mapping: KindMapping
    missing: tuple[str, ...]
    resource: Resource | None = None


def read_sheet(
    place: str, document: Mapping[str, object], codes: CodeLists, source: SourceKind
) -> KindSheet:
    """Read a sheet.

    Args:
        place: name of the file, for errors.

    Raises:
        DeclarationError: something is missing, unknown or does not fit.
    """
    top = Line(place, document)
    try:
        kind = find_kind(top.text("kind"))
        table = Line("[source]", top.raw("source"))
        record_id = table.text("record_id")
        mapping = KindMapping(
            kind=kind.kind,
            table=table.text("table"),
            record_id=record_id,
            organisation=table.text("organisation"),
            columns=_columns(top.raw("items"), kind, codes, record_id),
            person=table.text("person") if table.has("person") else None,
            has_text_id=_has_text_id(table),
            changed_at=_changed_at(table, source),
        )
        resource = read_resource(table, mapping) if source.is_service else None
        table.finish()
        if PLACEHOLDER in (mapping.table, mapping.record_id, mapping.organisation):
            raise table.defect(f"a name is still {PLACEHOLDER}, expected table and columns")
        entry = _entry(Line("[catalogue]", top.raw("catalogue")), kind, mapping, source)
        if resource is not None and resource.listing is None:
            entry = replace(entry, lists=False, statistics=False)
        if resource is not None and resource.changes is not None:
            entry = replace(entry, changes=True)
        top.finish()
    except DeclarationError as error:
        raise error if str(error).startswith(place) else error.within(place) from error
    fields = MODEL.kinds[kind.kind].by_name
    needed = [name for name in required_items(kind.kind) if name not in mapping.columns]
    missing = tuple(item_name(fields[name]) for name in needed)
    return KindSheet(entry, mapping, missing, resource)


def _changed_at(table: Line, source: SourceKind) -> str | None:
    if not table.has("changed_at"):
        return None
    if not source.changes:
        raise table.defect(f"`changed_at` is not for source `{source.name}`")
    return table.text("changed_at")


def _has_text_id(table: Line) -> bool:
    word = table.text("record_id_form", Form.TEXT.zh)
    if word in Form.TEXT.value:
        return True
    if word in (*Form.INTEGER.value, "uuid"):
        return False
    raise table.defect(f"`record_id_form` is `{word}`, expected 文本, 整数 or uuid")


def _columns(
    items: object, kind: KindModel, codes: CodeLists, record_id: str
) -> Mapping[str, Column]:
    if not isinstance(items, dict) or not items:
        raise DeclarationError("[items] is missing, expected a line per item")
    found: dict[str, Column] = {RECORD_ID: Text(record_id)}
    for name, values in items.items():
        line = Line(f"item `{name}`", values)
        field = find_item(kind, name, line.raw("code"))
        if field.name in found:
            raise DeclarationError(f"item `{name}` is mapped twice")
        found[field.name] = read_column(line, field, codes)
    if _NEEDED not in found:
        needed = item_name(kind.by_name[_NEEDED])
        raise DeclarationError(f"item `{needed}` is not mapped: lists are ordered by it")
    return found


def _entry(line: Line, kind: KindModel, mapping: KindMapping, source: SourceKind) -> CatalogueEntry:
    entry = CatalogueEntry(
        kind=kind.kind,
        catalogue_code=line.text("code"),
        name_zh=line.text("name"),
        data_format=line.text("format"),
        subject_types=line.texts("subjects"),
        nature=line.term("nature", Nature),
        sharing_attribute=line.term("sharing", SharingAttribute),
        disclosure_way=line.term("disclosure", DisclosureWay),
        coverage=line.text("coverage"),
        update_cycle=line.text("update_cycle"),
        items=tuple(mapping.columns),
        legal_basis=line.text("legal_basis"),
        retention=line.text("retention"),
        lists=source.lists,
        statistics=source.statistics,
        json=source.json,
        changes=source.is_dropped or mapping.changed_at is not None,
    )
    line.finish()
    if PLACEHOLDER in entry.legal_basis:
        raise line.defect(f"`legal_basis` is still {PLACEHOLDER}, expected law and article")
    return entry
