"""A service that answers as a department's sheets say it does, over records of a fixture."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.scaffold.errors import ScaffoldError
from gateway.sources.local import reader
from gateway.sources.rest import ByKeys, Endpoint, Listing, PageNumbers, PageTokens, Resource
from gateway.sources.rest.mapping import Paging
from gateway.sources.rest.paths import at_path

_START_S = 10.0

JsonRecord = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]


def service(
    resources: Sequence[Resource], health: str, records: Mapping[str, list[JsonRecord]]
) -> Starlette:
    """The application.

    Args:
        records: by the name of the table; may grow while it answers.
    """
    routes = [Route(health, _healthy)]
    for resource in resources:
        own = records[resource.mapping.table]
        by_keys, listing = resource.by_keys, resource.listing
        routes.append(_route(by_keys.endpoint, _by_keys(resource, by_keys, own)))
        if listing is not None:
            routes.append(_route(listing.endpoint, _listed(resource, listing, own)))
    return Starlette(routes=routes)


def _route(endpoint: Endpoint, handler: Handler) -> Route:
    return Route(endpoint.path, handler, methods=[endpoint.method])


async def _healthy(request: Request) -> Response:
    return JSONResponse({"status": "up"})


async def _parameters(request: Request) -> Mapping[str, Any]:
    return await request.json() if request.method == "POST" else dict(request.query_params)


def _by_keys(resource: Resource, by_keys: ByKeys, records: list[JsonRecord]) -> Handler:
    mapping = resource.mapping
    names = {by_keys.organisations: at_path(mapping.organisation)}
    if by_keys.persons is not None and mapping.person is not None:
        names[by_keys.persons] = at_path(mapping.person)

    async def answer(request: Request) -> Response:
        asked = await _parameters(request)
        found: list[JsonRecord] = []
        for name, get in names.items():
            keys = asked.get(name, [])
            keys = set(keys.split(",") if isinstance(keys, str) else keys)
            found += [record for record in records if get(record) in keys]
        return _answer({}, by_keys.endpoint.items, found)

    return answer


def _listed(resource: Resource, listing: Listing, records: list[JsonRecord]) -> Handler:
    async def answer(request: Request) -> Response:
        asked = await _parameters(request)
        found = _ordered(resource, listing, records)
        start, size, extra = _page(listing.endpoint.paging, asked, len(found))
        return _answer(extra, listing.endpoint.items, found[start : start + size])

    return answer


def _ordered(
    resource: Resource, listing: Listing, records: Sequence[JsonRecord]
) -> Sequence[JsonRecord]:
    order = listing.sorted_by
    if order is None:
        return records
    read = reader(resource.mapping.columns[order.field], at_path)
    present = [record for record in records if read(record) is not None]
    present.sort(key=lambda record: str(read(record)), reverse=order.descending)
    return present + [record for record in records if read(record) is None]


def _page(paging: Paging, asked: Mapping[str, Any], total: int) -> tuple[int, int, JsonRecord]:
    """First record, number of records, and what the answer tells besides."""
    match paging:
        case PageNumbers(number, size, records, first):
            wanted = int(asked.get(size, records))
            return (int(asked.get(number, first)) - first) * wanted, wanted, {}
        case PageTokens(parameter, next_path, _, records):
            start = int(asked.get(parameter) or 0)
            token = str(start + records) if start + records < total else None
            return start, records, _nested(next_path, token)
        case _:
            return 0, total, {}


def _nested(path: str, value: object) -> JsonRecord:
    """An object that holds a value at a path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value  # type: ignore[return-value]


def put(record: JsonRecord, path: str, value: object) -> None:
    """Write a value at a path of an object."""
    *above, name = path.split(".")
    for each in above:
        record = record.setdefault(each, {})
    record[name] = value


def _answer(extra: JsonRecord, items: str, found: Sequence[JsonRecord]) -> Response:
    body: object = list(found)
    if items:
        put(extra, items, body)
        body = extra
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


@contextmanager
def served(app: Starlette) -> Iterator[int]:
    """Serve an application on a loopback port, which is yielded.

    Raises:
        ScaffoldError: it does not start.
    """
    # With the protocol named, asyncio turns delays off that wait for acknowledgements.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    try:
        if not server.is_ready.wait(_START_S):
            raise ScaffoldError("the fixture's service does not start")
        yield listening.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(_START_S)
        listening.close()
