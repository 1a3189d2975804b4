"""A firm's records as its page shows them: what to ask, and how to read what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import GraphQLSchema, get_named_type

from schema.classification import Origin
from schema.codes import RecordKind
from schema.model import FieldModel, KindModel, ValueType
from schema.records import MODEL

PAGE_SIZE = 20
_CONNECTION = "Connection"
_META = ("meta.decidedOn", "meta.disclosureState", "meta.objectionMark", "meta.publishUntil")
_FLAGS = {True: "是 yes", False: "否 no"}
_DENIED = frozenset({"FIELD_DENIED"})


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Where records of one kind stand: a field of `Organisation` or `Person`."""

    field: str
    kind: KindModel
    is_list: bool

    @property
    def title(self) -> str:
        return self.kind.declaration.name_zh


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a record: official name, text of its value; None: nothing is held."""

    name: str
    text: str | None


@dataclass(frozen=True, slots=True)
class ShownRecords:
    """One page of records.

    Attributes:
        total: of all pages; None if it is not known.
        hidden: official names of items that are not shown to the firm itself.
        after: cursor of the next page; None on the last.
        silent: departments that did not answer, so that something may be missing.
    """

    records: tuple[tuple[Item, ...], ...]
    total: int | None
    hidden: tuple[str, ...]
    after: str | None
    silent: tuple[str, ...]


def shelves(schema: GraphQLSchema, of_persons: bool) -> tuple[Shelf, ...]:
    """Every kind of records that departments can hold of a subject, in the schema's order."""
    subject = schema.type_map["Person" if of_persons else "Organisation"]
    found = []
    for name, field in subject.fields.items():  # type: ignore[attr-defined]
        type_name = get_named_type(field.type).name
        kind = MODEL.by_type_name.get(type_name.removesuffix(_CONNECTION))
        if kind is not None and kind.kind is not RecordKind.LOOK_UP:
            found.append(Shelf(name, kind, type_name.endswith(_CONNECTION)))
    # the latest of a kind that is listed as well stands in the list
    listed = {shelf.kind.kind for shelf in found if shelf.is_list}
    return tuple(shelf for shelf in found if shelf.is_list or shelf.kind.kind not in listed)


def root(is_person: bool) -> tuple[str, str]:
    """Return variable and field by which a document asks about who signed in."""
    if is_person:
        return "$subject: PersonReference!", "subject: person(reference: $subject)"
    return "$subject: USCC!", "subject(uscc: $subject)"


@cache
def overview_document(offered: tuple[Shelf, ...], is_person: bool) -> str:
    """Ask how many records there are of each kind, and for the firm's name."""
    variable, start = root(is_person)
    own = "id" if is_person else "uscc registration { name status }"
    counts = " ".join(
        f"{shelf.field}(first: 1) {{ totalCount }}" for shelf in offered if shelf.is_list
    )
    return f"query MyOverview({variable}) {{ {start} {{ {own} {counts} }} }}"


@cache
def records_document(shelf: Shelf, is_person: bool) -> str:
    """Ask for every item of the records of one kind."""
    selection, (variable, start) = _selection(shelf.kind), root(is_person)
    if not shelf.is_list:
        return f"query MyRecord({variable}) {{ {start} {{ {shelf.field} {{ {selection} }} }} }}"
    return (
        f"query MyRecords({variable}, $after: String) {{ {start} {{ "
        f"{shelf.field}(first: {PAGE_SIZE}, after: $after) {{ totalCount nodes {{ {selection} }} "
        "pageInfo { hasNextPage endCursor } } } }"
    )


def read_records(shelf: Shelf, response: Mapping[str, Any]) -> ShownRecords:
    """Read the answer to `records_document`."""
    errors = response.get("errors", ())
    subject = (response.get("data") or {}).get("subject") or {}
    value = subject.get(shelf.field)
    nodes, total, after = [], None, None
    if shelf.is_list and value is not None:
        nodes, total = value["nodes"], value["totalCount"]
        if value["pageInfo"]["hasNextPage"]:
            after = value["pageInfo"]["endCursor"]
    elif value is not None:
        nodes, total = [value], 1
    denied = _denied(errors)
    shown = tuple(tuple(_items(shelf.kind, node, denied)) for node in nodes)
    hidden = tuple(
        field.declaration.name_zh for field in _fields(shelf.kind) if field.coordinate in denied
    )
    return ShownRecords(shown, total, hidden, after, silent_departments(response))


def silent_departments(response: Mapping[str, Any]) -> tuple[str, ...]:
    """Slugs of departments that did not take part in an answer."""
    sources = response.get("extensions", {}).get("sources", ())
    return tuple(each["source"] for each in sources if each["outcome"] != "ANSWERED")


def _denied(errors: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(
        str(error["extensions"].get("coordinate"))
        for error in errors
        if error.get("extensions", {}).get("code") in _DENIED
    )


def _fields(kind: KindModel) -> tuple[FieldModel, ...]:
    """What a page shows of a record: what its department holds, and when and how it is shown."""
    return tuple(
        field
        for field in kind.fields
        if field.value_type is not ValueType.PERSON
        and (field.name in _META if field.is_meta else field.declaration.origin is Origin.SOURCE)
    )


def _selection(kind: KindModel) -> str:
    plain, nested = [], dict[str, list[str]]()
    for field in _fields(kind):
        outer, _, inner = field.name.partition(".")
        if inner:
            nested.setdefault(outer, []).append(inner)
        else:
            plain.append(outer)
    plain += [f"{outer} {{ {' '.join(inner)} }}" for outer, inner in nested.items()]
    return " ".join(plain)


def _items(kind: KindModel, node: Mapping[str, Any], denied: frozenset[str]) -> Iterator[Item]:
    for field in _fields(kind):
        if field.coordinate not in denied:
            yield Item(field.declaration.name_zh, value_text(field, _value(field, node)))


def _value(field: FieldModel, node: Mapping[str, Any]) -> Any:
    outer, _, inner = field.name.partition(".")
    value = node.get(outer)
    if not inner or value is None:
        return value
    if isinstance(value, list):
        return [part.get(inner) for part in value]
    return value.get(inner)


def value_text(field: FieldModel, value: Any) -> str | None:
    """How a page writes a value; None: nothing is held."""
    if value is None:
        return None
    if isinstance(value, list):
        return "；".join(value_text(field, each) or "—" for each in value) or None
    if isinstance(value, bool):
        return _FLAGS[value]
    if field.value_type is ValueType.ENUM and field.enum_terms:
        terms = dict(zip(field.enum_values, field.enum_terms, strict=True))
        return terms.get(value, str(value))
    return f"{value} 元" if field.value_type is ValueType.MONEY else str(value)
