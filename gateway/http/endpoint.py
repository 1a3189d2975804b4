"""What every raw endpoint does around its work: request id, clock, errors, observers.

An endpoint is one ASGI application for one path. What it offers is in its subclass.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from gateway.errors import ClientError
from gateway.http.accept import JSON
from gateway.http.clock import Clock
from gateway.http.connection import ClientGoneError, Connection
from gateway.http.headers import (
    RequestHeaders,
    read_headers,
    refuse_chunked,
    require_json_body,
)
from gateway.http.limits import HttpLimits
from gateway.http.peer import peer_class, peer_network
from gateway.http.proxy import NO_PROXY, TrustedProxy
from gateway.http.responses import error_body, limit_headers, send_response
from gateway.http.types import CallerNote, RequestFacts, RequestObserver, RequestRecord

CLIENT_GONE = 499


def random_request_id() -> str:
    """Return 96 bits in hexadecimal: milliseconds since the epoch, then 48 random ones.

    Ids of requests that arrive one after the other are near each other in an index.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(6).hex()}"


class Response(NamedTuple):
    """What is to be sent."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None


@dataclass(slots=True)
class Exchange:
    """What is known of one request so far; grows while it is read."""

    request_id: str
    received: float
    note: CallerNote
    media_type: str = JSON
    request_bytes: int = 0


class Endpoint(ABC):
    """ASGI application of one path.

    Args:
        clock: for durations, deadlines and the wire time of arrival.
        observers: told of each finished request.
        limits: sizes and times.
        new_request_id: makes the identifier of a request.
        proxy: who may hand on certificates of clients.
    """

    def __init__(
        self,
        clock: Clock,
        observers: Sequence[RequestObserver],
        limits: HttpLimits | None,
        new_request_id: Callable[[], str],
        proxy: TrustedProxy = NO_PROXY,
    ) -> None:
        self._proxy = proxy
        self.limits = limits or HttpLimits()
        self._clock = clock
        self._observers = tuple(observers)
        self._new_request_id = new_request_id

    @abstractmethod
    async def respond(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        """Return the response to a request that can be understood.

        Raises:
            ClientError: it cannot, or is refused.
            ClientGoneError: the client left.
        """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; never raises but for cancellation by the server."""
        exchange = Exchange(self._new_request_id(), self._clock.monotonic(), CallerNote())
        try:
            response = await self.respond(scope, receive, exchange)
        except ClientGoneError:
            self._observe(scope, exchange, Response(CLIENT_GONE, b"", code="CLIENT_GONE"))
            return
        except ClientError as error:
            response = _refusal(error)
        except Exception as error:
            for observer in self._observers:
                observer.failed(exchange.request_id, error)
            response = _defect(exchange.request_id)
        await send_response(
            send,
            response.status,
            exchange.media_type,
            response.body,
            exchange.request_id,
            (*response.headers, *limit_headers(exchange.note, self._clock.epoch_s())),
        )
        self._observe(scope, exchange, response)

    def headers(self, scope: Scope) -> RequestHeaders:
        """Return the headers of a request that is not chunked.

        Raises:
            ClientError: see `read_headers` and `refuse_chunked`.
        """
        headers = read_headers(scope["headers"], self._proxy, scope.get("client"))
        refuse_chunked(headers)
        return headers

    def facts(
        self, scope: Scope, exchange: Exchange, idempotency_key: str | None = None
    ) -> RequestFacts:
        """Return what the stages may know."""
        return RequestFacts(
            exchange.request_id,
            scope["method"],
            scope["path"],
            peer_network(scope.get("client")),
            peer_class(scope.get("client")),
            self._clock.wire_time(),
            exchange.received + self.limits.query_s,
            exchange.note,
            idempotency_key,
        )

    def _observe(self, scope: Scope, exchange: Exchange, response: Response) -> None:
        """Tell the observers of a finished request."""
        if not self._observers:
            return
        record = RequestRecord(
            exchange.request_id,
            scope["method"],
            scope["path"],
            response.status,
            response.code,
            self._clock.monotonic() - exchange.received,
            exchange.request_bytes,
            len(response.body),
            exchange.note,
        )
        for observer in self._observers:
            observer.finished(record)


async def read_json_body(
    headers: RequestHeaders, connection: Connection, exchange: Exchange, limits: HttpLimits
) -> bytes:
    """Read a body whose headers allow it.

    Raises:
        ClientError: 411, 413 or 415.
        ClientGoneError: the client left.
    """
    require_json_body(headers, limits.body_bytes)
    body = await connection.read_body(limits.body_bytes)
    exchange.request_bytes = len(body)
    return body


def method_not_allowed(expected: str, allowed: str) -> ClientError:
    """Return the error for a method that the path does not have.

    Args:
        expected: in words. allowed: value of the header `allow`.
    """
    return ClientError(
        "METHOD_NOT_ALLOWED",
        f"the method is not supported here, expected {expected}",
        status=405,
        headers=(("allow", allowed),),
    )


def _refusal(error: ClientError) -> Response:
    """Return the response that shows a client error."""
    return Response(error.status, error_body(error.code, error.message), error.headers, error.code)


def _defect(request_id: str) -> Response:
    """Return the response after a defect; it shows nothing but where to ask."""
    body = error_body(
        "INTERNAL_ERROR",
        "the gateway failed; name the request id when you ask",
        requestId=request_id,
    )
    return Response(500, body, code="INTERNAL_ERROR")
