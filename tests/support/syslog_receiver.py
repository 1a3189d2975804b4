"""A syslog receiver that reads octet-counted streams and parses RFC 5424 strictly."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_HEADER = re.compile(
    rb"<(?P<pri>0|[1-9][0-9]{0,2})>(?P<version>[1-9][0-9]{0,2}) "
    rb"(?P<at>-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) "
    rb"(?P<host>[\x21-\x7e]{1,255}) (?P<app>[\x21-\x7e]{1,48}) (?P<proc>[\x21-\x7e]{1,128}) "
    rb"(?P<id>[\x21-\x7e]{1,32}) "
)
_NAME = rb"[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}"
_PARAMETER = re.compile(rb" (" + _NAME + rb')="((?:[^"\\\]]|\\["\\\]])*)"')
_ELEMENT = re.compile(rb"\[(" + _NAME + rb")((?: " + _NAME + rb'="(?:[^"\\\]]|\\["\\\]])*")*)\]')
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Message:
    """A parsed message."""

    facility: int
    severity: int
    at: str
    host: str
    app: str
    message_id: str
    element: str
    parameters: dict[str, str]
    text: bytes


def parse(raw: bytes) -> Message:
    """Parse one message; AssertionError if it is not exactly RFC 5424."""
    head = _HEADER.match(raw)
    assert head is not None, raw
    priority = int(head["pri"])
    assert priority <= 191
    assert head["version"] == b"1"
    element = _ELEMENT.match(raw, head.end())
    assert element is not None, raw
    parameters = {
        name.decode("ascii"): re.sub(rb'\\(["\\\]])', rb"\1", value).decode("utf-8")
        for name, value in _PARAMETER.findall(element[2])
    }
    rest = raw[element.end() :]
    assert rest == b"" or rest.startswith(b" "), raw
    text = rest[1:]
    if text:
        assert text.startswith(_BOM)
        text = text.removeprefix(_BOM)
        text.decode("utf-8")
    return Message(
        priority // 8,
        priority % 8,
        head["at"].decode(),
        head["host"].decode(),
        head["app"].decode(),
        head["id"].decode(),
        element[1].decode(),
        parameters,
        text,
    )


@dataclass
class Receiver:
    """What came."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    # whether connections are ended after the first message of each
    is_rude: bool = False
    connections: int = 0

    async def until(self, count: int) -> None:
        """Return once so many messages are there."""
        async with asyncio.timeout(30):
            while len(self.messages) < count:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                length = await reader.readuntil(b" ")
                assert re.fullmatch(rb"[1-9][0-9]* ", length), length
                self.messages.append(parse(await reader.readexactly(int(length))))
                if self.is_rude:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    """Receive on a port of this machine."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
