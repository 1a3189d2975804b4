"""The gateway's end of the pipe to one adapter process: calls under way, and when to hang up.

Whatever comes that was not asked for, is too long, or is no frame ends the process. So does
silence: a process that does not even answer a ping runs in a circle or is stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from gateway.contract import (
    FetchContext,
    MappingFailed,
    RecordRequest,
    SourceRejected,
    SourceUnavailable,
)
from gateway.isolation.asking_form import SelectionsSent
from gateway.isolation.framing import Frame, FrameError, FrameReader, pack
from gateway.isolation.start import AdapterProcess
from gateway.isolation.words import Word, error_of

MOST_ABANDONED = 64
"""Calls that were given up and whose end has not come; more, and the process is ended."""
MOST_UNREAD = 8 * 1024 * 1024
"""Bytes that a process has left unread."""


class Reply(NamedTuple):
    """A call that went well."""

    body: object
    tail: bytes


class Link(asyncio.Protocol):
    """Calls to one process. `connect` makes one."""

    def __init__(self, process: AdapterProcess, most_bytes: int) -> None:
        loop = asyncio.get_running_loop()
        self._process = process
        self._reader = FrameReader(most_bytes)
        self._calls: dict[int, asyncio.Future[Reply]] = {}
        self._abandoned: set[int] = set()
        self._last = 0
        self._is_pinged = False
        self._looks = 0
        self._transport: asyncio.Transport | None = None
        self._selections = SelectionsSent()
        self._ending: asyncio.Future[None] | None = None
        self.ended: asyncio.Future[str] = loop.create_future()
        """Why the process is of no use any more, once it is not."""

    @classmethod
    async def connect(cls, process: AdapterProcess, most_bytes: int) -> Link:
        """Take over the pipe of a process."""
        link = cls(process, most_bytes)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: link, sock=process.pipe)
        return link

    @property
    def process_id(self) -> int:
        """Of the process at the other end."""
        return self._process.process.pid

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except FrameError as error:
            self.break_off(f"it sent {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.break_off("it ended")

    def break_off(self, reason: str) -> None:
        """End the process; calls under way fail."""
        if self.ended.done():
            return
        self.ended.set_result(reason)
        if self._transport is not None:
            self._transport.abort()
        calls, self._calls = self._calls, {}
        for waiting in calls.values():
            if not waiting.done():
                waiting.set_exception(SourceUnavailable(f"the adapter's process is gone: {reason}"))
        # Waiting for its end takes as long as giving its memory back does.
        self._ending = asyncio.get_running_loop().run_in_executor(None, self._process.end)

    async def close(self) -> None:
        """End the process, and return when it has ended."""
        self.break_off("the gateway closes it")
        if self._ending is not None:
            await asyncio.shield(self._ending)

    def is_silent(self, most_looks: int) -> bool:
        """Whether so many looks in a row found a ping unanswered; sends one if none is under way.

        Looks are counted and not seconds: a gateway that was held up itself, so that it could not
        read the answer either, has looked once.
        """
        if not self._is_pinged:
            self._is_pinged, self._looks = True, 0
            self._send(0, Word.PING, None)
            return False
        self._looks += 1
        return self._looks >= most_looks

    async def fetch(self, requests: Sequence[RecordRequest], context: FetchContext) -> Reply:
        """Call `fetch`."""
        return await self.call(Word.FETCH, self._selections.fetch_form(requests, context))

    async def call(self, word: Word, body: object) -> Reply:
        """Ask, and wait for the answer; who stops waiting has the call cancelled over there.

        Raises:
            AdapterError: what the adapter raised, or SourceUnavailable if its process is gone.
        """
        if self.ended.done():
            raise SourceUnavailable(f"the adapter's process is gone: {self.ended.result()}")
        self._last += 1
        number = self._last
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._calls[number] = waiting
        try:
            self._send(number, word, body)
            return await waiting
        except FrameError as error:
            del self._calls[number]
            raise SourceRejected("the question holds what is no wire value") from error
        except asyncio.CancelledError:
            self._abandon(number)
            raise

    def _abandon(self, number: int) -> None:
        if self._calls.pop(number, None) is None or self.ended.done():
            return
        self._abandoned.add(number)
        self._send(number, Word.CANCEL, None)
        if len(self._abandoned) > MOST_ABANDONED:
            self.break_off("calls that were given up do not end")

    def _send(self, number: int, word: Word, body: object) -> None:
        transport = self._transport
        if transport is None or self.ended.done():
            return
        transport.write(pack(number, word, body))
        if transport.get_write_buffer_size() > MOST_UNREAD:
            self.break_off("it does not read what it is asked")

    def _take(self, frame: Frame) -> None:
        if self.ended.done():
            return
        waiting = self._calls.pop(frame.call, None)
        if waiting is not None:
            if not waiting.done():
                self._settle(waiting, frame)
        elif frame.call == 0 and self._is_pinged:
            self._is_pinged = False
        elif frame.call in self._abandoned:
            self._abandoned.remove(frame.call)
        else:
            raise FrameError("an answer that nobody asked for")

    def _settle(self, waiting: asyncio.Future[Reply], frame: Frame) -> None:
        if frame.word == Word.DONE:
            waiting.set_result(Reply(frame.body, frame.tail))
        elif frame.word == Word.FAILED:
            waiting.set_exception(error_of(frame.body))
        else:
            waiting.set_exception(MappingFailed("the adapter's process answered otherwise"))
