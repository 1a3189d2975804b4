"""Introspection and revocation: whether a token is good now, and the end of one.

A client asks about its own tokens only; of any other it learns that it is not active, which is what
it would learn of one that does not exist.

Source: RFC 7662 sections 2.1 and 2.2; RFC 7009 sections 2.1 and 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.errors import Unauthenticated
from gateway.identity.access_token import AccessTokenValidator
from gateway.oauth.binding import Possession
from gateway.oauth.grants import GrantRegister
from gateway.oauth.record import Done, Outcome
from gateway.oauth.secrets_of_clients import digest_of
from gateway.oauth.sent import Sent
from gateway.oauth.token_endpoint import Entrance
from gateway.store.pool import Connection

_INACTIVE: Mapping[str, Any] = {"active": False}
_IS_LIVE = """
SELECT EXISTS (SELECT FROM oauth_access_token
    WHERE jti = $1 AND client_id = $2 AND revoked_at IS NULL AND expires_at > $3)
"""
_REFRESH = """
SELECT r.expires_at, g.grant_id FROM oauth_refresh_token AS r
JOIN oauth_grant AS g ON g.grant_id = r.grant_id
WHERE r.digest = $1 AND g.client_id = $2 AND r.used_at IS NULL AND r.expires_at > $3
"""
_GRANT_OF_REFRESH = """
SELECT g.grant_id FROM oauth_refresh_token AS r JOIN oauth_grant AS g ON g.grant_id = r.grant_id
WHERE r.digest = $1 AND g.client_id = $2
"""
_REVOKE = """
UPDATE oauth_access_token SET revoked_at = $3
WHERE jti = $1 AND client_id = $2 AND revoked_at IS NULL AND expires_at > $3
RETURNING jti
"""
_SHOWN = (
    "iss", "aud", "sub", "client_id", "jti", "iat", "nbf", "exp", "scope", "cnf", "act",
    "authorization_details", "caller_class", "organisation", "purpose", "acting_for", "matter_no",
    "user_ref", "role",
)  # fmt: skip


class TokenState:
    """Tells of tokens, and ends them.

    Args:
        validator: of this server's own access tokens.
        clock: seconds since the epoch.
    """

    def __init__(
        self, entrance: Entrance, validator: AccessTokenValidator, clock: Callable[[], float]
    ) -> None:
        self._entrance = entrance
        self._validator = validator
        self._clock = clock

    async def introspect(self, sent: Sent) -> Mapping[str, Any]:
        """Return what a token says, if it is this client's and good now.

        Raises:
            OAuthError: the client could not be authenticated, or sent no token.
        """
        authenticated = self._entrance.authenticate(sent)
        token, client_id = sent.form.required("token"), authenticated.client.client_id

        async def look(connection: Connection) -> Done[Mapping[str, Any]]:
            claims = self._claims(token)
            if claims is None:
                told = await self._refresh_token(connection, token, client_id)
            elif claims["client_id"] == client_id:
                told = await self._access_token(connection, claims)
            else:
                told = _INACTIVE
            return Done(told, _outcome(told), _named(claims))

        return await self._entrance.within(sent, authenticated, Possession(), look)

    async def revoke(self, sent: Sent) -> None:
        """End a token; nothing happens to one that is not this client's, or ended already.

        A refresh token takes its grant and all access tokens of that with it. The firm's consent
        stays: it is not the client's to end.

        Raises:
            OAuthError: the client could not be authenticated, or sent no token.
        """
        authenticated = self._entrance.authenticate(sent)
        token, client_id = sent.form.required("token"), authenticated.client.client_id

        async def end(connection: Connection) -> Done[None]:
            claims = self._claims(token)
            if claims is None:
                return await self._end_grant(connection, token, client_id)
            if claims["client_id"] != client_id:
                return Done(None, Outcome.NOTHING_REVOKED, _named(claims))
            ended = await connection.fetchval(_REVOKE, claims["jti"], client_id, self._now())
            outcome = Outcome.NOTHING_REVOKED if ended is None else Outcome.REVOKED
            return Done(None, outcome, _named(claims))

        await self._entrance.within(sent, authenticated, Possession(), end)

    async def _end_grant(
        self, connection: Connection, refresh_token: str, client_id: str
    ) -> Done[None]:
        digest = digest_of(refresh_token)
        grant_id = None
        if digest is not None:
            grant_id = await connection.fetchval(_GRANT_OF_REFRESH, digest, client_id)
        if grant_id is None:
            return Done(None, Outcome.NOTHING_REVOKED)
        await GrantRegister(connection).end(grant_id, self._now())
        return Done(None, Outcome.REVOKED, {"grantId": grant_id})

    def _claims(self, token: str) -> Mapping[str, Any] | None:
        """Claims of a good access token of this server; None for anything else."""
        try:
            return self._validator.validate(token)
        except Unauthenticated:
            return None

    async def _access_token(
        self, connection: Connection, claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        is_live = await connection.fetchval(
            _IS_LIVE, claims["jti"], claims["client_id"], self._now()
        )
        if not is_live:
            return _INACTIVE
        is_dpop = "jkt" in claims.get("cnf", {})
        shown = {name: claims[name] for name in _SHOWN if name in claims}
        return {"active": True, "token_type": "DPoP" if is_dpop else "Bearer", **shown}

    async def _refresh_token(
        self, connection: Connection, token: str, client_id: str
    ) -> Mapping[str, Any]:
        digest = digest_of(token)
        if digest is None:
            return _INACTIVE
        now = self._now()
        row = await connection.fetchrow(_REFRESH, digest, client_id, now)
        if row is None or await GrantRegister(connection).find(row["grant_id"], now) is None:
            return _INACTIVE
        ends = int(row["expires_at"].timestamp())
        return {"active": True, "client_id": client_id, "exp": ends}

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _outcome(told: Mapping[str, Any]) -> Outcome:
    return Outcome.ACTIVE if told["active"] else Outcome.INACTIVE


def _named(claims: Mapping[str, Any] | None) -> Mapping[str, object]:
    """Which token a client asked about, and whose it is; nothing where it is no access token."""
    return {} if claims is None else {"tokenId": claims["jti"], "tokenOf": claims["client_id"]}
