"""Numbers of cases: kind, day in China, and a ULID, as in `LE-20260922-01K5…`."""

from __future__ import annotations

from datetime import datetime

from gateway.lifecycle.reckoning import china_day

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 26
RANDOM_BYTES = 10


def case_number(prefix: str, at: datetime, entropy: bytes) -> str:
    """Return the number of a case that is opened now.

    Args:
        entropy: 10 random bytes.

    Source: ULID specification (48 bits of milliseconds, 80 of randomness, Crockford's base 32).
    """
    value = int(at.timestamp() * 1000) << 80 | int.from_bytes(entropy[:RANDOM_BYTES])
    digits = "".join(_ALPHABET[value >> 5 * place & 31] for place in reversed(range(_CHARACTERS)))
    return f"{prefix}-{china_day(at):%Y%m%d}-{digits}"
