"""LightPool: a bounded list of asyncpg connections and the waiters for them.

asyncpg's own pool wraps every connection in a proxy and resets it after every use, which costs
more than a small query. This one does neither, so whoever borrows a connection must leave no
session state behind: no `SET` without `LOCAL`, no `LISTEN`, no temporary table, no open
transaction. It knows no database; `connect` says where connections come from.

`Connection.fetch` keeps prepared statements per connection by statement text; calling a
`PreparedStatement` instead was measured to save nothing, so there is no cache of our own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, TypeAlias

import asyncpg

from gateway.errors import GatewayError

Connection: TypeAlias = "asyncpg.Connection[Any]"
# What a connection raises when the server or the way to it fails. The last one comes when the
# server ends a connection at the moment a query is sent.
CONNECTION_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

Connect: TypeAlias = Callable[[], Awaitable["asyncpg.Connection[Any]"]]


class NoConnectionError(GatewayError):
    """No connection could be had within the time allowed; the text is for operators."""


class LightPool:
    """At most `size` connections, opened when first needed, shared by borrowing.

    Cancelling a borrower in the middle of a query is safe: asyncpg cancels the query at the
    server, and the connection is lent again only after the server answered.
    """

    def __init__(
        self,
        connect: Connect,
        size: int,
        *,
        acquire_timeout_s: float = 2.0,
        settle_timeout_s: float = 2.0,
    ) -> None:
        """
        Args:
            connect: opens one connection, with all session settings it is to have.
            size: most connections open at a time.
            acquire_timeout_s: longest wait for a connection, opening it included.
            settle_timeout_s: longest wait for the server after a broken-off query; then the
                connection is closed.
        """
        if size < 1:
            raise ValueError(f"a pool needs at least one connection, not `{size}`")
        self._connect = connect
        self._size = size
        self._acquire_timeout_s = acquire_timeout_s
        self._settle_timeout_s = settle_timeout_s
        self._idle: list[Connection] = []
        self._open = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._settling: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def open_count(self) -> int:
        """Connections that exist or are being opened."""
        return self._open

    @property
    def idle_count(self) -> int:
        """Connections that nobody has borrowed."""
        return len(self._idle)

    def connection(self) -> Lease:
        """Lend a connection for the length of an `async with` block.

        Raises:
            NoConnectionError: on entering, if there is none within the time allowed.
        """
        return Lease(self)

    async def aclose(self) -> None:
        """Close idle connections; borrowed ones are closed when they come back."""
        self._is_closed = True
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if self._settling:
            await asyncio.gather(*self._settling)
        while self._idle:
            await self._close(self._idle.pop())

    async def acquire(self) -> Connection:
        """Borrow a connection; `release` or `discard` must follow. Prefer `connection()`."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._forget()
        try:
            async with asyncio.timeout(self._acquire_timeout_s):
                return await self._wait_or_open()
        except TimeoutError as error:
            raise NoConnectionError(
                f"no connection within {self._acquire_timeout_s} s, all {self._size} are in use "
                "or the server does not answer"
            ) from error

    def release(self, connection: Connection) -> None:
        """Take back a connection that has finished its query and left no state."""
        if connection.is_closed() or self._is_closed:
            connection.terminate()
            self._forget()
        elif connection.is_in_transaction():
            self.discard(connection)
        else:
            self._lend_or_keep(connection)

    def discard(self, connection: Connection) -> None:
        """Close a connection that must not be lent again."""
        connection.terminate()
        self._forget()

    def settle(self, connection: Connection) -> None:
        """Take back a connection whose query may still run: lent again once the server answers."""
        if connection.is_closed() or self._is_closed:
            self.release(connection)
            return
        task = asyncio.get_running_loop().create_task(self._settle(connection))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self._settle_timeout_s):
                await connection.fetchval("SELECT 1")
        # INVARIANT: the place of a connection is freed whatever happens to it.
        except Exception:
            self.discard(connection)
        except asyncio.CancelledError:
            self.discard(connection)
            raise
        else:
            self.release(connection)

    async def _wait_or_open(self) -> Connection:
        while self._open >= self._size and not self._is_closed:
            waiter: asyncio.Future[Connection | None]
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                lent = await waiter
            except asyncio.CancelledError:
                self._give_up(waiter)
                raise
            if lent is not None:
                return lent
        if self._is_closed:
            raise NoConnectionError("the pool is closed")
        return await self._open_one()

    async def _open_one(self) -> Connection:
        self._open += 1
        try:
            return await self._connect()
        except CONNECTION_ERRORS as error:
            self._forget()
            raise NoConnectionError("the server cannot be reached or refused the login") from error
        except BaseException:
            self._forget()
            raise

    def _give_up(self, waiter: asyncio.Future[Connection | None]) -> None:
        """A waiter was cancelled; what it was given meanwhile goes to the next one."""
        if not waiter.done() or waiter.cancelled():
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            return
        lent = waiter.result()
        if lent is None:
            self._wake_one()
        else:
            self.release(lent)

    def _lend_or_keep(self, connection: Connection) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def _forget(self) -> None:
        """A connection is gone: somebody who waits may open another."""
        self._open -= 1
        self._wake_one()

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _close(self, connection: Connection) -> None:
        self._open -= 1
        try:
            await connection.close(timeout=self._settle_timeout_s)
        except CONNECTION_ERRORS:
            connection.terminate()


class Lease:
    """One loan of a connection, see `LightPool.connection`."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    async def __aenter__(self) -> Connection:
        self._connection = connection = await self._pool.acquire()
        return connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if exc_type is None:
            self._pool.release(connection)
        else:
            self._pool.settle(connection)
