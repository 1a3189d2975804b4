"""The program of an adapter's process: limits itself, loads one package, answers calls.

It is started by `gateway.isolation.start` with one argument, a JSON object, and talks over one
inherited socket. Limits are set before anything of the package is imported. It ends when the
socket is closed, when its parent is gone, and when it runs out of memory.

Texts of errors stay here, since they may hold values of records; only what went wrong while the
package was loaded is told in words, for the operator who put it there.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import uvloop

from gateway.contract import AdapterSettings
from gateway.isolation import answer_form, asking_form, quality_form
from gateway.isolation.framing import Frame, FrameError, FrameReader, pack
from gateway.isolation.loading import LoadingFailed, RulesUnreadable, find_rules, load_adapter
from gateway.isolation.manifest_form import NoManifest, manifest_form
from gateway.isolation.words import CAPABILITIES, ERRORS, UNFIT, Word

_MOST_ASKED = 64 * 1024 * 1024
_MOST_REASON = 500
_OUT_OF_MEMORY = 3
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_Answer = Callable[[Any, list[bytes]], Awaitable[object]]
"""Takes the body of a call; fills the tail, returns the body of the answer."""
_Made = tuple[Word, object]


def main() -> None:
    """Run until the gateway hangs up."""
    start = json.loads(sys.argv[1])
    # Whoever lists processes sees no more than that this is an adapter.
    _bind_to_parent(start["parent"])
    _limit(start["memory_mb"], start["open_files"])
    allowance = CpuAllowance(start["cpu_s"])
    allowance.renew()
    pipe = socket.socket(fileno=start["socket"])
    uvloop.run(_serve(pipe, allowance, start["answer_kb"] * 1024))


def _bind_to_parent(parent: int) -> None:
    """Die with the gateway, however it dies; gain no privilege by any program."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _limit(memory_mb: int, open_files: int) -> None:
    memory = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class CpuAllowance:
    """CPU until the next sign of life; the kernel ends a process that never gives one."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds

    def renew(self) -> None:
        """Count from now."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + 1 + self._seconds, hard))


async def _serve(pipe: socket.socket, allowance: CpuAllowance, most_bytes: int) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    await loop.create_connection(lambda: _Serving(ended, allowance, most_bytes), sock=pipe)
    await ended


