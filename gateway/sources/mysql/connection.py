"""One connection: opened with the session it is to have, read from within bounds, killed at need.

Statements reach the server as whole texts; values in them are hexadecimal or plain numbers.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import aiomysql
from aiomysql.connection import Connection as MySqlConnection
from pymysql.constants import CLIENT, CR

from gateway.contract import (
    AdapterError,
    MappingFailed,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
)
from gateway.sources.mysql.source import MySqlSource

_PROGRAM = "credit-gateway"
_CONNECT_S = 2.0
_SORT_BYTES = 8_192
"""Texts are ordered by so many of their first bytes."""
_TIMED_OUT = frozenset({1969, 3024})
"""ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL."""
_UNAVAILABLE = frozenset({1040, 1053, 1080, 1152, 1203, 1205, 1213, 1226, 1317, 1927, 3169})
"""Too many connections, shutdown, killed, lock wait, deadlock, over the login's limits."""
_LEAST_CLIENT_CODE = 2000
"""Codes from here on are those of the client: the way to the server is broken."""

Rows = tuple[tuple[Any, ...], ...]


class TooMuchError(MappingFailed):
    """The answer to a statement is longer than allowed."""


class _Bounded(MySqlConnection):  # type: ignore[misc]  # the library has no types
    """Counts what it reads, and never goes on in clear where TLS is wanted."""

    bytes_left = 1_000_000

    async def _read_bytes(self, num_bytes: int) -> bytes:
        self.bytes_left -= num_bytes
        if self.bytes_left < 0:
            self.close()
            raise TooMuchError("the answer is longer than allowed")
        try:
            found: bytes = await self._reader.readexactly(num_bytes)
        except (asyncio.IncompleteReadError, OSError) as error:
            self.close()
            raise aiomysql.OperationalError(CR.CR_SERVER_LOST, "the connection broke") from error
        return found

    async def _request_authentication(self) -> None:
        if self._ssl_context and not self.server_capabilities & CLIENT.SSL:
            raise aiomysql.OperationalError(2026, "the server offers no TLS")
        # One statement per text, whatever stands in it.
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS
        await super()._request_authentication()


class Session:
    """An open connection."""

    def __init__(self, connection: _Bounded, most_bytes: int) -> None:
        self._connection = connection
        self._most_bytes = most_bytes

    @property
    def is_usable(self) -> bool:
        """Whether nothing says that the connection is gone."""
        connection = self._connection
        return not connection.closed and not connection._reader.eof_received

    @property
    def thread_id(self) -> int:
        """The server's number of this connection."""
        number: int = self._connection.thread_id()
        return number

    def close(self) -> None:
        """Close at once, in whatever state it is."""
        self._connection.close()

    async def read(self, statement: str) -> Rows:
        """Run a statement and read all its rows.

        Raises:
            AdapterError: by what went wrong.
        """
        connection = self._connection
        connection.bytes_left = self._most_bytes
        try:
            await connection.query(statement)
        except AdapterError:
            raise
        except aiomysql.MySQLError as error:
            raise _typed(error) from error
        except (OSError, RuntimeError) as error:
            raise SourceUnavailable("the way to the database broke") from error
        # What speaks the protocol wrongly fails wherever the library reads it.
        except Exception as error:
            connection.close()
            raise SourceUnavailable("the server does not speak as MySQL does") from error
        rows: Rows = connection._result.rows or ()
        return rows


def _typed(error: aiomysql.MySQLError) -> AdapterError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in _TIMED_OUT:
        return SourceTimedOut("the database ended the statement before it was done")
    if code in _UNAVAILABLE or code >= _LEAST_CLIENT_CODE or code == 0:
        return SourceUnavailable(f"the database cannot be reached or is going away: {code}")
    return SourceRejected(f"the database refused: {code}")


async def open_session(source: MySqlSource, context: ssl.SSLContext | None) -> Session:
    """Connect, log in and set the session up.

    Raises:
        AdapterError: by what went wrong.
    """
    connection = _Bounded(
        host=source.host,
        port=source.port,
        user=source.user,
        password=source.password,
        db=source.database,
        charset="utf8mb4",
        conv={},
        autocommit=True,
        connect_timeout=_CONNECT_S,
        ssl=context,
        program_name=_PROGRAM,
    )
    try:
        await connection._connect()
        session = Session(connection, source.most_bytes)
        for statement in _session_statements(connection.server_version, source):
            await session.read(statement)
    except aiomysql.MySQLError as error:
        connection.close()
        raise _typed(error) from error
    except AdapterError:
        connection.close()
        raise
    except asyncio.CancelledError:
        connection.close()
        raise
    except Exception as error:
        connection.close()
        raise SourceUnavailable("the server does not speak as MySQL does") from error
    return session


def _session_statements(version: str, source: MySqlSource) -> tuple[str, ...]:
    """What every session is set to; nothing else changes one."""
    limit = (
        f"max_statement_time = {source.statement_timeout_ms / 1_000:.3f}"
        if "MariaDB" in version
        else f"max_execution_time = {source.statement_timeout_ms:d}"
    )
    return (
        f"SET SESSION time_zone = '+00:00', sql_mode = '', max_sort_length = {_SORT_BYTES:d}, "
        f"{limit}",
        "SET SESSION TRANSACTION READ ONLY",
    )
