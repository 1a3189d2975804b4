"""A way to the database that can be frozen: bytes stop, connections stay open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

from gateway.store.connect import StoreAddress


@dataclass
class FreezablePath:
    """A proxy on loopback in front of a server's unix socket.

    Attributes:
        flows: while it is not set, nothing is passed on in either direction.
    """

    socket: str
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    _streams: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection's bytes on until either side ends it."""
        server_reader, server_writer = await asyncio.open_unix_connection(self.socket)
        self._streams += [writer, server_writer]
        await asyncio.gather(
            self._pass_on(reader, server_writer), self._pass_on(server_reader, writer)
        )

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self.flows.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    def end(self) -> None:
        """Let everything flow and close every connection."""
        self.flows.set()
        for stream in self._streams:
            stream.close()


@asynccontextmanager
async def freezable(store: StoreAddress) -> AsyncIterator[tuple[FreezablePath, StoreAddress]]:
    """Yield a path that flows, and the store's address through it."""
    parts = urlsplit(store.url)
    place = parse_qs(parts.query)
    path = FreezablePath(f"{place['host'][0]}/.s.PGSQL.{place['port'][0]}")
    path.flows.set()
    server = await asyncio.start_server(path.connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"postgresql://{parts.netloc}127.0.0.1:{port}{parts.path}?sslmode=disable"
    try:
        yield path, replace(store, url=url)
    finally:
        path.end()
        server.close()
        await server.wait_closed()
