"""Every item of every kind has one name in a sheet, and every item has a form."""

from __future__ import annotations

from gateway.sources.declared.forms import forms_for
from gateway.sources.declared.items import find_item, item_name, items_of
from schema.classification import Origin
from schema.records import MODEL
from schema.required import required_items


def test_names_of_items_are_unambiguous_in_every_kind() -> None:
    for kind in MODEL.kinds.values():
        own = [field for field in kind.fields if field.declaration.origin is Origin.SOURCE]
        assert len(items_of(kind.kind)) == len(own), kind.type_name
        for field in own:
            assert find_item(kind, item_name(field), field.declaration.national_code) is field


def test_every_item_has_a_form() -> None:
    for kind in MODEL.kinds.values():
        assert all(forms_for(field) for field in items_of(kind.kind).values())


def test_required_items_are_items_of_their_kind() -> None:
    for kind in MODEL.kinds.values():
        names = {field.name for field in items_of(kind.kind).values()}
        assert set(required_items(kind.kind)) <= names
