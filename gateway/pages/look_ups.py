"""Who looked, as the page of firm or person shows it: what to ask of the log, and how to read it.

The log answers on the path of every other query, so that rules decide what shows and when; nothing
here takes away or adds a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from gateway.pages.records import root, value_text
from gateway.pages.shown import item
from gateway.pages.types import NamesOrganisations
from schema.records import MODEL

PAGE_SIZE = 20
_FORM = "c2sp.org/tlog-proof@v1"
_KIND = MODEL.by_type_name["LookUp"]
_READ = "READ"

_SELECTION = f"""
accessLog(first: {PAGE_SIZE}, after: $after, filter: $filter,
    orderBy: [{{ field: META_RECORD_ID, direction: DESC }}]) {{
  totalCount pageInfo {{ hasNextPage endCursor }}
  nodes {{ at callerClass organisation actingFor clientId isOwn purpose matterNo consentNos
    outcome refusal requestId entryHash proof fields {{ coordinate use shown }} }} }}
"""
OTHERS_ALONE: Mapping[str, Any] = {"isOwn": {"eq": False}}


@dataclass(frozen=True, slots=True)
class SeenFields:
    """Items of a look-up that had the same outcome.

    Attributes:
        outcome: CLEAR, MASKED or REFUSED; term: in Chinese.
        names: official names by kind of record, each with its use where that is not reading.
    """

    outcome: str
    term: str
    names: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def count(self) -> int:
        return sum(len(names) for _, names in self.names)


@dataclass(frozen=True, slots=True)
class LookUpLine:
    """One look-up.

    Attributes:
        who: name of whoever looked, or the class where no name is known.
        caller_class: in Chinese.
        acting_for: name or code of the institution that was acted for; None: nobody.
        is_proven: whether the log can prove the line by now.
    """

    at: str
    who: str
    caller_class: str
    organisation: str | None
    acting_for: str | None
    purpose: str | None
    matter_no: str | None
    consent_nos: tuple[str, ...]
    outcome: str
    is_refused: bool
    is_own: bool
    request_id: str
    entry_hash: str | None
    is_proven: bool
    fields: tuple[SeenFields, ...]


@dataclass(frozen=True, slots=True)
class LookUpPage:
    """One page of look-ups, the newest first.

    Attributes:
        after: cursor of the next page; None on the last.
        is_missing: the log could not be read.
    """

    lines: tuple[LookUpLine, ...]
    total: int | None
    after: str | None
    is_missing: bool


@cache
def look_ups_document(is_person: bool) -> str:
    """Ask for a page of look-ups, the newest first."""
    variable, start = root(is_person)
    variables = f"{variable}, $after: String, $filter: LookUpFilter"
    return f"query MyLookUps({variables}) {{ {start} {{ {_SELECTION} }} }}"


def read_look_ups(response: Mapping[str, Any], names: NamesOrganisations) -> LookUpPage:
    """Read the answer to `look_ups_document`."""
    found = _found(response)
    if found is None:
        return LookUpPage((), None, None, is_missing=True)
    info = found["pageInfo"]
    lines = tuple(_line(node, names) for node in found["nodes"])
    after = info["endCursor"] if info["hasNextPage"] else None
    return LookUpPage(lines, found["totalCount"], after, is_missing=False)


def proof_file(response: Mapping[str, Any], request_id: str) -> bytes | None:
    """The proof of a look-up as `verify_audit_log.py` reads it; None while there is none."""
    found = _found(response) or {"nodes": ()}
    node = next((each for each in found["nodes"] if each["requestId"] == request_id), None)
    if node is None or node["entryHash"] is None:
        return None
    lines, _, checkpoint = node["proof"].partition("\n\n")
    form, index, *path = lines.split("\n")
    if form != _FORM:
        return None
    proof = {
        "requestId": request_id,
        "leafHash": node["entryHash"],
        "leafIndex": int(index.removeprefix("index ")),
        "path": path,
        "checkpoint": checkpoint,
    }
    return orjson.dumps(proof, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _found(response: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = ((response.get("data") or {}).get("subject") or {}).get(
        "accessLog"
    )
    return found


def _line(node: Mapping[str, Any], names: NamesOrganisations) -> LookUpLine:
    code, acting_for = node["organisation"], node["actingFor"]
    caller_class = _term("callerClass", node["callerClass"])
    name = None if code is None else names(code, node["clientId"])
    return LookUpLine(
        node["at"],
        name or ("本单位或本人" if node["isOwn"] else caller_class),
        caller_class,
        code,
        None if acting_for is None else names(acting_for, None) or acting_for,
        node["purpose"],
        node["matterNo"],
        tuple(node["consentNos"] or ()),
        _term("outcome", node["outcome"]),
        node["outcome"] == "REFUSED",
        bool(node["isOwn"]),
        node["requestId"],
        node["entryHash"],
        node["entryHash"] is not None,
        tuple(_seen(node["fields"] or ())),
    )


def _seen(fields: Iterable[Mapping[str, Any]]) -> Iterator[SeenFields]:
    by_outcome: dict[str, dict[str, dict[str, None]]] = {}
    for field in fields:
        kind, _, name = field["coordinate"].partition(".")
        if name.startswith("meta."):
            continue
        named = by_outcome.setdefault(field["shown"], {}).setdefault(_kind(kind), {})
        named[_named(field)] = None
    shown = _KIND.by_name["fields.shown"]
    for outcome in shown.enum_values:
        if outcome in by_outcome:
            names = tuple((kind, tuple(each)) for kind, each in by_outcome[outcome].items())
            yield SeenFields(outcome, _term("fields.shown", outcome), names)


def _named(field: Mapping[str, Any]) -> str:
    """The official name, with the use where that is not reading."""
    coordinate, use = field["coordinate"], field["use"]
    if "." not in coordinate:
        name = "有无该类信息"
    else:
        name = item(coordinate) if _is_known(coordinate) else coordinate
    return name if use == _READ else f"{name}（{_term('fields.use', use)}）"


def _kind(type_name: str) -> str:
    model = MODEL.by_type_name.get(type_name)
    return type_name if model is None else model.declaration.name_zh


def _is_known(coordinate: str) -> bool:
    """Whether the schema still has a field; the log is older than the schema."""
    type_name, _, name = coordinate.partition(".")
    model = MODEL.by_type_name.get(type_name)
    return model is not None and name in model.by_name


def _term(name: str, value: str) -> str:
    return value_text(_KIND.by_name[name], value) or value
