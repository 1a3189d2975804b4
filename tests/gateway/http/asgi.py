"""Speaks ASGI to an application, as the server would: messages in, messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import ASGIApp, Message

Headers = Sequence[tuple[str, str]]
JSON = (("content-type", "application/json"),)


@dataclass(frozen=True)
class Reply:
    """One complete response."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's value."""
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the first error."""
        code: str = self.json()["errors"][0]["extensions"]["code"]
        return code


class Peer:
    """The server's side of one request: its body in parts, then silence or the client's leaving.

    Attributes:
        leave: set to make the client leave.
    """

    def __init__(self, parts: Sequence[bytes], is_complete: bool = True) -> None:
        self._messages = [
            {
                "type": "http.request",
                "body": part,
                "more_body": not (is_complete and number == len(parts) - 1),
            }
            for number, part in enumerate(parts)
        ]
        self.sent: list[Message] = []
        self.leave = asyncio.Event()

    async def receive(self) -> Message:
        """Return the next part of the body; then wait for the client's leaving."""
        if self._messages:
            return self._messages.pop(0)
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Keep what the application sends."""
        self.sent.append(message)

    def reply(self) -> Reply:
        """Return the response; its length must be as declared."""
        start, *bodies = self.sent
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        body = b"".join(message["body"] for message in bodies)
        assert int(headers["content-length"]) == len(body)
        return Reply(start["status"], headers, body)


def http_scope(
    method: str, path: str, query: str, headers: Headers, client: tuple[str, int] | None
) -> dict[str, Any]:
    """Return the scope of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": client,
        "server": ("127.0.0.1", 80),
    }


async def call(
    app: ASGIApp,
    method: str,
    path: str = "/graphql",
    *,
    query: str = "",
    headers: Headers = (),
    parts: Sequence[bytes] = (b"",),
    client: tuple[str, int] | None = ("192.0.2.7", 1234),
) -> Reply:
    """Send one request and return its response."""
    peer = Peer(parts)
    await app(http_scope(method, path, query, headers, client), peer.receive, peer.send)
    return peer.reply()


async def post(
    app: ASGIApp, body: bytes | object, headers: Headers = (), content_type: Headers = JSON
) -> Reply:
    """Send one body, given as bytes or as a JSON value, with its length declared."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    length = ("content-length", str(len(data)))
    return await call(app, "POST", headers=[*content_type, length, *headers], parts=[data])
