"""The command `changes`: how far the changes of departments' records are followed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from gateway.changes.cursors import read_lines
from gateway.changes.types import CursorLine
from gateway.cli.store import run_on_store, store_option
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool

_HEADS = ("department", "records", "asked", "moved", "applied", "failing since", "reason")


@click.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def changes(store: StoreAddress, as_json: bool) -> None:
    """List how far each department's changes are followed, and what keeps them from it.

    Ends with 1 if anything does.
    """

    async def read(pool: LightPool) -> Sequence[CursorLine]:
        async with pool.connection() as connection:
            return await read_lines(connection)

    lines = run_on_store(store, read)
    if as_json:
        for line in lines:
            click.echo(json.dumps(asdict(line)))
    else:
        _print(lines)
    if any(line.failing_since is not None for line in lines):
        raise SystemExit(1)


def _print(lines: Sequence[CursorLine]) -> None:
    if not lines:
        click.echo("no department's changes are followed yet")
        return
    table = Table(*_HEADS)
    for line in lines:
        table.add_row(*["" if value is None else str(value) for value in asdict(line).values()])
    Console().print(table)
