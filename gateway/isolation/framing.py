"""Frames on the pipe between the gateway and an adapter's process.

A frame is two lengths of four bytes, big-endian, then the head and the tail. The head is a JSON
array of three: number of the call, a word, and what belongs to it. The tail holds bytes that the
head gives the lengths of, so that built JSON is not escaped and read once more.

What comes from an adapter's process is data of a closed form and is bounded before it is read.
Nothing here runs anything: no pickle, no types named by the sender.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson

MOST_CONTAINERS = 200_000
"""Lists and objects in one head: each costs many times the bytes that it takes on the pipe."""
_LENGTHS = struct.Struct("!II")
# What orjson would turn into text by itself is no wire value, and has to fail as it does elsewhere.
_STRICT = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)


class FrameError(Exception):
    """Bytes that are no frame, or a value that cannot be put into one."""


class Frame(NamedTuple):
    """One message.

    Attributes:
        call: number of the call that it belongs to.
        word: what is asked, or how it went.
    """

    call: int
    word: str
    body: object
    tail: bytes


def pack(call: int, word: str, body: object, tail: Sequence[bytes] = ()) -> bytes:
    """Return the bytes of a frame.

    Raises:
        FrameError: the body holds something else than JSON values.
    """
    try:
        head = orjson.dumps([call, word, body], option=_STRICT)
        joined = b"".join(tail)
    except (TypeError, ValueError) as error:
        raise FrameError(f"not a wire value: {type(error).__name__}") from error
    return b"".join((_LENGTHS.pack(len(head), len(joined)), head, joined))


class FrameReader:
    """Makes frames of bytes as they come.

    Args:
        most_bytes: longest frame; a longer one is refused when its lengths have come.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete now.

        Raises:
            FrameError: the bytes are no frames; nothing more can be read.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _LENGTHS.size:
            head, tail = _LENGTHS.unpack_from(buffer)
            if head + tail > self._most:
                raise FrameError(f"a frame of {head + tail} bytes, expected at most {self._most}")
            end = _LENGTHS.size + head + tail
            if len(buffer) < end:
                return
            middle = _LENGTHS.size + head
            frame = _read(bytes(buffer[_LENGTHS.size : middle]), bytes(buffer[middle:end]))
            del buffer[:end]
            yield frame


def _read(head: bytes, tail: bytes) -> Frame:
    if head.count(b"[") + head.count(b"{") > MOST_CONTAINERS:
        raise FrameError(f"a frame of more than {MOST_CONTAINERS} lists and objects")
    try:
        value = orjson.loads(head)
    except orjson.JSONDecodeError as error:
        raise FrameError("a head that is no JSON") from error
    if type(value) is not list or len(value) != 3:
        raise FrameError("a head that is no array of three")
    call, word, body = value
    if type(call) is not int or type(word) is not str:
        raise FrameError("a head without number and word")
    return Frame(call, word, body, tail)
