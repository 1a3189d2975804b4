"""A mapping sheet before it is one: lines as data, and their text in TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.sources.declared.forms import Form, forms_for
from gateway.sources.declared.items import item_name, items_of
from schema.codes import RecordKind
from schema.model import FieldModel, KindModel, ValueType
from schema.records import MODEL
from schema.required import required_items

Options = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One line of a sheet: what stands behind the item's name, and a remark for the author."""

    item: FieldModel
    options: Options
    remark: str = ""


@dataclass(frozen=True, slots=True)
class SheetDraft:
    """One sheet.

    Attributes:
        catalogue: the elements of the catalogue entry, as they stand in the file.
        source: table and keys.
        unmapped: items of the kind without a line, listed as comments for the author.
    """

    kind: RecordKind
    catalogue: Options
    source: Options
    items: tuple[ItemDraft, ...]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def unmapped(self) -> tuple[FieldModel, ...]:
        mapped = {line.item.name for line in self.items} | {"meta.recordId"}
        return tuple(f for f in items_of(self.kind).values() if f.name not in mapped)


def file_name(kind: RecordKind) -> str:
    """Name of the sheet's file."""
    return f"{kind.value.lower()}.toml"


def sheet_text(draft: SheetDraft) -> str:
    """The sheet in TOML, items in the order of the schema, and what is not mapped as comments."""
    kind = MODEL.kinds[draft.kind]
    lines = [
        f"# {kind.declaration.name_zh} 映射表 / mapping sheet",
        "# 左边是官方数据项名称，右边是本单位的列。没有的项删去；保护级别和遮蔽由平台统一规定。",
        "# Left the official item, right your column. Delete what you do not have.",
        "",
        f"kind = {_value(kind.declaration.name_zh)}",
        "",
        "[catalogue]  # 目录十要素",
        *(f"{key} = {_value(value)}" for key, value in draft.catalogue.items()),
        "",
        "[source]  # 表、记录标识列、统一社会信用代码列",
        *(f"{key} = {_value(value)}" for key, value in draft.source.items()),
        "",
        "[items]",
    ]
    lines += [_line(line, kind) for line in draft.items]
    unmapped = draft.unmapped
    if unmapped:
        lines += ["", "# 尚未对应的数据项 / items without a column:"]
        lines += [f"# {_key(item)} = {{ {_hint(item)} }}{_need(item, kind)}" for item in unmapped]
    return "\n".join(lines) + "\n"


def codes_text(lists: Mapping[str, Mapping[str, str]]) -> str:
    """`codes.toml`: native codes with the official term."""
    lines = [
        "# 代码表：左边是本单位的代码，右边是官方名称。没有列出的代码不展示，并计入质量报告。",
        "# Code lists: left your code, right the official term. Others are not shown.",
    ]
    for name, codes in lists.items():
        lines += ["", f"[{_value(name)}]"]
        lines += [f"{_value(native)} = {_value(term)}" for native, term in codes.items()]
    return "\n".join(lines) + "\n"


def settled(
    drafts: Sequence[SheetDraft], existing: Mapping[str, Mapping[str, str]]
) -> tuple[list[SheetDraft], Mapping[str, Mapping[str, str]]]:
    """Drafts and the code lists of the whole package.

    Where two kinds of records hold different codes under one name, the later one's list is named
    after its kind as well.

    Args:
        existing: lists of sheets that stay as they are.
    """
    lists = dict(existing)
    made = []
    for draft in drafts:
        names = {name: _name_of(name, codes, draft, lists) for name, codes in draft.codes.items()}
        lists |= {names[name]: codes for name, codes in draft.codes.items()}
        items = tuple(_renamed(line, names) for line in draft.items)
        codes = {names[name]: codes for name, codes in draft.codes.items()}
        made.append(replace(draft, items=items, codes=codes))
    return made, lists


def _name_of(
    name: str,
    codes: Mapping[str, str],
    draft: SheetDraft,
    lists: Mapping[str, Mapping[str, str]],
) -> str:
    if lists.get(name, codes) == codes:
        return name
    return f"{MODEL.kinds[draft.kind].declaration.name_zh}·{name}"


def _renamed(line: ItemDraft, names: Mapping[str, str]) -> ItemDraft:
    stated = line.options.get("codes")
    if not isinstance(stated, str) or names.get(stated, stated) == stated:
        return line
    return replace(line, options={**line.options, "codes": names[stated]})


def _line(line: ItemDraft, kind: KindModel) -> str:
    options = {"code": line.item.declaration.national_code, **line.options}
    inner = ", ".join(f"{key} = {_value(v)}" for key, v in options.items() if v is not None)
    remark = f"  # {line.remark}" if line.remark else ""
    return f"{_key(line.item)} = {{ {inner} }}{remark}"


def _hint(item: FieldModel) -> str:
    form = forms_for(item)[0]
    parts = [f'column = "…", form = "{form.zh}"']
    if item.declaration.national_code:
        parts.insert(0, f'code = "{item.declaration.national_code}"')
    if form is Form.AMOUNT:
        parts.append('unit = "元"')
    if item.value_type is ValueType.ENUM:
        parts.append(f'codes = "{item.declaration.name_zh}"')
    return ", ".join(parts)


def _need(item: FieldModel, kind: KindModel) -> str:
    return "  # 必填 required" if item.name in required_items(kind.kind) else ""


def _key(item: FieldModel) -> str:
    return _value(item_name(item))


def _value(value: object) -> str:
    """A TOML value; JSON's texts, numbers, truth values and lists are TOML's."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_value(str(k))} = {_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
