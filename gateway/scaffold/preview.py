"""`adapter preview`: the gateway with one installed department alone, over its fixture."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.contract.hookspecs import ENTRY_POINT_GROUP
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.postgres import embedded
from gateway.scaffold.refresh import fixture_subjects
from gateway.scaffold.sources import tools_for
from gateway.store.connect import postgres_url


def run_preview(package: AuthorPackage, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Raises:
        ScaffoldError: the package is not installed, or a server does not start.
    """
    declared = package.declared()
    if package.slug not in {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}:
        raise ScaffoldError(
            f"adapter `{package.slug}` is not installed beside the gateway: "
            f"pip install --no-deps --no-build-isolation {package.root}"
        )
    with (
        tools_for(declared.source.name).stand(package) as stand,
        embedded() as server,
        TemporaryDirectory(prefix="credit-gateway-preview-") as name,
    ):
        store = asyncio.run(server.administration.create_database("store", "store_owner"))
        url = postgres_url(**store.connect_arguments())
        settings = _settings(Path(name), port, url, package.slug, dict(stand.settings.values))
        subjects, _ = fixture_subjects(package)
        say(f"subjects 样例主体: {', '.join(subjects)}")
        say(f"http://127.0.0.1:{port}/graphql (Ctrl-C ends 结束)")
        _serve(settings)


def _serve(settings: Path) -> None:
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        code = process.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        process.terminate()  # does nothing to a process that ended
        process.wait()
    if code != 0:
        raise ScaffoldError(f"the gateway ended with {code}")


def _settings(folder: Path, port: int, store: str, slug: str, adapter: dict[str, str]) -> Path:
    """Settings with keys of this run alone; nobody can get a token for them."""
    for name, size in (("opaque.key", 64), ("audit.key", 32)):
        _write(folder / name, os.urandom(size))
    _write(folder / "log.pem", _private_key())
    _write(folder / "jwks.json", json.dumps({"keys": [_public_key()]}).encode())
    lines = [
        f"[server]\nport = {port}",
        f"[store]\nurl = {json.dumps(store)}",
        '[identity]\nissuer = "https://issuer.invalid"\naudience = "preview"\njwks = "jwks.json"',
        "is_demo = true\n[administrators]\ndemanded = false",
        '[keys]\nopaque_files = ["opaque.key"]\naudit_file = "audit.key"',
        '[audit_log]\norigin = "preview.invalid/audit"\nkey_file = "log.pem"',
        f"[adapters.{slug}]",
        *(f"{key} = {json.dumps(value)}" for key, value in adapter.items()),
    ]
    _write(folder / "gateway.toml", "\n".join(lines).encode())
    return folder / "gateway.toml"


def _private_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public_key() -> dict[str, str]:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "none", "x": x}


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
