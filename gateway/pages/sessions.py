"""Sessions: who is signed in behind a cookie, for how long, and sign-ins that were begun.

A session ends after some minutes without a request, after some hours in any case, and when the
person signs out. Signing in makes a new cookie, so that nobody can be led into a session that
another has prepared.

Source: GB/T 22239-2019 (等保), 8.1.4.1 (identity: limits of sessions).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.pages.types import Begun, SignedIn
from gateway.store.pool import Connection, LightPool

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_BEGUN_S = 600

_ADD = """
INSERT INTO page_session (digest, subject_key, subject_name, signer_name, is_attorney, proof,
    user_ref, login, begun_at, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
"""
_SEE = """
UPDATE page_session SET seen_at = $2
WHERE digest = $1 AND seen_at > $3 AND begun_at > $4
RETURNING subject_key, subject_name, signer_name, is_attorney, proof, user_ref, login
"""
_END = "DELETE FROM page_session WHERE digest = $1"
_CLEAN = "DELETE FROM page_session WHERE seen_at <= $1 OR begun_at <= $2"
_BEGIN = """
INSERT INTO page_sign_in (digest, login, visitor, nonce, verifier, goes_to, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FINISH = """
DELETE FROM page_sign_in WHERE digest = $1 AND login = $2 AND visitor = $3 AND expires_at > $4
RETURNING nonce, verifier, goes_to
"""
_CLEAN_BEGUN = "DELETE FROM page_sign_in WHERE expires_at <= $1"


def new_secret() -> str:
    """Return 256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str | None) -> bytes | None:
    """Return by what the store knows a secret; None: it can be none of ours."""
    if secret is None or not _SECRET.fullmatch(secret):
        return None
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts.

    Attributes:
        idle_s: without a request. whole_s: in any case.
    """

    idle_s: int = 900
    whole_s: int = 28_800


class Sessions:
    """The sessions of all workers, in the store."""

    def __init__(self, pool: LightPool, limits: SessionLimits, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: seconds since the epoch.
        """
        self._pool = pool
        self._limits = limits
        self._clock = clock

    async def add(self, who: SignedIn) -> str:
        """Begin a session; returns its secret."""
        secret, now = new_secret(), self._now()
        async with self._pool.connection() as connection:
            await self._clean(connection, now)
            await connection.execute(
                _ADD,
                digest_of(secret),
                who.subject_key,
                who.subject_name,
                who.signer_name,
                who.is_attorney,
                who.proof,
                who.user_ref,
                who.login,
                now,
            )
        return secret

    async def find(self, secret: str | None) -> SignedIn | None:
        """Return who is signed in, and let the session go on."""
        digest = digest_of(secret)
        if digest is None:
            return None
        now = self._now()
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SEE, digest, now, *self._oldest(now))
        return None if row is None else SignedIn(*row.values())

    async def end(self, secret: str | None) -> None:
        """End a session."""
        digest = digest_of(secret)
        if digest is not None:
            async with self._pool.connection() as connection:
                await connection.execute(_END, digest)

    async def begin_sign_in(self, login: str, visitor: bytes, goes_to: str, url: str) -> Begun:
        """Remember a sign-in that is begun at another system.

        Args:
            visitor: digest of the visitor's cookie: only that browser can finish it.
            goes_to: path to which it leads.
            url: where the other system sends the browser.
        """
        begun = Begun(new_secret(), new_secret(), new_secret(), url)
        async with self._pool.connection() as connection:
            await connection.execute(
                _BEGIN,
                digest_of(begun.state),
                login,
                visitor,
                begun.nonce,
                begun.verifier,
                goes_to,
                self._now() + timedelta(seconds=_BEGUN_S),
            )
        return begun

    async def finish_sign_in(
        self, state: str | None, login: str, visitor: bytes, url: str
    ) -> tuple[Begun, str] | None:
        """Take a sign-in that was begun, once; returns it with the path to which it leads."""
        digest = digest_of(state)
        if digest is None or state is None:
            return None
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_FINISH, digest, login, visitor, self._now())
        if row is None:
            return None
        return Begun(state, row["nonce"], row["verifier"], url), row["goes_to"]

    async def _clean(self, connection: Connection, now: datetime) -> None:
        await connection.execute(_CLEAN, *self._oldest(now))
        await connection.execute(_CLEAN_BEGUN, now)

    def _oldest(self, now: datetime) -> tuple[datetime, datetime]:
        limits = self._limits
        return now - timedelta(seconds=limits.idle_s), now - timedelta(seconds=limits.whole_s)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
