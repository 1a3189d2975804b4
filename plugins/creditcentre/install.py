"""Makes the credit centre's tables in an empty database, and lets a login read its records."""

from __future__ import annotations

import asyncio
from importlib import resources

import click

from gateway.lifecycle.database import UNREACHABLE, CaseDatabase
from gateway.lifecycle.schema import lifecycle_tables
from gateway.lifecycle.types import Connection

READABLE = ("punish_entry", "reward_entry", "lifecycle_deadline")
"""What the adapter reads: records and deadlines, no proposal."""


def tables() -> str:
    """Return the statements that make all tables; for the login that acts, which owns them."""
    own = resources.files("plugins.creditcentre").joinpath("ddl.sql").read_text("utf-8")
    return lifecycle_tables() + own


async def install(connection: Connection, reader: str | None) -> bool:
    """Make the tables where there are none, and let a login read; whether they were made now."""
    async with connection.transaction():
        is_there = await connection.fetchval("SELECT to_regclass('lifecycle_case') IS NOT NULL")
        if not is_there:
            await connection.execute(tables())
        for table in READABLE if reader is not None else ():
            grant = await connection.fetchval(
                "SELECT format('GRANT SELECT ON %I TO %I', $1::text, $2::text)", table, reader
            )
            await connection.execute(grant)
    return not is_there


@click.command("creditcentre")
@click.option(
    "--database",
    required=True,
    envvar="CREDIT_GATEWAY_CREDITCENTRE_URL",
    metavar="URL",
    help="PostgreSQL address of the credit centre's database, by the login that is to own its"
    " tables (or the environment variable CREDIT_GATEWAY_CREDITCENTRE_URL).",
)
@click.option("--reader", metavar="ROLE", help="Login that may read records and deadlines.")
def load_creditcentre(database: str, reader: str | None) -> None:
    """Make the tables of the credit centre in an empty database, once."""
    try:
        is_made = asyncio.run(_install(database, reader))
    except (*UNREACHABLE, ValueError) as error:
        # The text of the error can hold the address, and with it a password.
        raise click.ClickException(
            "the database cannot be reached, refuses the login, or has no such reader"
            f" ({type(error).__name__})"
        ) from error
    click.echo("the tables are made" if is_made else "the tables were there already")


async def _install(url: str, reader: str | None) -> bool:
    database = CaseDatabase(url, 1, "credit-centre-install")
    try:
        async with database.connection() as connection:
            return await install(connection, reader)
    finally:
        await database.aclose()
