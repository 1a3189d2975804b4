"""A PostgreSQL server for a test run, and databases for single tests."""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from gateway.demo.postgres import EmbeddedPostgres, PostgresAddress, RunningPostgres

OWNER = "test_owner"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder of our own that every account may pass through.

    The folders that pytest makes have mode 0700, so that a server started by root, which runs as
    another account, could not reach its data in them.
    """
    with tempfile.TemporaryDirectory(prefix="credit-gateway-tests-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@contextmanager
def running_postgres() -> Iterator[RunningPostgres]:
    """Yield a running server whose data goes away with it."""
    with temporary_folder() as folder, EmbeddedPostgres(folder / "postgres").start() as server:
        yield server


def can_open(server: RunningPostgres) -> bool:
    """Open one connection as the superuser, or raise."""

    async def open_and_close() -> bool:
        connection = await asyncpg.connect(**server.superuser.connect_arguments())
        await connection.close()
        return True

    return asyncio.run(open_and_close())


@dataclass(frozen=True)
class DatabaseFactory:
    """Makes databases on one server, for tests that have no event loop yet.

    Attributes:
        server: the running server.
    """

    server: RunningPostgres
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, template: str = "template1") -> PostgresAddress:
        """Create a database with a name of its own, as a copy of the template.

        Args:
            template: database to copy; nobody may be connected to it.

        Returns:
            The address of the database for the login that owns it.
        """
        name = f"test_{next(self._numbers)}"
        return asyncio.run(self.server.administration.create_database(name, OWNER, template))

    def create_template(self, fill: Callable[[PostgresAddress], None]) -> str:
        """Create a database, let `fill` put schema and rows into it, and return its name."""
        address = self.create()
        fill(address)
        return address.database

    def drop(self, database: str) -> None:
        """Drop the database, ending the connections to it."""
        asyncio.run(self.server.administration.drop_database(database))
