"""What administrators do, as entries of the log: who, of which role, what, and how it ended."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.audit.events import LogEvent, append_event
from gateway.store.pool import Connection

ADMINISTRATION = "ADMINISTRATION"
"""The kind of such entries."""
ADMITTED, COMPLETED, FAILED = "ADMITTED", "COMPLETED", "FAILED"
PROPOSED, APPROVED, REJECTED = "PROPOSED", "APPROVED", "REJECTED"
_LONGEST = 200


def actor_of(name: str) -> str:
    """Return how an administrator stands in the log: no client can be called so."""
    return f"administrator:{name}"


async def record_act(
    connection: Connection,
    act: str,
    who: str,
    outcome: str,
    now: datetime,
    members: Mapping[str, str | None],
) -> None:
    """Write one entry on the connection.

    Args:
        who: name of the account.
        members: whatever else is to be said; never a secret and never a record's value.
    """
    said = {name: text if text is None else text[:_LONGEST] for name, text in members.items()}
    await append_event(
        connection,
        LogEvent(
            act,
            now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            f"administration-{secrets.token_hex(12)}",
            actor_of(who),
            outcome,
            said,
            ADMINISTRATION,
        ),
    )
