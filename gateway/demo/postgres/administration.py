"""Databases and logins of the embedded server, each closed to everybody but its own logins."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import asyncpg

from gateway.demo.postgres.address import PostgresAddress
from gateway.demo.postgres.cluster import provide_password
from gateway.demo.postgres.errors import EmbeddedPostgresError
from gateway.demo.postgres.layout import Layout

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_READER_STATEMENT_TIMEOUT = "10s"


class Administration:
    """Creates databases and logins as the superuser; everything may be asked for twice."""

    def __init__(self, layout: Layout, superuser: PostgresAddress) -> None:
        """Take the folders, for password files, and the superuser's address."""
        self._layout = layout
        self.superuser = superuser

    def address(self, database: str, login: str) -> PostgresAddress:
        """Return the address of the database for a login that has been created before.

        Raises:
            EmbeddedPostgresError: when the login has no password file.
        """
        password_file = self._layout.passwords / _checked(login)
        if not password_file.is_file():
            raise EmbeddedPostgresError(f"login `{login}` has not been created")
        return replace(
            self.superuser,
            database=_checked(database),
            user=login,
            password_file=password_file,
        )

    async def create_login(self, login: str) -> None:
        """Create a login without any right; an existing one gets the password of its file again."""
        password = provide_password(self._layout, _checked(login)).read_text(encoding="ascii")
        async with self._connect("postgres") as connection:
            exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", login)
            verb = "ALTER" if exists else "CREATE"
            await connection.execute(f"{verb} ROLE {login} LOGIN PASSWORD '{password}'")

    async def create_database(
        self, database: str, owner: str, template: str = "template1"
    ) -> PostgresAddress:
        """Create a database that its owner alone may open, with the owner's login.

        Args:
            database: name; when it exists already it keeps its content.
            owner: login that owns it; created when missing.
            template: existing database to copy; nobody may be connected to it.

        Returns:
            The database's address for its owner.
        """
        await self.create_login(owner)
        async with self._connect("postgres") as connection:
            exists = await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", _checked(database)
            )
            if not exists:
                # Closed while PUBLIC may still connect, which a new database lets it.
                await connection.execute(
                    f"CREATE DATABASE {database} OWNER {owner} TEMPLATE {_checked(template)}"
                    " ALLOW_CONNECTIONS false"
                )
            await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
            await connection.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        return self.address(database, owner)

    async def create_reader(
        self, login: str, database: str, owner: str, schema: str = "public"
    ) -> PostgresAddress:
        """Create a login that may read one schema of one database, now and in tables to come.

        Args:
            login: name of the login.
            database: existing database, the only one that the login may open.
            owner: login whose future tables in the schema become readable as well.
            schema: existing schema.

        Returns:
            The database's address for the reader.
        """
        await self.create_login(login)
        for name in (database, owner, schema):
            _checked(name)
        async with self._connect(database) as connection:
            for statement in (
                f"GRANT CONNECT ON DATABASE {database} TO {login}",
                f"GRANT USAGE ON SCHEMA {schema} TO {login}",
                f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {login}",
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
                f" GRANT SELECT ON TABLES TO {login}",
                f"ALTER ROLE {login} SET default_transaction_read_only = on",
                f"ALTER ROLE {login} SET statement_timeout = '{_READER_STATEMENT_TIMEOUT}'",
            ):
                await connection.execute(statement)
        return self.address(database, login)

    async def drop_database(self, database: str) -> None:
        """Drop the database if it exists, ending the connections to it."""
        async with self._connect("postgres") as connection:
            await connection.execute(f"DROP DATABASE IF EXISTS {_checked(database)} WITH (FORCE)")

    def _connect(self, database: str) -> AbstractAsyncContextManager[asyncpg.Connection]:
        return _connect(replace(self.superuser, database=database))


@asynccontextmanager
async def _connect(address: PostgresAddress) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        yield connection
    finally:
        await connection.close()


def _checked(name: str) -> str:
    """Return the name when it needs no quoting as an identifier and is a safe file name."""
    if _NAME.fullmatch(name) is None:
        raise EmbeddedPostgresError(
            f"`{name}` is not a name of lower-case letters, digits and underscores"
        )
    return name
