"""Files of the demonstration: what lies where, who may read it, and how each is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.demo.postgres.private_files import write_private


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demonstration keeps its files; folders are relative to where it was started.

    Attributes:
        data: databases, secrets, tokens and the settings file.
        build: what scripts read.
    """

    data: Path = Path("data")
    build: Path = Path("build")

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def tokens(self) -> Path:
        return self.data / "tokens"

    @property
    def settings(self) -> Path:
        return self.data / "gateway.toml"

    @property
    def log(self) -> Path:
        return self.data / "gateway.log"

    @property
    def description(self) -> Path:
        """Address, tokens and codes, for scripts."""
        return self.build / "demo.json"

    def make_folders(self) -> None:
        """Make the folders that are missing; those with secrets are for their owner only."""
        for folder in (self.data, self.build):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.secrets, self.tokens):
            folder.mkdir(mode=0o700, exist_ok=True)

    def key(self, profile: str) -> Path:
        """File of the private key that a profile's token is bound to."""
        return self.secrets / f"{profile}.jwk"

    def secret_bytes(self, name: str, size: int) -> Path:
        """Return the file of a random secret; made on the first call, the same ever after."""
        path = self.secrets / name
        return path if path.exists() else self.write_secret_bytes(name, os.urandom(size))

    def write_secret_bytes(self, name: str, content: bytes) -> Path:
        """Write bytes that only their owner may read, and return their file."""
        path = self.secrets / name
        partial = path.with_name(f"{name}.partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.replace(path)
        return path

    def write_secret(self, name: str, text: str) -> Path:
        """Write a text that only its owner may read, and return its file."""
        path = self.secrets / name
        write_private(path, f"{text}\n")
        return path

    def write_token(self, name: str, token: str) -> None:
        write_private(self.tokens / name, f"{token}\n")


@dataclass(frozen=True, slots=True)
class DemoDescription:
    """What scripts learn of a demonstration.

    Attributes:
        address: URL of the server, without a path.
        tokens: token per profile; None for the public, which sends none.
        cases: codes of the named cases.
        loaders: PostgreSQL URL of the owner, per department that has an import.
        keys: file of the private key that a token is bound to, per profile that has one.
    """

    address: str
    tokens: Mapping[str, str | None]
    cases: Mapping[str, str]
    loaders: Mapping[str, str]
    keys: Mapping[str, Path]

    def write(self, path: Path) -> None:
        """Write it as JSON that only its owner may read."""
        content = {
            "address": self.address,
            "graphql": f"{self.address}/graphql",
            "tokens": dict(self.tokens),
            "cases": dict(self.cases),
            "loaders": dict(self.loaders),
            "keys": {name: str(path) for name, path in self.keys.items()},
        }
        write_private(path, orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n")
