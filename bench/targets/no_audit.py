"""The gateway with every duty but the audit: nothing is recorded and no log is kept.

Only what it saves is of interest: the difference to the gateway is what the committed entry, its
place in the tree and its copy in segments cost together. Nothing of it can be switched on in the
gateway.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.targets.program import run_target
from gateway.audit.types import AuditEntry
from gateway.composition import open_gateway, trusted_proxy
from gateway.http.access_log import AccessLog, json_logger
from gateway.http.clock import SystemClock
from gateway.http.dispatch import GRAPHQL_PATH, HttpApp
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.metrics import Metrics
from gateway.http.types import RequestObserver
from gateway.pipeline import Pipeline
from gateway.request import QuotaUse
from gateway.settings import Settings


class NoRecorder:
    """Records nothing."""

    async def commit(self, _entry: AuditEntry) -> QuotaUse | None:
        """Return at once."""
        return None


def make_app(settings: Settings) -> ASGIApp:
    """Return the application; its lifespan opens and closes the gateway."""
    clock = SystemClock()
    metrics = Metrics()
    proxy = trusted_proxy(settings.server)
    observers: list[RequestObserver] = [metrics, AccessLog(json_logger(sys.stderr.buffer), clock)]
    endpoints: list[GraphQLEndpoint] = []

    def observe(slug: str, outcome: object, duration_s: float) -> None:
        metrics.department_answered(slug, str(getattr(outcome, "value", outcome)), duration_s)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with open_gateway(replace(settings, audit_log=None), observe) as gateway:
            pipeline = Pipeline(replace(gateway.stages, recorder=NoRecorder()))
            endpoints.append(GraphQLEndpoint(pipeline, clock, observers, proxy=proxy))
            yield

    async def graphql(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoints[0](scope, receive, send)

    return HttpApp({GRAPHQL_PATH: graphql}, Starlette(lifespan=lifespan), clock, observers)


if __name__ == "__main__":
    run_target(make_app)
