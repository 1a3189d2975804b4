"""Erasure: the one link between a subject and its entries is destroyed, on record.

Entries stay byte by byte, so that every proof over them holds; what stands in them of the subject
is a random number that means nobody any more. What else in the store would lead from an entry to
the subject goes with it: its rows in the index, its consents, whose numbers stand in entries, and
its sessions. Whoever looks at the subject afterwards finds it under a new reference.

Source: 个人信息保护法, article 19 (no longer than necessary); 河南省社会信用条例, articles 25 (no
deletion against the rules) and 39 (operations can be traced): therefore never before the log may
be forgotten, unless somebody competent orders it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.audit.events import LogEvent, append_event
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.store.pool import Connection

ERASURE = "ERASURE"
"""Event of the entry that tells of an erasure."""
MAX_TEXT = 1_000

# whoever is writing an entry at this moment still ends before, and whoever writes after it sees
# that the reference is erased
_ALONE = "LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE"
_REFERENCE = "SELECT reference FROM subject_reference WHERE subject_key = $1 FOR UPDATE"
_IN_FORCE = """
SELECT count(*) FROM consent
WHERE subject_key = $1 AND valid_to > $2 AND state IN ('DRAFT', 'SIGNED', 'ACTIVE')
"""
_NEWEST = "SELECT max(at) FROM audit_subject WHERE reference = $1"
_DESTROY = "DELETE FROM subject_reference WHERE reference = $1"
_NOTE = "INSERT INTO erased_reference (reference, erased_at) VALUES ($1, $2)"
_UNLIST = "DELETE FROM audit_subject WHERE reference = $1"
_CONSENTS = "DELETE FROM consent WHERE subject_key = $1"
_SESSIONS = "DELETE FROM page_session WHERE subject_key = $1"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be done, by whom and why.

    Attributes:
        subject_key: code of a firm, or key of a person.
        event_id: unique; the entry is found by it.
        reason: in words that do not name the subject.
        order: number of the decision of a court or authority that requires it; None: nobody
            does, and what is on record must be as old as the law wants it kept.
        kept_since: what is younger is kept.
    """

    subject_key: str
    event_id: str
    actor: str
    reason: str
    order: str | None
    at: datetime
    kept_since: datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done.

    Attributes:
        look_ups: requests that can no longer be told to be about the subject.
        consents: that were deleted.
    """

    look_ups: int
    consents: int


async def erase_subject(connection: Connection, erasure: Erasure) -> Erased:
    """Make all entries about a subject unlinkable to it; durable when the transaction is.

    Args:
        connection: whose transaction is open.

    Raises:
        EntitlementRefusedError: it is not possible, or not allowed yet; nothing was done.
    """
    _check_texts(erasure)
    await connection.execute(_ALONE)
    reference = await connection.fetchval(_REFERENCE, erasure.subject_key)
    if reference is None:
        raise EntitlementRefusedError("nothing is on record about this subject")
    await _check_due(connection, erasure, reference)
    await connection.execute(_DESTROY, reference)
    await connection.execute(_NOTE, reference, erasure.at)
    look_ups = _count(await connection.execute(_UNLIST, reference))
    consents = _count(await connection.execute(_CONSENTS, erasure.subject_key))
    await connection.execute(_SESSIONS, erasure.subject_key)
    await append_event(connection, _event(erasure, reference))
    return Erased(look_ups, consents)


async def erase_again(connection: Connection, reference: bytes, at: datetime) -> bool:
    """Repeat an erasure that the log tells of, in a store from before it.

    Returns:
        Whether the store still knew whom the reference means.
    """
    key = await connection.fetchval(
        "SELECT subject_key FROM subject_reference WHERE reference = $1", reference
    )
    await connection.execute(_NOTE + " ON CONFLICT DO NOTHING", reference, at)
    await connection.execute(_UNLIST, reference)
    if key is None:
        return False
    await connection.execute(_DESTROY, reference)
    await connection.execute(_CONSENTS, key)
    await connection.execute(_SESSIONS, key)
    return True


async def _check_due(connection: Connection, erasure: Erasure, reference: bytes) -> None:
    in_force = await connection.fetchval(_IN_FORCE, erasure.subject_key, erasure.at)
    if in_force:
        raise EntitlementRefusedError(
            f"the subject has {in_force} consents that are in force or wait for their check, "
            "expected none: withdraw them first"
        )
    newest = await connection.fetchval(_NEWEST, reference)
    if erasure.order is None and newest is not None and newest >= erasure.kept_since:
        raise EntitlementRefusedError(
            f"the last request about this subject is of {newest:%Y-%m-%d}, and what is on record "
            f"since {erasure.kept_since:%Y-%m-%d} is kept: wait, or name the decision of a court "
            "or authority that orders the erasure"
        )


def _check_texts(erasure: Erasure) -> None:
    texts = {"reason": erasure.reason}
    if erasure.order is not None:
        texts["order"] = erasure.order
    for name, text in texts.items():
        if not text.strip() or "\0" in text or len(text) > MAX_TEXT:
            raise EntitlementRefusedError(
                f"the {name} of an erasure is empty or too long, expected 1 to {MAX_TEXT} "
                "characters"
            )
        if erasure.subject_key.removeprefix("P:").lower() in text.lower():
            raise EntitlementRefusedError(
                f"the {name} names the subject, which would stay on record: write it without"
            )


def _event(erasure: Erasure, reference: bytes) -> LogEvent:
    return LogEvent(
        event=ERASURE,
        at=erasure.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        event_id=erasure.event_id,
        actor=erasure.actor,
        outcome="ERASED",
        members={
            "order": erasure.order,
            "reason": erasure.reason,
            "reference": reference.hex(),
        },
    )


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
