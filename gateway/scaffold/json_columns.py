"""Columns of records in JSON: paths to members, from a schema or from records themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.scaffold.native import NativeColumn
from gateway.scaffold.written import MOST_LOOKED_AT, written_column

_DEPTH = 5
_FORMS = {
    "integer": ("digits", "integer"),
    "number": ("written-number", "number"),
    "boolean": ("boolean", "boolean"),
}
_TEXT_FORMS = {"date": "written-day", "date-time": "timestamp"}


def resolved(document: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    """A schema with its reference followed and its parts (`allOf`) joined."""
    found = schema if isinstance(schema, dict) else {}
    seen: set[str] = set()
    while isinstance(reference := found.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        found = _at(document, reference)
    parts = found.get("allOf")
    if not isinstance(parts, list):
        return found
    properties: dict[str, Any] = {}
    for part in parts:
        properties |= dict(resolved(document, part).get("properties", {}))
    return {**found, "properties": {**properties, **dict(found.get("properties", {}))}}


def _at(document: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """What a reference within the document points to; nothing for one that leads elsewhere."""
    place: Any = document
    if not reference.startswith("#/"):
        return {}
    for name in reference[2:].split("/"):
        name = name.replace("~1", "/").replace("~0", "~")
        place = place.get(name) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}


def columns_of_schema(
    document: Mapping[str, Any], record: Mapping[str, Any]
) -> Sequence[NativeColumn]:
    """Columns of the objects that a schema describes."""
    return list(_schema_columns(document, record, "", 0))


def _schema_columns(
    document: Mapping[str, Any], schema: Mapping[str, Any], above: str, depth: int
) -> Iterator[NativeColumn]:
    for name, inner in dict(schema.get("properties", {})).items():
        found = resolved(document, inner)
        path = f"{above}.{name}".removeprefix(".")
        if found.get("properties") and depth < _DEPTH:
            yield from _schema_columns(document, found, path, depth + 1)
        else:
            yield _schema_column(document, path, found)


def _schema_column(
    document: Mapping[str, Any], path: str, schema: Mapping[str, Any]
) -> NativeColumn:
    stated = schema.get("type", "string")
    if isinstance(stated, list):
        stated = next((each for each in stated if each != "null"), "string")
    kind = str(stated)
    comment = str(schema.get("title") or schema.get("description") or "")
    samples = tuple(str(each) for each in schema.get("enum", []) if each is not None)
    if kind == "array":
        inner = resolved(document, schema.get("items", {}))
        form = "json" if inner.get("properties") else "list"
        return NativeColumn(path, "array", form, comment)
    if kind in _FORMS:
        form, word = _FORMS[kind]
        return NativeColumn(path, word, form, comment, samples=samples, is_written=True)
    form = _TEXT_FORMS.get(str(schema.get("format")), "text")
    return NativeColumn(path, "string", form, comment, samples=samples, is_written=True)


def columns_of_records(records: Sequence[Mapping[str, Any]]) -> Sequence[NativeColumn]:
    """Columns of records as they came."""
    values: dict[str, list[Any]] = {}
    for record in records[:MOST_LOOKED_AT]:
        for path, value in _members(record, "", 0):
            values.setdefault(path, []).append(value)
    return [_column(path, found) for path, found in values.items()]


def _members(value: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        path = f"{above}.{name}".removeprefix(".")
        if isinstance(inner, dict) and depth < _DEPTH:
            yield from _members(inner, path, depth + 1)
        else:
            yield path, inner


def _column(path: str, values: Sequence[Any]) -> NativeColumn:
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, list) for value in present):
        is_plain = all(not isinstance(each, dict) for value in present for each in value)
        return NativeColumn(path, "array", "list" if is_plain else "json")
    if present and all(isinstance(value, bool) for value in present):
        return NativeColumn(path, "boolean", "boolean", is_written=True)
    return written_column(path, [None if v is None else str(v) for v in values])
