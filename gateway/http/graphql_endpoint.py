"""The GraphQL endpoint: one raw ASGI application, because it is the hot route.

Reads a request, hands it to the pipeline, and sends what comes back with the right status. Knows
no GraphQL: what a document means is the pipeline's business.

Source: GraphQL over HTTP, sections "Request", "Response" and "Status Codes".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from gateway.errors import ClientError
from gateway.http.accept import GRAPHQL_RESPONSE, JSON, Negotiated, negotiate
from gateway.http.clock import Clock
from gateway.http.connection import ClientGoneError, Connection
from gateway.http.headers import RequestHeaders, read_headers, refuse_chunked, require_json_body
from gateway.http.limits import HttpLimits
from gateway.http.parameters import from_body, from_query_string
from gateway.http.peer import peer_class, peer_network
from gateway.http.responses import error_body, send_response
from gateway.http.types import (
    Answering,
    CallerNote,
    RequestFacts,
    RequestObserver,
    RequestRecord,
)
from gateway.operation.types import OperationRequest

CLIENT_GONE = 499

# Source: Fetch Metadata Request Headers, section 2.2 "Sec-Fetch-Mode".
_FETCH_MODES = (b"cors", b"same-origin")


def random_request_id() -> str:
    """Return 96 random bits in hexadecimal."""
    return os.urandom(12).hex()


class _Response(NamedTuple):
    """What is to be sent."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None


@dataclass(slots=True)
class _Exchange:
    """What is known of one request so far; grows while it is read."""

    request_id: str
    received: float
    note: CallerNote
    media_type: str = JSON
    request_bytes: int = 0


class GraphQLEndpoint:
    """ASGI application for `GET` and `POST` of one path.

    Args:
        answering: the pipeline.
        clock: for durations, deadlines and the wire time of arrival.
        observers: told of each finished request.
        limits: sizes and times.
        new_request_id: makes the identifier of a request.
    """

    def __init__(
        self,
        answering: Answering,
        clock: Clock,
        observers: Sequence[RequestObserver] = (),
        limits: HttpLimits | None = None,
        new_request_id: Callable[[], str] = random_request_id,
    ) -> None:
        self._answering = answering
        self._clock = clock
        self._observers = tuple(observers)
        self._limits = limits or HttpLimits()
        self._new_request_id = new_request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; never raises but for cancellation by the server."""
        exchange = _Exchange(self._new_request_id(), self._clock.monotonic(), CallerNote())
        try:
            response = await self._respond(scope, receive, exchange)
        except ClientGoneError:
            self._observe(scope, exchange, _Response(CLIENT_GONE, b"", code="CLIENT_GONE"))
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
            response.headers,
        )
        self._observe(scope, exchange, response)

    async def _respond(self, scope: Scope, receive: Receive, exchange: _Exchange) -> _Response:
        """Return the response to a request that can be understood.

        Raises:
            ClientError: it cannot, or the pipeline refuses it.
            ClientGoneError: the client left.
        """
        headers = read_headers(scope["headers"])
        refuse_chunked(headers)
        method: str = scope["method"]
        if method not in ("GET", "POST"):
            raise ClientError(
                "METHOD_NOT_ALLOWED",
                "the method is not supported here, expected `POST` or `GET`",
                status=405,
                headers=(("allow", "GET, POST"),),
            )
        negotiated = _require_acceptable(headers, method)
        exchange.media_type = negotiated.media_type
        async with Connection(receive, self._limits.body_s, method == "POST") as connection:
            if method == "POST":
                request = await self._read_post(headers, connection, exchange)
            else:
                exchange.request_bytes = len(scope["query_string"])
                request = from_query_string(scope["query_string"], self._limits)
            facts = self._facts(scope, exchange)
            answer = await self._answering.answer(request, headers.credentials, facts)
        is_bad = answer.is_request_error and exchange.media_type == GRAPHQL_RESPONSE
        code = "REQUEST_ERROR" if answer.is_request_error else None
        return _Response(400 if is_bad else 200, answer.body, answer.headers, code)

    async def _read_post(
        self, headers: RequestHeaders, connection: Connection, exchange: _Exchange
    ) -> OperationRequest:
        """Read a body whose headers allow it."""
        require_json_body(headers, self._limits.body_bytes)
        body = await connection.read_body(self._limits.body_bytes)
        exchange.request_bytes = len(body)
        return from_body(body, self._limits)

    def _facts(self, scope: Scope, exchange: _Exchange) -> RequestFacts:
        """Return what the stages may know."""
        return RequestFacts(
            exchange.request_id,
            scope["method"],
            scope["path"],
            peer_network(scope.get("client")),
            peer_class(scope.get("client")),
            self._clock.wire_time(),
            exchange.received + self._limits.query_s,
            exchange.note,
        )

    def _observe(self, scope: Scope, exchange: _Exchange, response: _Response) -> None:
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


def _require_acceptable(headers: RequestHeaders, method: str) -> Negotiated:
    """Return the media type of the response.

    A `GET` must name a JSON type itself, or be a script's own `fetch`, which CORS guards: what a
    browser sends when it follows a link or loads a picture or script is neither, so no page
    elsewhere can make one run a query by that.

    Raises:
        ClientError: 406 NOT_ACCEPTABLE.
    """
    negotiated = negotiate(headers.accept)
    is_bare_get = method == "GET" and headers.fetch_mode not in _FETCH_MODES
    if negotiated is None or (is_bare_get and not negotiated.is_explicit):
        raise ClientError(
            "NOT_ACCEPTABLE",
            f"header `accept` names no type that can be sent, expected `{GRAPHQL_RESPONSE}`"
            f" or `{JSON}`",
            status=406,
        )
    return negotiated


def _refusal(error: ClientError) -> _Response:
    """Return the response that shows a client error."""
    return _Response(error.status, error_body(error.code, error.message), error.headers, error.code)


def _defect(request_id: str) -> _Response:
    """Return the response after a defect; it shows nothing but where to ask."""
    body = error_body(
        "INTERNAL_ERROR",
        "the gateway failed; name the request id when you ask",
        requestId=request_id,
    )
    return _Response(500, body, code="INTERNAL_ERROR")
