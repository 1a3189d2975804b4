"""`adapter introspect`: tables of a source drafted into sheets, and a report of what is covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.scaffold.drafts import ItemDraft, SheetDraft
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.matching import Confidence, Match, likely_kind, match_table
from gateway.scaffold.native import NativeColumn, NativeTable
from gateway.scaffold.samples import SUBJECT_FIELDS, catalogue_of
from gateway.scaffold.standard import record_id_words, standard_codes
from gateway.sources.declared.forms import Form, forms_for
from gateway.sources.declared.items import item_name, items_of
from gateway.sources.declared.sheet import PLACEHOLDER
from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from schema.records import MODEL
from schema.required import required_items

_WRITTEN = (Form.TEXT, Form.CODE, Form.FLAG, Form.TEXT_LIST, Form.CODE_LIST)
"""What any written value may be besides."""
_FORM_OF: Mapping[str, tuple[Form, ...]] = {
    "text": (
        Form.TEXT,
        Form.CODE,
        Form.TEXT_DATE,
        Form.FLAG,
    ),
    "date": (Form.DATE,),
    "timestamp": (Form.TIMESTAMP,),
    "local-time": (Form.LOCAL_TIME,),
    "number": (Form.AMOUNT, Form.DECIMAL),
    "integer": (Form.INTEGER, Form.AMOUNT, Form.DECIMAL, Form.CODE, Form.FLAG),
    "boolean": (Form.FLAG,),
    "list": (Form.TEXT_LIST, Form.CODE_LIST),
    "digits": (Form.INTEGER, Form.AMOUNT, Form.DECIMAL, *_WRITTEN),
    "written-number": (Form.AMOUNT, Form.DECIMAL, *_WRITTEN),
    "written-day": (Form.DATE, *_WRITTEN),
    "blank": (Form.DATE, Form.LOCAL_TIME, Form.AMOUNT, Form.DECIMAL, Form.INTEGER, *_WRITTEN),
}
_TRUE = ("1", "是", "Y", "y", "true", "TRUE", "异议中")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a draft covers of a kind.

    Attributes:
        mapped: lines that stand in the sheet.
        guesses: matches that do not, for the author to judge.
        conflicts: matches whose column has another type than the item, with what it has.
        missing: required items without a line.
        unknown_codes: stored codes without a meaning, by the name of the item.
        unused: columns that hold no item.
    """

    table: NativeTable
    draft: SheetDraft
    mapped: tuple[Match, ...]
    guesses: tuple[Match, ...]
    conflicts: tuple[Match, ...]
    missing: tuple[FieldModel, ...]
    unknown_codes: Mapping[str, tuple[str, ...]]
    unused: tuple[NativeColumn, ...]


def introspect(
    tables: Sequence[NativeTable],
    kinds: Sequence[RecordKind],
    table_name: str | None,
    legal_basis: str,
) -> list[Coverage]:
    """Draft a sheet for each table that holds one of the kinds.

    Args:
        kinds: among which to look; one kind takes the table whatever it looks like.
        table_name: only this table.

    Raises:
        ScaffoldError: no table holds one of the kinds, or two hold the same.
    """
    chosen = [table for table in tables if table_name in (None, table.name)]
    if not chosen:
        known = ", ".join(table.name for table in tables[:20]) or "none"
        raise ScaffoldError(f"table `{table_name}` is not there or not readable, found {known}")
    found: dict[RecordKind, Coverage] = {}
    is_forced = table_name is not None and len(kinds) == 1
    for table in chosen:
        kind = kinds[0] if is_forced else likely_kind(table, kinds)
        if kind is None:
            continue
        made = _cover(table, kind, legal_basis)
        rival = found.get(kind)
        if rival is None or len(made.mapped) > len(rival.mapped):
            found[kind] = made
    if not found:
        names = ", ".join(table.name for table in chosen[:20])
        raise ScaffoldError(
            f"none of the tables is like a record kind: {names}; name one with --table and --kind"
        )
    return list(found.values())


