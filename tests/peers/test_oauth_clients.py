"""The authorization server as clients of others use it: openid-client, and Authlib with HTTPX."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
import uvicorn
from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]
    AsyncOAuth2Client,
)
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette

from gateway.oauth.routes import oauth_routes
from gateway.oauth.server import AuthorizationServer, open_ground
from gateway.oauth.types import OAuthRules
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.gateway.oauth.conftest import SEAL, server_on
from tests.support.entries import FIRM
from tests.support.npm import installed_tool
from tests.support.oauth import (
    GRADE,
    LENDING,
    SCORE,
    TestClients,
    claims_of,
    consent_details,
    decision,
    make_clients,
    register_clients,
)
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]

BACK = "http://127.0.0.1/back"
NODE_S = 60.0


@dataclass
class Served:
    """An authorization server on loopback, with its registered clients."""

    server: AuthorizationServer
    clients: TestClients

    @property
    def issuer(self) -> str:
        return self.server.rules.issuer


@pytest_asyncio.fixture
async def served(store: StoreAddress) -> AsyncIterator[Served]:
    pool = LightPool(connector(store), 4)
    clients = make_clients(time.time)
    await register_clients(pool, clients, datetime.now(UTC), BACK)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        rules = OAuthRules(issuer, f"{issuer}/graphql", unbound_classes=frozenset())
        async with open_ground(rules, pool, SEAL, 86_400.0) as ground:
            server = await server_on(ground)
            async with _listening(server, listener):
                yield Served(server, clients)
    await pool.aclose()


@asynccontextmanager
async def _listening(server: AuthorizationServer, listener: socket.socket) -> AsyncIterator[None]:
    app = Starlette(routes=oauth_routes(server.rules, lambda: server, has_certificates=False))
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    task = asyncio.create_task(running.serve([listener]))
    try:
        yield
    finally:
        running.should_exit = True
        await task


async def test_openid_client_goes_through_the_whole_code_flow(served: Served) -> None:
    """Discovery, pushed request, PKCE, private_key_jwt, DPoP with nonces, `iss`, refresh, state."""
    tool = installed_tool("openid-client", least_node=20)
    bank = served.clients.bank
    given = {
        "issuer": served.issuer,
        "clientId": "bank-1",
        "kid": "bank-1",
        "jwk": {**bank.key.as_dict(private=True), "alg": "ES256"},
        "redirectUri": BACK,
        "details": [consent_details(time.time)],
        "own": [LENDING],
    }
    node = await asyncio.create_subprocess_exec(
        *tool.command("bank.js"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

    async def tell(line: str) -> dict[str, Any]:
        assert node.stdin is not None
        assert node.stdout is not None
        assert node.stderr is not None
        node.stdin.write(line.encode() + b"\n")
        await node.stdin.drain()
        answer = await node.stdout.readline()
        if not answer:
            raise AssertionError((await node.stderr.read()).decode()[-4_000:])
        found: dict[str, Any] = json.loads(answer)
        return found

    try:
        async with asyncio.timeout(NODE_S):
            address = urlsplit((await tell(json.dumps(given)))["address"])
            assert address.path == "/authorize"
            parameters = parse_qs(address.query)
            uri, client_id = parameters["request_uri"][0], parameters["client_id"][0]
            pending = await served.server.requests.open(uri, client_id)
            assert pending.client_name == "样例银行"
            receipt = await served.server.requests.grant(
                uri, decision(left_out=frozenset({SCORE})), "request-1"
            )
            told = await tell(receipt.redirect_url)
    finally:
        if node.returncode is None:
            node.kill()
        await node.wait()
    (details,) = told["granted"]["authorization_details"]
    assert (details["fields"], details["consents"]) == ([GRADE], [receipt.consent_no])
    claims = claims_of(told["granted"]["access_token"])
    assert (claims["sub"], claims["client_id"]) == (FIRM, "bank-1")
    assert claims["cnf"].keys() == {"jkt"}
    assert told["refreshed"]["refresh_token"] != told["granted"]["refresh_token"]
    assert told["own"]["token_type"] == "dpop"
    assert told["before"]["active"] is True
    assert told["after"] == {"active": False}
    assert told["mixUp"] == "OAUTH_INVALID_RESPONSE"


async def test_authlib_asks_with_a_signed_assertion_and_a_proof(served: Served) -> None:
    """Authlib signs assertions; it knows no DPoP, so that proofs are put in beside it."""
    department = served.clients.department
    token_url = f"{served.issuer}/oauth/token"
    nonce = served.server.proofs.nonce()
    async with AsyncOAuth2Client(
        "inspection",
        department.key,
        token_endpoint_auth_method="private_key_jwt",
        trust_env=False,
    ) as http:
        http.register_client_auth_method(
            PrivateKeyJWT(
                served.issuer,
                headers={"kid": "inspection"},
                alg="Ed25519",
                claims={"exp": int(time.time()) + 60},
            )
        )
        token = await http.fetch_token(
            token_url,
            grant_type="client_credentials",
            scope="purpose:INSPECTION",
            headers={"dpop": department.prover.proof("POST", token_url, nonce=nonce)},
        )
    assert token["token_type"] == "DPoP"
    assert claims_of(token["access_token"])["purpose"] == "INSPECTION"


async def test_a_token_is_checked_with_the_published_keys(served: Served) -> None:
    """As an outside resource server would: metadata, key set, signature."""
    async with httpx.AsyncClient(trust_env=False, base_url=served.issuer) as http:
        metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
        published = (await http.get(urlsplit(metadata["jwks_uri"]).path)).json()
        department = served.clients.department
        url = f"{served.issuer}/oauth/token"
        proof = department.prover.proof("POST", url, nonce=served.server.proofs.nonce())
        now = int(time.time())
        form = department.form(
            grant_type="client_credentials",
            scope="purpose:INSPECTION",
            client_assertion=department.jwt(
                claims={"aud": served.issuer, "iat": now, "exp": now + 60}
            ),
        )
        answer = await http.post(url, data=form, headers={"dpop": proof})
    keys = KeySet.import_key_set(published)
    token = jwt.decode(answer.json()["access_token"], keys, algorithms=["Ed25519"])
    assert token.header["typ"] == "at+jwt"
    assert token.claims["aud"] == f"{served.issuer}/graphql"


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/par"])
async def test_a_first_request_learns_the_nonce(served: Served, path: str) -> None:
    department = served.clients.bank
    now = int(time.time())
    form = department.form(
        grant_type="client_credentials",
        client_id="bank-1",
        client_assertion=department.jwt(claims={"aud": served.issuer, "iat": now, "exp": now + 60}),
    )
    url = f"{served.issuer}{path}"
    async with httpx.AsyncClient(trust_env=False) as http:
        proof = department.prover.proof("POST", url)
        answer = await http.post(url, data=form, headers={"dpop": proof})
    assert answer.json()["error"] == "use_dpop_nonce"
    assert answer.headers["dpop-nonce"]
