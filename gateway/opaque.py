"""Opaque ids, cursors and person references: AES-SIV over JSON, under a key that rotates.

Deterministic: the same content in the same place gives the same text.

Source: RFC 5297 (AES-SIV). The forms are written down in `docs/reference/answers.md`, section 11.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

MAX_TEXT_LENGTH = 4_096
PERSON_REFERENCE_PREFIX = "p."
"""Begins every person reference and no other text; no part of what is sealed."""

_ID_CONTEXT = orjson.dumps(["id"])


@dataclass(frozen=True, slots=True)
class SubjectId:
    key: str


@dataclass(frozen=True, slots=True)
class RecordId:
    kind: str
    department: str
    record_id: str


@dataclass(frozen=True, slots=True)
class CursorPosition:
    """Content of a cursor.

    Attributes:
        values: wire value per order key.
        answered: codes of the departments that answered the page it comes from.
    """

    values: tuple[Any, ...]
    department: str
    record_id: str
    answered: tuple[str, ...]


class OpaqueCodec:
    """Writes with the first key and reads with any.

    Args:
        keys: 64-byte keys, newest first.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("opaque ids need at least one key")
        self._ciphers = [AESSIV(key) for key in keys]

    def subject_id(self, key: str) -> str:
        return self._write(["S", key], _ID_CONTEXT)

    def record_id(self, kind: str, department: str, record_id: str) -> str:
        return self._write(["R", kind, department, record_id], _ID_CONTEXT)

    def read_id(self, text: str) -> SubjectId | RecordId | None:
        """The content of an id; None if it is not one of ours."""
        match self._read(text, _ID_CONTEXT):
            case ["S", str(key)]:
                return SubjectId(key)
            case ["R", str(kind), str(department), str(record_id)]:
                return RecordId(kind, department, record_id)
            case _:
                return None

    def person_reference(self, key: str, context: bytes) -> str:
        """A reference of the person with this subject key, valid in this context only."""
        return PERSON_REFERENCE_PREFIX + self._write(["P", key], context)

    def read_person_reference(self, text: str, context: bytes) -> str | None:
        """The subject key in a reference; None if it is not one of ours, or made elsewhere."""
        if not text.startswith(PERSON_REFERENCE_PREFIX):
            return None
        match self._read(text.removeprefix(PERSON_REFERENCE_PREFIX), context):
            case ["P", str(key)]:
                return key
            case _:
                return None

    def cursor(self, position: CursorPosition, context: bytes) -> str:
        """A cursor that is valid in this context only (JSON bytes, see `answers.md`)."""
        content = [
            list(position.values),
            position.department,
            position.record_id,
            list(position.answered),
        ]
        return self._write(content, context)

    def read_cursor(self, text: str, context: bytes) -> CursorPosition | None:
        """The position of a cursor; None if it is not one of ours, or made elsewhere."""
        match self._read(text, context):
            case [list(values), str(department), str(record_id), list(answered)]:
                return CursorPosition(tuple(values), department, record_id, tuple(answered))
            case _:
                return None

    def _write(self, content: list[Any], context: bytes) -> str:
        sealed = self._ciphers[0].encrypt(orjson.dumps(content), [context])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _read(self, text: str, context: bytes) -> Any:
        if len(text) > MAX_TEXT_LENGTH:
            return None
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        for cipher in self._ciphers:
            try:
                return orjson.loads(cipher.decrypt(sealed, [context]))
            except (InvalidTag, ValueError):
                continue
        return None
