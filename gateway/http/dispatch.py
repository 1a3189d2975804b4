"""The server's one ASGI application: raw endpoints by path, everything else on Starlette.

What holds for every request but theirs is added here: a request id, safe headers, the refusal
of chunked bodies, one line in the log, and an answer without inner texts after a defect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import ClientError
from gateway.http.accept import JSON
from gateway.http.clock import Clock
from gateway.http.endpoint import random_request_id
from gateway.http.headers import read_headers, refuse_chunked
from gateway.http.responses import SECURITY_HEADERS, error_body, send_response
from gateway.http.types import CallerNote, RequestObserver, RequestRecord

GRAPHQL_PATH = "/graphql"

_NO_REFERRER = (b"referrer-policy", b"no-referrer")


class _Watched:
    """Sends a response and remembers its status and size; adds headers that are not there."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0
        self.sent_bytes = 0

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers += [each for each in SECURITY_HEADERS if each[0] not in present]
            headers += [_NO_REFERRER, (b"x-request-id", self._request_id.encode())]
            message = {**message, "headers": headers}
        else:
            self.sent_bytes += len(message.get("body", b""))
        await self._send(message)


class HttpApp:
    """ASGI application of a worker.

    Args:
        endpoints: raw applications by the path that each answers, `/graphql` among them.
        rest: answers every other path, and the lifespan.
        known_paths: paths that the log and the numbers may name; others are `other`.
    """

    def __init__(
        self,
        endpoints: Mapping[str, ASGIApp],
        rest: ASGIApp,
        clock: Clock,
        observers: Sequence[RequestObserver] = (),
        known_paths: frozenset[str] = frozenset(),
        new_request_id: Callable[[], str] = random_request_id,
    ) -> None:
        self._endpoints = dict(endpoints)
        self._rest = rest
        self._clock = clock
        self._observers = tuple(observers)
        self._known_paths = known_paths
        self._new_request_id = new_request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the application that answers its path."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
        elif (endpoint := self._endpoints.get(scope["path"])) is not None:
            await endpoint(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that is not GraphQL."""
        request_id = self._new_request_id()  # also in the scope: what is put on record names it
        started = self._clock.monotonic()
        watched = _Watched(send, request_id)
        code: str | None = None
        try:
            refuse_chunked(read_headers(scope["headers"]))
            await self._rest({**scope, "request_id": request_id}, receive, watched.send)
        except ClientError as error:
            code, body = error.code, error_body(error.code, error.message)
            await send_response(send, error.status, JSON, body, request_id, error.headers)
            watched.status, watched.sent_bytes = error.status, len(body)
        except Exception as error:
            for observer in self._observers:
                observer.failed(request_id, error)
            code = "INTERNAL_ERROR"
            await self._send_defect(watched, send, request_id)
        path = scope["path"]
        record = RequestRecord(
            request_id,
            scope["method"],
            path if path in self._known_paths else "other",
            watched.status,
            code,
            self._clock.monotonic() - started,
            0,
            watched.sent_bytes,
            CallerNote(),
        )
        for observer in self._observers:
            observer.finished(record)

    async def _send_defect(self, watched: _Watched, send: Send, request_id: str) -> None:
        """Answer after a defect, unless the answer has begun."""
        if watched.status:
            return
        message = "the gateway failed; name the request id when you ask"
        body = error_body("INTERNAL_ERROR", message, requestId=request_id)
        await send_response(send, 500, JSON, body, request_id)
        watched.status, watched.sent_bytes = 500, len(body)
