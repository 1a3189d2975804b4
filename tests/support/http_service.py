"""HTTP services of departments for tests: real ones, served by uvicorn in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


class _QuietServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()

    def install_signal_handlers(self) -> None:
        """Signals are the test runner's."""


@contextmanager
def served(
    app: ASGIApp,
    *,
    port: int = 0,
    certificate: str | None = None,
    key: str | None = None,
    clients_of: str | None = None,
) -> Iterator[int]:
    """Serve an application on a loopback port, which is yielded.

    Args:
        certificate, key: files for TLS.
        clients_of: file with the authority whose clients alone are let in.
    """
    # With the protocol named, asyncio turns delays off that wait for acknowledgements.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        app,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_ca_certs=clients_of,
        ssl_cert_reqs=2 if clients_of else 0,
    )
    server = _QuietServer(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        assert server.is_ready.wait(10), "the service did not start"
        yield listening.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
        listening.close()
