"""What firms granted by the code flow: grants, their codes and their refresh tokens.

Each code and refresh token is used by one UPDATE that finds it unused. What is presented again is
refused; what is presented again later than a repetition by the same client could come ends the
grant with all its tokens.

Source: RFC 6749 sections 4.1.2 and 10.5; RFC 9700 sections 2.2.2 and 4.14.2 (rotation).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.oauth.details import details_claim, read_stored
from gateway.oauth.secrets_of_clients import digest_of, new_secret
from gateway.oauth.types import CreditQuery
from gateway.store.pool import Connection

REPEATED_WITHIN_S = 30
"""A client that sends a refresh token twice in a race, or lost the answer, loses no consent."""

_ADD = """
INSERT INTO oauth_grant (grant_id, client_id, consent_no, details, acting_for, granted_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_ADD_CODE = """
INSERT INTO oauth_code (digest, grant_id, redirect_uri, code_challenge, dpop_jkt, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_USE_CODE = """
UPDATE oauth_code AS c SET used_at = $2 FROM oauth_grant AS g
WHERE c.digest = $1 AND c.used_at IS NULL AND g.grant_id = c.grant_id AND g.client_id = $3
RETURNING c.grant_id, c.redirect_uri, c.code_challenge, c.dpop_jkt, c.expires_at
"""
_ADD_REFRESH = """
INSERT INTO oauth_refresh_token (digest, grant_id, expires_at) VALUES ($1, $2, $3)
"""
_USE_REFRESH = """
UPDATE oauth_refresh_token AS r SET used_at = $2 FROM oauth_grant AS g
WHERE r.digest = $1 AND r.used_at IS NULL AND g.grant_id = r.grant_id AND g.client_id = $3
RETURNING r.grant_id, r.expires_at
"""
_USED_CODE = """
SELECT c.grant_id, c.used_at FROM oauth_code AS c JOIN oauth_grant AS g ON g.grant_id = c.grant_id
WHERE c.digest = $1 AND g.client_id = $2
"""
_USED_REFRESH = """
SELECT r.grant_id, r.used_at FROM oauth_refresh_token AS r
JOIN oauth_grant AS g ON g.grant_id = r.grant_id
WHERE r.digest = $1 AND g.client_id = $2
"""
_READ = """
SELECT g.grant_id, g.consent_no, g.details, g.acting_for, c.subject_key, c.is_one_off
FROM oauth_grant AS g JOIN consent AS c ON c.consent_no = g.consent_no
WHERE g.grant_id = $1 AND g.ended_at IS NULL AND c.state = 'ACTIVE'
    AND c.valid_from <= $2 AND $2 < c.valid_to
"""
_END = "UPDATE oauth_grant SET ended_at = $2 WHERE grant_id = $1 AND ended_at IS NULL"
_REVOKE_TOKENS = """
UPDATE oauth_access_token SET revoked_at = $2
WHERE grant_id = $1 AND revoked_at IS NULL AND expires_at > $2
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant that holds now.

    Attributes:
        subject: key of the firm that consented.
    """

    grant_id: str
    consent_no: str
    query: CreditQuery
    acting_for: str | None
    subject: str
    is_one_off: bool


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A code that was just used, with what it demands of whoever uses it."""

    grant_id: str
    redirect_uri: str
    code_challenge: str
    dpop_jkt: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CodeTerms:
    """What a new code demands."""

    redirect_uri: str
    code_challenge: str
    dpop_jkt: str | None
    expires_at: datetime


class GrantRegister:
    """Keeps grants, on a connection whose transaction its owner holds open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, grant: Grant, client_id: str, at: datetime) -> None:
        """Keep what a firm granted."""
        details = json.dumps(details_claim(grant.query))
        await self._connection.execute(
            _ADD, grant.grant_id, client_id, grant.consent_no, details, grant.acting_for, at
        )

    async def add_code(self, grant_id: str, terms: CodeTerms) -> str:
        """Return a new code."""
        code = new_secret()
        await self._connection.execute(
            _ADD_CODE,
            digest_of(code),
            grant_id,
            terms.redirect_uri,
            terms.code_challenge,
            terms.dpop_jkt,
            terms.expires_at,
        )
        return code

    async def use_code(self, code: str, client_id: str, at: datetime) -> UsedCode | None:
        """Use a code up; None if this client cannot. One used before ends its grant."""
        digest = digest_of(code)
        if digest is None:
            return None
        row = await self._connection.fetchrow(_USE_CODE, digest, at, client_id)
        if row is not None:
            return UsedCode(*row.values())
        await self._end_if_replayed(_USED_CODE, digest, client_id, at)
        return None

    async def add_refresh_token(self, grant_id: str, expires_at: datetime) -> str:
        """Return a new refresh token."""
        token = new_secret()
        await self._connection.execute(_ADD_REFRESH, digest_of(token), grant_id, expires_at)
        return token

    async def use_refresh_token(self, token: str, client_id: str, at: datetime) -> str | None:
        """Use a refresh token up; the id of its grant, or None if this client cannot."""
        digest = digest_of(token)
        if digest is None:
            return None
        row = await self._connection.fetchrow(_USE_REFRESH, digest, at, client_id)
        if row is not None:
            return row["grant_id"] if at < row["expires_at"] else None
        await self._end_if_replayed(_USED_REFRESH, digest, client_id, at)
        return None

    async def find(self, grant_id: str, at: datetime) -> Grant | None:
        """Return a grant, if it and its consent hold now."""
        row = await self._connection.fetchrow(_READ, grant_id, at)
        if row is None:
            return None
        query = read_stored(json.loads(row["details"]))
        return Grant(
            row["grant_id"],
            row["consent_no"],
            query,
            row["acting_for"],
            row["subject_key"],
            row["is_one_off"],
        )

    async def end(self, grant_id: str, at: datetime) -> None:
        """End a grant with all its tokens; the consent stays, which is the firm's."""
        await self._connection.execute(_END, grant_id, at)
        await self._connection.execute(_REVOKE_TOKENS, grant_id, at)

    async def _end_if_replayed(
        self, statement: str, digest: bytes, client_id: str, at: datetime
    ) -> None:
        row = await self._connection.fetchrow(statement, digest, client_id)
        if row is None or row["used_at"] is None:
            return
        if at - row["used_at"] > timedelta(seconds=REPEATED_WITHIN_S):
            await self.end(row["grant_id"], at)
