"""Ids, cursors and references of persons: AES-SIV over JSON arrays, section 11."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from policies.model import Caller

CLIENT = "oracle"
"""Client of every operation that is put to both sides; none has a matter number."""


def base64url(data: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Sealing:
    """Seals and opens JSON arrays under one key of 32, 48 or 64 bytes."""

    key: bytes

    def seal(self, plain: Sequence[Any], associated: Sequence[Any]) -> str:
        sealed = AESSIV(self.key).encrypt(orjson.dumps(plain), [orjson.dumps(associated)])
        return base64url(sealed)

    def open(self, text: str, associated: Sequence[Any]) -> list[Any] | None:
        """The array, or None if the text was not sealed with this key for this use."""
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            plain = AESSIV(self.key).decrypt(data, [orjson.dumps(associated)])
        except (InvalidTag, binascii.Error, ValueError):
            return None
        opened: list[Any] = orjson.loads(plain)
        return opened


def person_reference(sealing: Sealing, caller: Caller, key: str) -> str:
    """The reference under which a caller knows a person."""
    bound_to = (caller.caller_class.value, caller.organisation, caller.acting_for, CLIENT, None)
    return "p." + sealing.seal(["P", key], ["person", *bound_to])


def person_key(sealing: Sealing, caller: Caller, reference: str) -> str | None:
    """Subject key in a reference; None if it is not this caller's."""
    bound_to = (caller.caller_class.value, caller.organisation, caller.acting_for, CLIENT, None)
    if not reference.startswith("p."):
        return None
    opened = sealing.open(reference[2:], ["person", *bound_to])
    return None if opened is None else str(opened[1])
