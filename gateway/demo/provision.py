"""Everything between databases and a server: keys, clients, consents, tokens, settings file."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.demo.administrators import appoint_administrators
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CITY_DAY, NETWORK_KEY_FILE
from gateway.demo.consents import file_consents
from gateway.demo.databases import DemoDatabases
from gateway.demo.errors import DemoError
from gateway.demo.files import DemoDescription, DemoFiles
from gateway.demo.further.departments import Further
from gateway.demo.profiles import PROFILES, Profile
from gateway.entitlements.client_operations import OperationRegister
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.registers import ClientRegister
from gateway.errors import GatewayError
from gateway.identity.authenticate import MUST_BE_BOUND
from gateway.identity.issuer import LONGEST_DEMO_LIFETIME_S, LocalIssuer
from gateway.identity.keys import load_key, load_or_create_key
from gateway.identity.prover import Prover
from gateway.oauth.signing_keys import SEAL_KEY_BYTES
from gateway.operation.registration import Registration
from gateway.settings import Settings, load_settings
from gateway.store.connect import StoreAddress, connector
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem
from policies.model import CallerClass
from schema.build import build_schema, core_schema

NOTHING_FURTHER = Further()
ISSUER = "https://issuer.demo.invalid"
AUDIENCE = "credit-gateway-demo"
LOG_ORIGIN = "credit-gateway.demo.invalid/audit"
_OPAQUE_KEY_BYTES, _AUDIT_KEY_BYTES, _NONCE_KEY_BYTES, _TOKEN_ID_BYTES = 64, 32, 32, 16
_BEARER_CLASSES = sorted(
    each.value for each in CallerClass if each not in {*MUST_BE_BOUND, CallerClass.PUBLIC}
)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A demonstration that only needs a server.

    Attributes:
        settings: as the settings file says.
        tokens: per profile.
    """

    settings: Settings
    description: DemoDescription


async def provision(
    databases: DemoDatabases, files: DemoFiles, port: int, further: Further = NOTHING_FURTHER
) -> Provisioned:
    """Fill the gateway's own database, mint tokens, write settings and description.

    Args:
        further: departments that keep their data elsewhere.

    Raises:
        DemoError: the gateway's own database cannot be used.
    """
    await _fill_store(databases.store_url, files)
    tokens = _mint_tokens(files)
    for name, token in tokens.items():
        if token is not None:
            files.write_token(name, token)
    _write_settings(databases, files, port, further)
    market = databases.access["market"].owner_url
    files.write_secret("market-owner-url", market)
    description = DemoDescription(
        f"http://127.0.0.1:{port}",
        tokens,
        {name: getattr(CASES, name).code for name in CASES.__slots__},
        {"market": market},
        {name: files.key(name) for name, each in PROFILES.by_name().items() if each.is_bound},
    )
    description.write(files.description)
    return Provisioned(load_settings(files.settings, environment={}), description)


async def _fill_store(url: str, files: DemoFiles) -> None:
    pool = LightPool(connector(StoreAddress(url, application_name="credit-gateway-demo")), 1)
    try:
        async with pool.connection() as connection:
            await migrate(connection, shipped_migrations())
        await _register_clients(pool)
        key = files.secret_bytes("audit.key", _AUDIT_KEY_BYTES)
        await appoint_administrators(pool, files, await asyncio.to_thread(key.read_bytes))
        await file_consents(ConsentRegister(pool), datetime.now(UTC))
    except GatewayError as error:
        raise DemoError(f"the gateway's own database cannot be used: {error}") from error
    finally:
        await pool.aclose()


async def _register_clients(pool: LightPool) -> None:
    """Enter the clients of all profiles, and the operations that those with a contract may run."""
    clients, operations = ClientRegister(pool), OperationRegister(pool)
    registration = Registration(core_schema(build_schema()))
    for profile in PROFILES.by_name().values():
        client = profile.client
        if client is None:
            continue
        await clients.put(client)
        for document in profile.operations:
            for purpose in client.purposes:
                await operations.put(client.client_id, registration.read(document, purpose.value))