class _Serving(asyncio.Protocol):
    """Answers what the gateway asks."""

    def __init__(
        self, ended: asyncio.Future[None], allowance: CpuAllowance, most_bytes: int
    ) -> None:
        self._ended = ended
        self._allowance = allowance
        self._most = most_bytes
        self._reader = FrameReader(_MOST_ASKED)
        self._selections = asking_form.SelectionsHeld()
        self._tasks: dict[int, asyncio.Task[_Made]] = {}
        self._adapter: Any = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        # Whatever threads the package has started, nobody wants its answers any more.
        os._exit(0)

    def data_received(self, data: bytes) -> None:
        for frame in self._reader.feed(data):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.word == Word.CANCEL:
            task = self._tasks.get(frame.call)
            if task is not None:
                task.cancel()
        elif frame.word == Word.PING:
            self._allowance.renew()
            self._send(frame.call, Word.DONE, None, [])
        elif frame.word == Word.LOAD:
            self._send(frame.call, *self._load(frame.body), [])
        elif frame.word == Word.FETCH:
            # Selections are read in the order of the frames, which tasks need not keep.
            asked = self._selections.fetch_call(frame.body)
            self._start(frame.call, self._fetch, asked)
        else:
            self._start(frame.call, self._answers(frame.word), frame.body)

    def _start(self, call: int, answer: _Answer, body: Any) -> None:
        tail: list[bytes] = []
        task = asyncio.get_running_loop().create_task(_answer(answer, body, tail))
        self._tasks[call] = task
        # INVARIANT: every call ends with one frame, also one that was cancelled before it began.
        task.add_done_callback(partial(self._finish, call, tail))

    def _finish(self, call: int, tail: list[bytes], task: asyncio.Task[_Made]) -> None:
        del self._tasks[call]
        if task.cancelled():
            self._send(call, Word.FAILED, UNFIT, [])
        elif task.exception() is None:  # else the loop is ending
            word, made = task.result()
            self._send(call, word, made, tail if word is Word.DONE else [])

    def _send(self, call: int, word: Word, body: object, tail: list[bytes]) -> None:
        try:
            frame = pack(call, word, body, tail)
        except FrameError:
            frame = pack(call, Word.FAILED, UNFIT)
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)
        if len(frame) > self._most:
            frame = pack(call, Word.FAILED, UNFIT)
        self._transport.write(frame)

    def _load(self, body: Any) -> _Made:
        slug, value, group, settings = body
        point = EntryPoint(slug, value, group)
        try:
            adapter = load_adapter(point, AdapterSettings(settings))
        except LoadingFailed as error:
            return Word.FAILED, [str(error)[:_MOST_REASON], _readable(error.manifest)]
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)
        try:
            manifest = adapter.manifest
        except Exception as error:
            return Word.FAILED, [f"the manifest cannot be read: {type(error).__name__}", None]
        try:
            form = manifest_form(manifest)
            rules = find_rules(manifest, point.module)
        except NoManifest as error:
            return Word.FAILED, [f"the manifest cannot be read: {error}", None]
        except RulesUnreadable as error:
            return Word.FAILED, [str(error)[:_MOST_REASON], _readable(manifest)]
        if rules is not None and not isinstance(rules, Path):
            return Word.FAILED, ["the package's rules are no file", form]
        self._adapter = adapter
        offers = [word for word in CAPABILITIES if callable(getattr(adapter, word, None))]
        return Word.DONE, [form, None if rules is None else str(rules.resolve()), offers]

    def _answers(self, word: str) -> _Answer:
        return {
            Word.OPEN: self._open,
            Word.CLOSE: self._close,
            Word.HEALTH: self._health,
            Word.STATISTICS: self._statistics,
            Word.CHANGES: self._changes,
            Word.SUBMIT: self._submit,
            Word.QUALITY: self._quality,
            Word.EXPLAIN: self._explain,
        }[Word(word)]

    async def _open(self, _body: Any, _tail: list[bytes]) -> object:
        await self._adapter.open()
        return None

    async def _close(self, _body: Any, _tail: list[bytes]) -> object:
        await self._adapter.aclose()
        return None

    async def _health(self, _body: Any, _tail: list[bytes]) -> object:
        return answer_form.health_form(await self._adapter.health())

    async def _fetch(self, asked: Any, tail: list[bytes]) -> object:
        return answer_form.batches_form(await self._adapter.fetch(*asked), tail)

    async def _statistics(self, body: Any, _tail: list[bytes]) -> object:
        asked = asking_form.statistics_call(body)
        return answer_form.statistics_batches_form(await self._adapter.statistics(*asked))

    async def _changes(self, body: Any, _tail: list[bytes]) -> object:
        asked = asking_form.changes_call(body)
        return answer_form.changes_batch_form(await self._adapter.changes(*asked))

    async def _submit(self, body: Any, _tail: list[bytes]) -> object:
        asked = asking_form.command_call(body)
        return answer_form.result_form(await self._adapter.submit(*asked))

    async def _quality(self, body: Any, _tail: list[bytes]) -> object:
        asked = quality_form.quality_call(body)
        return quality_form.qualities_form(await self._adapter.quality(*asked))

    async def _explain(self, body: Any, _tail: list[bytes]) -> object:
        requests, _ = self._selections.fetch_call(body)
        return str(self._adapter.explain(requests))


async def _answer(answer: _Answer, body: Any, tail: list[bytes]) -> _Made:
    """How a call went."""
    try:
        return Word.DONE, await answer(body, tail)
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)
    except answer_form.UnfitAnswer:
        return Word.FAILED, UNFIT
    except Exception as error:
        return Word.FAILED, _error_form(error)


def _readable(manifest: Any) -> object:
    try:
        return None if manifest is None else manifest_form(manifest)
    except NoManifest:
        return None


def _error_form(error: Exception) -> object:
    """Which error of the contract it is, and the name of its type."""
    name = type(error).__name__[:60]
    for kind, word in ERRORS.items():
        if isinstance(error, kind):
            return [word, name]
    return ["other", name]
