"""Acts that take two persons: proposed by one, done or turned down by another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.administrators.powers import POWERS, Act
from gateway.administrators.types import Person, Role
from gateway.errors import Refused
from gateway.store.pool import Connection

PROPOSAL_HOURS = 24
_PROPOSE = """
INSERT INTO administrator_proposal (proposal_no, act, object, proposed_by, proposed_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_FIND = """
SELECT p.act, p.object, p.proposed_by, a.role AS role FROM administrator_proposal AS p
JOIN administrator AS a ON a.name = p.proposed_by
WHERE p.proposal_no = $1 AND p.state = 'OPEN' AND p.expires_at > $2 FOR UPDATE OF p
"""
_DECIDE = """
UPDATE administrator_proposal SET state = $2, decided_by = $3, decided_at = $4
WHERE proposal_no = $1
"""
_OPEN = """
SELECT proposal_no, act, object, proposed_by, expires_at FROM administrator_proposal
WHERE state = 'OPEN' AND expires_at > $1 ORDER BY proposed_at, proposal_no
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal that waits."""

    proposal_no: str
    act: Act
    object: str
    proposed_by: str
    expires_at: datetime


async def propose(
    connection: Connection, number: str, person: Person, act: Act, about: str, now: datetime
) -> None:
    """Enter a proposal, which is good for a day."""
    expires = now + timedelta(hours=PROPOSAL_HOURS)
    await connection.execute(_PROPOSE, number, act.value, about, person.name, now, expires)


async def approve(
    connection: Connection, person: Person, act: Act, about: str, number: str, now: datetime
) -> None:
    """Let a proposal be done, once.

    Raises:
        Refused: PROPOSAL_UNKNOWN, there is none open; PROPOSAL_DIFFERS, it is about something
            else; SECOND_PERSON_REQUIRED.
    """
    row = await _found(connection, number, now)
    if (row.act, row.object) != (act, about):
        raise Refused(
            "PROPOSAL_DIFFERS",
            f"proposal `{number[:20]}` is about something else than what would be done now: "
            "propose this anew",
        )
    is_same_role = POWERS[act].of_another_role and row.role is person.role
    if row.proposed_by == person.name or is_same_role:
        other = "another person of another role" if is_same_role else "another person"
        raise Refused("SECOND_PERSON_REQUIRED", f"proposal `{number[:20]}` is approved by {other}")
    await connection.execute(_DECIDE, number, "APPROVED", person.name, now)


async def reject(connection: Connection, person: Person, number: str, now: datetime) -> None:
    """Turn a proposal down, or take one's own back.

    Raises:
        Refused: PROPOSAL_UNKNOWN.
    """
    await _found(connection, number, now)
    await connection.execute(_DECIDE, number, "REJECTED", person.name, now)


async def open_proposals(connection: Connection, now: datetime) -> Sequence[Proposal]:
    """Return what waits, the oldest first."""
    return [
        Proposal(
            row["proposal_no"],
            Act(row["act"]),
            row["object"],
            row["proposed_by"],
            row["expires_at"],
        )
        for row in await connection.fetch(_OPEN, now)
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    act: Act
    object: str
    proposed_by: str
    role: Role


async def _found(connection: Connection, number: str, now: datetime) -> _Found:
    row = await connection.fetchrow(_FIND, number, now)
    if row is None:
        raise Refused(
            "PROPOSAL_UNKNOWN",
            f"there is no open proposal `{number[:20]}`: it was done, turned down or has expired",
        )
    return _Found(Act(row["act"]), row["object"], row["proposed_by"], Role(row["role"]))
