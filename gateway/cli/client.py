"""The command group `client`: suspending and resuming clients, and how much of a quota is used."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import click

from gateway.cli.store import run_on_store, store_option
from gateway.entitlements.registers import ClientRegister
from gateway.store.connect import StoreAddress

# quotas are counted per day of China Standard Time
_QUOTA_ZONE = timezone(timedelta(hours=8))


@click.group()
def client() -> None:
    """Suspend, resume and list clients."""


@client.command()
@store_option
@click.argument("client_id")
def suspend(store: StoreAddress, client_id: str) -> None:
    """Answer a client nothing from now on, whatever tokens it has."""
    run_on_store(store, lambda pool: ClientRegister(pool).suspend(client_id))
    click.echo(f"{client_id} SUSPENDED")


@client.command()
@store_option
@click.argument("client_id")
def resume(store: StoreAddress, client_id: str) -> None:
    """Answer a suspended client again."""
    run_on_store(store, lambda pool: ClientRegister(pool).suspend(client_id, is_suspended=False))
    click.echo(f"{client_id} ACTIVE")


@client.command("list")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_clients(store: StoreAddress, as_json: bool) -> None:
    """List clients with their quotas and what is used of them today."""
    today = datetime.now(UTC).astimezone(_QUOTA_ZONE).date()
    for line in run_on_store(store, lambda pool: ClientRegister(pool).list_clients(today)):
        state = "SUSPENDED" if line.is_suspended else "ACTIVE"
        client_class = line.client.caller_class.value
        quota = line.client.quota_per_day
        if as_json:
            members = {
                "clientId": line.client.client_id,
                "callerClass": client_class,
                "organisation": line.client.organisation,
                "name": line.client.name,
                "state": state,
                "quotaPerDay": quota,
                "usedToday": line.used,
            }
            click.echo(json.dumps(members, ensure_ascii=False))
        else:
            used = "no quota" if quota is None else f"{line.used} of {quota} subjects today"
            click.echo(f"{line.client.client_id}  {client_class}  {state}  {used}")
