"""How a file's bytes become text: declared, or decided on evidence that the report repeats.

Undecodable bytes do not stop the reading. Each becomes one mark, a lone surrogate that no valid
text contains, so that the record around it can be quarantined with its bytes intact.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from gateway.sources.files.errors import UnusableInputError

#: What an operator may declare.
DECLARABLE = ("auto", "utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be")

_BLOCK_BYTES = 256 * 1024
_HEAD_BYTES = 64 * 1024
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (b"\x84\x31\x95\x33", "gb18030"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARK_BASE = 0xDC00
_MARKS = re.compile("([\udc00-\udcff]+)")
_MARK_ERRORS = "credit-gateway-mark"


class Hash(Protocol):
    """The part of a hashlib object that reading needs."""

    def update(self, data: bytes, /) -> None: ...


@dataclass(frozen=True, slots=True)
class EncodingDecision:
    """The codec of a file, the length of its byte order mark, and how it was decided."""

    codec: str
    bom_bytes: int
    decided_by: str


def _mark_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    marks = (chr(_MARK_BASE + byte) for byte in error.object[error.start : error.end])
    return "".join(marks), error.end


codecs.register_error(_MARK_ERRORS, _mark_bytes)


def has_marks(text: str) -> bool:
    """Tell whether some bytes of this text could not be decoded."""
    return _MARKS.search(text) is not None


def original_bytes(text: str, codec: str) -> bytes:
    """Turn text read by `text_blocks` back into the bytes of the file."""
    parts = _MARKS.split(text)
    return b"".join(
        bytes(ord(mark) - _MARK_BASE for mark in part)
        if index % 2
        else part.encode(codec, "surrogatepass" if codec != "gb18030" else "replace")
        for index, part in enumerate(parts)
    )


def blocks_of(path: Path) -> Iterator[bytes]:
    """Read a file in blocks of bounded size."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def text_blocks(path: Path, decision: EncodingDecision, digest: Hash) -> Iterator[str]:
    """Decode a file in blocks, without its byte order mark, and feed its bytes to the digest."""
    decoder = codecs.getincrementaldecoder(decision.codec)(_MARK_ERRORS)
    to_skip = decision.bom_bytes
    for block in blocks_of(path):
        digest.update(block)
        yield decoder.decode(block[to_skip:])
        to_skip = 0
    yield decoder.decode(b"", final=True)


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file in bounded memory, as lower-case hexadecimal."""
    digest = sha256()
    for block in blocks_of(path):
        digest.update(block)
    return digest.hexdigest()


def decide_encoding(path: Path, declared: str, known_names: Sequence[str]) -> EncodingDecision:
    """Decide how to read a file.

    Args:
        path: The file; it may be read to its end once.
        declared: One of DECLARABLE. A declaration is followed, and refused only where a byte
            order mark contradicts it.
        known_names: column names, of which one in the first line tells the encoding; not ASCII.

    Returns:
        The decision. With `auto` it rests, in this order, on a byte order mark, on the column
        names of the first line, or on the one encoding in which the whole file is valid.

    Raises:
        UnusableInputError: Contradiction, or evidence for no encoding or for two.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnusableInputError(
            f"`{path.name}` begins with the byte order mark of UTF-32, expected UTF-8, GB18030 or"
            " UTF-16"
        )
    for mark, codec in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return _decide_with_mark(path, declared, codec, len(mark))
    if declared == "auto":
        return _decide_on_content(path, head, known_names)
    if declared == "utf-16":
        raise UnusableInputError(
            f"`{path.name}` has no byte order mark, declare utf-16-le or utf-16-be instead of"
            " utf-16"
        )
    return EncodingDecision(declared, 0, "declared")


def _decide_with_mark(path: Path, declared: str, codec: str, length: int) -> EncodingDecision:
    if declared == "auto":
        return EncodingDecision(codec, length, "byte order mark")
    if not codec.startswith(declared):
        raise UnusableInputError(
            f"`{path.name}` was declared as {declared}, but begins with the byte order mark of"
            f" {codec}"
        )
    return EncodingDecision(codec, length, "declared, confirmed by its byte order mark")


def _decide_on_content(path: Path, head: bytes, known_names: Sequence[str]) -> EncodingDecision:
    first_line = head.partition(b"\n")[0]
    for codec in ("utf-8", "gb18030"):
        if any(name.encode(codec) in first_line for name in known_names if not name.isascii()):
            return EncodingDecision(codec, 0, f"the first line names its columns in {codec}")
    if b"\0" in head:
        raise UnusableInputError(
            f"`{path.name}` contains zero bytes and no byte order mark, expected text; for UTF-16"
            " declare utf-16-le or utf-16-be"
        )
    return _decide_on_validity(path)


def _decide_on_validity(path: Path) -> EncodingDecision:
    utf8, gb18030, is_ascii = _Validity("utf-8"), _Validity("gb18030"), True
    for block in (*blocks_of(path), b""):
        is_ascii = is_ascii and block.isascii()
        utf8.feed(block)
        gb18030.feed(block)
    if is_ascii:
        return EncodingDecision("utf-8", 0, "only ASCII, which reads the same in every encoding")
    if utf8.wrong_line is None and gb18030.wrong_line is None:
        raise UnusableInputError(
            f"`{path.name}` is valid as UTF-8 and as GB18030, declare one with --encoding"
        )
    if utf8.wrong_line is None:
        return EncodingDecision(
            "utf-8", 0, f"valid UTF-8 throughout, not GB18030 (line {gb18030.wrong_line})"
        )
    if gb18030.wrong_line is None:
        return EncodingDecision(
            "gb18030", 0, f"valid GB18030 throughout, not UTF-8 (line {utf8.wrong_line})"
        )
    raise UnusableInputError(
        f"`{path.name}` is neither valid UTF-8 (line {utf8.wrong_line}) nor valid GB18030 (line"
        f" {gb18030.wrong_line}), declare one with --encoding to have the bad lines quarantined"
    )


class _Validity:
    """Follows one file in one encoding; an empty block ends it."""

    def __init__(self, codec: str) -> None:
        self.wrong_line: int | None = None
        self._decoder = codecs.getincrementaldecoder(codec)("strict")
        self._line = 1

    def feed(self, block: bytes) -> None:
        if self.wrong_line is not None:
            return
        try:
            self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            self.wrong_line = self._line + block[: error.start].count(b"\n")
        self._line += block.count(b"\n")
