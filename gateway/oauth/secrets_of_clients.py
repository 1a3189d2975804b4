"""Codes, request URIs and refresh tokens: random texts, known to the store by their digest."""

from __future__ import annotations

import hashlib
import re
import secrets

_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> bytes | None:
    """Return by what the store knows a secret; None: it can be none of ours."""
    if not _SECRET.fullmatch(secret):
        return None
    return hashlib.sha256(secret.encode()).digest()
