"""The database in which an owner keeps its cases, by one of its logins."""

from __future__ import annotations

from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import CONNECTION_ERRORS, Lease, LightPool, NoConnectionError

UNREACHABLE = (NoConnectionError, *CONNECTION_ERRORS)
"""What is raised when the database or the way to it fails."""


class CaseDatabase:
    """Lends connections; opens none before the first is needed.

    Args:
        url: PostgreSQL URL; never printed.
        size: most connections at a time.
        name: shown in the server's activity view.
    """

    def __init__(self, url: str, size: int, name: str) -> None:
        self._pool = LightPool(connector(StoreAddress(url, application_name=name)), size)

    def connection(self) -> Lease:
        """Lend a connection for the length of an `async with` block."""
        return self._pool.connection()

    async def is_up(self) -> bool:
        """Ask the database once, cheaply."""
        try:
            async with self.connection() as connection:
                await connection.fetchval("SELECT 1")
        except UNREACHABLE:
            return False
        return True

    async def aclose(self) -> None:
        await self._pool.aclose()
