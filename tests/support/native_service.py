"""A department's HTTP service over awkward records: batches by key, lists in pages, filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.contract import OrderKey
from gateway.sources.mapping import DateColumn
from gateway.sources.rest import (
    ByKeys,
    Choice,
    Endpoint,
    Listing,
    PageNumbers,
    PageTokens,
    Range,
    Resource,
    RestApi,
)
from schema.codes import RecordKind
from tests.support.native_records import ID, ORGANISATION, PERSON, native_mapping

PAGE = 7
_DECIDED = "meta.decidedOn"


def resource(kind: RecordKind) -> Resource:
    """The kind as the service offers it: keys by POST with tokens, lists by GET with numbers."""
    path = f"/{kind.value.lower()}"
    by_token = PageTokens(next="paging.next", size="size", records=PAGE)
    batch = Endpoint(f"{path}/batch", "POST", "data.items", by_token)
    listed = Endpoint(path, "GET", "data.items", PageNumbers(records=PAGE))
    filters: list[Range | Choice] = [Range(_DECIDED, "from", "to")]
    if kind is RecordKind.ADMINISTRATIVE_PENALTY:
        filters.append(Choice("meta.disclosureState", "states"))
    return Resource(
        native_mapping(kind),
        ByKeys(batch, "codes", "persons", most_keys=2),
        Listing(listed, tuple(filters), OrderKey(_DECIDED, descending=True)),
    )


def api(kinds: Sequence[RecordKind]) -> RestApi:
    """The whole service."""
    return RestApi(tuple(resource(kind) for kind in kinds), "/health", "asOf")


def service(records: Mapping[RecordKind, Sequence[dict[str, Any]]]) -> Starlette:
    """The application that serves these records."""
    routes = [Route("/health", _health)]
    for kind, rows in records.items():
        routes += _Kind(resource(kind), rows).routes()
    return Starlette(routes=routes)


async def _health(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "UP", "asOf": "2026-11-02T08:00:00+08:00"})


class _Kind:
    def __init__(self, described: Resource, records: Sequence[dict[str, Any]]) -> None:
        self._described = described
        column = described.mapping.columns[_DECIDED]
        assert isinstance(column, DateColumn)
        self._decided = column.column
        self._records = records

    def routes(self) -> list[Route]:
        assert self._described.listing is not None
        return [
            Route(self._described.by_keys.endpoint.path, self._batch, methods=["POST"]),
            Route(self._described.listing.endpoint.path, self._list),
        ]

    async def _batch(self, request: Request) -> JSONResponse:
        asked = await request.json()
        codes, persons = asked.get("codes", ()), asked.get("persons", ())
        assert len(codes) + len(persons) <= self._described.by_keys.most_keys
        rows = [
            row for row in self._records if row[ORGANISATION] in codes or row[PERSON] in persons
        ]
        start = int(asked.get("cursor", "0"))
        end = start + int(asked["size"])
        following = str(end) if end < len(rows) else None
        return JSONResponse({"data": {"items": rows[start:end]}, "paging": {"next": following}})

    async def _list(self, request: Request) -> JSONResponse:
        asked = request.query_params
        rows = sorted(self._records, key=lambda row: row[ID])
        rows.sort(key=lambda row: row[self._decided] or "", reverse=True)
        if "from" in asked:
            rows = [row for row in rows if (row[self._decided] or "") >= asked["from"]]
        if "to" in asked:
            rows = [row for row in rows if row[self._decided] and row[self._decided] <= asked["to"]]
        if "states" in asked:
            states = asked["states"].split(",")
            column: Any = self._described.mapping.columns["meta.disclosureState"]
            rows = [row for row in rows if row[column.column] in states]
        start = (int(asked["page"]) - 1) * int(asked["size"])
        return JSONResponse({"data": {"items": rows[start : start + int(asked["size"])]}})


def without_listing(described: RestApi) -> RestApi:
    """The same service, which answers by subject only."""
    return replace(
        described, resources=tuple(replace(item, listing=None) for item in described.resources)
    )