def _cover(table: NativeTable, kind: RecordKind, legal_basis: str) -> Coverage:
    matches = match_table(table, kind)
    likely = [match for match in matches if match.confidence > Confidence.GUESS]
    forms = {match.item.name: _form(match) for match in likely}
    mapped = [match for match in likely if forms[match.item.name] is not None]
    codes: dict[str, Mapping[str, str]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    lines = []
    for match in sorted(mapped, key=_place):
        form = forms[match.item.name]
        assert form is not None
        lines.append(_line(match, form, codes, unknown))
    lines += _constants(kind, {match.item.name for match in mapped})
    names = {line.item.name for line in lines}
    by_name = MODEL.kinds[kind].by_name
    draft = SheetDraft(
        kind,
        catalogue_of(MODEL.kinds[kind], legal_basis or PLACEHOLDER, "全市"),
        _source(table, kind, mapped),
        tuple(lines),
        codes,
    )
    used = {match.column.name for match in matches} | set(map(str, draft.source.values()))
    return Coverage(
        table,
        draft,
        tuple(mapped),
        tuple(match for match in matches if match.confidence is Confidence.GUESS),
        tuple(match for match in likely if forms[match.item.name] is None),
        tuple(
            by_name[name]
            for name in required_items(kind)
            if name not in names and name != "meta.recordId"
        ),
        unknown,
        tuple(column for column in table.columns if column.name not in used),
    )


def _place(match: Match) -> int:
    names = [field.name for field in items_of(match.item.kind).values()]
    return names.index(match.item.name)


def _form(match: Match) -> Form | None:
    """How the column can hold the item; None if their types do not fit."""
    wanted = forms_for(match.item)
    if match.item.value_type is ValueType.TEXT and not match.item.is_list:
        wanted = (Form.TEXT,)
    held = _FORM_OF.get(match.column.form, ())
    if match.column.is_written and match.column.form == "text":
        held = _WRITTEN
    if match.column.form == "text" and match.item.is_list and not match.column.is_written:
        held = (Form.CODE_COLUMNS,)
    return next((form for form in wanted if form in held), None)


def _line(
    match: Match,
    form: Form,
    codes: dict[str, Mapping[str, str]],
    unknown: dict[str, tuple[str, ...]],
) -> ItemDraft:
    item, column = match.item, match.column
    options: dict[str, object] = {"column": column.name, "form": form.zh}
    remark = "" if match.confidence is Confidence.SURE else f"请核对：{match.reason}"
    if form is Form.CODE_COLUMNS:
        options = {"columns": [column.name], "form": form.zh}
    if form is Form.AMOUNT:
        options["unit"] = "万元" if "万" in column.comment + column.name else "元"
        remark = f"请核对单位{'；' + match.reason if remark else ''}"
    if form is Form.FLAG:
        options["true"] = [value for value in _TRUE if value in column.samples] or ["1", "是"]
        if column.form == "boolean":
            options["true"] = ["true"]
    if item.value_type is ValueType.ENUM:
        name = item.declaration.name_zh
        options["codes"] = name
        codes[name], left = _codes(item, column)
        if left:
            unknown[item_name(item)] = left
    return ItemDraft(item, options, remark)


def _codes(item: FieldModel, column: NativeColumn) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Stored codes with their meaning, and those without one."""
    usual = {**{term: term for term in item.enum_terms}, **standard_codes(item)}
    usual |= dict(zip(item.enum_values, item.enum_terms, strict=True))
    if not column.samples:
        return standard_codes(item), ()
    known = {value: usual[value] for value in column.samples if value in usual}
    left = tuple(value for value in column.samples if value not in usual)
    return known or standard_codes(item), left


def _constants(kind: RecordKind, mapped: set[str]) -> list[ItemDraft]:
    """What a source that publishes everything it holds need not store."""
    field = MODEL.kinds[kind].by_name["meta.disclosureState"]
    if field.name in mapped:
        return []
    options = {"form": Form.CONSTANT.zh, "value": "公示中"}
    return [ItemDraft(field, options, "请核对：没有找到公示状态列，视为全部公示中")]


def _source(table: NativeTable, kind: RecordKind, mapped: Sequence[Match]) -> Mapping[str, object]:
    by_item = {match.item.name: match.column.name for match in mapped}
    subject = next((by_item[name] for name in SUBJECT_FIELDS if name in by_item), PLACEHOLDER)
    words = record_id_words()
    keys = [column for column in table.columns if column.is_key]
    named = [c for c in table.columns if c.name.lower() in words or c.comment in words]
    record_id = next(iter((*keys, *named)), None)
    found = {
        "table": table.name,
        "record_id": record_id.name if record_id else PLACEHOLDER,
        "organisation": subject,
    }
    if record_id is not None and record_id.form != "text" and not record_id.is_written:
        found["record_id_form"] = Form.INTEGER.zh if record_id.form == "integer" else "uuid"
    return {**found, **table.source}
