"""Services for authors: resources of an OpenAPI document, or of one sample answer in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.json_columns import columns_of_records, columns_of_schema, resolved
from gateway.scaffold.native import NativeTable
from gateway.sources.declared.service import PLACEHOLDER
from gateway.sources.rest.source import require_safe

_TIMEOUT_S = 10.0
_MOST_BYTES = 20_000_000
_DEPTH = 6
_KEYS = re.compile(r"(?i).*(uscc|credit.?code|xydm|codes?$)")
_NUMBERS = ("page", "pageNum", "pageNo", "pageNumber", "current")
_SIZES = ("size", "pageSize", "limit", "per_page", "perPage")
_TOKENS = ("cursor", "pageToken", "after", "next", "marker")
_NEXT = ("next", "nextCursor", "nextToken", "nextPageToken", "cursor")
_RECORDS = 500


def read_tables(place: str) -> Sequence[NativeTable]:
    """The resources that a document describes, each with how it is asked as far as that is told.

    Args:
        place: file or address of an OpenAPI document in JSON, or of an answer of the service.

    Raises:
        ScaffoldError: it cannot be read, or holds no list of records.
    """
    document = _document(place)
    if isinstance(document, dict) and ("openapi" in document or "swagger" in document):
        tables = _of_openapi(document)
    else:
        tables = _of_sample(document, Path(place).stem or "records")
    if not tables:
        raise ScaffoldError(f"`{place}` describes no list of records, expected one in an answer")
    return tables


def _document(place: str) -> Any:
    try:
        if place.startswith(("http://", "https://")):
            require_safe(place, "address")
            answer = httpx.get(place, timeout=_TIMEOUT_S, follow_redirects=False)
            answer.raise_for_status()
            content = answer.content
        else:
            content = Path(place).read_bytes()
        if len(content) > _MOST_BYTES:
            raise ScaffoldError(f"`{place}` is larger than {_MOST_BYTES:,} bytes")
        return json.loads(content)
    except (OSError, httpx.HTTPError) as error:
        raise ScaffoldError(f"`{place}` cannot be read: {type(error).__name__}") from error
    except ValueError as error:
        raise ScaffoldError(
            f"`{place}` is no JSON, expected an OpenAPI document in JSON or a sample answer"
        ) from error


def _of_sample(document: Any, name: str) -> list[NativeTable]:
    found = next(_arrays(document, ""), None)
    if found is None:
        return []
    items, records = found
    asked = {"path": PLACEHOLDER, "items": items, "parameter": PLACEHOLDER}
    return [NativeTable(name, columns_of_records(records), "样例 JSON", {"by_keys": asked})]


def _arrays(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Arrays of objects, the outermost first."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        yield path, value
    elif isinstance(value, dict) and depth < _DEPTH:
        for name, inner in value.items():
            yield from _arrays(inner, f"{path}.{name}".removeprefix("."), depth + 1)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One question of a document whose answer holds records.

    Attributes:
        items: path to the array in the answer.
        record: schema of a record.
        parameters: names that it takes.
        answer: names of members of the answer, for the token of the next page.
    """

    path: str
    method: str
    items: str
    record: Mapping[str, Any]
    parameters: tuple[str, ...]
    answer: tuple[str, ...]

    @property
    def key_parameter(self) -> str | None:
        return next((name for name in self.parameters if _KEYS.fullmatch(name)), None)

    @property
    def name(self) -> str:
        parts = [part for part in self.path.split("/") if part and not part.startswith("{")]
        kept = [part for part in parts if part.lower() not in ("search", "query", "list", "batch")]
        return (kept or parts or ["records"])[-1]


def _of_openapi(document: Mapping[str, Any]) -> list[NativeTable]:
    grouped: dict[str, list[_Operation]] = {}
    for operation in _operations(document):
        grouped.setdefault(operation.name, []).append(operation)
    return [_table(document, name, found) for name, found in grouped.items()]


def _table(document: Mapping[str, Any], name: str, operations: Sequence[_Operation]) -> NativeTable:
    keyed = next((each for each in operations if each.key_parameter), None)
    listed = next((each for each in operations if not each.key_parameter), None)
    main = keyed or operations[0]
    source: dict[str, object] = {
        "by_keys": {**_endpoint(main), "parameter": main.key_parameter or PLACEHOLDER}
    }
    if listed is not None:
        source["list"] = {**_endpoint(listed), **_paging(listed)}
    title = str(main.record.get("description") or main.record.get("title") or "")
    return NativeTable(name, columns_of_schema(document, main.record), title, source)


def _endpoint(operation: _Operation) -> dict[str, object]:
    path = operation.path if "{" not in operation.path else PLACEHOLDER
    return {"path": path, "method": operation.method, "items": operation.items}


def _paging(operation: _Operation) -> dict[str, object]:
    takes = operation.parameters
    number = next((name for name in _NUMBERS if name in takes), None)
    size = next((name for name in _SIZES if name in takes), None)
    token = next((name for name in _TOKENS if name in takes), None)
    next_path = next((name for name in _NEXT if name in operation.answer), None)
    if number and size:
        return {"paging": {"kind": "pages", "number": number, "size": size, "records": _RECORDS}}
    if token and next_path:
        return {"paging": {"kind": "tokens", "parameter": token, "next": next_path}}
    return {}


def _operations(document: Mapping[str, Any]) -> Iterator[_Operation]:
    for path, item in dict(document.get("paths", {})).items():
        for method in ("get", "post"):
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                shared = item.get("parameters", [])
                yield from _operation(document, path, method.upper(), operation, shared)


def _operation(
    document: Mapping[str, Any],
    path: str,
    method: str,
    operation: Mapping[str, Any],
    shared: Sequence[Any],
) -> Iterator[_Operation]:
    answer = _answer_schema(document, operation)
    found = next(_schema_arrays(document, answer, ""), None) if answer else None
    if found is None:
        return
    names = [
        str(each.get("name"))
        for each in (resolved(document, p) for p in (*shared, *operation.get("parameters", [])))
        if each.get("in") == "query"
    ]
    body = resolved(document, operation.get("requestBody", {}))
    names += _properties(document, _json_schema(body))
    items, record = found
    members = tuple(_properties(document, answer))
    yield _Operation(path, method, items, record, tuple(names), members)


def _answer_schema(
    document: Mapping[str, Any], operation: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    answers = dict(operation.get("responses", {}))
    good = next((answers[code] for code in ("200", 200, "2XX", "default") if code in answers), None)
    return None if good is None else _json_schema(resolved(document, good))


def _json_schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a JSON body, as OpenAPI 3 or Swagger 2 has it."""
    content = dict(holder.get("content", {}))
    media = next((value for name, value in content.items() if "json" in name), None)
    found = media.get("schema") if isinstance(media, dict) else holder.get("schema")
    return found if isinstance(found, dict) else {}


def _properties(document: Mapping[str, Any], schema: Mapping[str, Any] | None) -> list[str]:
    return list(resolved(document, schema or {}).get("properties", {}))


def _schema_arrays(
    document: Mapping[str, Any], schema: Mapping[str, Any], path: str, depth: int = 0
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Arrays of objects that an answer holds: path, and schema of their objects."""
    found = resolved(document, schema)
    if "items" in found:
        record = resolved(document, found["items"])
        if record.get("properties"):
            yield path, record
    elif depth < _DEPTH:
        for name, inner in dict(found.get("properties", {})).items():
            below = f"{path}.{name}".removeprefix(".")
            yield from _schema_arrays(document, inner, below, depth + 1)