def _mint_tokens(files: DemoFiles) -> Mapping[str, str | None]:
    issuer = LocalIssuer(
        ISSUER,
        AUDIENCE,
        load_or_create_key(files.secrets / "issuer.jwk"),
        time.time,
        lambda: os.urandom(_TOKEN_ID_BYTES).hex(),
        is_demo=True,
    )
    _jwks(files).write_bytes(orjson.dumps(issuer.jwks(), option=orjson.OPT_INDENT_2))
    return {name: _mint(issuer, profile, files) for name, profile in PROFILES.by_name().items()}


def _mint(issuer: LocalIssuer, profile: Profile, files: DemoFiles) -> str | None:
    """A token for a week; bound to a key of the profile's own where its class must have that."""
    request = profile.request
    if request is None:
        return None
    if profile.is_bound:
        key = load_or_create_key(files.key(profile.name))
        request = replace(request, jkt=key.thumbprint())
    return issuer.mint(request, LONGEST_DEMO_LIFETIME_S)


def provers_of(keys: Mapping[str, Path]) -> Mapping[str, Prover]:
    """What signs for the profiles whose tokens are bound to keys."""
    return {
        name: Prover(load_key(path), time.time, lambda: os.urandom(_TOKEN_ID_BYTES).hex())
        for name, path in keys.items()
    }


def _jwks(files: DemoFiles) -> Path:
    return files.data / "issuer-public.json"


def _write_settings(
    databases: DemoDatabases, files: DemoFiles, port: int, further: Further
) -> None:
    """Write the settings file: it names secrets by their files, and holds none."""
    day = date.fromordinal(CITY_DAY)
    opaque = files.secret_bytes("opaque.key", _OPAQUE_KEY_BYTES)
    audit = files.secret_bytes("audit.key", _AUDIT_KEY_BYTES)
    nonce = files.secret_bytes("nonce.key", _NONCE_KEY_BYTES)
    seal = files.secret_bytes("oauth-seal.key", SEAL_KEY_BYTES)
    network = files.write_secret_bytes("network.key", NETWORK_KEY_FILE)
    store = files.write_secret("store-url", databases.store_url)
    lines = [
        "# Settings of the demonstration, written at each of its starts.",
        "[server]",
        f"port = {port}",
        "# The generated city stands still on this day; real use leaves it out.",
        f"today = {day.isoformat()}",
        "[store]",
        _reference("url", store, files),
        "[identity]",
        f'issuer = "{ISSUER}"',
        f'audience = "{AUDIENCE}"',
        f'jwks = "{_jwks(files).name}"',
        "is_demo = true",
        "# Tokens of these are good for whoever holds them; real use leaves it out.",
        f"bearer_classes = {_BEARER_CLASSES}",
        "[administrators]",
        "# Anybody at this console may do everything; real use leaves it out, and appoints three.",
        "demanded = false",
        "[clients]",
        "# Whoever has a token of this issuer may try; real use leaves it out.",
        "must_register = []",
        "[keys]",
        f'opaque_files = ["{opaque.relative_to(files.data)}"]',
        f'audit_file = "{audit.relative_to(files.data)}"',
        f'nonce_files = ["{nonce.relative_to(files.data)}"]',
        f'network_files = ["{network.relative_to(files.data)}"]',
        "[audit_log]",
        f'origin = "{LOG_ORIGIN}"',
        f'key_file = "{_log_key(files).relative_to(files.data)}"',
        'segments = "segments"',
        "[oauth]",
        f'issuer = "http://127.0.0.1:{port}"',
        f'seal_file = "{seal.relative_to(files.data)}"',
    ]
    for slug, access in databases.access.items():
        reader = files.write_secret(f"{slug}-url", access.reader_url)
        lines += [f"[adapters.{slug}]", _reference("url", reader, files)]
    for department in further.departments:
        lines.append(f"[adapters.{department.slug}]")
        lines += [f'{key} = "{value}"' for key, value in department.values.items()]
        for key, secret in department.secrets.items():
            path = files.write_secret(f"{department.slug}-{key.replace('_', '-')}", secret)
            lines.append(_reference(key, path, files))
    files.settings.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _log_key(files: DemoFiles) -> Path:
    """The file of the key that signs the audit log; made on the first call."""
    path = files.secrets / "log.pem"
    if not path.exists():
        files.write_secret_bytes(path.name, private_key_pem(Ed25519PrivateKey.generate()))
    return path


def _reference(key: str, path: Path, files: DemoFiles) -> str:
    return f'{key} = {{ file = "{path.relative_to(files.data)}" }}'
