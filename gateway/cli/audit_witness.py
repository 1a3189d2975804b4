"""The command `audit witness`: a program apart that cosigns checkpoints, with its own settings."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import uvicorn

from gateway.errors import InternalError
from gateway.settings import SettingsError, read_secret
from gateway.translog.notes import COSIGNATURE_TYPE, NoteError, is_key_name, parse_verifier_key
from gateway.translog.signers import Ed25519Signer, read_private_key
from gateway.translog.suites import SUITES
from gateway.translog.types import LogIdentity
from gateway.translog.witness import Witness
from gateway.translog.witness_app import witness_app

_KEYS = frozenset({"name", "key_file", "folder", "host", "port", "logs"})
_LOG_KEYS = frozenset({"key", "former_keys", "hash"})


@dataclass(frozen=True, slots=True)
class WitnessConfig:
    """What a witness's settings say."""

    signer: Ed25519Signer
    logs: Mapping[str, LogIdentity]
    folder: Path
    host: str
    port: int


def read_witness_config(path: Path) -> WitnessConfig:
    """Read the settings of a witness.

    Raises:
        click.ClickException: a value is missing, unknown or cannot be used.
    """
    try:
        return _read(tomllib.loads(path.read_text("utf-8")), path.parent)
    except (InternalError, SettingsError, NoteError) as error:
        raise click.ClickException(str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"settings `{path}` are no TOML file: {error}") from error


def _read(document: Mapping[str, Any], base: Path) -> WitnessConfig:
    unknown = sorted(document.keys() - _KEYS)
    if unknown:
        raise SettingsError(f"setting `{unknown[0]}` is unknown")
    name, port, logs = _text(document, "name"), document.get("port", 8490), document.get("logs", [])
    if not is_key_name(name):
        raise SettingsError(f"setting `name` is `{name}`, expected one without blanks and `+`")
    if type(port) is not int or not 0 <= port <= 65_535:
        raise SettingsError("setting `port` is no whole number from 0 to 65535")
    if not isinstance(logs, list) or not logs or not all(isinstance(each, dict) for each in logs):
        raise SettingsError("setting `logs` names no logs, expected tables `[[logs]]`")
    key_file = base / _text(document, "key_file")
    private = read_private_key(read_secret(key_file), key_file)
    identities = [_log(each) for each in logs]
    return WitnessConfig(
        Ed25519Signer(name, private, COSIGNATURE_TYPE),
        {each.origin: each for each in identities},
        base / _text(document, "folder"),
        document.get("host", "127.0.0.1"),
        port,
    )


def _log(values: Mapping[str, Any]) -> LogIdentity:
    unknown = sorted(values.keys() - _LOG_KEYS)
    suite = values.get("hash", "sha256")
    if unknown or suite not in SUITES:
        raise SettingsError("a table `logs` expects `key`, `former_keys` and `hash` (sha256, sm3)")
    key = parse_verifier_key(_text(values, "key"))
    former = tuple(parse_verifier_key(line) for line in values.get("former_keys", []))
    return LogIdentity(key.name, SUITES[suite], key, former)


def _text(values: Mapping[str, Any], key: str) -> str:
    found = values.get(key)
    if not isinstance(found, str) or not found:
        raise SettingsError(f"setting `{key}` is missing, expected a text")
    return found


@click.command()
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Settings of the witness (TOML).",
)
def witness(config: Path) -> None:
    """Cosign checkpoints of logs that are continued as they should, until interrupted."""
    read = read_witness_config(config)
    try:
        opened = Witness(read.signer, read.logs, read.folder, time.time)
    except (InternalError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"witness {read.signer.key.verifier_key()}")
    server = uvicorn.Config(
        witness_app(opened),
        host=read.host,
        port=read.port,
        access_log=False,
        log_level="warning",
        lifespan="off",
        server_header=False,
    )
    try:
        uvicorn.Server(server).run()
    finally:
        opened.close()
