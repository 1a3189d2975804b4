"""The command that makes the credit centre's tables, and what its reader may read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.demo.postgres import PostgresAddress, RunningPostgres
from tests.support.lifecycle import address_of


def load(address: PostgresAddress, *arguments: str) -> Result:
    url = address_of(address).url
    return CliRunner().invoke(main, ["load", "creditcentre", "--database", url, *arguments])


def test_tables_are_made_once(fresh_database: PostgresAddress) -> None:
    assert load(fresh_database).output == "the tables are made\n"
    assert load(fresh_database).output == "the tables were there already\n"


def test_unknown_reader_leaves_nothing_behind(fresh_database: PostgresAddress) -> None:
    refused = load(fresh_database, "--reader", "nobody")
    assert refused.exit_code == 1
    assert load(fresh_database).output == "the tables are made\n"


def test_reader_reads_records_and_no_proposal(
    fresh_database: PostgresAddress, embedded_postgres: RunningPostgres
) -> None:
    async def as_superuser(*statements: str, reads: bool = False) -> None:
        address = replace(embedded_postgres.superuser, database=fresh_database.database)
        connection = await asyncpg.connect(**address.connect_arguments())
        try:
            for statement in statements:
                await connection.execute(statement)
            if reads:
                assert await connection.fetch("SELECT * FROM punish_entry") == []
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch("SELECT * FROM list_entry")
        finally:
            await connection.close()

    asyncio.run(as_superuser("CREATE ROLE centre_reader"))
    assert load(fresh_database, "--reader", "centre_reader").exit_code == 0
    asyncio.run(as_superuser("SET ROLE centre_reader", reads=True))
    asyncio.run(as_superuser("DROP OWNED BY centre_reader", "DROP ROLE centre_reader"))
