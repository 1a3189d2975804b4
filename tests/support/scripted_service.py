"""A service that answers as a script says, byte by byte: what servers do when they are ill."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Writer = asyncio.StreamWriter
Script = Callable[["Asked", Writer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: number from 1, first line, headers in lower case, body."""

    number: int
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """A running service and what it was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def scripted(
    script: Script, context: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Scripted]:
    """Run a service on a loopback port, a free one unless it is named."""
    service = Scripted()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[Writer] = []

    async def connected(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        writers.append(writer)
        service.connections += 1
        try:
            while asked := await _request(reader, len(service.asked) + 1):
                service.asked.append(asked)
                await script(asked, writer)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=context)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        waiting = (writer.wait_closed() for writer in writers)
        await asyncio.gather(*waiting, return_exceptions=True)


async def _request(reader: asyncio.StreamReader, number: int) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    line, *rest = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(number, line, headers, body)


def write_answer(writer: Writer, body: object, status: str = "200 OK", headers: str = "") -> None:
    """Write a whole answer; the body is JSON unless it is given as bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(content)}\r\n{headers}\r\n"
    writer.write(head.encode() + content)
