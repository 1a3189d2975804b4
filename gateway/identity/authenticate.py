"""The stage: the Authorization header to a Principal.

No header means the public. A header that is there must hold a good token: a bad one is refused
and never treated as none.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

from gateway.errors import ClientError
from gateway.identity.access_token import AccessTokenValidator, TokenRules
from gateway.identity.challenge import invalid_token
from gateway.identity.claims import PersonKey, claimant_of, principal_of
from gateway.identity.principal import ANONYMOUS, Principal

_SCHEME = "bearer "


def _as_named(key: str) -> str:
    """Without network keys a person is known inside as it is outside."""
    return key


class Authenticator:
    """Turns headers into principals; verified tokens are kept by digest until they expire."""

    def __init__(
        self,
        rules: TokenRules,
        clock: Callable[[], float],
        *,
        also: Sequence[TokenRules] = (),
        person_key: PersonKey = _as_named,
        cache_size: int = 10_000,
    ) -> None:
        """
        Args:
            clock: seconds since the epoch.
            also: rules of further issuers.
            person_key: reads the network reference by which a token names a natural person.
            cache_size: verified tokens kept, the least recently used go first.
        """
        self._validator = AccessTokenValidator(rules, clock, also)
        self._leeway_s = min(each.leeway_s for each in (rules, *also))
        self._clock = clock
        self._person_key = person_key
        self._cache_size = cache_size
        self._verified: OrderedDict[bytes, tuple[int, Principal]] = OrderedDict()

    def authenticate(self, authorization: str | None) -> Principal:
        """Return who sent a request.

        Args:
            authorization: value of the only Authorization header; None if there is none.

        Raises:
            Unauthenticated: TOKEN_INVALID, TOKEN_EXPIRED or TOKEN_NOT_YET_VALID, with a
                challenge.
            Refused: PURPOSE_REQUIRED or MATTER_NUMBER_REQUIRED. These, and a TOKEN_INVALID for
                what a genuine token claims, name the claimant.
        """
        if authorization is None:
            return ANONYMOUS
        digest = hashlib.sha256(authorization.encode("utf-8", "surrogatepass")).digest()
        hit = self._verified.get(digest)
        if hit is not None:
            if hit[0] > self._clock():
                self._verified.move_to_end(digest)
                return hit[1]
            del self._verified[digest]
        return self._verify(authorization, digest)

    def forget_all(self) -> None:
        """Drop every verified token, after a rotation or revocation of keys."""
        self._verified.clear()

    def __len__(self) -> int:
        return len(self._verified)

    def _verify(self, authorization: str, digest: bytes) -> Principal:
        scheme, token = authorization[: len(_SCHEME)], authorization[len(_SCHEME) :]
        if scheme.lower() != _SCHEME:
            raise invalid_token("TOKEN_INVALID", "the authorization scheme is not Bearer")
        claims = self._validator.validate(token)
        try:
            principal = principal_of(claims, self._person_key)
        except ClientError as error:
            error.claimant = claimant_of(claims)
            raise
        assert principal.expires_at is not None
        self._verified[digest] = (principal.expires_at + self._leeway_s, principal)
        if len(self._verified) > self._cache_size:
            self._verified.popitem(last=False)
        return principal
