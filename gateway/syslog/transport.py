"""How messages reach a receiver: octet counts over TLS or TCP, or datagrams on this machine.

Source: RFC 5425 (TLS) and RFC 6587 section 3.4.1 (TCP): each message after its length and a blank.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Sequence
from typing import Protocol

_LOOK_EVERY_S = 0.02


class Transport(Protocol):
    """A connection to a receiver."""

    @property
    def is_alive(self) -> bool:
        """Whether the connection stands, as far as is known."""
        ...

    async def send(self, messages: Sequence[bytes]) -> None:
        """Return when the receiver's machine has the messages.

        Raises:
            OSError, TimeoutError: it may have none, some or all of them.
        """
        ...

    async def aclose(self) -> None:
        """End the connection."""
        ...


class StreamTransport:
    """Octet counting over one connection; what is not acknowledged counts as not sent."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        # what the receiver sends means nothing; reading it tells when it is gone
        self._reading = asyncio.get_running_loop().create_task(_drop(reader))
        self._patience_s = patience_s

    @property
    def is_alive(self) -> bool:
        """See `Transport.is_alive`."""
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def send(self, messages: Sequence[bytes]) -> None:
        """See `Transport.send`."""
        self._check()
        self._writer.write(b"".join(b"%d %b" % (len(each), each) for each in messages))
        async with asyncio.timeout(self._patience_s):
            await self._writer.drain()
            while self._unacknowledged():
                self._check()
                await asyncio.sleep(_LOOK_EVERY_S)
        self._check()

    def _check(self) -> None:
        if not self.is_alive:
            raise ConnectionResetError("the receiver ended the connection")

    def _unacknowledged(self) -> int:
        """Bytes that are still here: in the process, or sent and not acknowledged."""
        held: int = self._writer.transport.get_write_buffer_size()
        number = self._writer.get_extra_info("socket").fileno()
        answer = fcntl.ioctl(number, termios.TIOCOUTQ, struct.pack("i", 0))
        return held + int(struct.unpack("i", answer)[0])

    async def aclose(self) -> None:
        """See `Transport.aclose`."""
        self._reading.cancel()
        self._writer.close()


class DatagramTransport:
    """One datagram a message, to a receiver on this machine."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    @property
    def is_alive(self) -> bool:
        """See `Transport.is_alive`."""
        return True

    async def send(self, messages: Sequence[bytes]) -> None:
        """See `Transport.send`; a receiver that is not there may be noticed one message late."""
        loop = asyncio.get_running_loop()
        for each in messages:
            await loop.sock_sendall(self._socket, each)

    async def aclose(self) -> None:
        """See `Transport.aclose`."""
        self._socket.close()


async def connect_stream(
    host: str, port: int, tls: ssl.SSLContext | None, patience_s: float
) -> StreamTransport:
    """Connect to a receiver.

    Raises:
        OSError, TimeoutError: it cannot be reached, or is not who it should be.
    """
    async with asyncio.timeout(patience_s):
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    return StreamTransport(reader, writer, patience_s)


def connect_datagram(host: str, port: int) -> DatagramTransport:
    """Return a transport to a receiver on this machine.

    Raises:
        OSError: there is no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connected = socket.socket(family, socket.SOCK_DGRAM)
    connected.setblocking(False)
    connected.connect((host, port))
    return DatagramTransport(connected)


async def _drop(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(4_096):
            pass
    except OSError:
        return
