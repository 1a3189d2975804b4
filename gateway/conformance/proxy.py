"""A TCP proxy between an adapter and its source: counts, cuts, stalls. It alters nothing.

It runs on threads of its own, so that it works whatever the adapter does to its event loop.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

_CHUNK = 65_536
_PATIENCE_S = 5.0


class StatementReader(Protocol):
    """Reads the statements out of what one connection sends to the source."""

    def feed(self, data: bytes) -> Sequence[str]: ...


class NoStatements:
    """For protocols that the kit does not read."""

    def feed(self, data: bytes) -> Sequence[str]:
        return ()


@dataclass
class _Connection:
    client: socket.socket
    source: socket.socket
    reader: StatementReader
    is_asking: bool = False
    ends: set[str] = field(default_factory=set)

    def close(self) -> None:
        for end in (self.client, self.source):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class SourceProxy:
    """Listens on loopback and forwards to one source.

    Args:
        connect: opens a connection to the source.
        make_reader: a reader of statements for each connection.
    """

    def __init__(
        self,
        connect: Callable[[], socket.socket],
        make_reader: Callable[[], StatementReader] = NoStatements,
    ) -> None:
        self._connect = connect
        self._make_reader = make_reader
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[_Connection] = []
        self._statements: list[str] = []
        self._round_trips = 0
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._listener.close()
        self._flowing.set()
        self.restart()

    def round_trips(self) -> int:
        return self._round_trips

    def statements(self) -> Sequence[str]:
        return tuple(self._statements)

    def connections(self) -> int:
        return len(self._connections)

    def restart(self) -> None:
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            connection.close()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                source = self._connect()
            except OSError:
                client.close()
                continue
            connection = _Connection(client, source, self._make_reader())
            with self._lock:
                self._connections.append(connection)
            for pump in (self._to_source, self._to_client):
                threading.Thread(target=pump, args=(connection,), daemon=True).start()

    def _to_source(self, connection: _Connection) -> None:
        with suppress(OSError):
            while data := connection.client.recv(_CHUNK):
                with self._lock:
                    self._statements.extend(connection.reader.feed(data))
                    if not connection.is_asking:
                        connection.is_asking = True
                        self._round_trips += 1
                connection.source.sendall(data)
        self._ended(connection, "client")

    def _to_client(self, connection: _Connection) -> None:
        with suppress(OSError):
            while data := connection.source.recv(_CHUNK):
                self._flowing.wait()
                connection.is_asking = False
                connection.client.sendall(data)
        self._ended(connection, "source")

    def _ended(self, connection: _Connection, end: str) -> None:
        connection.close()
        with self._lock:
            connection.ends.add(end)
            if len(connection.ends) == 2:
                connection.client.close()
                connection.source.close()
                self._connections.remove(connection)


class PostgresStatements:
    """Statements in the PostgreSQL protocol: the texts of Parse and Query messages.

    Source: PostgreSQL documentation, Frontend/Backend Protocol, Message Formats.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self._has_started = False

    def feed(self, data: bytes) -> Sequence[str]:
        self._waiting += data
        found: list[str] = []
        while (length := self._length()) is not None and len(self._waiting) >= length:
            message, self._waiting = self._waiting[:length], self._waiting[length:]
            if not self._has_started:
                # The first message has no type; requests for encryption come before it.
                self._has_started = int.from_bytes(message[4:8], "big") == 3 << 16
                continue
            found += _statement(message)
        return found

    def _length(self) -> int | None:
        at = 1 if self._has_started else 0
        if len(self._waiting) < at + 4:
            return None
        return at + int.from_bytes(self._waiting[at : at + 4], "big")


def _statement(message: bytes) -> list[str]:
    body = message[5:]
    if message[:1] == b"Q":
        return [body.rstrip(b"\0").decode("utf-8", "replace")]
    if message[:1] == b"P":
        return [body.split(b"\0", 2)[1].decode("utf-8", "replace")]
    return []


class HttpRequests:
    """Requests in HTTP/1.1: method and target of each.

    Bodies are passed over by their length, which clients of a source state.

    Source: RFC 9112, sections 3 and 6.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self._body = 0

    def feed(self, data: bytes) -> Sequence[str]:
        self._waiting += data
        found: list[str] = []
        while self._waiting:
            skipped = min(self._body, len(self._waiting))
            self._waiting, self._body = self._waiting[skipped:], self._body - skipped
            head, end, rest = self._waiting.partition(b"\r\n\r\n")
            if not end:
                break
            line, *fields = head.decode("latin-1").split("\r\n")
            lengths = [
                f.partition(":")[2] for f in fields if f.lower().startswith("content-length:")
            ]
            self._waiting, self._body = rest, int(lengths[0]) if lengths else 0
            found.append(line.rpartition(" ")[0])
        return found


class MySqlStatements:
    """Statements in the MySQL protocol: the texts of COM_QUERY and COM_STMT_PREPARE.

    Source: MySQL documentation, Client/Server Protocol, packets and text protocol.
    """

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, data: bytes) -> Sequence[str]:
        self._waiting += data
        found: list[str] = []
        while len(self._waiting) >= 4:
            length = 4 + int.from_bytes(self._waiting[:3], "little")
            if len(self._waiting) < length:
                break
            packet, self._waiting = self._waiting[:length], self._waiting[length:]
            # Commands begin a conversation, so their number is 0; greetings and logins go on one.
            if packet[3] == 0 and packet[4:5] in (b"\x03", b"\x16"):
                found.append(packet[5:].decode("utf-8", "replace"))
        return found
