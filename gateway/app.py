"""The server: one ASGI application over an open gateway, and uvicorn around it."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.composition import (
    Gateway,
    oauth_rules,
    open_gateway,
    require_declared_store,
    trusted_proxy,
)
from gateway.errors import GatewayError
from gateway.fetching.types import SourceOutcome
from gateway.http.access_log import AccessLog, json_logger
from gateway.http.administrators_endpoint import ADMINISTRATORS_PATH, AdministratorsEndpoint
from gateway.http.clients_endpoint import CLIENTS_PATH, ClientsEndpoint
from gateway.http.clock import Clock, SystemClock
from gateway.http.dispatch import GRAPHQL_PATH, HttpApp
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.lifespan import PlainRefusals
from gateway.http.log_metrics import LogState
from gateway.http.metrics import CacheFill, Metrics
from gateway.http.persons_endpoint import PERSON_REFERENCES_PATH, PersonReferencesEndpoint
from gateway.http.routes import Readiness, rest_app, rest_routes
from gateway.http.types import RequestObserver
from gateway.oauth.metadata import resource_metadata_url
from gateway.oauth.routes import OAUTH_PATHS, oauth_routes
from gateway.oauth.server import AuthorizationServer
from gateway.pages.routes import PAGE_PATHS, page_routes
from gateway.pages.site import OpenPages
from gateway.pages.types import SignedIn
from gateway.settings import ServerSettings, Settings, SettingsError, require_audit_log
from policies.disclosure.errors import DisclosureLoadError
from policies.errors import PolicyLoadError
from policies.sharing.loader import SharingLoadError

YOUNG_OBJECTS = 20_000
_REFUSALS = (
    GatewayError,
    SettingsError,
    PolicyLoadError,
    SharingLoadError,
    DisclosureLoadError,
)
_OWN_PATHS = frozenset(("/", "/livez", "/readyz", "/metrics", "/graphiql"))
KNOWN_PATHS = _OWN_PATHS | OAUTH_PATHS | PAGE_PATHS


class _WhenOpen:
    """A raw route; the lifespan sets what answers before the first request comes."""

    def __init__(self) -> None:
        self.endpoint: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.endpoint is None:  # pragma: no cover - the server waits for the lifespan
            raise RuntimeError("a request came before the gateway was open")
        await self.endpoint(scope, receive, send)


def create_app(
    settings: Settings,
    clock: Clock | None = None,
    graphiql_folder: Path | None = None,
    logs_requests: bool = True,
    reloads_on: signal.Signals | None = None,
    people: Sequence[SignedIn] = (),
) -> ASGIApp:
    """Return the application; its lifespan opens and closes the gateway.

    Args:
        graphiql_folder: where `make graphiql` put its files, if it did.
        logs_requests: one JSON line per request on standard error.
        reloads_on: signal that has the rules read again; for the main thread only.
        people: invented people as whom anybody may sign in to the pages; the demonstration's.
    """
    clock = clock or SystemClock()
    metrics = Metrics()
    observers: list[RequestObserver] = [metrics]
    if logs_requests:
        observers.append(AccessLog(json_logger(sys.stderr.buffer), clock))
    graphql, persons, clients, people_in = _WhenOpen(), _WhenOpen(), _WhenOpen(), _WhenOpen()
    proxy = trusted_proxy(settings.server)
    opened: list[Gateway] = []

    def observe(slug: str, outcome: SourceOutcome, duration_s: float) -> None:
        metrics.department_answered(slug, outcome.value, duration_s)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with open_gateway(
            settings, observe, metrics.records_withheld, metrics, metrics
        ) as gateway:
            opened.append(gateway)
            _watch(gateway, metrics)
            graphql.endpoint = GraphQLEndpoint(
                gateway.pipeline, clock, observers, proxy=proxy, metadata_url=metadata_url
            )
            persons.endpoint = PersonReferencesEndpoint(gateway.desk, clock, observers, proxy=proxy)
            clients.endpoint = ClientsEndpoint(
                gateway.administration, clock, observers, proxy=proxy
            )
            people_in.endpoint = AdministratorsEndpoint(
                gateway.sign_in_desk, clock, observers, proxy=proxy
            )
            settle_memory()
            if reloads_on is not None:
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(reloads_on, gateway.reload_rules)
            await gateway.follower.open()
            await gateway.due.open()
            try:
                yield
            finally:
                await gateway.due.aclose()
                await gateway.follower.aclose()
                opened.clear()

    async def readiness() -> Readiness:
        return Readiness((("entitlements", bool(opened) and opened[0].is_ready()),))

    offered = rest_routes(metrics, readiness, graphiql_folder)
    metadata_url = None
    if settings.oauth is not None:
        rules = oauth_rules(settings.oauth, settings.identity.bearer_classes)
        metadata_url = resource_metadata_url(rules)
        has_certificates = settings.server.certificate_header is not None
        offered += oauth_routes(rules, lambda: opened_server(opened), has_certificates)
        offered += page_routes(rules.issuer, lambda: opened_pages(opened), people)
    routes = rest_app(offered, lifespan)
    rest = PlainRefusals(routes, _REFUSALS)
    endpoints = {GRAPHQL_PATH: graphql, PERSON_REFERENCES_PATH: persons}
    if settings.clients.administrators:
        endpoints[CLIENTS_PATH] = clients
        endpoints[ADMINISTRATORS_PATH] = people_in
    return HttpApp(endpoints, rest, clock, observers, KNOWN_PATHS)


def opened_server(opened: list[Gateway]) -> AuthorizationServer:
    """The authorization server of the gateway that is open."""
    if not opened or opened[0].oauth is None:  # pragma: no cover - the server waits
        raise RuntimeError("a request came before the gateway was open")
    return opened[0].oauth


def opened_pages(opened: list[Gateway]) -> OpenPages:
    """What the pages of the gateway that is open stand on."""
    if not opened or opened[0].pages is None:  # pragma: no cover - the server waits
        raise RuntimeError("a request came before the gateway was open")
    return opened[0].pages


def settle_memory() -> None:
    """Take what lives as long as the process out of the garbage collector's sight.

    Schema, rules and plans are several hundred thousand objects; rows of a large answer made the
    collector walk over all of them again and again. Young garbage is collected less often, since
    nearly all of it is freed by reference counts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def _watch(gateway: Gateway, metrics: Metrics) -> None:
    operations = gateway.stages.operations

    def documents() -> CacheFill:
        sizes = operations.sizes
        return CacheFill(sizes.documents, sizes.hits, sizes.misses, sizes.documents_bytes)

    metrics.watch_cache("documents", documents)
    log = gateway.log
    if log is not None:
        metrics.watch_log(lambda: LogState(log.is_sequencer, log.troubles()))


def server_config(app: ASGIApp, server: ServerSettings) -> uvicorn.Config:
    """Configuration of uvicorn: uvloop and httptools, no log of its own, no forwarded headers."""
    return uvicorn.Config(
        app,
        host=server.host,
        port=server.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
    )


def serve(settings: Settings, graphiql_folder: Path | None = None) -> None:
    """Serve until told to stop.

    Raises:
        SettingsError: nobody signs the audit log.
        UndeclaredRestoreError: the store was put back, and the log does not say so.
    """
    require_audit_log(settings)
    asyncio.run(require_declared_store(settings))
    app = create_app(settings, graphiql_folder=graphiql_folder, reloads_on=signal.SIGHUP)
    uvicorn.Server(server_config(app, settings.server)).run()
