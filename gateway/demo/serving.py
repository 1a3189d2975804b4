"""The demonstration's server: uvicorn in this process, which leaves signals to us."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from gateway.demo.errors import DemoError

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Service:
    """An application of a department, to be served on a socket that holds its port."""

    app: ASGIApp
    listening: socket.socket


def reserve_port(port: int) -> socket.socket:
    """Return a socket that holds the port but accepts nothing yet; 0 takes any that is free.

    Raises:
        DemoError: another program has it.
    """
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((HOST, port))
    except OSError as error:
        reserved.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            is_busy = error.errno == errno.EADDRINUSE
            reason = "is used by another program" if is_busy else "is not open to this user"
            raise DemoError(
                f"port `{port}` {reason}, choose another one with --port (make demo PORT=…)"
            ) from error
        raise
    return reserved


@asynccontextmanager
async def served(services: Sequence[Service]) -> AsyncIterator[None]:
    """Serve departments' applications beside the gateway for the length of a block."""
    servers = [
        DemoServer(uvicorn.Config(service.app, log_config=None, access_log=False, lifespan="off"))
        for service in services
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[service.listening]))
        for server, service in zip(servers, services, strict=True)
    ]
    try:
        for server, task in zip(servers, tasks, strict=True):
            ready = asyncio.create_task(server.is_ready.wait())
            await asyncio.wait((ready, task), return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


class DemoServer(uvicorn.Server):
    """A server whose start can be waited for, and which leaves signals to its owner.

    Attributes:
        is_ready: set once it accepts connections.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()
