"""Everything the server offers besides GraphQL: health, numbers, and the query page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan, Receive, Scope, Send

from gateway.errors import ClientError, Refused
from gateway.http.metrics import CONTENT_TYPE, Metrics
from gateway.http.page_assets import Asset, graphiql_assets, page_assets
from gateway.http.peer import is_loopback
from gateway.http.responses import error_body

_FORWARDED = frozenset(("forwarded", "x-forwarded-for", "x-real-ip", "via"))
_BY_STATUS = {
    404: ("NOT_FOUND", "nothing is offered under this path"),
    405: ("METHOD_NOT_ALLOWED", "the method is not supported here"),
}


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this worker can answer, and what that was judged by.

    Attributes:
        checks: name and outcome of each check; never of a department, whose absence is an
            honest partial answer and no reason to take the worker away.
    """

    checks: tuple[tuple[str, bool], ...]

    @property
    def is_ready(self) -> bool:
        """All checks passed."""
        return all(passed for _, passed in self.checks)


def rest_routes(
    metrics: Metrics,
    readiness: Callable[[], Awaitable[Readiness]],
    graphiql_folder: Path | None,
) -> list[BaseRoute]:
    """Return the routes besides GraphQL.

    Args:
        readiness: asked by `/readyz`.
        graphiql_folder: where `make graphiql` puts its files; None not to offer it.
    """

    async def livez(_: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(_: Request) -> Response:
        state = await readiness()
        checks = dict(state.checks)
        if state.is_ready:
            return _json({"status": "ready", "checks": checks})
        return _json({"status": "not ready", "checks": checks}, 503)

    async def numbers(request: Request) -> Response:
        require_direct_loopback(request)
        return Response(metrics.render(), headers={"content-type": CONTENT_TYPE})

    graphiql = graphiql_assets(graphiql_folder)
    page = page_assets(bool(graphiql))
    routes: list[BaseRoute] = [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/metrics", numbers),
        Route("/", _serving(page["index.html"])),
        *(Route(f"/page/{name}", _serving(asset)) for name, asset in page.items()),
    ]
    if graphiql:
        routes.append(Route("/graphiql", _serving(graphiql["graphiql.html"])))
        routes += [Route(f"/graphiql/{name}", _serving(each)) for name, each in graphiql.items()]
    return routes


def rest_app(routes: Sequence[BaseRoute], lifespan: Lifespan[Starlette] | None) -> Starlette:
    """Return the Starlette application for everything but GraphQL; its errors are JSON.

    Args:
        lifespan: opens and closes what the process holds; also serves the GraphQL route.
    """
    return Starlette(
        routes=list(routes),
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _http_error,
            ClientError: _client_error,
            Exception: _leave_to_dispatch,
        },
    )


def require_direct_loopback(request: Request) -> None:
    """Raise unless the request comes from this machine and through no proxy.

    Raises:
        Refused: METRICS_REFUSED.
    """
    if not is_loopback(request.scope.get("client")) or not _FORWARDED.isdisjoint(
        request.headers.keys()
    ):
        raise Refused("METRICS_REFUSED", "the numbers are given to this machine only")


def _serving(asset: Asset) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return asset.respond(request)

    return serve


def _json(value: Mapping[str, object], status: int = 200) -> Response:
    headers = {"content-type": "application/json; charset=utf-8"}
    return Response(orjson.dumps(value), status, headers)


async def _http_error(_: Request, error: Exception) -> Response:
    """Return Starlette's own errors in the one shape."""
    if not isinstance(error, HTTPException):
        raise error
    code, message = _BY_STATUS.get(error.status_code, ("BAD_REQUEST", "the request is refused"))
    response = Response(
        error_body(code, message), error.status_code, dict(error.headers or {}), "application/json"
    )
    response.headers["content-type"] = "application/json; charset=utf-8"
    return response


async def _client_error(_: Request, error: Exception) -> Response:
    """Return a client error in the one shape."""
    if not isinstance(error, ClientError):
        raise error
    response = Response(error_body(error.code, error.message), error.status, None, None)
    response.headers["content-type"] = "application/json; charset=utf-8"
    for name, value in error.headers:
        response.headers.append(name, value)
    return response


class _Silence(Response):
    """Sends nothing, so that the dispatcher's answer to a defect is the only one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def _leave_to_dispatch(_: Request, __: Exception) -> Response:
    """Keep Starlette from answering; it raises the error again afterwards."""
    return _Silence()
