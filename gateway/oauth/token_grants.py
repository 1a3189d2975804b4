"""How each grant type becomes a token: what is presented, what it is good for.

All run inside the transaction that the token endpoint holds open, and check before they change.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from gateway.oauth.details import AskedDetails, narrowed, read_details
from gateway.oauth.errors import OAuthError, invalid_grant, invalid_request
from gateway.oauth.form import Form
from gateway.oauth.grants import Grant, GrantRegister, UsedCode
from gateway.oauth.scopes import read_scope
from gateway.oauth.tokens import IssuedToken, TokenMint, TokenSubject
from gateway.oauth.types import (
    Binding,
    BindingKind,
    CreditQuery,
    GrantType,
    OAuthClient,
    OAuthRules,
)
from gateway.store.pool import Connection
from policies.model import CallerClass

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What a client gets.

    Attributes:
        scope: echoed where the client asked by scope.
        issued_token_type: of a token that was exchanged (RFC 8693 section 2.2.1).
    """

    token: IssuedToken
    query: CreditQuery
    refresh_token: str | None = None
    scope: str | None = None
    issued_token_type: str | None = None


class TokenGrant(Protocol):
    """One grant type."""

    async def issue(
        self, connection: Connection, form: Form, client: OAuthClient, binding: Binding | None
    ) -> TokenAnswer:
        """Return a token for what the form presents.

        Raises:
            OAuthError: none is due. What was done before stays: a replay ends its grant.
        """
        ...


def asked_of(form: Form, client: OAuthClient) -> tuple[AskedDetails, str | None]:
    """What a form asks for, by details or by scope, and the scope.

    Raises:
        OAuthError: neither, both, or more than the client may have.
    """
    details, scope = form.optional("authorization_details"), form.optional("scope")
    if details is not None and scope is not None:
        raise invalid_request("authorization_details and scope exclude each other")
    if details is not None:
        return read_details(details, client), None
    if scope is None:
        raise invalid_request("the parameter authorization_details is missing")
    return AskedDetails(read_scope(scope, client)), scope


class ClientCredentials:
    """A client asks for itself: a department, a bank that names consents it holds.

    Source: RFC 6749 section 4.4.
    """

    def __init__(self, mint: TokenMint) -> None:
        self._mint = mint

    async def issue(
        self, connection: Connection, form: Form, client: OAuthClient, binding: Binding | None
    ) -> TokenAnswer:
        """See `TokenGrant`."""
        if client.caller_class is CallerClass.PLATFORM:
            raise OAuthError("unauthorized_client", "a platform exchanges a mandate of its bank")
        asked, scope = asked_of(form, client)
        wanted = TokenSubject(
            client,
            GrantType.CLIENT_CREDENTIALS,
            client.client_id,
            asked.query,
            asked.matter,
            scope=scope,
        )
        token = await self._mint.issue(connection, wanted, binding)
        return TokenAnswer(token, asked.query, scope=scope)


class _OfGrant:
    """Tokens of what a firm granted."""

    def __init__(self, mint: TokenMint, rules: OAuthRules, clock: Callable[[], float]) -> None:
        self._mint = mint
        self._rules = rules
        self._clock = clock

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    async def _answer(
        self,
        connection: Connection,
        grant: Grant,
        asked: CreditQuery | None,
        client: OAuthClient,
        grant_type: GrantType,
        binding: Binding | None,
    ) -> TokenAnswer:
        """A token, and a refresh token where the consent lasts."""
        query = grant.query if asked is None else narrowed(grant.query, asked)
        wanted = TokenSubject(
            client,
            grant_type,
            grant.subject,
            query,
            acting_for=grant.acting_for,
            grant_id=grant.grant_id,
        )
        token = await self._mint.issue(connection, wanted, binding)
        refresh_token = None
        if not grant.is_one_off:
            ends = self._now() + timedelta(days=self._rules.refresh_days)
            register = GrantRegister(connection)
            refresh_token = await register.add_refresh_token(grant.grant_id, ends)
        return TokenAnswer(token, query, refresh_token)


def _narrowing(form: Form, client: OAuthClient) -> CreditQuery | None:
    """What a form asks for of a grant; None: all of it."""
    if form.optional("scope") is not None:
        raise OAuthError("invalid_scope", "what a firm granted is asked by authorization_details")
    details = form.optional("authorization_details")
    return None if details is None else read_details(details, client).query


class AuthorizationCode(_OfGrant):
    """A code that a firm's browser brought; with PKCE, always S256.

    Source: RFC 6749 section 4.1.3; RFC 7636 section 4.6; RFC 9449 section 10.
    """

    async def issue(
        self, connection: Connection, form: Form, client: OAuthClient, binding: Binding | None
    ) -> TokenAnswer:
        """See `TokenGrant`."""
        code, redirect_uri = form.required("code"), form.required("redirect_uri")
        verifier = form.required("code_verifier")
        asked = _narrowing(form, client)
        register, now = GrantRegister(connection), self._now()
        used = await register.use_code(code, client.client_id, now)
        if used is None or not _fits(used, redirect_uri, verifier, binding, now):
            raise invalid_grant()
        grant = await register.find(used.grant_id, now)
        if grant is None:
            raise invalid_grant()
        return await self._answer(
            connection, grant, asked, client, GrantType.AUTHORIZATION_CODE, binding
        )


class RefreshToken(_OfGrant):
    """A refresh token; each is used once and brings the next.

    Source: RFC 6749 section 6; RFC 9700 section 4.14.2.
    """

    async def issue(
        self, connection: Connection, form: Form, client: OAuthClient, binding: Binding | None
    ) -> TokenAnswer:
        """See `TokenGrant`."""
        presented = form.required("refresh_token")
        asked = _narrowing(form, client)
        register, now = GrantRegister(connection), self._now()
        grant_id = await register.use_refresh_token(presented, client.client_id, now)
        grant = None if grant_id is None else await register.find(grant_id, now)
        if grant is None or grant.is_one_off:
            raise invalid_grant()
        return await self._answer(
            connection, grant, asked, client, GrantType.REFRESH_TOKEN, binding
        )


def _fits(
    used: UsedCode, redirect_uri: str, verifier: str, binding: Binding | None, now: datetime
) -> bool:
    """Whether a code is used as its request said."""
    if now >= used.expires_at or redirect_uri != used.redirect_uri:
        return False
    if not _VERIFIER.fullmatch(verifier):
        return False
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(challenge, used.code_challenge.encode()):
        return False
    if used.dpop_jkt is None:
        return True
    return binding == Binding(BindingKind.DPOP_KEY, used.dpop_jkt)
