"""The option that says where the gateway's own database is, for commands that work on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.errors import GatewayError
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool

_T = TypeVar("_T")

store_option: Callable[[Any], Any] = click.option(
    "--store-url-file",
    "store",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=lambda _context, _parameter, path: read_store_address(path),
    help="File whose only line is the PostgreSQL URL of the gateway's own database.",
)


def read_store_address(path: Path) -> StoreAddress:
    """Read the address; a password stays in its file and out of the list of processes."""
    return StoreAddress(path.read_text("utf-8").strip(), application_name="credit-gateway-cli")


def run_on_store(store: StoreAddress, work: Callable[[LightPool], Awaitable[_T]]) -> _T:
    """Run one piece of work on the store and return its result.

    Raises:
        click.ClickException: the store cannot be reached or refused the work.
    """

    async def run() -> _T:
        pool = LightPool(connector(store), 1)
        try:
            return await work(pool)
        finally:
            await pool.aclose()

    try:
        return asyncio.run(run())
    except GatewayError as error:
        raise click.ClickException(str(error)) from error
