"""Where registers get a connection from: a pool, or the one whose transaction is open."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol

from gateway.store.pool import Connection


class Lending(Protocol):
    """Lends connections; a `LightPool` is one."""

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection for the length of an `async with` block."""
        ...


class OneConnection:
    """Lends the same connection each time, so that several registers share its transaction.

    A `transaction()` on it inside the outer one is a savepoint.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connection(self) -> OneConnection:
        """Lend it; it stays open afterwards."""
        return self

    async def __aenter__(self) -> Connection:
        return self._connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None
