"""The command group `consent`: filing, withdrawing and listing consents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.store import run_on_store, store_option
from gateway.entitlements.consent_file import read_consent
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import ConsentState
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool


@click.group()
def consent() -> None:
    """File, withdraw and list consents."""


@consent.command()
@store_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--activate", is_flag=True, help="Let it release data from now on.")
def add(store: StoreAddress, file: Path, activate: bool) -> None:
    """File the signed consent that FILE (TOML) describes."""
    try:
        filed = read_consent(file.read_text("utf-8"))
    except (EntitlementRefusedError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from error

    async def work(pool: LightPool) -> None:
        register = ConsentRegister(pool)
        now = datetime.now(UTC)
        await register.add(filed, now, ConsentState.SIGNED)
        if activate:
            await register.activate(filed.consent_no, now)

    run_on_store(store, work)
    state = ConsentState.ACTIVE if activate else ConsentState.SIGNED
    click.echo(f"{filed.consent_no} {state.value}")


@consent.command()
@store_option
@click.argument("consent_no")
def withdraw(store: StoreAddress, consent_no: str) -> None:
    """Withdraw an active consent at once."""
    run_on_store(store, lambda pool: ConsentRegister(pool).withdraw(consent_no, datetime.now(UTC)))
    click.echo(f"{consent_no} {ConsentState.WITHDRAWN.value}")


@consent.command("list")
@store_option
@click.option("--subject", default=None, help="Key of one subject; all if not given.")
def list_(store: StoreAddress, subject: str | None) -> None:
    """List consents, the last changed first."""
    lines = run_on_store(store, lambda pool: ConsentRegister(pool).list_consents(subject))
    table = Table("number", "state", "version", "subject", "institution", "purpose", "until")
    for line in lines:
        cells = (
            line.consent_no,
            line.state.value,
            str(line.version),
            line.subject_key,
            line.institution,
            line.purpose,
            f"{line.valid_to:%Y-%m-%d}",
        )
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
