"""The command `policy reload`: put the rules that stand in the folders in force everywhere."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from gateway.cli.administered import ActingAdministrator
from gateway.cli.config import config_option, installed_registry, read_config
from gateway.cli.store import run_on_store
from gateway.errors import InternalError
from gateway.policy.load import load_strictly, own_rules
from gateway.policy.release import GRACE_S, announce
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.errors import PolicyLoadError


@click.command()
@config_option
def reload(config: Path, acting: ActingAdministrator) -> None:
    """Check the rules as they stand now, and have all workers put them in force.

    Where administrators are demanded, one proposes this version and another approves it.

    If anything is wrong with the rules, says what, ends with 1 and changes nothing. Otherwise
    every worker reads them; answers of older rules are refused after one second.
    """
    settings = read_config(config)
    registry = installed_registry(settings)
    try:
        policies = load_strictly(own_rules(registry), settings.policies, dt.date.today())
    except (PolicyLoadError, InternalError) as error:
        raise click.ClickException(f"nothing was changed: {error}") from error

    async def release(pool: LightPool) -> int:
        async with pool.connection() as connection:
            return await announce(connection, policies.version)

    address = StoreAddress(settings.store.url, application_name="credit-gateway-cli")
    with acting.doing(address, policies.version):
        epoch = run_on_store(address, release)
    click.echo(
        f"{len(policies.rules)} rules, version {policies.version}, announced as release {epoch}; "
        f"in force on every worker in {GRACE_S:g} s"
    )
