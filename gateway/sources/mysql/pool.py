"""Connections to one database: at most so many, opened when first needed, killed when given up.

A statement that is given up would run on until the server's own limit. So its connection is
killed at the server by another one, and only then is its place free again.
"""

from __future__ import annotations

import asyncio
import ssl

from gateway.contract import AdapterError, SourceUnavailable
from gateway.sources.mysql.connection import Rows, Session, open_session
from gateway.sources.mysql.source import MySqlSource

_KILL_S = 1.0
_ACQUIRE_S = 2.0


class MySqlPool:
    """Lends connections for one statement after the other; none keeps state."""

    def __init__(self, source: MySqlSource, context: ssl.SSLContext | None) -> None:
        self._source = source
        self._context = context
        self._places = asyncio.Semaphore(source.pool_size)
        self._idle: list[Session] = []
        self._killing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def idle_count(self) -> int:
        """Open connections that nobody uses."""
        return len(self._idle)

    async def read(self, statement: str) -> Rows:
        """Run one statement on a connection.

        One that was idle may have died without a word; the statement then runs once more on a
        fresh one, which it may, since it only reads.

        Raises:
            AdapterError: by what went wrong.
        """
        await self._acquire_place()
        is_lent = True
        try:
            session = self._idle_session()
            if session is not None:
                try:
                    return await self._read(session, statement)
                except SourceUnavailable:
                    if session.is_usable:
                        raise
                    self._close_idle()
            session = await open_session(self._source, self._context)
            return await self._read(session, statement)
        except _GivenUp as given_up:
            is_lent = False
            self._kill_later(given_up.session)
            raise asyncio.CancelledError from None
        finally:
            if is_lent:
                self._places.release()

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        if self._killing:
            await asyncio.gather(*self._killing, return_exceptions=True)
        self._close_idle()

    async def _acquire_place(self) -> None:
        if self._is_closed:
            raise SourceUnavailable("the pool is closed")
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(_ACQUIRE_S):
                await self._places.acquire()
        except TimeoutError as error:
            raise SourceUnavailable("all connections are in use") from error

    async def _read(self, session: Session, statement: str) -> Rows:
        try:
            rows = await session.read(statement)
        except asyncio.CancelledError:
            raise _GivenUp(session) from None
        except BaseException:
            self._keep(session)
            raise
        self._keep(session)
        return rows

    def _idle_session(self) -> Session | None:
        while self._idle:
            session = self._idle.pop()
            if session.is_usable:
                return session
            session.close()
        return None

    def _keep(self, session: Session) -> None:
        if session.is_usable and not self._is_closed:
            self._idle.append(session)
        else:
            session.close()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _kill_later(self, session: Session) -> None:
        if self._is_closed:
            # Nobody would wait for a task that begins now; the statement's own limit ends it.
            session.close()
            self._places.release()
            return
        task = asyncio.get_running_loop().create_task(self._kill(session))
        self._killing.add(task)
        task.add_done_callback(self._killing.discard)

    async def _kill(self, session: Session) -> None:
        """End a connection at the server; its own end stays open until then.

        So the server's number of it cannot be another connection's meanwhile.
        """
        try:
            async with asyncio.timeout(_KILL_S):
                helper = await open_session(self._source, self._context)
                try:
                    await helper.read(f"KILL {session.thread_id:d}")
                finally:
                    helper.close()
        except (AdapterError, TimeoutError):
            # The server is gone or too busy, or the statement has ended; else its limit ends it.
            pass
        finally:
            session.close()
            self._places.release()


class _GivenUp(BaseException):
    """The statement on this connection is not wanted any more, and may still run."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
