"""What every target stands on: an embedded server with a city, a store, keys and settings.

Everything lies below one folder and is used again by the next run.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from bench.sender import CERTIFICATE_HEADER, BenchCertificate
from bench.subjects import TODAY, Subjects, provide_subjects
from bench.workloads import CALLERS
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import DepartmentAccess, prepare_departments, progress_report
from gateway.demo.postgres import EmbeddedPostgres, RunningPostgres
from gateway.entitlements.client import Client
from gateway.entitlements.registers import ClientRegister
from gateway.identity.issuer import LONGEST_DEMO_LIFETIME_S, LocalIssuer, TokenRequest
from gateway.identity.keys import load_or_create_key
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem

ISSUER, AUDIENCE = "https://issuer.bench.example", "credit-gateway"
STORE = "gateway"
MOST_REQUESTS = 10_000_000
"""More than any target asks in a minute; they are counted all the same."""
QUOTA_PER_DAY = 10**12
"""High enough never to refuse; it is counted all the same."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A running server with everything in it.

    Attributes:
        settings: file for `credit-gateway serve`.
        databases: name of each department's database, and of the store's.
        senders: headers by which each caller proves who it is.
    """

    folder: Path
    server: RunningPostgres
    settings: Path
    databases: tuple[str, ...]
    senders: Mapping[str, Mapping[str, str]]
    subjects: Subjects


@asynccontextmanager
async def prepare_ground(
    folder: Path, city: CitySettings, console: Console
) -> AsyncIterator[Ground]:
    """Start the server for the length of the block; fill what is missing.

    Args:
        folder: existing folder of the benchmark's own.
    """
    with EmbeddedPostgres(folder / "postgres").start() as server:
        with progress_report(console) as report:
            departments = await prepare_departments(server, city, report)
        owners = {slug: access.owner_url for slug, access in departments.access.items()}
        subjects = await provide_subjects(owners)
        store = await server.administration.create_database(STORE, "gateway_owner")
        store_url = postgres_url(**store.connect_arguments())
        await _prepare_store(store_url)
        yield Ground(
            folder,
            server,
            _write_settings(folder, store_url, departments.access),
            (*departments.access, STORE),
            _senders(folder),
            subjects,
        )


async def _prepare_store(url: str) -> None:
    """Bring the store up to date, and enter the callers with a quota that is counted."""
    pool = LightPool(connector(StoreAddress(url)), 1)
    try:
        async with pool.connection() as connection:
            await migrate(connection, shipped_migrations())
        register = ClientRegister(pool)
        for name, caller in CALLERS.items():
            client = Client(
                client_id=_client_id(name),
                caller_class=caller.caller_class,
                organisation=caller.organisation,
                name=name,
                quota_per_day=QUOTA_PER_DAY,
            )
            await register.put(client)
    finally:
        await pool.aclose()


def _client_id(caller: str) -> str:
    return f"bench-{caller}"


def _senders(folder: Path) -> Mapping[str, Mapping[str, str]]:
    certificate = BenchCertificate()
    key = load_or_create_key(folder / "issuer.key")
    issuer = LocalIssuer(
        ISSUER, AUDIENCE, key, time.time, lambda: os.urandom(8).hex(), is_demo=True
    )
    (folder / "jwks.json").write_text(json.dumps(issuer.jwks()), encoding="utf-8")
    requests = {
        name: TokenRequest(caller, _client_id(name), "M-1", x5t_s256=certificate.x5t_s256)
        for name, caller in CALLERS.items()
    }
    return {
        name: certificate.headers(issuer.mint(request, LONGEST_DEMO_LIFETIME_S))
        for name, request in requests.items()
    }


def _write_settings(
    folder: Path, store_url: str, departments: Mapping[str, DepartmentAccess]
) -> Path:
    """Write what an operator would write, secrets in files of their own."""
    _write_secret(folder / "opaque.key", os.urandom(64))
    _write_secret(folder / "audit.key", os.urandom(32))
    lines = [
        "[server]",
        f"today = {TODAY}",
        f'certificate_header = "{CERTIFICATE_HEADER}"',
        'trusted_proxies = ["127.0.0.1"]',
        "[store]",
        f"url = {json.dumps(store_url)}",
        "[identity]",
        f"issuer = {json.dumps(ISSUER)}",
        f"audience = {json.dumps(AUDIENCE)}",
        'jwks = "jwks.json"',
        "is_demo = true",
        "[administrators]",
        "demanded = false",
        "[clients]",
        "registered_operations_only = []",
        f"requests_per_minute = {MOST_REQUESTS}",
        f"burst = {MOST_REQUESTS}",
        "[keys]",
        'opaque_files = ["opaque.key"]',
        'audit_file = "audit.key"',
        "[audit_log]",
        'origin = "bench.example/audit"',
        'key_file = "log.pem"',
        'segments = "segments"',
    ]
    if not (folder / "log.pem").exists():
        _write_secret(folder / "log.pem", private_key_pem(Ed25519PrivateKey.generate()))
    for slug, access in departments.items():
        lines += [f"[adapters.{slug}]", f"url = {json.dumps(access.reader_url)}"]
    path = folder / "gateway.toml"
    _write_secret(path, ("\n".join(lines) + "\n").encode())
    return path


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
