"""A way to a server that can be made ill: frozen, slow, or cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """A running proxy on loopback.

    Attributes:
        port: where it listens.
        is_open: cleared, nothing goes through in either direction, and nothing is closed.
        pause_s: pause behind each byte from the server.
        bytes_until_cut: from the server, then both ends are closed; None: never.
    """

    port: int = 0
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    pause_s: float = 0.0
    bytes_until_cut: int | None = None
    connections: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()

    async def ended(self) -> None:
        """End every connection at once, and wait until it has."""
        for writer in self._writers:
            writer.transport.abort()
        waiting = (writer.wait_closed() for writer in self._writers)
        await asyncio.gather(*waiting, return_exceptions=True)


@asynccontextmanager
async def proxied(place: int | str) -> AsyncIterator[Proxy]:
    """Run a proxy to a port on loopback, or to a unix socket."""
    proxy = Proxy()
    proxy.is_open.set()
    tasks: set[asyncio.Task[None]] = set()

    async def pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool
    ) -> None:
        try:
            while data := await reader.read(65_536):
                await proxy.is_open.wait()
                if is_answer and proxy.bytes_until_cut is not None:
                    proxy.bytes_until_cut -= len(data)
                    if proxy.bytes_until_cut < 0:
                        return
                if is_answer and proxy.pause_s:
                    for byte in data:
                        writer.write(bytes((byte,)))
                        await asyncio.sleep(proxy.pause_s)
                else:
                    writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        proxy.connections += 1
        there = (
            await asyncio.open_connection("127.0.0.1", place)
            if isinstance(place, int)
            else await asyncio.open_unix_connection(place)
        )
        proxy._writers += [writer, there[1]]
        await asyncio.gather(pump(reader, there[1], False), pump(there[0], writer, True))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await proxy.ended()
