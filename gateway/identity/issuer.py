"""LocalIssuer: mints access tokens for the demo and for tests, in the form that is validated.

It is no authorization server: whoever holds it may name any caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.errors import InternalError
from gateway.identity.access_token import ALGORITHM, TOKEN_TYPE, TokenRules
from gateway.identity.keys import keys_by_id, public_jwks
from policies.model import Caller

LONGEST_LIFETIME_S = 300
LONGEST_DEMO_LIFETIME_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """The caller that a token is to name; as `Principal`, before there is a token.

    Attributes:
        jkt, x5t_s256: thumbprints of the key or certificate that it is to be bound to.
        details: `authorization_details`.
    """

    caller: Caller
    client_id: str
    matter_no: str | None = None
    user_ref: str | None = None
    jkt: str | None = None
    x5t_s256: str | None = None
    details: tuple[Mapping[str, object], ...] = ()
    scope: str | None = None


class LocalIssuer:
    """Signs tokens with one Ed25519 key."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        key: OKPKey,
        clock: Callable[[], float],
        new_token_id: Callable[[], str],
        *,
        is_demo: bool = False,
    ) -> None:
        """
        Args:
            clock: seconds since the epoch.
            new_token_id: unguessable, of letters and digits.
            is_demo: tokens may live for a week, because scripts keep them in a file. Such
                tokens are refused wherever the validator is not told to accept them.
        """
        self._issuer = issuer
        self._audience = audience
        self._key = key
        self._clock = clock
        self._new_token_id = new_token_id
        self._longest_s = LONGEST_DEMO_LIFETIME_S if is_demo else LONGEST_LIFETIME_S

    def token_rules(self) -> TokenRules:
        """Return the rules under which this issuer's tokens are accepted."""
        return TokenRules(
            self._issuer, self._audience, keys_by_id(self.jwks()), max_lifetime_s=self._longest_s
        )

    def jwks(self) -> dict[str, object]:
        """Return the public key as a JSON Web Key Set."""
        return public_jwks([self._key])

    def mint(self, request: TokenRequest, lifetime_s: int = LONGEST_LIFETIME_S) -> str:
        """Return a signed token that is valid from now on.

        Raises:
            InternalError: a longer lifetime than this issuer may give.
        """
        if not 0 < lifetime_s <= self._longest_s:
            raise InternalError(
                f"a token may live from 1 to {self._longest_s} s here, not `{lifetime_s}`"
            )
        now = int(self._clock())
        caller = request.caller
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": request.client_id,
            "client_id": request.client_id,
            "jti": self._new_token_id(),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
            "caller_class": caller.caller_class.value,
            "purpose": caller.purpose.value,
        }
        optional = {
            "organisation": caller.organisation,
            "acting_for": caller.acting_for,
            "role": caller.role.value if caller.role is not None else None,
            "matter_no": request.matter_no,
            "user_ref": request.user_ref,
            "cnf": _confirmation(request),
            "authorization_details": list(request.details) or None,
            "scope": request.scope,
        }
        claims.update({name: value for name, value in optional.items() if value is not None})
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


def _confirmation(request: TokenRequest) -> dict[str, str] | None:
    stated = {"jkt": request.jkt, "x5t#S256": request.x5t_s256}
    return {name: value for name, value in stated.items() if value is not None} or None
