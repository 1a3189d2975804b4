"""The command `audit search`: who asked for what, by client, purpose, field and time."""

from __future__ import annotations

import datetime as dt
import json

import click
from rich.console import Console

from gateway.audit.search import MAX_FOUND, EntrySearch, search_entries
from gateway.cli.audit_table import entries_table
from gateway.cli.store import run_on_store, store_option
from gateway.store.connect import StoreAddress

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@store_option
@click.option("--client", help="Client that asked.")
@click.option("--organisation", help="Code of who asked, or for whom a platform asked.")
@click.option("--purpose", help="Purpose, such as PRE_LOAN.")
@click.option("--field", "coordinate", help="Field or record kind, such as TaxpayerCredit.grade.")
@click.option("--since", type=_TIME, help="From this time on, UTC.")
@click.option("--until", type=_TIME, help="Before this time, UTC.")
@click.option("-n", "--count", type=click.IntRange(1, MAX_FOUND), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, all members.")
def search(
    store: StoreAddress,
    client: str | None,
    organisation: str | None,
    purpose: str | None,
    coordinate: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    count: int,
    as_json: bool,
) -> None:
    """Show the newest entries that fit. They hold no contents of records and name no subject."""
    wanted = EntrySearch(
        client_id=client,
        organisation=organisation,
        purpose=purpose,
        coordinate=coordinate,
        begin=None if since is None else since.replace(tzinfo=dt.UTC),
        end=None if until is None else until.replace(tzinfo=dt.UTC),
        most=count,
    )
    found = run_on_store(store, lambda pool: search_entries(pool, wanted))
    if not as_json:
        Console().print(entries_table(found))
        return
    for entry in found:
        click.echo(json.dumps({"entryNo": entry.entry_no, **entry.members()}, ensure_ascii=False))
