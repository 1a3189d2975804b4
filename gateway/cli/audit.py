"""The command group `audit`: looking into the audit log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console

from gateway.audit.log import AuditLog, StoredEntry
from gateway.cli.audit_affected import affected
from gateway.cli.audit_archive import archive
from gateway.cli.audit_controls import controls
from gateway.cli.audit_erase import erase
from gateway.cli.audit_log import export, key, new_key, prove, sequencer, verify
from gateway.cli.audit_matters import close_matter
from gateway.cli.audit_replay import replay
from gateway.cli.audit_search import search
from gateway.cli.audit_table import entries_table
from gateway.cli.audit_witness import witness
from gateway.cli.store import run_on_store, store_option
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool


@click.group()
def audit() -> None:
    """Look into the audit log, keep, prove and verify it."""


for _command in (
    *(export, key, new_key, prove, sequencer, verify, witness),
    *(affected, search, replay, controls, close_matter, archive, erase),
):
    audit.add_command(_command)


@audit.command()
@store_option
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=20, show_default=True)
def tail(store: StoreAddress, count: int) -> None:
    """Show the newest entries."""
    entries = run_on_store(store, lambda pool: AuditLog(pool).last(count))
    Console().print(entries_table(entries))


@audit.command()
@store_option
@click.argument("request_id")
def show(store: StoreAddress, request_id: str) -> None:
    """Show the entry of one request with its decisions."""

    async def find(
        pool: LightPool,
    ) -> list[tuple[StoredEntry, Sequence[Mapping[str, Any]] | None]]:
        log = AuditLog(pool)
        entries = await log.of_request(request_id)
        return [(entry, await _decisions(log, entry)) for entry in entries]

    found = run_on_store(store, find)
    if not found:
        raise click.ClickException(f"no entry of a request `{request_id}`")
    for entry, decisions in found:
        shown = {"entryNo": entry.entry_no, **entry.members()}
        if decisions is not None:
            shown["decisions"] = decisions
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))


async def _decisions(log: AuditLog, entry: StoredEntry) -> Sequence[Mapping[str, Any]] | None:
    """The decisions that an entry names; None for one that tells of no request and names none."""
    named = entry.members().get("decisions")
    return None if named is None else await log.decisions(named)
