"""Access tokens: what they say, their signature, and the line that the store keeps of each.

Source: RFC 9068 sections 2.1 and 2.2; RFC 8693 section 4.1 (`act`); RFC 9396 section 9
(`authorization_details`); RFC 9449 section 6 and RFC 8705 section 3.1 (`cnf`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt

from gateway.identity.access_token import ALGORITHM, MOST_TOKEN_CHARACTERS, TOKEN_TYPE
from gateway.oauth.details import details_claim
from gateway.oauth.errors import invalid_details
from gateway.oauth.signing_keys import SigningKeys
from gateway.oauth.types import (
    NO_MATTER,
    Binding,
    BindingKind,
    CreditQuery,
    GrantType,
    Matter,
    OAuthClient,
    OAuthRules,
)
from gateway.store.pool import Connection

_LEAST_LIFETIME_S = 1
_KEEP = """
INSERT INTO oauth_access_token (jti, client_id, grant_type, grant_id, issued_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """What a token is to be good for, and by which grant.

    Attributes:
        subject: whom the data is about or who asks; the claim `sub`.
        acting_for: institution that a platform acts for.
        grant_id: grant of the code flow; None for others.
        scope: echoed where the client asked by scope.
    """

    client: OAuthClient
    grant_type: GrantType
    subject: str
    query: CreditQuery
    matter: Matter = NO_MATTER
    acting_for: str | None = None
    grant_id: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was kept account of.

    Attributes:
        lifetime_s: seconds until it ends. expires_at: seconds since the epoch.
        token_id: its `jti`.
        wanted: what it is good for.
    """

    text: str
    lifetime_s: int
    binding: Binding | None
    token_id: str
    expires_at: int
    wanted: TokenSubject

    @property
    def token_type(self) -> str:
        """How it is sent (RFC 9449 section 5)."""
        is_dpop = self.binding is not None and self.binding.kind is BindingKind.DPOP_KEY
        return "DPoP" if is_dpop else "Bearer"


class TokenMint:
    """Makes tokens.

    Args:
        clock: seconds since the epoch.
        new_token_id: unguessable, of letters and digits.
    """

    def __init__(
        self,
        rules: OAuthRules,
        keys: SigningKeys,
        clock: Callable[[], float],
        new_token_id: Callable[[], str],
    ) -> None:
        self._rules = rules
        self._keys = keys
        self._clock = clock
        self._new_token_id = new_token_id

    async def issue(
        self, connection: Connection, wanted: TokenSubject, binding: Binding | None
    ) -> IssuedToken:
        """Return a token; the open transaction keeps its line.

        Raises:
            OAuthError: `invalid_authorization_details`: what it is to say has ended or is too much
                for a token.
        """
        now = int(self._clock())
        lifetime_s = self._rules.token_lifetime_s
        ends = wanted.query.valid_until
        if ends is not None:
            lifetime_s = min(lifetime_s, int(ends.timestamp()) - now)
        if lifetime_s < _LEAST_LIFETIME_S:
            raise invalid_details("authorization_details: valid_until is over")
        jti = self._new_token_id()
        key = self._keys.signer()
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
        claims = self._claims(wanted, binding, jti, now, now + lifetime_s)
        text = jwt.encode(header, claims, key, algorithms=[ALGORITHM])
        if len(text) > MOST_TOKEN_CHARACTERS:
            raise invalid_details("authorization_details: more than one token can hold")
        await connection.execute(
            _KEEP,
            jti,
            wanted.client.client_id,
            wanted.grant_type.value,
            wanted.grant_id,
            datetime.fromtimestamp(now, UTC),
            datetime.fromtimestamp(now + lifetime_s, UTC),
        )
        return IssuedToken(text, lifetime_s, binding, jti, now + lifetime_s, wanted)

    def _claims(
        self, wanted: TokenSubject, binding: Binding | None, jti: str, now: int, expires_at: int
    ) -> dict[str, Any]:
        client, matter = wanted.client, wanted.matter
        claims: dict[str, Any] = {
            "iss": self._rules.issuer,
            "aud": self._rules.resource,
            "sub": wanted.subject,
            "client_id": client.client_id,
            "jti": jti,
            "iat": now,
            "nbf": now,
            "exp": expires_at,
            "caller_class": client.caller_class.value,
            "organisation": client.organisation,
            "purpose": wanted.query.purpose.value,
            "authorization_details": details_claim(wanted.query),
        }
        optional: dict[str, Any] = {
            "acting_for": wanted.acting_for,
            "act": {"sub": client.client_id} if wanted.acting_for is not None else None,
            "matter_no": matter.matter_no,
            "user_ref": matter.user_ref,
            "role": matter.role.value if matter.role is not None else None,
            "scope": wanted.scope,
            "cnf": {binding.kind.value: binding.thumbprint} if binding is not None else None,
        }
        claims.update({name: value for name, value in optional.items() if value is not None})
        return claims
