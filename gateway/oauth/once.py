"""What may be used once: assertions and proofs, over all workers.

An identifier is inserted in the transaction of what it is for, so that of two that come at the same
time one waits for the other and then loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.store.pool import Connection

_USE = """
INSERT INTO oauth_used_once (digest, expires_at)
SELECT u.digest, u.expires_at FROM unnest($1::bytea[], $2::timestamptz[]) AS u (digest, expires_at)
ORDER BY u.digest
ON CONFLICT DO NOTHING RETURNING digest
"""
_MARGIN_S = 60
"""Longer than any clock of ours is behind; an identifier is forgotten only after that."""


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """Something that may be used once.

    Attributes:
        digest: 32 bytes by which it is recognised.
        good_until: second after which it is refused for its age.
    """

    digest: bytes
    good_until: float


async def use_once(connection: Connection, used: Sequence[OnceOnly]) -> frozenset[bytes]:
    """Use these up; returns the digests of those that were not used before."""
    if not used:
        return frozenset()
    rows = await connection.fetch(
        _USE,
        [each.digest for each in used],
        [datetime.fromtimestamp(each.good_until + _MARGIN_S, UTC) for each in used],
    )
    return frozenset(row["digest"] for row in rows)
