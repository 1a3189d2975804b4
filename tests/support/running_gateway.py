"""The gateway as an operator runs it: `credit-gateway serve` on a settings file, in a process."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.demo.city.calendar import iso
from gateway.demo.city.settings import NETWORK_KEY_FILE, CitySettings
from gateway.demo.postgres import RunningPostgres
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from gateway.store.connect import StoreAddress, postgres_url
from gateway.translog.signers import private_key_pem
from policies.model import Caller
from tests.support.city import prepared_city
from tests.support.postgres import temporary_folder
from tests.support.sender import BEARERS
from tests.support.translog import ORIGIN

START_S = 60.0
STOP_S = 20.0
_ISSUER = "https://issuer.invalid"
_AUDIENCE = "credit-gateway"


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that answers on loopback.

    Attributes:
        url: of the GraphQL endpoint.
        store: the gateway's own database, with the audit log.
    """

    url: str
    store: StoreAddress
    issuer: LocalIssuer = field(repr=False)

    def authorization(self, caller: Caller, matter_no: str | None = None) -> str:
        """Return the header's value of a token for the caller, valid for some minutes."""
        return "Bearer " + self.issuer.mint(TokenRequest(caller, "client-1", matter_no))


@contextmanager
def running_gateway(server: RunningPostgres, city: CitySettings) -> Iterator[RunningGateway]:
    """Serve the city's departments until the block ends; the process ends with it."""
    departments = prepared_city(server, city)
    database = f"gateway_{secrets.token_hex(4)}"
    owner = asyncio.run(server.administration.create_database(database, "gateway_owner"))
    store = StoreAddress(postgres_url(**owner.connect_arguments()))
    adapters = {slug: access.adapter_values for slug, access in departments.access.items()}
    new_id = lambda: secrets.token_hex(8)  # noqa: E731
    issuer = LocalIssuer(_ISSUER, _AUDIENCE, generate_key(), time.time, new_id)
    port = free_port()
    with temporary_folder() as folder:
        settings = _written_settings(folder, port, store.url, adapters, issuer, city)
        with _served(settings, folder / "errors.txt", f"http://127.0.0.1:{port}"):
            yield RunningGateway(f"http://127.0.0.1:{port}/graphql", store, issuer)
    asyncio.run(server.administration.drop_database(database))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _written_settings(
    folder: Path,
    port: int,
    store_url: str,
    adapters: Mapping[str, Mapping[str, str]],
    issuer: LocalIssuer,
    city: CitySettings,
) -> Path:
    """Write settings, keys and the issuer's public keys; only their owner may read them."""
    (folder / "jwks.json").write_text(json.dumps(issuer.jwks()), encoding="utf-8")
    for name, size in (("opaque.key", 64), ("audit.key", 32)):
        _write_private(folder / name, os.urandom(size))
    _write_private(folder / "network.key", NETWORK_KEY_FILE)
    _write_private(folder / "log.pem", private_key_pem(Ed25519PrivateKey.generate()))
    sections = [
        f"[server]\nport = {port}\ntoday = {iso(city.today)}\n",
        f"[store]\nurl = {json.dumps(store_url)}\n",
        f'[identity]\nissuer = "{_ISSUER}"\naudience = "{_AUDIENCE}"\njwks = "jwks.json"\n'
        "is_demo = true\n"
        f"bearer_classes = {sorted(each.value for each in BEARERS if each.value != 'public')}\n",
        '[keys]\nopaque_files = ["opaque.key"]\naudit_file = "audit.key"\n'
        'network_files = ["network.key"]\n',
        "[administrators]\ndemanded = false\n",
        f'[audit_log]\norigin = "{ORIGIN}"\nkey_file = "log.pem"\nsegments = "segments"\n',
    ]
    for slug, values in adapters.items():
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]
        sections.append(f"[adapters.{slug}]\n" + "".join(lines))
    settings = folder / "settings.toml"
    _write_private(settings, "\n".join(sections).encode())
    return settings


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


@contextmanager
def _served(settings: Path, errors: Path, base: str) -> Iterator[None]:
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(settings)]
    with errors.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        wait_until_answering(f"{base}/readyz", process, errors, START_S)
        yield
    finally:
        end(process)


def wait_until_answering(
    url: str, process: subprocess.Popen[bytes], output: Path, seconds: float
) -> None:
    """Return once the address answers with 200.

    Raises:
        AssertionError: the process ended, or did not answer in time; with what it wrote.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    written = output.read_text(encoding="utf-8", errors="replace")[-4_000:]
    raise AssertionError(f"`{url}` did not answer, exit code {process.poll()}: {written}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, and see to it that it does."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
