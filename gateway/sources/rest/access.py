"""Access tokens by client credentials: fetched when first needed, kept until they nearly end.

Source: RFC 6749, sections 4.4 and 5.1; RFC 7523, section 2.2 (`private_key_jwt`).
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.contract import MappingFailed
from gateway.sources.rest.client import HttpClient, Question
from gateway.sources.rest.source import ClientCredentials

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME_S = 60
_LEEWAY_S = 10.0
_SHORTEST_S, _LONGEST_S = 1.0, 3600.0


class AccessTokens:
    """The token of one client at one service; many calls wait for one request of it."""

    def __init__(
        self,
        client: HttpClient,
        credentials: ClientCredentials,
        clock: Callable[[], float],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Raises:
            ValueError: neither or both of secret and key, or a key that cannot be used.
        """
        if bool(credentials.secret) == bool(credentials.private_key):
            raise ValueError("client credentials need a secret or a private key, and not both")
        self._client = client
        self._credentials = credentials
        self._clock = clock
        self._wall_clock = wall_clock
        self._key = _key(credentials)
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def headers(self, deadline: float) -> Mapping[str, str]:
        """Headers of a request; asks for a token where there is none that still holds.

        Raises:
            AdapterError: as `HttpClient.ask` does.
        """
        async with self._lock:
            if self._clock() >= self._until:
                await self._renew(deadline)
            return {"authorization": f"Bearer {self._token}"}

    def forget(self, headers: Mapping[str, str]) -> None:
        """The service did not take this token: the next call asks for another."""
        if headers.get("authorization") == f"Bearer {self._token}":
            self._until = 0.0

    async def _renew(self, deadline: float) -> None:
        form = {"grant_type": "client_credentials"}
        if self._credentials.scope:
            form["scope"] = self._credentials.scope
        headers: dict[str, str] = {}
        if self._key is None:
            headers["authorization"] = _basic(self._credentials)
        else:
            form |= {"client_id": self._credentials.client_id, **self._assertion(self._key)}
        question = Question("POST", self._credentials.token_url, form=form)
        answer = await self._client.ask(question, headers, deadline)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise MappingFailed("the token endpoint gave no access token")
        assert isinstance(answer, dict)  # it has a member
        if str(answer.get("token_type", "")).lower() != "bearer":
            raise MappingFailed("the token endpoint gave no Bearer token")
        self._token = token
        self._until = self._clock() + _lifetime(answer.get("expires_in"))

    def _assertion(self, key: ECKey) -> Mapping[str, str]:
        credentials, now = self._credentials, int(self._wall_clock())
        header = {"alg": "ES256", "typ": "JWT"}
        if credentials.key_id:
            header["kid"] = credentials.key_id
        claims = {
            "iss": credentials.client_id,
            "sub": credentials.client_id,
            "aud": credentials.audience or credentials.token_url,
            "jti": os.urandom(16).hex(),
            "iat": now,
            "exp": now + _ASSERTION_LIFETIME_S,
        }
        assertion = jwt.encode(header, claims, key, algorithms=["ES256"])
        return {"client_assertion_type": _JWT_BEARER, "client_assertion": assertion}


def _lifetime(expires_in: object) -> float:
    """How long a token is used; one without a stated end is used for a minute."""
    stated = float(expires_in) if isinstance(expires_in, int) and expires_in > 0 else 60.0
    return min(max(stated - _LEEWAY_S, _SHORTEST_S), _LONGEST_S)


def _key(credentials: ClientCredentials) -> ECKey | None:
    if not credentials.private_key:
        return None
    try:
        key = ECKey.import_key(credentials.private_key)
    except (JoseError, ValueError) as error:
        raise ValueError("the private key is no PEM of an EC key") from error
    if key.curve_name != "P-256" or not key.is_private:
        raise ValueError("the private key is not on the curve P-256")
    return key


def _basic(credentials: ClientCredentials) -> str:
    """Source: RFC 6749, section 2.3.1: both parts are form-encoded first."""
    pair = f"{quote(credentials.client_id, safe='')}:{quote(credentials.secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
