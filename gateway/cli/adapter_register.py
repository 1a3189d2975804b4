"""The command `adapter register`: the adapters that are to be used, as they are installed now."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.administrators.adapters import register_adapters
from gateway.cli.acting import store_of
from gateway.cli.config import config_option, installed_registry, read_config
from gateway.cli.store import run_on_store
from gateway.conformance_report import manifest_digest
from gateway.store.pool import LightPool


@click.command()
@config_option
def register(config: Path) -> None:
    """Register the installed adapters that the settings use, as they declare themselves now.

    Where administrators are demanded, an adapter that is not registered, or whose manifest has
    changed since, is not used.
    """
    settings = read_config(config)
    registry = installed_registry(settings)
    digests = {slug: manifest_digest(each.manifest) for slug, each in registry.adapters.items()}

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection:
            await register_adapters(connection, digests)

    run_on_store(store_of(settings), work)
    for slug, digest in sorted(digests.items()):
        click.echo(f"{slug}  sha256:{digest}")
    for item in registry.quarantined:
        click.echo(f"{item.slug}  not registered, quarantined: {item.reason}")
