"""Network references: how natural persons are known between departments, without their numbers.

A department computes the reference of each person in its records and keeps it in an indexed
column. Two layers make it:

1. the *person id*: a keyed hash of document type and number, under a key that stays as long as
   the network does. Nothing leads back from it to the number;
2. the *reference*: the person id sealed under a key that rotates. Whoever holds the old and the
   new key turns one reference into the other, without the number and without losing a link.

Who may turn a document into a reference is not decided here.

Source: RFC 2104 (HMAC, with SHA-256, first 16 bytes), RFC 5297 (AES-SIV, AES-256).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

IDENTITY_KEY_BYTES = 32
SEAL_KEY_BYTES = 64
NETWORK_KEY_BYTES = IDENTITY_KEY_BYTES + SEAL_KEY_BYTES
_PERSON_ID_BYTES = 16
REFERENCE_LENGTH = 64
"""Hexadecimal digits of a reference: 16 bytes of authentication and 16 of the sealed id."""


@dataclass(frozen=True, slots=True)
class NetworkKey:
    """What departments and the gateway share to know the same person by the same reference.

    Attributes:
        identity: 32 bytes, the same for the life of the network.
        seal: 64 bytes, changed by a rotation.
    """

    identity: bytes = field(repr=False)
    seal: bytes = field(repr=False)

    @classmethod
    def from_bytes(cls, key: bytes) -> NetworkKey:
        """Read a key file: 32 bytes that stay, then 64 that rotate.

        Raises:
            ValueError: another number of bytes.
        """
        if len(key) != NETWORK_KEY_BYTES:
            raise ValueError(f"network key has {len(key)} bytes, expected {NETWORK_KEY_BYTES}")
        return cls(key[:IDENTITY_KEY_BYTES], key[IDENTITY_KEY_BYTES:])


def person_id(identity_key: bytes, document_type: str, document_no: str) -> str:
    """Return the id of a person: 32 hexadecimal digits, lower case.

    Args:
        document_type: member name of the schema's code list of identity documents.
        document_no: number as it is printed; blanks are dropped and letters raised.

    Raises:
        ValueError: the number is empty.
    """
    number = "".join(document_no.split()).upper()
    if not number:
        raise ValueError("document number is empty")
    message = f"{document_type}:{number}".encode()
    return hmac.digest(identity_key, message, hashlib.sha256)[:_PERSON_ID_BYTES].hex()


def sealed_person_id(seal_key: bytes, person: str) -> str:
    """Return the reference of the person with this id: 64 hexadecimal digits, lower case."""
    return _cipher(seal_key).encrypt(bytes.fromhex(person), None).hex()


def opened_reference(seal_key: bytes, reference: str) -> str | None:
    """Return the person id in a reference; None if it was not made under this key."""
    if len(reference) != REFERENCE_LENGTH:
        return None
    try:
        return _cipher(seal_key).decrypt(bytes.fromhex(reference), None).hex()
    except (InvalidTag, ValueError):
        return None


def network_reference(key: NetworkKey, document_type: str, document_no: str) -> str:
    """Return the reference of a person: 64 hexadecimal digits, lower case.

    Args:
        document_type, document_no: as for `person_id`.

    Raises:
        ValueError: the number is empty.
    """
    return sealed_person_id(key.seal, person_id(key.identity, document_type, document_no))


def resealed_reference(old: NetworkKey, new: NetworkKey, reference: str) -> str:
    """Return the reference of the same person under another key, for a column that is re-keyed.

    Raises:
        ValueError: the reference was not made under the old key, or the keys are not of one
            network.
    """
    if old.identity != new.identity:
        raise ValueError("the keys are of different networks: their first 32 bytes differ")
    person = opened_reference(old.seal, reference)
    if person is None:
        raise ValueError("the reference was not made under the old key")
    return sealed_person_id(new.seal, person)


@lru_cache(maxsize=8)
def _cipher(seal_key: bytes) -> AESSIV:
    return AESSIV(seal_key)
