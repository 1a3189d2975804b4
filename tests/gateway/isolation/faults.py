"""What an adapter's code can do wrong while it answers, each under the name in the fault table."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from gateway.contract import (
    MappingFailed,
    RecordRequest,
    RowBatch,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
)

Fault = Callable[[list[Any], Sequence[RecordRequest]], Awaitable[Any]]
_HUGE = 64 * 1024 * 1024


async def _hang(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    await asyncio.Event().wait()


async def _hang_on(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    """Go on after a cancellation; not for ever, since a test's event loop waits for the end."""
    until = time.monotonic() + 2
    while (left := until - time.monotonic()) > 0:
        try:
            await asyncio.sleep(left)
        except asyncio.CancelledError:
            continue


async def _loop(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    while True:
        pass


async def _block(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    time.sleep(60)  # noqa: ASYNC251 - the fault


async def _exit(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    os._exit(1)


async def _crash(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    ctypes.string_at(0)


async def _hunger(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    eaten = []
    while True:
        eaten.append(bytes(_HUGE))


async def _stop(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    os.kill(os.getpid(), signal.SIGSTOP)


async def _fork(made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    """Leave a process behind that holds on to everything, and die."""
    program = [sys.executable, "-c", "import time; time.sleep(60)"]
    subprocess.Popen(program, close_fds=False)  # noqa: ASYNC220 - the fault
    os._exit(1)


def _pipe() -> socket.socket:
    """The socket to the gateway, found as an intruder would: the one that another process made."""
    for number in range(3, 1_024):
        try:
            found = socket.socket(fileno=os.dup(number))
            peer = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            if struct.unpack("3i", peer)[0] == os.getppid():
                found.setblocking(True)
                return found
        except OSError:
            continue
    raise LookupError


def _sends(data: bytes) -> Fault:
    async def send(made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
        _pipe().sendall(data)
        await asyncio.sleep(1)
        return made

    return send


def _frame(head: bytes, tail: bytes = b"") -> bytes:
    return struct.pack("!II", len(head), len(tail)) + head + tail


async def _drip(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    pipe = _pipe()
    pipe.send(struct.pack("!II", 1_000, 0))
    for _ in range(60):
        pipe.send(b"[")
        await asyncio.sleep(0.05)


async def _flood(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    pipe = _pipe()
    while True:
        pipe.send(_frame(b'[9999,"done",null]'))


def _spoils(change: Callable[[Any], Any]) -> Fault:
    async def spoil(made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
        return [change(batch) for batch in made]

    return spoil


def _raises(error: BaseException) -> Fault:
    async def fail(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
        raise error

    return fail


def _each_value(change: Callable[[Any], Any]) -> Fault:
    def spoil(batch: Any) -> Any:
        return replace(
            batch,
            groups=[[[change(value) for value in row] for row in rows] for rows in batch.groups],
        )

    return _spoils(spoil)


def _each_text(change: Callable[[str], str]) -> Fault:
    """Change the number of each document, which is any text."""
    return _each_value(lambda value: change(value) if str(value).startswith("第") else value)


async def _hang_up(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    """Close the way to the gateway, and live on."""
    _pipe().shutdown(socket.SHUT_RDWR)
    await asyncio.sleep(60)


async def _set_the_clock(made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    """Answer in another year."""
    before, time.time = time.time, lambda: 0.0
    await asyncio.sleep(0)
    time.time = before
    return made


async def _answer(made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    return made


async def _too_few(_made: list[Any], _requests: Sequence[RecordRequest]) -> Any:
    return []


FAULTS: dict[str, Fault] = {
    "hang": _hang,
    "hangs and ignores cancellation": _hang_on,
    "endless loop": _loop,
    "blocks without a loop": _block,
    "os._exit": _exit,
    "segmentation fault": _crash,
    "memory hunger": _hunger,
    "stops itself": _stop,
    "forks and dies": _fork,
    "garbage on the pipe": _sends(b"\xff" * 4_096),
    "frame of four gigabytes": _sends(b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    "head that is no JSON": _sends(_frame(b"not json")),
    "JSON bomb": _sends(_frame(b'[1,"done",' + b"[" * 300_000)),
    "answers nobody asked for": _flood,
    "slow drip": _drip,
    "pickle instead of an answer": _sends(_frame(b"\x80\x04cos\nsystem\n(S'true'\ntR.")),
    "unavailable": _raises(SourceUnavailable("gone")),
    "timed out": _raises(SourceTimedOut("slow")),
    "rejected": _raises(SourceRejected("no")),
    "mapping failed": _raises(MappingFailed("odd")),
    "foreign error": _raises(ZeroDivisionError("secret of the source")),
    "system exit": _raises(SystemExit(3)),
    "keyboard interrupt": _raises(KeyboardInterrupt()),
    "no batches": _too_few,
    "nothing": _spoils(lambda _: None),
    "wrong type": _each_value(lambda value: 7),
    "objects for texts": _each_value(lambda value: {"a": 1}),
    "bytes for texts": _each_value(lambda value: b"a"),
    "extra rows": _spoils(lambda b: RowBatch([list(rows) * 99 for rows in b.groups], b.totals)),
    "duplicate keys": _spoils(lambda b: RowBatch([*b.groups, *b.groups], b.totals)),
    "huge row": _each_text(lambda value: value * (400 * 1024)),
    "half-open connection": _hang_up,
    "disk full": _raises(OSError(errno.ENOSPC, "secret of the source")),
    "clock skew": _set_the_clock,
    "cancelled request": _answer,
    "lone surrogate": _each_text(lambda value: value + "\ud800"),
}
