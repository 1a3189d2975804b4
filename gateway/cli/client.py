"""The command group `client`: who may ask, what for, how fast and how much."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import click

from gateway.cli.client_ask import ask
from gateway.cli.client_keys import report, rotate
from gateway.cli.client_office import (
    certificate_option,
    in_office,
    jwks_option,
    read_credentials,
    user_option,
)
from gateway.cli.client_operation import operation
from gateway.cli.store import run_on_store, store_option
from gateway.entitlements.client import Client
from gateway.entitlements.client_operations import OperationRegister
from gateway.entitlements.contract import Pace
from gateway.entitlements.credentials import GRANT_TYPES
from gateway.entitlements.registers import ClientRegister
from gateway.onboarding import client_members
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose
from schema.identifiers.uscc import is_uscc

# quotas are counted per day of China Standard Time
_QUOTA_ZONE = timezone(timedelta(hours=8))
_CLASSES = [member.value for member in CallerClass if member is not CallerClass.PUBLIC]
_PURPOSES = [member.value for member in Purpose]


@click.group()
def client() -> None:
    """Register, show, suspend and resume clients, and say what they may run."""


@client.command()
@store_option
@user_option
@click.argument("client_id")
@click.option("--class", "class_name", type=click.Choice(_CLASSES), required=True)
@click.option("--name", required=True, help="Official name, as contracts have it.")
@click.option(
    "--organisation", metavar="CODE", help="Its code; without one, the client serves several."
)
@click.option(
    "--purpose",
    "purposes",
    type=click.Choice(_PURPOSES),
    multiple=True,
    help="A purpose agreed on; may be repeated. Without one, all that its tokens state.",
)
@click.option("--quota", type=click.IntRange(0), help="Distinct subjects a day.")
@click.option("--rate", type=click.IntRange(1), help="Requests a minute, for each purpose.")
@click.option("--burst", type=click.IntRange(1), help="Requests at once, with --rate.")
@click.option(
    "--may-ask-anything/--registered-operations-only",
    "may_ask_anything",
    default=None,
    help="Otherwise as the settings say for its class.",
)
@click.option("--contract", "contract_no", metavar="NUMBER", help="Number of the agreement.")
@click.option("--sandbox", is_flag=True, help="For a gateway over test data, and no other.")
@click.option(
    "--scope",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    help="`credit:<record kind>:<read|aggregate>`; may be repeated. Without one, any.",
)
@click.option(
    "--acts-for",
    "acts_for",
    metavar="CODE",
    multiple=True,
    help="An institution that a platform acts for; may be repeated.",
)
@click.option(
    "--may-name-persons/--may-not-name-persons",
    "may_name_persons",
    default=None,
    help="Otherwise those who may ask anything.",
)
@jwks_option
@certificate_option
@click.option(
    "--certificate-subject",
    metavar="NAME",
    help="Distinguished name of its certificate, where an authority vouches for it.",
)
@click.option(
    "--redirect-uri", "redirect_uris", metavar="URI", multiple=True, help="May be repeated."
)
@click.option(
    "--grant-type",
    "grant_types",
    type=click.Choice(GRANT_TYPES),
    multiple=True,
    help="How it gets tokens here; may be repeated.",
)
def add(
    store: StoreAddress,
    user: str | None,
    client_id: str,
    class_name: str,
    name: str,
    organisation: str | None,
    purposes: tuple[str, ...],
    quota: int | None,
    rate: int | None,
    burst: int | None,
    may_ask_anything: bool | None,
    contract_no: str | None,
    sandbox: bool,
    scopes: tuple[str, ...],
    acts_for: tuple[str, ...],
    may_name_persons: bool | None,
    jwks: Path | None,
    certificates: tuple[Path, ...],
    certificate_subject: str | None,
    redirect_uris: tuple[str, ...],
    grant_types: tuple[str, ...],
) -> None:
    """Register a client, or replace what is registered of it.

    What is not given is as the settings say. A suspension and the operations stay, and so do keys
    and certificates unless new ones are given.
    """
    if (rate is None) != (burst is None):
        raise click.UsageError("--rate and --burst are given together")
    if organisation is not None and not is_uscc(organisation):
        raise click.UsageError(f"`{organisation}` is no unified social credit code")
    registered = Client(
        client_id,
        CallerClass(class_name),
        organisation,
        name,
        quota,
        tuple(Purpose(purpose) for purpose in purposes),
        may_ask_anything,
        None if rate is None or burst is None else Pace(rate, burst),
        contract_no,
        sandbox,
        scopes,
        acts_for,
        may_name_persons,
        certificate_subject,
        redirect_uris,
        grant_types,
    )
    credentials = read_credentials(jwks, certificates)
    in_office(store, user, lambda office, acting: office.register(acting, registered, credentials))
    click.echo(f"{client_id} registered")


@client.command()
@store_option
@click.argument("client_id")
def show(store: StoreAddress, client_id: str) -> None:
    """Show a client's contract and what is used of it today, as JSON."""
    today = _today()

    async def read(pool: LightPool) -> dict[str, object]:
        line = await ClientRegister(pool).client(client_id, today)
        operations = OperationRegister(pool)
        shown = [
            {
                "name": each.name,
                "purpose": each.purpose,
                "documentId": f"sha256:{each.document_sha256}",
                "quotaPerDay": each.quota_per_day,
                "usedToday": None
                if each.quota_per_day is None
                else await operations.used(client_id, each, today),
            }
            for each in await operations.operations(client_id)
        ]
        return {**client_members(line), "operations": shown}

    click.echo(json.dumps(run_on_store(store, read), ensure_ascii=False, indent=2))


@client.command()
@store_option
@user_option
@click.argument("client_id")
def suspend(store: StoreAddress, user: str | None, client_id: str) -> None:
    """Answer a client nothing from now on, whatever tokens it has."""
    in_office(store, user, lambda office, acting: office.suspend(acting, client_id))
    click.echo(f"{client_id} SUSPENDED")


@client.command()
@store_option
@user_option
@click.argument("client_id")
def resume(store: StoreAddress, user: str | None, client_id: str) -> None:
    """Answer a suspended client again."""
    in_office(
        store, user, lambda office, acting: office.suspend(acting, client_id, is_suspended=False)
    )
    click.echo(f"{client_id} ACTIVE")


@client.command("list")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_clients(store: StoreAddress, as_json: bool) -> None:
    """List clients with their quotas and what is used of them today."""
    for line in run_on_store(store, lambda pool: ClientRegister(pool).list_clients(_today())):
        members = client_members(line)
        if as_json:
            click.echo(json.dumps(members, ensure_ascii=False))
        else:
            quota = line.client.quota_per_day
            used = "no quota" if quota is None else f"{line.used} of {quota} subjects today"
            click.echo(
                f"{members['clientId']}  {members['callerClass']}  {members['state']}  {used}"
            )


client.add_command(ask)
client.add_command(rotate)
client.add_command(report)
client.add_command(operation)


def _today() -> date:
    return datetime.now(UTC).astimezone(_QUOTA_ZONE).date()
