"""What items are called in a mapping sheet: the official name, unambiguous within a kind.

Items of the metadata begin with `元数据·`, those of a list of parts with the list's name, since
their official names alone may repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from gateway.sources.declared.errors import DeclarationError
from schema.classification import Origin
from schema.codes import RecordKind
from schema.model import FieldModel, KindModel
from schema.records import MODEL

META_PREFIX = "元数据·"


def item_name(field: FieldModel) -> str:
    """Name of a field in a mapping sheet."""
    name = field.declaration.name_zh
    if field.is_meta:
        return META_PREFIX + name
    return f"{field.nested_list}·{name}" if field.nested_list else name


@cache
def items_of(kind: RecordKind) -> Mapping[str, FieldModel]:
    """Fields that a department may fill, by their name in the sheet."""
    fields = MODEL.kinds[kind].fields
    own = [field for field in fields if field.declaration.origin is Origin.SOURCE]
    return {item_name(field): field for field in own}


def find_item(kind: KindModel, name: str, code: str | None) -> FieldModel:
    """The field that a line of a sheet is about.

    Args:
        name: item name, or the name of the schema field.
        code: national code, if the line states one; must be that of the field.

    Raises:
        DeclarationError: there is no such item, no department may fill it, or its code is another.
    """
    items = items_of(kind.kind)
    field = items.get(name) or next((f for f in items.values() if f.name == name), None)
    if field is None:
        if name in kind.by_name or any(f.declaration.name_zh == name for f in kind.fields):
            raise DeclarationError(f"item `{name}` is filled by the gateway, not by a department")
        raise DeclarationError(f"item `{name}` is unknown, expected an official item name")
    own = field.declaration.national_code
    if code is not None and code != own:
        raise DeclarationError(f"item `{name}` has the code `{code}`, expected `{own or 'none'}`")
    return field


def find_kind(word: str) -> KindModel:
    """The record kind of an official name, or of its name in the schema.

    Raises:
        DeclarationError: there is none.
    """
    for kind in MODEL.kinds.values():
        if word in (kind.declaration.name_zh, kind.kind.value, kind.type_name):
            return kind
    known = "、".join(kind.declaration.name_zh for kind in MODEL.kinds.values())
    raise DeclarationError(f"record kind `{word}` is unknown, expected one of {known}")
