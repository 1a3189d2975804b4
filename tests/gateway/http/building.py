"""Puts the parts of the HTTP room together, for a pipeline that is open already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from gateway.http.clock import Clock
from gateway.http.dispatch import GRAPHQL_PATH, HttpApp
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.limits import HttpLimits
from gateway.http.metrics import Metrics
from gateway.http.routes import Readiness, rest_app, rest_routes
from gateway.http.types import Answering, RequestObserver


def build_http_app(
    answering: Answering,
    clock: Clock,
    metrics: Metrics,
    readiness: Callable[[], Awaitable[Readiness]],
    *,
    observers: Sequence[RequestObserver] = (),
    limits: HttpLimits | None = None,
    graphiql_folder: Path | None = None,
    lifespan: Lifespan[Starlette] | None = None,
    more_routes: Sequence[BaseRoute] = (),
) -> HttpApp:
    """Return the application that uvicorn serves.

    Args:
        answering: the pipeline.
        metrics: counted by this room, shown at `/metrics`.
        readiness: asked by `/readyz`; must not call a department.
        observers: told of each request besides `metrics`, such as the access log.
        graphiql_folder: where `make graphiql` puts its files; None not to offer it.
        lifespan: opens and closes what the process holds.
        more_routes: of other rooms, such as the token endpoint.
    """
    routes = [*rest_routes(metrics, readiness, graphiql_folder), *more_routes]
    known_paths = frozenset(route.path for route in routes if isinstance(route, Route))
    watching = (metrics, *observers)
    return HttpApp(
        {GRAPHQL_PATH: GraphQLEndpoint(answering, clock, watching, limits)},
        rest_app(routes, lifespan),
        clock,
        watching,
        known_paths,
    )
