"""How administrators prove who they are: key and one-time code, counted, locked, on record.

Every attempt is an entry of the log. All that an attempt learns is whether it was good.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import asyncpg

from gateway.administrators.codes import CodeSeal, new_code_secret, step_of
from gateway.administrators.record import record_act
from gateway.administrators.statements import (
    Statement,
    digest_of,
    is_signed,
    message_of,
    new_challenge,
    take_challenge,
)
from gateway.administrators.types import (
    AccountState,
    SignInLimits,
    account_locked,
    sign_in_refused,
)
from gateway.errors import ClientError
from gateway.store.lending import Lending
from gateway.store.pool import Connection

_NOBODY = "unknown"

_ACCOUNT = """
SELECT name, role, public_key, state, sealed_secret, last_step, failures, locked_until
FROM administrator WHERE name = $1 FOR UPDATE
"""
_ENROLLED = "UPDATE administrator SET state = 'ACTIVE', sealed_secret = $2 WHERE name = $1"
_FAILED = "UPDATE administrator SET failures = $2, locked_until = $3 WHERE name = $1"
_SIGNED_IN = """
UPDATE administrator SET failures = 0, locked_until = NULL, last_step = $2 WHERE name = $1
"""
_MAKE_ROOM = """
DELETE FROM administrator_session WHERE name = $1 AND digest NOT IN (
    SELECT s.digest FROM administrator_session AS s
    WHERE s.name = $1 AND s.ends_at > $2 AND s.seen_at + s.idle > $2
    ORDER BY s.began_at DESC, s.digest LIMIT $3)
"""
_BEGIN = """
INSERT INTO administrator_session (digest, name, began_at, seen_at, idle, ends_at)
VALUES ($1, $2, $3, $3, $4, $5)
"""
_END = "DELETE FROM administrator_session WHERE digest = $1 RETURNING name"


class Proving(Enum):
    """What was tried; the value stands in the log."""

    ENROL = "ENROL_ADMINISTRATOR"
    SIGN_IN = "SIGN_IN"
    SIGN_OUT = "SIGN_OUT"


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody brings to prove who he is.

    Attributes:
        signature: over the statement with the challenge, 64 bytes.
    """

    name: str
    challenge: str
    signature: bytes


class SigningIn:
    """Sign-ins of all workers and consoles, in the store.

    Args:
        lending: connections to the store.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        lending: Lending,
        seal: CodeSeal,
        clock: Callable[[], float],
        limits: SignInLimits | None = None,
    ) -> None:
        self._lending = lending
        self._seal = seal
        self._clock = clock
        self._limits = limits or SignInLimits()

    async def challenge(self) -> str:
        """Return what is to be signed."""
        async with self._lending.connection() as connection:
            return await new_challenge(connection, self._now())

    async def enrol(self, proof: Proof) -> str:
        """Give an appointed administrator the secret of his codes; again until the first sign-in.

        Returns:
            The secret, in base 32, which is shown nowhere else.

        Raises:
            ClientError: ADMINISTRATOR_NOT_PROVEN or ADMINISTRATOR_LOCKED; on record.
        """
        secret = new_code_secret()

        async def enrolled(connection: Connection, row: asyncpg.Record) -> bool:
            if row["last_step"]:
                return False
            await connection.execute(_ENROLLED, row["name"], self._seal.seal(row["name"], secret))
            return True

        await self._attempt(Proving.ENROL, Statement.ENROL, proof, enrolled)
        return secret

    async def sign_in(self, proof: Proof, code: str) -> str:
        """Begin a session; the oldest of too many ends.

        Returns:
            The secret of the session.

        Raises:
            ClientError: ADMINISTRATOR_NOT_PROVEN or ADMINISTRATOR_LOCKED; on record.
        """
        session, now = secrets.token_urlsafe(32), self._now()

        async def begun(connection: Connection, row: asyncpg.Record) -> bool:
            if row["state"] != AccountState.ACTIVE.value:
                return False
            name = row["name"]
            secret = self._seal.open(name, bytes(row["sealed_secret"]))
            step = step_of(secret, code, now.timestamp(), row["last_step"])
            if step is None:
                return False
            await connection.execute(_SIGNED_IN, name, step)
            await connection.execute(_MAKE_ROOM, name, now, self._limits.sessions - 1)
            await connection.execute(
                _BEGIN,
                digest_of(session),
                name,
                now,
                timedelta(seconds=self._limits.idle_s),
                now + timedelta(seconds=self._limits.whole_s),
            )
            return True

        await self._attempt(Proving.SIGN_IN, Statement.SIGN_IN, proof, begun)
        return session

    async def sign_out(self, session: str) -> str | None:
        """End a session; returns whose it was."""
        async with self._lending.connection() as connection, connection.transaction():
            name: str | None = await connection.fetchval(_END, digest_of(session))
            if name is not None:
                await record_act(connection, Proving.SIGN_OUT.value, name, "ENDED", self._now(), {})
        return name

    async def _attempt(
        self,
        act: Proving,
        statement: Statement,
        proof: Proof,
        work: Callable[..., object],
    ) -> None:
        """Check name, challenge, signature and lock; then do the rest, which may refuse too."""
        now = self._now()
        async with self._lending.connection() as connection, connection.transaction():
            refusal = await self._refusal(connection, statement, proof, work, now)
            who = proof.name if refusal is None or refusal[1] else _NOBODY
            outcome = "PROVEN" if refusal is None else refusal[0].code
            await record_act(connection, act.value, who, outcome, now, {})
        if refusal is not None:
            raise refusal[0]

    async def _refusal(
        self,
        connection: Connection,
        statement: Statement,
        proof: Proof,
        work: Callable[..., object],
        now: datetime,
    ) -> tuple[ClientError, bool] | None:
        """Why an attempt fails, and whether the account exists; None where it does not fail."""
        is_fresh = await take_challenge(connection, proof.challenge, now)
        row = await connection.fetchrow(_ACCOUNT, proof.name)
        if row is None:
            return sign_in_refused(), False
        if row["locked_until"] is not None and row["locked_until"] > now:
            return account_locked(), True
        message = message_of(statement, proof.name, proof.challenge)
        is_proven = (
            is_fresh
            and row["state"] != AccountState.DISABLED.value
            and is_signed(bytes(row["public_key"]), message, proof.signature)
            and await work(connection, row)  # type: ignore[misc]
        )
        if is_proven:
            return None
        failures = row["failures"] + 1
        is_over = failures >= self._limits.failures
        until = now + timedelta(seconds=self._limits.lock_s) if is_over else None
        await connection.execute(_FAILED, proof.name, 0 if is_over else failures, until)
        return (account_locked() if is_over else sign_in_refused()), True

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
