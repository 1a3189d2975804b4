"""What a connection does around the work: its body arrives, its client may leave.

One timer serves both, because it is nearly all that this costs on the hot route: waiting for the
client's leaving needs a task, which starts only for an answer that takes long.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any

from starlette.types import Receive

from gateway.errors import ClientError
from gateway.http.headers import CLOSE, body_too_large

_SLOW_AFTER_S = 0.05


class ClientGoneError(Exception):
    """The client closed the connection; nobody waits for an answer."""


class Connection:
    """Cancels the task that entered it when the body comes too late or the client leaves.

    Args:
        receive: the ASGI callable.
        body_s: seconds in which the body must arrive.
        has_body: a body will be read; until it was, the client's leaving is not looked for.

    Raises:
        ClientGoneError: on leaving, if the client left; the work within has ended.
        ClientError: on leaving, 408 if the body came too late.
    """

    def __init__(self, receive: Receive, body_s: float, has_body: bool) -> None:
        self._receive = receive
        self._body_s = body_s
        self._is_reading = has_body
        self._is_slow = False
        self._cause: Exception | None = None
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Connection:
        """Start the timer."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is answered outside a task")
        self._task: asyncio.Task[Any] = task
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_SLOW_AFTER_S, self._become_slow)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the timer, and raise what made it cancel the task."""
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        if self._cause is None:
            return
        if not isinstance(error, asyncio.CancelledError):
            # The cancellation is on its way and must arrive here.
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        self._task.uncancel()
        raise self._cause from None

    async def read_body(self, limit_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            ClientError: 413 as soon as more than `limit_bytes` arrived.
            ClientGoneError: the client left.
        """
        parts: list[bytes] = []
        size_bytes = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientGoneError
            part: bytes = message.get("body", b"")
            size_bytes += len(part)
            if size_bytes > limit_bytes:
                raise body_too_large(limit_bytes)
            parts.append(part)
            if not message.get("more_body", False):
                break
        self._is_reading = False
        if self._is_slow:
            self._timer.cancel()
            self._start_watch()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _become_slow(self) -> None:
        """Go on with what the task waits for: its body, or its answer."""
        self._is_slow = True
        if self._is_reading:
            self._timer = self._loop.call_later(self._body_s, self._give_up_reading)
        else:
            self._start_watch()

    def _give_up_reading(self) -> None:
        message = f"the body did not arrive within {self._body_s:g} seconds"
        self._cancel(ClientError("REQUEST_TIMEOUT", message, status=408, headers=CLOSE))

    def _start_watch(self) -> None:
        self._watch = self._loop.create_task(self._wait_for_leaving())

    async def _wait_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._cancel(ClientGoneError())

    def _cancel(self, cause: Exception) -> None:
        self._cause = cause
        self._task.cancel()
