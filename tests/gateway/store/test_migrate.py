"""Migrations: once, in order, whoever starts first, and never a changed file."""

import asyncio

import pytest

from gateway.demo.postgres import PostgresAddress
from gateway.errors import InternalError
from gateway.store.connect import connector
from gateway.store.migrate import Migration, migrate, shipped_migrations
from tests.support.store import store_address

FIRST = Migration(1, "0001_first.sql", "CREATE TABLE first (n int); CREATE TABLE other (n int)")
SECOND = Migration(2, "0002_second.sql", "ALTER TABLE first ADD m int")


async def test_migrate_applies_what_is_missing_in_order(fresh_database: PostgresAddress) -> None:
    connection = await connector(store_address(fresh_database))()
    assert await migrate(connection, [FIRST]) == ("0001_first.sql",)
    assert await migrate(connection, [FIRST, SECOND]) == ("0002_second.sql",)
    assert await migrate(connection, [FIRST, SECOND]) == ()
    assert await connection.fetch("SELECT n, m FROM first") == []
    await connection.close()


async def test_migrate_several_at_once_apply_each_file_once(
    fresh_database: PostgresAddress,
) -> None:
    connect = connector(store_address(fresh_database))
    connections = await asyncio.gather(*(connect() for _ in range(4)))
    applied = await asyncio.gather(*(migrate(each, shipped_migrations()) for each in connections))
    assert sorted(len(names) for names in applied) == [0, 0, 0, len(shipped_migrations())]
    await asyncio.gather(*(each.close() for each in connections))


async def test_migrate_changed_file_is_refused(fresh_database: PostgresAddress) -> None:
    connection = await connector(store_address(fresh_database))()
    await migrate(connection, [FIRST])
    changed = Migration(1, FIRST.name, FIRST.sql + " ")
    with pytest.raises(InternalError, match=r"`0001_first.sql` was changed"):
        await migrate(connection, [changed, SECOND])
    await connection.close()


async def test_migrate_database_of_a_newer_version_is_refused(
    fresh_database: PostgresAddress,
) -> None:
    connection = await connector(store_address(fresh_database))()
    await migrate(connection, [FIRST, SECOND])
    with pytest.raises(InternalError, match="migration 2"):
        await migrate(connection, [FIRST])
    await connection.close()


async def test_migrate_that_fails_leaves_nothing(fresh_database: PostgresAddress) -> None:
    connection = await connector(store_address(fresh_database))()
    broken = Migration(2, "0002_broken.sql", "ALTER TABLE nowhere ADD m int")
    with pytest.raises(Exception, match="nowhere"):
        await migrate(connection, [FIRST, broken])
    assert await connection.fetchval("SELECT to_regclass('first') IS NULL")
    await connection.close()


def test_shipped_migrations_are_numbered_once_and_in_order() -> None:
    numbers = [migration.number for migration in shipped_migrations()]
    assert numbers == sorted(set(numbers))
    assert numbers[:2] == [1, 2]
