"""Sign-in by OpenID Connect: authorization code with PKCE, the client known by its key.

Source: OpenID Connect Core 1.0, sections 3.1.2.1, 3.1.3.7 and 9 (private_key_jwt); RFC 7636;
RFC 9207 (`iss` in the response).
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from gateway.errors import Unavailable
from gateway.pages.person_sign_in import nobody, person_signed_in
from gateway.pages.tickets import user_reference
from gateway.pages.types import Begun, LoginTitle, PersonKey, SignedIn, SignInRefusedError
from schema.identifiers.uscc import is_uscc

ALGORITHMS = ("ES256", "Ed25519", "PS256", "RS256")
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST_BYTES = 65_536
_LEEWAY_S = 30
_LONGEST_S = 3_600
_MOST_NAME = 100
_KEYS_S = 300.0


@dataclass(frozen=True, slots=True)
class OidcClaims:
    """Names of the claims that say who acts for which firm, or which person came for itself.

    Attributes:
        role: its value is `attorney` for somebody who is not the legal representative.
    """

    uscc: str = "uscc"
    person: str = "person"
    subject_name: str = "org_name"
    signer_name: str = "name"
    role: str = "role"
    attorney: str = "ATTORNEY"
    proof: str = "proof"


@dataclass(frozen=True, slots=True)
class OidcRules:
    """An OpenID provider, and as whom the gateway asks it.

    Attributes:
        issuer: exact `iss`; metadata is read below it.
        key: private Ed25519 key with `kid` of the gateway as a client.
        algorithm: with which the provider signs, and no other.
    """

    title: LoginTitle
    issuer: str
    client_id: str
    key: OKPKey
    algorithm: str = "ES256"
    scope: str = "openid"
    claims: OidcClaims = OidcClaims()


class OidcLogin:
    """Signs in whom an OpenID provider vouches for."""

    def __init__(
        self,
        rules: OidcRules,
        http: httpx.AsyncClient,
        clock: Callable[[], float],
        person_key: PersonKey = nobody,
    ) -> None:
        """
        Args:
            http: follows no redirects and has a time limit.
            clock: seconds since the epoch.
            person_key: reads the network reference by which a provider names a person.
        """
        self._person_key = person_key
        if rules.algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm `{rules.algorithm}` is none of {', '.join(ALGORITHMS)}")
        self._rules = rules
        self._http = http
        self._clock = clock
        self._metadata: Mapping[str, Any] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def title(self) -> LoginTitle:
        return self._rules.title

    async def begin(self, begun: Begun) -> str:
        """Return where people sign in.

        Raises:
            Unavailable: the provider does not answer.
        """
        metadata = await self._described()
        challenge = hashlib.sha256(begun.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self._rules.client_id,
            "redirect_uri": begun.return_url,
            "scope": self._rules.scope,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "ui_locales": "zh-CN en",
        }
        return f"{metadata['authorization_endpoint']}?{urlencode(parameters)}"

    async def finish(self, begun: Begun, returned: Mapping[str, str]) -> SignedIn:
        """Return whom the provider vouches for.

        Raises:
            SignInRefusedError: nobody, or what came back does not hold.
            Unavailable: the provider does not answer.
        """
        if returned.get("iss", self._rules.issuer) != self._rules.issuer:
            raise SignInRefusedError("the sign-in came back from another provider")
        code = returned.get("code")
        if not code:
            raise SignInRefusedError("the sign-in was not completed")
        metadata = await self._described()
        answer = await self._post(
            metadata["token_endpoint"],
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": begun.return_url,
                "client_id": self._rules.client_id,
                "code_verifier": begun.verifier,
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion(),
            },
        )
        claims = await self._vouched(answer.get("id_token"), begun)
        return self._signed_in(claims)

    def _assertion(self) -> str:
        rules, now = self._rules, int(self._clock())
        claims = {
            "iss": rules.client_id,
            "sub": rules.client_id,
            "aud": rules.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        }
        header = {"alg": "Ed25519", "kid": rules.key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, rules.key, algorithms=["Ed25519"])

    async def _vouched(self, id_token: object, begun: Begun) -> Mapping[str, Any]:
        if not isinstance(id_token, str):
            raise SignInRefusedError("the provider vouches for nobody")
        keys = await self._provider_keys()
        try:
            claims = jwt.decode(id_token, keys, algorithms=[self._rules.algorithm]).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise SignInRefusedError("what the provider signed does not hold") from error
        self._check(claims, begun)
        return claims

    def _check(self, claims: Mapping[str, Any], begun: Begun) -> None:
        rules, now = self._rules, self._clock()
        audience = claims.get("aud")
        is_ours = audience == rules.client_id or audience == [rules.client_id]
        if claims.get("iss") != rules.issuer or not is_ours:
            raise SignInRefusedError("what the provider signed is not for this gateway")
        if claims.get("nonce") != begun.nonce:
            raise SignInRefusedError("what the provider signed belongs to another sign-in")
        issued, ends = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(ends) is not int:
            raise SignInRefusedError("what the provider signed has no times")
        is_fresh = issued <= now + _LEEWAY_S and now - _LEEWAY_S < ends <= issued + _LONGEST_S
        if not is_fresh:
            raise SignInRefusedError("what the provider signed has ended, or lasts too long")

    def _signed_in(self, claims: Mapping[str, Any]) -> SignedIn:
        names, login = self._rules.claims, self.title.name
        user_ref = user_reference(login, _text(claims, "sub"))
        if names.person in claims and names.uscc not in claims:
            name = _text(claims, names.signer_name)
            stated = claims[names.person]
            return person_signed_in(stated, name, user_ref, login, self._person_key)
        uscc = _text(claims, names.uscc)
        if not is_uscc(uscc):
            raise SignInRefusedError("the provider names no unified social credit code")
        is_attorney = claims.get(names.role) == names.attorney
        return SignedIn(
            uscc,
            _text(claims, names.subject_name),
            _text(claims, names.signer_name),
            is_attorney,
            _text(claims, names.proof) if is_attorney else None,
            user_ref,
            login,
        )

    async def _described(self) -> Mapping[str, Any]:
        if self._metadata is None:
            url = f"{self._rules.issuer}/.well-known/openid-configuration"
            found = await self._get(url)
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != self._rules.issuer or not all(
                isinstance(found.get(name), str) for name in needed
            ):
                raise _unavailable()
            self._metadata = found
        return self._metadata

    async def _provider_keys(self) -> KeySet:
        now = self._clock()
        if self._keys is None or self._keys[0] <= now:
            metadata = await self._described()
            try:
                keys = KeySet.import_key_set(await self._get(metadata["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise _unavailable() from error
            self._keys = (now + _KEYS_S, keys)
        return self._keys[1]

    async def _get(self, url: str) -> Mapping[str, Any]:
        return await self._send(self._http.build_request("GET", url))

    async def _post(self, url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        return await self._send(self._http.build_request("POST", url, data=dict(form)))

    async def _send(self, request: httpx.Request) -> Mapping[str, Any]:
        """Return a small JSON object.

        Raises:
            SignInRefusedError: the provider refused.
            Unavailable: it did not answer with one.
        """
        try:
            response = await self._http.send(request)
            if 400 <= response.status_code < 500:
                raise SignInRefusedError("the provider did not complete the sign-in")
            if response.status_code != 200 or len(response.content) > _MOST_BYTES:
                raise _unavailable()
            found = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _unavailable() from error
        if not isinstance(found, dict):
            raise _unavailable()
        return found


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _MOST_NAME:
        raise SignInRefusedError(f"the provider does not say `{name}`")
    return value.strip()


def _unavailable() -> Unavailable:
    return Unavailable(
        "SIGN_IN_UNAVAILABLE", "the sign-in does not answer as it should: try again, or another one"
    )
