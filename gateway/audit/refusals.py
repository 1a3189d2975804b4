"""What a client is told whose answer the fence did not let leave."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from gateway.audit.types import AuditEntry
from gateway.entitlements.errors import client_suspended, proof_replayed, token_revoked
from gateway.errors import ClientError, Refused, TooManyRequests, Unavailable

CHINA_STANDARD_TIME = timezone(timedelta(hours=8))
"""Quotas are counted per day of this zone, which has no summer time."""

CLIENT_SUSPENDED = "CLIENT_SUSPENDED"
CONSENT_BUSY = "CONSENT_BUSY"
CONSENT_NOT_ACTIVE = "CONSENT_NOT_ACTIVE"
PROOF_REPLAYED = "PROOF_REPLAYED"
QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
REPLAYED = "REPLAYED"
"""As `record_entries` says it."""
TOKEN_REVOKED = "TOKEN_REVOKED"  # noqa: S105 - a code
FENCE_REASONS = (
    CLIENT_SUSPENDED,
    CONSENT_NOT_ACTIVE,
    PROOF_REPLAYED,
    QUOTA_EXCEEDED,
    TOKEN_REVOKED,
)
"""Codes of entries that are recorded as refused by the fence; a busy consent is tried again."""


def unavailable() -> Unavailable:
    """Return the error of an entry that cannot be committed now."""
    return Unavailable(
        "AUDIT_UNAVAILABLE",
        "the request cannot be recorded now, and nothing is answered unrecorded: try again later",
        headers=(("Retry-After", "1"),),
    )


def refusal_error(code: str, entry: AuditEntry) -> ClientError:
    """Return the error of an entry that was recorded as refused with this code."""
    if code == CLIENT_SUSPENDED:
        return client_suspended()
    if code == TOKEN_REVOKED:
        return token_revoked()
    if code in (PROOF_REPLAYED, REPLAYED):
        return proof_replayed()
    if code == QUOTA_EXCEEDED:
        at = datetime.fromisoformat(entry.at)
        return TooManyRequests(
            code,
            "the quota of subjects for today is used up: it is counted anew from midnight, "
            "China Standard Time",
            headers=(("Retry-After", str(int(end_of_day(day_of(at)) - at.timestamp()))),),
        )
    return Refused(
        code,
        "a consent that this answer relied on was withdrawn, replaced, used up or is being "
        "changed: nothing is answered",
    )


@lru_cache(maxsize=64)
def day_of(at: datetime) -> date:
    """Return the day on which something counts; all entries of a second ask for the same."""
    return at.astimezone(CHINA_STANDARD_TIME).date()


def end_of_day(day: date) -> float:
    """Return the first second after a day, since the epoch."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA_STANDARD_TIME)
    return (midnight + timedelta(days=1)).timestamp()
