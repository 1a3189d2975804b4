"""The demonstration's server: uvicorn in this process, which leaves signals to us."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import AbstractContextManager, nullcontext

import uvicorn

from gateway.demo.errors import DemoError

HOST = "127.0.0.1"


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
