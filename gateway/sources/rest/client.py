"""HTTP as this kit needs it: one question, one bounded JSON answer, within a deadline.

Every question reads only, so it is asked again where the way broke or the service was busy, as
long as there is time. Redirects are never followed: a token is for one host.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import httpx

from gateway.contract import MappingFailed, SourceRejected, SourceTimedOut, SourceUnavailable
from gateway.sources.rest.source import RestSource

_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_RETRIES = 2
_BACKOFF_S = 0.05
_LEAST_TIME_S = 0.05
"""Time that must be left after a pause, or it is not worth another try."""
_CONNECT_S = 1.0
_CONNECT_SHARE = 0.8
"""Connecting is given up before the whole call is: httpx then closes what is half open."""
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Question:
    """One request.

    Attributes:
        query: parameters in the address.
        body: JSON object; or
        form: form of the token endpoint.
    """

    method: str
    url: str
    query: Mapping[str, str] | None = None
    body: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Busy:
    """The service asks to come again."""

    status: int
    pause_s: float | None


class UnauthorisedError(SourceRejected):
    """The service does not take our token or login (401)."""


class HttpClient:
    """Connections to one service."""

    def __init__(
        self,
        source: RestSource,
        context: ssl.SSLContext,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        """
        Args:
            clock: monotonic, that of the deadlines.
            jitter: from 0 to 1, spreads the pauses of many workers.
        """
        self._most_bytes = source.most_bytes
        self._clock = clock
        self._jitter = jitter
        self._client = httpx.AsyncClient(
            verify=context,
            follow_redirects=False,
            trust_env=False,
            headers=_HEADERS,
            timeout=_CONNECT_S,
            limits=httpx.Limits(
                max_connections=source.connections, max_keepalive_connections=source.connections
            ),
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def ask(
        self, question: Question, headers: Mapping[str, str], deadline: float
    ) -> dict[str, Any] | list[Any]:
        """Ask until there is an answer, or no time.

        Raises:
            SourceTimedOut, SourceUnavailable, SourceRejected, MappingFailed: by what went wrong.
        """
        try:
            async with asyncio.timeout(max(deadline - self._clock(), 0)):
                return await self._ask_again(question, headers, deadline)
        except TimeoutError as error:
            raise SourceTimedOut("the service did not answer in time") from error

    async def _ask_again(
        self, question: Question, headers: Mapping[str, str], deadline: float
    ) -> dict[str, Any] | list[Any]:
        for attempt in range(_RETRIES + 1):
            pause = _BACKOFF_S * 2**attempt * (0.5 + self._jitter())
            is_last = attempt == _RETRIES
            try:
                answer = await self._ask_once(question, headers, deadline)
            except httpx.TimeoutException as error:
                raise SourceUnavailable("the service takes no connection") from error
            except httpx.TransportError as error:
                if is_last or not self._has_time(pause, deadline):
                    raise SourceUnavailable("the service cannot be reached or broke off") from error
            except httpx.HTTPError as error:
                raise MappingFailed("the service does not speak HTTP as expected") from error
            else:
                if not isinstance(answer, _Busy):
                    return answer
                pause = max(pause, answer.pause_s or 0)
                if is_last or not self._has_time(pause, deadline):
                    raise SourceUnavailable(f"the service is busy: status {answer.status}")
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _has_time(self, pause_s: float, deadline: float) -> bool:
        return self._clock() + pause_s + _LEAST_TIME_S < deadline

    async def _ask_once(
        self, question: Question, headers: Mapping[str, str], deadline: float
    ) -> dict[str, Any] | list[Any] | _Busy:
        left = (deadline - self._clock()) * _CONNECT_SHARE
        sent = self._client.stream(
            question.method,
            question.url,
            params=question.query or None,
            json=question.body,
            data=question.form,
            headers=headers,
            timeout=httpx.Timeout(None, connect=max(0.001, min(_CONNECT_S, left))),
        )
        async with sent as response:
            status = response.status_code
            if status in _BUSY:
                return _Busy(status, _pause(response.headers.get("retry-after", "")))
            if status == HTTPStatus.UNAUTHORIZED:
                raise UnauthorisedError("the service does not know us: status 401")
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise SourceUnavailable(f"the service failed: status {status}")
            if status != HTTPStatus.OK:
                raise SourceRejected(f"the service refused the question: status {status}")
            return _parsed(await self._body(response))

    async def _body(self, response: httpx.Response) -> bytes:
        """Read the body, and stop where it is longer than allowed."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise MappingFailed("the answer is compressed, though we asked for plain")
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw():
            size += len(part)
            if size > self._most_bytes:
                raise MappingFailed(f"the answer is longer than {self._most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def _pause(retry_after: str) -> float | None:
    """Seconds of a Retry-After header; its form with a date is not heeded."""
    return float(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None


def _parsed(body: bytes) -> dict[str, Any] | list[Any]:
    """JSON with exact numbers.

    Raises:
        MappingFailed: it is no JSON object or array.
    """
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise MappingFailed("the answer is no JSON") from error
    if not isinstance(found, dict | list):
        raise MappingFailed("the answer is no JSON object or array")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"`{name}` is no JSON")
