"""The servers that are measured, each a process with one worker on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.ground import Ground
from bench.workloads import Workload

_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.05

OURS, STRAWBERRY, LIMIT = "gateway", "strawberry", "limit"
NO_DUTIES, NO_AUDIT = "no_duties", "no_audit"
COMPARED = (OURS, STRAWBERRY, LIMIT)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def url(self, workload: Workload) -> str:
        """Where it answers a workload."""
        paths = {STRAWBERRY: f"/{workload.caller}/", LIMIT: f"/{workload.name}"}
        return f"http://127.0.0.1:{self.port}{paths.get(self.name, '/graphql')}"


@contextmanager
def run_servers(ground: Ground, names: tuple[str, ...]) -> Iterator[Mapping[str, Server]]:
    """Run servers for the length of the block."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_run(ground, name)) for name in names}


@contextmanager
def _run(ground: Ground, name: str) -> Iterator[Server]:
    port = _free_port()
    log = ground.folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - programs of this project
            _command(name, ground.settings, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "CREDIT_GATEWAY_SERVER_PORT": str(port)},
        )
    try:
        _wait_until_open(process, port, log)
        yield Server(name, port, process)
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _command(name: str, settings: Path, port: int) -> list[str]:
    if name == OURS:
        return [sys.executable, "-m", "gateway", "serve", "--config", str(settings)]
    module = {STRAWBERRY: "strawberry_app"}.get(name, name)
    return [sys.executable, "-m", f"bench.targets.{module}", str(settings), str(port)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(_LOOK_EVERY_S)
        else:
            return
    raise RuntimeError(f"a server did not start: {log.read_text(errors='replace')[-2_000:]}")
