"""`python -m bench.oauth`: how long a token takes, at a steady rate on one worker.

A bank asks with a signed assertion and a DPoP proof, each used once; every token is a commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import httpx
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey

from bench.machine import machine
from bench.processes import cpu_s
from gateway.demo.city.cases import DEMO_BANK
from gateway.demo.postgres import EmbeddedPostgres
from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import CredentialRegister, read_jwks
from gateway.entitlements.registers import ClientRegister
from gateway.identity.issuer import LocalIssuer
from gateway.identity.keys import generate_key
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem
from policies.model import CallerClass, Purpose

BUILD = Path("build")
STORE = "gateway_oauth"
CLIENT_ID = "bench-bank"
DETAILS = [{"type": "credit_query", "purpose": "PRE_LOAN", "consents": ["C-1"]}]
_WARM_S = 2.0
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class TokenTimes:
    """What a client saw, and what the server spent.

    Attributes:
        failed: answers of another status than 200.
        server_ms: CPU of the worker per request.
    """

    per_s: int
    requests: int
    failed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    server_ms: float


@dataclass(frozen=True, slots=True)
class _Request:
    body: bytes
    proof: str


class _Bank:
    """Signs what a bank sends."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self.key = ECKey.generate_key("P-256", private=True)
        self._proof_key = ECKey.generate_key("P-256", private=True)

    def request(self, nonce: str) -> _Request:
        """A request that was not sent before."""
        now = int(time.time())
        assertion = _signed(
            self.key,
            {"alg": "ES256", "kid": CLIENT_ID},
            {
                "iss": CLIENT_ID,
                "sub": CLIENT_ID,
                "aud": self._issuer,
                "jti": secrets.token_hex(12),
                "iat": now,
                "exp": now + 120,
            },
        )
        public = self._proof_key.as_dict(private=False)
        jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
        proof = _signed(
            self._proof_key,
            {"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk},
            {
                "jti": secrets.token_hex(12),
                "htm": "POST",
                "htu": f"{self._issuer}/oauth/token",
                "iat": now,
                "nonce": nonce,
            },
        )
        form = httpx.QueryParams(
            {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion,
                "authorization_details": json.dumps(DETAILS),
            }
        )
        return _Request(str(form).encode(), proof)


def _signed(key: ECKey, header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    return jws.serialize_compact(dict(header), json.dumps(claims), key, algorithms=["ES256"])


@click.command()
@click.option("--per-s", default=50, show_default=True, help="Requests a second.")
@click.option("--seconds", default=15, show_default=True, help="How long, after a warm-up.")
def main(per_s: int, seconds: int) -> None:
    """Measure the token endpoint, and write build/bench-oauth.json."""
    found = uvloop.run(_measure(per_s, seconds))
    report = {"machine": machine(), "token": asdict(found)}
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench-oauth.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    times = f"p50 {found.p50_ms:.1f} ms, p95 {found.p95_ms:.1f} ms, p99 {found.p99_ms:.1f} ms"
    click.echo(
        f"{found.requests} tokens at {found.per_s}/s, {found.failed} failed: {times}, "
        f"{found.server_ms:.2f} ms CPU of the worker each"
    )


async def _measure(per_s: int, seconds: int) -> TokenTimes:
    folder = BUILD / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    issuer = f"http://127.0.0.1:{port}"
    bank = _Bank(issuer)
    with EmbeddedPostgres(folder / "postgres").start() as server:
        # a store of its own each time: what an older version left is nobody's
        database = f"{STORE}_{secrets.token_hex(4)}"
        store = await server.administration.create_database(database, "gateway_owner")
        url = postgres_url(**store.connect_arguments())
        await _register(url, bank.key)
        settings = _settings(folder / "oauth", port, issuer, url)
        try:
            async with _served(settings, folder / "oauth.log", issuer) as process:
                return await _load(issuer, bank, process.pid, per_s, seconds)
        finally:
            await server.administration.drop_database(database)


async def _load(issuer: str, bank: _Bank, process_id: int, per_s: int, seconds: int) -> TokenTimes:
    async with httpx.AsyncClient(base_url=issuer, trust_env=False, timeout=30) as http:
        nonce = (await http.post("/oauth/token")).headers["dpop-nonce"]
        await _send(http, [bank.request(nonce) for _ in range(int(per_s * _WARM_S))], per_s)
        requests = [bank.request(nonce) for _ in range(per_s * seconds)]
        before = cpu_s(process_id)
        answers = await _send(http, requests, per_s)
        spent_s = cpu_s(process_id) - before
    times = sorted(milliseconds for milliseconds, _ in answers)
    cuts = statistics.quantiles(times, n=100)
    return TokenTimes(
        per_s,
        len(answers),
        sum(status != 200 for _, status in answers),
        cuts[49],
        cuts[94],
        cuts[98],
        spent_s * 1_000 / len(answers),
    )


async def _send(
    http: httpx.AsyncClient, requests: Sequence[_Request], per_s: int
) -> Sequence[tuple[float, int]]:
    """Send at a steady rate, whether or not answers come; milliseconds and status of each."""
    started = time.perf_counter()

    async def send(number: int, request: _Request) -> tuple[float, int]:
        await asyncio.sleep(max(0.0, started + number / per_s - time.perf_counter()))
        sent = time.perf_counter()
        headers = {"content-type": "application/x-www-form-urlencoded", "dpop": request.proof}
        answer = await http.post("/oauth/token", content=request.body, headers=headers)
        return (time.perf_counter() - sent) * 1_000, answer.status_code

    return await asyncio.gather(*(send(*each) for each in enumerate(requests)))


async def _register(url: str, key: ECKey) -> None:
    pool = LightPool(connector(StoreAddress(url)), 1)
    try:
        async with pool.connection() as connection:
            await migrate(connection, shipped_migrations())
        client = Client(
            CLIENT_ID, CallerClass.INSTITUTION, DEMO_BANK, "bench", None, (Purpose.PRE_LOAN,)
        )
        await ClientRegister(pool).put(client)
        public = {**key.as_dict(private=False), "kid": CLIENT_ID}
        keys = read_jwks(json.dumps({"keys": [public]}))
        register = CredentialRegister(pool)
        await register.rotate(CLIENT_ID, keys, datetime.now(UTC), timedelta())
    finally:
        await pool.aclose()


def _settings(folder: Path, port: int, issuer: str, store_url: str) -> Path:
    """Write settings of a gateway without departments."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, size in (("opaque", 64), ("audit", 32)):
        _write(folder / name, os.urandom(size))
    _write(folder / "seal", os.urandom(32))
    _write(folder / "log.pem", private_key_pem(Ed25519PrivateKey.generate()))
    other = LocalIssuer("https://issuer.bench.example", "bench", generate_key(), time.time, str)
    (folder / "jwks.json").write_text(json.dumps(other.jwks()), encoding="utf-8")
    lines = [
        f"[server]\nport = {port}",
        f"[store]\nurl = {json.dumps(store_url)}",
        '[identity]\nissuer = "https://issuer.bench.example"\naudience = "bench"',
        'jwks = "jwks.json"\nis_demo = true\n[administrators]\ndemanded = false',
        '[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"',
        '[audit_log]\norigin = "bench.example/audit"\nkey_file = "log.pem"\nsegments = "segments"',
        f'[oauth]\nissuer = "{issuer}"\nseal_file = "seal"',
    ]
    _write(folder / "gateway.toml", "\n".join(lines).encode())
    return folder / "gateway.toml"


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


@asynccontextmanager
async def _served(settings: Path, log: Path, issuer: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(settings)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603, ASYNC220
    try:
        await _wait(f"{issuer}/readyz", process, log)
        yield process
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


async def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise click.ClickException(f"the server did not start: see {log}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
