"""A bounded closed-loop client for where wrk is not installed: costs more CPU than wrk does.

Prints the same line as `wrk.lua`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

from bench.load import LONGEST_EXTRA_S


class _Connection(asyncio.Protocol):
    """One connection: sends a request whenever the answer before it is complete."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.WriteTransport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A transport of uvloop can write, though it says so by no class.
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._run.bytes += len(data)
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(self)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        now = time.perf_counter()
        self._run.answered(now - self._sent, self._parser.get_status_code())
        self._parser = httptools.HttpResponseParser(self)
        if now < self._run.until:
            self._send()
        elif self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        if self._transport is not None:
            self._transport.write(next(self._run.requests))


class _Run:
    """All connections of one measurement."""

    def __init__(self, requests: list[bytes], connections: int, seconds: float) -> None:
        self.requests = cycle(requests)
        self.bytes = 0
        self.durations: list[float] = []
        self.failed = 0
        self.started = time.perf_counter()
        self.until = self.started + seconds
        self._open = connections
        self.done = asyncio.get_running_loop().create_future()

    def answered(self, duration: float, status: int) -> None:
        self.durations.append(duration)
        self.failed += status != 200

    def lost(self, _: _Connection) -> None:
        self._open -= 1
        if time.perf_counter() < self.until:
            self.failed += 1
        if self._open == 0:
            self.done.set_result(None)

    def result(self) -> dict[str, float]:
        ordered = sorted(self.durations) or [0.0]
        return {
            "requests": len(self.durations),
            "seconds": time.perf_counter() - self.started,
            "bytes": self.bytes,
            "p50_us": int(ordered[len(ordered) // 2] * 1e6),
            "p99_us": int(ordered[int(len(ordered) * 0.99)] * 1e6),
            "failed": self.failed,
        }


def _read_requests(url: str, bodies: Path, headers: Path) -> list[bytes]:
    place = urlsplit(url)
    head = f"POST {place.path} HTTP/1.1\r\nhost: {place.netloc}\r\n"
    head += "content-type: application/json\r\naccept: application/json\r\n"
    head += "".join(f"{line}\r\n" for line in headers.read_text().splitlines())
    return [
        f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        for body in bodies.read_bytes().splitlines()
    ]


async def _measure(
    url: str, requests: list[bytes], connections: int, seconds: float
) -> dict[str, float]:
    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    run = _Run(requests, connections, seconds)
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(run), place.hostname, place.port)
    async with asyncio.timeout(seconds + LONGEST_EXTRA_S / 2):
        await run.done
    return run.result()


def main() -> None:
    """Measure as the command line says."""
    url, connections, seconds, bodies, headers = sys.argv[1:]
    requests = _read_requests(url, Path(bodies), Path(headers))
    print(
        "RESULT "
        + json.dumps(uvloop.run(_measure(url, requests, int(connections), float(seconds))))
    )


if __name__ == "__main__":
    main()
