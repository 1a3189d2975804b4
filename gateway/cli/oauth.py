"""The commands `oauth`: the keys of the authorization server."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from gateway.cli.acting import store_of
from gateway.cli.administered import ActingAdministrator
from gateway.cli.config import config_option, read_config
from gateway.cli.store import run_on_store
from gateway.identity.keys import generate_key
from gateway.oauth.signing_keys import KeyRegister, KeySeal, SigningKeys, StoredKey
from gateway.settings import OAuthSettings
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool

_T = TypeVar("_T")


@click.group()
def oauth() -> None:
    """Keys that sign access tokens."""


@oauth.command()
@config_option
def keys(config: Path) -> None:
    """List the keys with the times from which they sign; the private halves are never shown."""

    async def read(pool: LightPool, _settings: OAuthSettings) -> Sequence[StoredKey]:
        return await KeyRegister(pool).read()

    for key in _on_store(config, read):
        state = "revoked" if key.revoked_at is not None else f"signs from {_shown(key.signs_from)}"
        click.echo(f"{key.generation}  {key.kid}  made {_shown(key.made_at)}  {state}")


@oauth.command()
@config_option
def rotate(config: Path) -> None:
    """Publish the next signing key; it signs two minutes later, and no request fails."""

    async def change(pool: LightPool, settings: OAuthSettings) -> StoredKey:
        register, seal = KeyRegister(pool), KeySeal(settings.seal)
        rotation_s = settings.rotation_days * 86_400
        await SigningKeys(register, seal, time.time, rotation_s=rotation_s).rotate()
        return (await register.read())[-1]

    _show(_on_store(config, change))


@oauth.command()
@config_option
def revoke(config: Path, acting: ActingAdministrator) -> None:
    """Sign with a new key at once, and end all tokens of the keys before.

    For a key that became known. Where administrators are demanded, one proposes it and another
    approves it.
    """

    async def newest(pool: LightPool, _settings: OAuthSettings) -> str:
        known = await KeyRegister(pool).read()
        return f"signing keys up to {known[-1].kid}" if known else "signing keys"

    async def change(pool: LightPool, settings: OAuthSettings) -> StoredKey:
        register, key = KeyRegister(pool), generate_key()
        await register.replace(key, KeySeal(settings.seal).seal(key), datetime.now(UTC))
        return (await register.read())[-1]

    about = _on_store(config, newest)
    with acting.doing(store_of(read_config(config)), about):
        key = _on_store(config, change)
    _show(key)


def _show(key: StoredKey) -> None:
    click.echo(f"{key.generation}  {key.kid}  signs from {_shown(key.signs_from)}")


def _on_store(config: Path, work: Callable[[LightPool, OAuthSettings], Awaitable[_T]]) -> _T:
    settings = read_config(config)
    found = settings.oauth
    if found is None:
        raise click.ClickException("the settings have no section `oauth`")
    address = StoreAddress(settings.store.url, application_name="credit-gateway-cli")

    async def run(pool: LightPool) -> _T:
        return await work(pool, found)

    return run_on_store(address, run)


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
