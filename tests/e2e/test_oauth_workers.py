"""Four workers, each a process: what may be used once is used once, and keys rotate under load."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.identity.issuer import LocalIssuer
from gateway.identity.keys import generate_key
from gateway.oauth.server import open_ground
from gateway.oauth.signing_keys import KeyRegister
from gateway.oauth.types import OAuthRules
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem
from tests.gateway.oauth.conftest import http_of, server_on
from tests.support.oauth import (
    CHALLENGE,
    LENDING,
    REDIRECT,
    VERIFIER,
    TestClient,
    consent_details,
    decision,
    make_clients,
    parameters_of,
    register_clients,
)
from tests.support.running_gateway import end, free_port, wait_until_answering
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]

pytestmark = pytest.mark.long

WORKERS, REPLAYS = 4, 50
ISSUER = "https://gateway.example"
SEAL = os.urandom(32)
LOAD_S, PAIRS_PER_S = 15, 50
"""A pair is a token and its introspection at another worker: a hundred requests a second."""
MOST_AT_ONCE = 32
"""Pairs under way; where the machine is busy, the load waits for it."""


@dataclass
class Workers:
    """Processes that share nothing but the store and the settings."""

    ports: Sequence[int]
    store: StoreAddress
    bank: TestClient
    settings: Path
    nonce: str = ""

    def url(self, number: int, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[number % WORKERS]}{path}"

    def form(self, **parameters: Any) -> dict[str, str]:
        now = int(time.time())
        jwt = self.bank.jwt(claims={"aud": ISSUER, "iat": now, "exp": now + 60})
        return self.bank.form(client_assertion=jwt, **parameters)

    def proof(self) -> str:
        return self.bank.prover.proof("POST", f"{ISSUER}/oauth/token", nonce=self.nonce)


@pytest.fixture
def workers(store: StoreAddress, tmp_path: Path) -> Iterator[Workers]:
    clients = make_clients(time.time)
    ports = [free_port() for _ in range(WORKERS)]

    async def register() -> None:
        pool = LightPool(connector(store), 1, acquire_timeout_s=30.0)
        await register_clients(pool, clients, datetime.now(UTC))
        await pool.aclose()

    asyncio.run(register())
    with ExitStack() as stack:
        running = []
        for port in ports:
            settings = _settings(tmp_path / str(port), port, store.url)
            errors = stack.enter_context((tmp_path / f"{port}.log").open("wb"))
            command = [sys.executable, "-m", "gateway", "serve", "--config", str(settings)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            stack.callback(end, process)
            running.append((port, process))
        for port, process in running:
            log = tmp_path / f"{port}.log"
            wait_until_answering(f"http://127.0.0.1:{port}/readyz", process, log, 120)
        found = Workers(ports, store, clients.bank, settings)
        found.nonce = httpx.post(found.url(0, "/oauth/token")).headers["dpop-nonce"]
        yield found


def _settings(folder: Path, port: int, store_url: str) -> Path:
    folder.mkdir()
    log_key = folder.parent / "log.pem"
    if not log_key.exists():
        _write(log_key, private_key_pem(Ed25519PrivateKey.generate()))
    issuer = LocalIssuer("https://issuer.example", "a", generate_key(), time.time, str)
    (folder / "jwks.json").write_text(json.dumps(issuer.jwks()), encoding="utf-8")
    for name, content in (("opaque", bytes(64)), ("audit", bytes(32)), ("seal", SEAL)):
        _write(folder / name, content)
    sections = [
        f"[server]\nport = {port}",
        f"[store]\nurl = {json.dumps(store_url)}",
        '[identity]\nissuer = "https://issuer.example"\naudience = "a"\njwks = "jwks.json"',
        "is_demo = true\n[administrators]\ndemanded = false",
        '[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"',
        f'[audit_log]\norigin = "gateway.example/audit"\nkey_file = "{log_key}"\n'
        f'segments = "{folder.parent}/segments"',
        f'[oauth]\nissuer = "{ISSUER}"\nseal_file = "seal"',
    ]
    _write(folder / "gateway.toml", "\n".join(sections).encode())
    return folder / "gateway.toml"


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


async def _code(workers: Workers) -> str:
    """A code that a firm granted, by a server of this process on the same store."""
    pool = LightPool(connector(workers.store), 2, acquire_timeout_s=30.0)
    try:
        rules = OAuthRules(ISSUER, f"{ISSUER}/graphql")
        async with open_ground(rules, pool, SEAL, 86_400.0 * 30) as ground:
            server = await server_on(ground)
            async with http_of(server) as http:
                form = workers.form(
                    client_id="bank-1",
                    response_type="code",
                    redirect_uri=REDIRECT,
                    code_challenge=CHALLENGE,
                    code_challenge_method="S256",
                    authorization_details=[consent_details(time.time)],
                )
                answer = await http.post("/oauth/par", data=form)
            assert answer.status_code == 201, answer.text
            uri = answer.json()["request_uri"]
            await server.requests.open(uri, "bank-1")
            receipt = await server.requests.grant(uri, decision(), "request-1")
    finally:
        await pool.aclose()
    return parameters_of(receipt.redirect_url)["code"]


Send = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


async def _outcomes(send: Send) -> Counter[str]:
    limits = httpx.Limits(max_connections=REPLAYS)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=60) as http:
        answers = await asyncio.gather(*(send(http, number) for number in range(REPLAYS)))
    return Counter(
        "issued" if answer.status_code == 200 else answer.json()["error"] for answer in answers
    )


async def test_fifty_replays_over_four_workers_give_one_token(workers: Workers) -> None:
    own = {"grant_type": "client_credentials", "authorization_details": [LENDING]}
    one_assertion, one_proof = workers.form(**own), workers.proof()
    code = await _code(workers)

    async def assertion(http: httpx.AsyncClient, number: int) -> httpx.Response:
        headers = {"dpop": workers.proof()}
        return await http.post(
            workers.url(number, "/oauth/token"), data=one_assertion, headers=headers
        )

    async def proof(http: httpx.AsyncClient, number: int) -> httpx.Response:
        return await http.post(
            workers.url(number, "/oauth/token"),
            data=workers.form(**own),
            headers={"dpop": one_proof},
        )

    async def redeem(http: httpx.AsyncClient, number: int) -> httpx.Response:
        form = workers.form(
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT,
            code_verifier=VERIFIER,
        )
        headers = {"dpop": workers.proof()}
        return await http.post(workers.url(number, "/oauth/token"), data=form, headers=headers)

    assert await _outcomes(assertion) == {"issued": 1, "invalid_client": REPLAYS - 1}
    assert await _outcomes(proof) == {"issued": 1, "invalid_dpop_proof": REPLAYS - 1}
    assert await _outcomes(redeem) == {"issued": 1, "invalid_grant": REPLAYS - 1}


async def test_no_request_fails_while_the_key_rotates(workers: Workers) -> None:
    """The next key is published, and signs a few seconds later instead of two minutes."""
    patient = replace(workers.store, connect_timeout_s=30.0)
    pool = LightPool(connector(patient), 1, acquire_timeout_s=60.0)
    # a connection for each request: a kept one may be closed just when it is used again
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    at_once = asyncio.Semaphore(MOST_AT_ONCE)
    async with httpx.AsyncClient(trust_env=False, timeout=120, limits=limits) as http:

        async def pair(number: int) -> tuple[str, str]:
            await asyncio.sleep(number / PAIRS_PER_S)
            async with at_once:
                return await sent(number)

        async def sent(number: int) -> tuple[str, str]:
            form = workers.form(grant_type="client_credentials", authorization_details=[LENDING])
            answer = await http.post(
                workers.url(number, "/oauth/token"), data=form, headers={"dpop": workers.proof()}
            )
            if answer.status_code != 200:
                return answer.text, ""
            token = answer.json()["access_token"]
            look = workers.form(token=token)
            told = await http.post(workers.url(number + 1, "/oauth/introspect"), data=look)
            return told.text if told.json().get("active") is not True else "", _kid(token)

        pairs = asyncio.gather(*(pair(number) for number in range(LOAD_S * PAIRS_PER_S)))
        await asyncio.sleep(2)
        command = [sys.executable, "-m", "gateway", "oauth", "rotate", "--config"]
        rotated = await asyncio.create_subprocess_exec(*command, str(workers.settings))
        assert await rotated.wait() == 0
        async with pool.connection() as connection:
            await connection.execute(
                "UPDATE oauth_signing_key SET signs_from = now() + interval '6 seconds'"
                " WHERE generation = 2"
            )
        found = await pairs
    assert [failure for failure, _ in found if failure] == []
    assert len({kid for _, kid in found}) == 2
    assert len(await KeyRegister(pool).read()) == 2
    await pool.aclose()


def _kid(token: str) -> str:
    header = token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])
