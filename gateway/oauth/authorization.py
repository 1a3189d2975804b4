"""AuthorizationRequests: the seam between the authorization server and the pages of a firm.

A page opens a pushed request, shows it, and grants or refuses it for the firm that signed in. Who
the firm is, and that the decision is really its own (sign-in, CSRF), is the page's business.

Source: RFC 6749 section 4.1.2 (codes, errors), RFC 9207 (`iss`), RFC 9126 section 4.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import asyncpg

from gateway.audit.types import OutdatedDecisionError
from gateway.contract import PERSON_KEY_PREFIX
from gateway.errors import ClientError
from gateway.oauth.consents import ConsentFiling, FiledConsent
from gateway.oauth.errors import OAuthError
from gateway.oauth.grants import CodeTerms, Grant, GrantRegister
from gateway.oauth.pushed import KeptRequest, PushedRequests
from gateway.oauth.types import (
    ConsentDecision,
    ConsentReceipt,
    ConsentRequest,
    CreditQuery,
    FindClient,
    LegalBasis,
    OAuthClient,
    OAuthRules,
    PendingRequest,
    pushed_id,
)
from gateway.store.pool import Connection, LightPool
from policies.model import CallerClass

_ATTEMPTS = 3
_RETRIED = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    OutdatedDecisionError,
)


class RequestGoneError(ClientError):
    """There is no such request, or it was decided, or its time is over; nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "AUTHORIZATION_REQUEST_GONE",
            "the request is unknown, decided already or expired: the institution has to ask again",
            status=404,
        )


class DecisionRefusedError(ClientError):
    """What was decided does not fit what was asked; nothing was done."""

    def __init__(self, message: str) -> None:
        super().__init__("AUTHORIZATION_DECISION_INVALID", message, status=400)


class AuthorizationRequests:
    """Opens, grants and refuses pushed requests.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        pool: LightPool,
        pushed: PushedRequests,
        filing: ConsentFiling,
        find_client: FindClient,
        rules: OAuthRules,
        clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._pushed = pushed
        self._filing = filing
        self._find_client = find_client
        self._rules = rules
        self._clock = clock

    async def open(self, request_uri: str, client_id: str) -> PendingRequest:
        """Return what a firm is asked; may be repeated until it is decided.

        Args:
            request_uri, client_id: as the browser brought them.

        Raises:
            RequestGoneError: there is no such request of this client.
        """
        async with self._pool.connection() as connection:
            kept = await self._pushed.open(connection, _secret(request_uri))
        if kept is None or kept.client_id != client_id:
            raise RequestGoneError
        client = self._client(kept)
        asked = self._asked(kept, client)
        expected = asked.query.subjects
        return PendingRequest(
            client.client_id,
            client.name,
            asked,
            expected[0] if expected else None,
            kept.expires_at,
            client.caller_class is CallerClass.PLATFORM,
        )

    async def grant(
        self, request_uri: str, decision: ConsentDecision, request_id: str
    ) -> ConsentReceipt:
        """Let the firm consent: consent, audit entry and code are committed together.

        Args:
            request_id: of the page's request, for the audit.

        Raises:
            RequestGoneError: it cannot be decided any more; another decision was faster.
            DecisionRefusedError: another firm was asked, or a field left out that is not optional.
            EntitlementRefusedError: the consent cannot be given.
        """
        secret = _secret(request_uri)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._pool.connection() as connection, connection.transaction():
                    return await self._grant(connection, secret, decision, request_id)
            except _RETRIED:
                # nothing of it is in the store, the decision included
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover - the loop returns or raises

    async def refuse(self, request_uri: str, error: str = "access_denied") -> str:
        """Refuse for the firm; returns where its browser goes next.

        Args:
            error: code for the client (RFC 6749 section 4.1.2.1).

        Raises:
            RequestGoneError: it cannot be decided any more.
        """
        async with self._pool.connection() as connection:
            kept = await self._pushed.decide(connection, _secret(request_uri))
        if kept is None:
            raise RequestGoneError
        return self._redirect(kept, {"error": error})

    async def _grant(
        self, connection: Connection, secret: str, decision: ConsentDecision, request_id: str
    ) -> ConsentReceipt:
        kept = await self._pushed.decide(connection, secret)
        if kept is None:
            raise RequestGoneError
        client = self._client(kept)
        asked = self._asked(kept, client)
        _check_decision(asked, decision)
        at = datetime.fromtimestamp(int(self._clock()), UTC)
        filed = await self._filing.file(connection, asked, decision, at, request_id)
        register = GrantRegister(connection)
        grant = _grant(filed, client)
        await register.add(grant, client.client_id, at)
        terms = CodeTerms(
            kept.request.redirect_uri,
            kept.request.code_challenge,
            kept.request.dpop_jkt,
            at + timedelta(seconds=self._rules.code_lifetime_s),
        )
        code = await register.add_code(grant.grant_id, terms)
        consent = filed.consent
        return ConsentReceipt(
            consent.consent_no,
            filed.document,
            consent.signature.document_sha256,
            self._redirect(kept, {"code": code}),
        )

    def _client(self, kept: KeptRequest) -> OAuthClient:
        client = self._find_client(kept.client_id)
        if client is None or client.is_suspended:
            raise RequestGoneError
        if kept.request.redirect_uri not in client.credentials.redirect_uris:
            raise RequestGoneError
        return client

    def _asked(self, kept: KeptRequest, client: OAuthClient) -> ConsentRequest:
        """What is asked, if the contract still allows it."""
        try:
            asked = self._pushed.asked(kept, client).consent
        except OAuthError as error:
            raise RequestGoneError from error
        assert asked is not None
        return asked

    def _redirect(self, kept: KeptRequest, parameters: dict[str, str]) -> str:
        if kept.request.state is not None:
            parameters = {**parameters, "state": kept.request.state}
        query = urlencode({**parameters, "iss": self._rules.issuer})
        separator = "&" if "?" in kept.request.redirect_uri else "?"
        return f"{kept.request.redirect_uri}{separator}{query}"


def _secret(request_uri: str) -> str:
    secret = pushed_id(request_uri)
    if secret is None:
        raise RequestGoneError
    return secret


def _check_decision(asked: ConsentRequest, decision: ConsentDecision) -> None:
    expected = asked.query.subjects
    if decision.subject.startswith(PERSON_KEY_PREFIX):
        raise DecisionRefusedError("the institution asks a firm, and a person signed in for itself")
    if expected and decision.subject != expected[0]:
        raise DecisionRefusedError("the institution asks another firm than the one that signed in")
    if not decision.left_out <= set(asked.optional_fields):
        raise DecisionRefusedError("a field was left out that is not optional")


def _grant(filed: FiledConsent, client: OAuthClient) -> Grant:
    """The grant by which the client obtains tokens for this consent and no other."""
    consent = filed.consent
    query = CreditQuery(
        consent.purpose,
        consent.record_kinds,
        consent.coordinates,
        (consent.subject_key,),
        (consent.consent_no,),
        LegalBasis.CONSENT,
        consent.valid_to,
    )
    is_platform = client.caller_class is CallerClass.PLATFORM
    return Grant(
        secrets.token_hex(16),
        consent.consent_no,
        query,
        consent.institution.uscc if is_platform else None,
        consent.subject_key,
        consent.is_one_off,
    )
