"""What an administrator signs to prove who he is: one challenge, once, for one thing.

A challenge is random and the store's own, so that a signature is good nowhere else and only once.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.store.pool import Connection

CHALLENGE_S = 120
_ADD = "INSERT INTO administrator_challenge (digest, expires_at) VALUES ($1, $2)"
_TAKE = "DELETE FROM administrator_challenge WHERE digest = $1 AND expires_at > $2 RETURNING true"
_CLEAN = "DELETE FROM administrator_challenge WHERE expires_at <= $1"


class Statement(Enum):
    """What is signed for."""

    ENROL = "enrol"
    SIGN_IN = "sign-in"


def message_of(statement: Statement, name: str, challenge: str) -> bytes:
    """Return what is signed."""
    return f"administrator {statement.value} at a credit-gateway\n{name}\n{challenge}\n".encode()


def digest_of(secret: str) -> bytes:
    """Return by what the store knows a secret."""
    return hashlib.sha256(secret.encode()).digest()


async def new_challenge(connection: Connection, now: datetime) -> str:
    """Return a challenge that is good for two minutes."""
    challenge = secrets.token_urlsafe(32)
    await connection.execute(_CLEAN, now)
    await connection.execute(_ADD, digest_of(challenge), now + timedelta(seconds=CHALLENGE_S))
    return challenge


async def take_challenge(connection: Connection, challenge: str, now: datetime) -> bool:
    """Use a challenge up; returns whether it was good."""
    return await connection.fetchval(_TAKE, digest_of(challenge), now) is True


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is over the message, by this key.

    Source: RFC 8032 (Ed25519).
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
