"""Lets administrators act: who is signed in, whether his role may, and two persons where it takes.

What is admitted, proposed, approved and refused is committed to the log before anything is done.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.administrators.powers import POWERS, Act, roles_text
from gateway.administrators.proposals import approve, propose
from gateway.administrators.record import (
    ADMITTED,
    APPROVED,
    COMPLETED,
    FAILED,
    PROPOSED,
    record_act,
)
from gateway.administrators.register import is_demanded
from gateway.administrators.statements import digest_of
from gateway.administrators.types import (
    Person,
    Role,
    session_ended,
    session_required,
    wrong_role,
)
from gateway.errors import ClientError
from gateway.store.lending import Lending
from gateway.store.pool import Connection

NOBODY = "unknown"
_SEE = """
UPDATE administrator_session AS s SET seen_at = $2 FROM administrator AS a
WHERE s.digest = $1 AND s.ends_at > $2 AND s.seen_at + s.idle > $2
    AND a.name = s.name AND a.state = 'ACTIVE'
RETURNING a.name, a.role
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """An act that somebody wants to do.

    Attributes:
        object: what it is done to; where it takes two persons, all that they agree on.
        via: command or path by which it was asked.
        approves: number of the proposal that is approved; None: it is proposed or done alone.
    """

    act: Act
    object: str
    via: str
    approves: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """What came of it.

    Attributes:
        person: who acts; None where nobody is demanded and nobody signed in.
        proposal_no: what was proposed and waits for another person; None: it may be done now.
    """

    person: Person | None
    proposal_no: str | None = None


class Admitting:
    """Admits acts, on record.

    Args:
        lending: connections to the store.
        clock: seconds since the epoch.
    """

    def __init__(self, lending: Lending, clock: Callable[[], float]) -> None:
        self._lending = lending
        self._clock = clock

    async def person(self, session: str | None) -> Person | None:
        """Return who is signed in, and let the session go on.

        Raises:
            ClientError: ADMINISTRATOR_SESSION_ENDED.
        """
        async with self._lending.connection() as connection:
            return None if session is None else await self._person(connection, session)

    async def admit(self, session: str | None, asked: Asked) -> Admitted:
        """Admit an act, or propose one that takes two persons.

        Raises:
            ClientError: it is refused, and that is on record.
        """
        now, refusal, admitted = self._now(), None, Admitted(None)
        async with self._lending.connection() as connection, connection.transaction():
            person = None
            try:
                if session is not None:
                    person = await self._person(connection, session)
                elif await is_demanded(connection):
                    raise session_required()
                if person is None:
                    return admitted
                admitted, outcome = await self._decide(connection, person, asked, now)
            except ClientError as error:
                refusal, outcome = error, error.code
            said = _said(asked, person, admitted.proposal_no or asked.approves)
            who = NOBODY if person is None else person.name
            await record_act(connection, asked.act.value, who, outcome, now, said)
        if refusal is not None:
            raise refusal
        return admitted

    async def ended(self, person: Person, asked: Asked, failure: str | None = None) -> None:
        """Put on record how an admitted act ended.

        Args:
            failure: code or kind of what went wrong; None: nothing did.
        """
        said = {**_said(asked, person, asked.approves), "failure": failure}
        outcome = COMPLETED if failure is None else FAILED
        async with self._lending.connection() as connection:
            await record_act(connection, asked.act.value, person.name, outcome, self._now(), said)

    async def _decide(
        self, connection: Connection, person: Person, asked: Asked, now: datetime
    ) -> tuple[Admitted, str]:
        power = POWERS[asked.act]
        roles = power.roles if asked.approves is None else power.approvers
        if person.role not in roles:
            raise wrong_role(asked.act.value, roles_text(roles) or "one person only")
        if not power.takes_two:
            return Admitted(person), ADMITTED
        if asked.approves is not None:
            await approve(connection, person, asked.act, asked.object, asked.approves, now)
            return Admitted(person), APPROVED
        number = f"P-{secrets.token_hex(4)}"
        await propose(connection, number, person, asked.act, asked.object, now)
        return Admitted(person, number), PROPOSED

    async def _person(self, connection: Connection, session: str) -> Person:
        row = await connection.fetchrow(_SEE, digest_of(session), self._now())
        if row is None:
            raise session_ended()
        return Person(row["name"], Role(row["role"]))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _said(asked: Asked, person: Person | None, proposal_no: str | None) -> Mapping[str, str | None]:
    return {
        "object": asked.object,
        "proposal": proposal_no,
        "role": None if person is None else person.role.value,
        "via": asked.via,
    }
