"""Fixtures of this room: the server on a store and a clock that tests set."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.types import Scope

from gateway.admission.failures import FailureBudget
from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.within import TransactionRecorder
from gateway.entitlements.grantable import Grantable
from gateway.entitlements.store_copy import StoreCopy
from gateway.identity.certificates import PresentedCertificate
from gateway.mutations.office import random_number
from gateway.oauth.consents import ConsentFiling
from gateway.oauth.registered import registered_clients
from gateway.oauth.routes import oauth_routes
from gateway.oauth.server import (
    AuthorizationServer,
    OAuthGround,
    authorization_server,
    local_peer,
    open_ground,
)
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.support.oauth import (
    ISSUER,
    RULES,
    Caller,
    TestClients,
    make_clients,
    register_clients,
)
from tests.support.sharing import MANIFESTS, POLICIES, SHARING
from tests.support.store import kept_store, store, store_pool, store_template

__all__ = ["kept_store", "store", "store_pool", "store_template"]

START = datetime(2026, 11, 2, 2, tzinfo=UTC)
SEAL = bytes(range(32))
ROTATION_S = 30 * 86_400


@dataclass
class SetClock:
    """A clock that stands still until it is set; seconds since the epoch."""

    now: float = START.timestamp()

    def __call__(self) -> float:
        return self.now


def certificate_of(scope: Scope) -> PresentedCertificate | None:
    """For tests: the header `x-test-certificate` stands for a certificate that a proxy verified."""
    for name, value in scope["headers"]:
        if name == b"x-test-certificate":
            return PresentedCertificate(value.decode(), "CN=bank", 0.0, 4e9)
    return None


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest_asyncio.fixture
async def pool(kept_store: StoreAddress) -> AsyncIterator[LightPool]:
    """Return a pool on the module's store; its tests leave things behind."""
    opened = LightPool(connector(kept_store), 4, acquire_timeout_s=20.0)
    yield opened
    await opened.aclose()


@pytest.fixture(scope="module")
def known_clients() -> TestClients:
    """Return the clients of a module, whose clock each test sets."""
    return make_clients(SetClock())


@pytest_asyncio.fixture
async def clients(known_clients: TestClients, pool: LightPool, clock: SetClock) -> TestClients:
    """Return registered clients on this test's clock."""
    for each in (
        known_clients.bank,
        known_clients.second_bank,
        known_clients.platform,
        known_clients.department,
    ):
        each.clock = each.prover._clock = clock
    await register_clients(pool, known_clients, START)
    return known_clients


@pytest_asyncio.fixture
async def ground(pool: LightPool, clock: SetClock) -> AsyncIterator[OAuthGround]:
    async with open_ground(RULES, pool, SEAL, ROTATION_S, clock) as opened:
        yield opened


def filing() -> ConsentFiling:
    """Return what files consents, with the rules that come with the gateway."""
    return ConsentFiling(
        SHARING,
        Grantable(MANIFESTS, lambda: POLICIES),
        TransactionRecorder(SubjectReferences(os.urandom), RecordHasher(bytes(32))),
        random_number,
    )


async def server_on(ground: OAuthGround, most_failures: int = 10_000) -> AuthorizationServer:
    """Return a server that knows the clients as they are registered now."""
    copy = StoreCopy()
    async with ground.pool.connection() as connection:
        await copy.read_all(connection, ground.clock())
    find = registered_clients(copy.clients.find)
    failures = FailureBudget(ground.clock, burst=most_failures)
    return authorization_server(
        ground, find, filing(), certificate_of, local_peer, failures=failures
    )


@pytest_asyncio.fixture
async def server(ground: OAuthGround, clients: TestClients) -> AuthorizationServer:
    return await server_on(ground)


def http_of(server: AuthorizationServer) -> httpx.AsyncClient:
    """Return a client of a server's routes."""
    app = Starlette(routes=oauth_routes(RULES, lambda: server, has_certificates=True))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER)


@pytest_asyncio.fixture
async def caller(server: AuthorizationServer) -> AsyncIterator[Caller]:
    """Return who sends requests; it has a nonce already."""
    async with http_of(server) as http:
        yield Caller(http, server.proofs.nonce())
