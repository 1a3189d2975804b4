"""Pushed authorization requests: checked when they come, kept until a person has decided.

Source: RFC 9126 section 2; RFC 7636 section 4.3 (S256 alone); RFC 8707 section 2; RFC 9449
section 10 (`dpop_jkt`); FAPI 2.0 Security Profile section 5.3.2.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from gateway.oauth.consents import ConsentFiling
from gateway.oauth.details import AskedDetails, read_consent_details
from gateway.oauth.errors import OAuthError, invalid_request
from gateway.oauth.form import Form
from gateway.oauth.resource import require_resource
from gateway.oauth.secrets_of_clients import digest_of, new_secret
from gateway.oauth.types import Binding, BindingKind, OAuthClient, OAuthRules, request_uri
from gateway.store.pool import Connection

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_ADD = """
INSERT INTO oauth_pushed_request (digest, client_id, request, expires_at) VALUES ($1, $2, $3, $4)
"""
_OPEN = """
UPDATE oauth_pushed_request SET opened_at = coalesce(opened_at, $2),
    expires_at = CASE WHEN opened_at IS NULL THEN $3 ELSE expires_at END
WHERE digest = $1 AND decided_at IS NULL AND expires_at > $2
RETURNING client_id, request, expires_at
"""
_DECIDE = """
UPDATE oauth_pushed_request SET decided_at = $2
WHERE digest = $1 AND decided_at IS NULL AND opened_at IS NOT NULL AND expires_at > $2
RETURNING client_id, request, expires_at
"""


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """What a client pushed, as it stands in the store.

    Attributes:
        details: `authorization_details` as sent; read again when the request is opened and
            decided, by the contract of that moment.
    """

    redirect_uri: str
    state: str | None
    code_challenge: str
    dpop_jkt: str | None
    details: str


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A pushed request that can still be decided."""

    client_id: str
    request: PushedRequest
    expires_at: datetime


class PushedRequests:
    """Takes pushed requests.

    Args:
        filing: tells what no consent could open.
        clock: seconds since the epoch.
    """

    def __init__(
        self, rules: OAuthRules, filing: ConsentFiling, clock: Callable[[], float]
    ) -> None:
        self._rules = rules
        self._filing = filing
        self._clock = clock

    def read(self, form: Form, client: OAuthClient, binding: Binding | None) -> PushedRequest:
        """Check a request.

        Raises:
            OAuthError: says what is wrong with it.
        """
        form.refuse("request_uri")
        if form.optional("request") is not None:
            raise OAuthError("request_not_supported", "requests are pushed as parameters")
        if form.required("response_type") != "code":
            raise OAuthError("unsupported_response_type", "the response_type is not code")
        if form.optional("response_mode") not in (None, "query"):
            raise invalid_request("the response_mode is not query")
        if form.optional("scope") is not None:
            raise OAuthError("invalid_scope", "a firm is asked by authorization_details alone")
        if form.required("client_id") != client.client_id:
            raise invalid_request("the client_id is not the one that authenticated")
        redirect_uri = form.required("redirect_uri")
        if redirect_uri not in client.credentials.redirect_uris:
            raise invalid_request("the redirect_uri is not registered")
        require_resource(form, self._rules)
        challenge = _challenge(form)
        details = form.required("authorization_details")
        asked = read_consent_details(details, client, self._now())
        assert asked.consent is not None
        self._filing.check(asked.consent, self._now())
        jkt = _key_of_code(form, binding)
        return PushedRequest(redirect_uri, form.optional("state"), challenge, jkt, details)

    async def keep(
        self, connection: Connection, request: PushedRequest, client: OAuthClient
    ) -> dict[str, object]:
        """Keep a request; returns the response (RFC 9126 section 2.2)."""
        secret = new_secret()
        await connection.execute(
            _ADD,
            digest_of(secret),
            client.client_id,
            json.dumps(asdict(request)),
            self._now() + timedelta(seconds=self._rules.request_lifetime_s),
        )
        return {
            "request_uri": request_uri(secret),
            "expires_in": self._rules.request_lifetime_s,
        }

    async def open(self, connection: Connection, secret: str) -> KeptRequest | None:
        """Return a request that can be decided; the first time gives a person time to do so."""
        now = self._now()
        until = now + timedelta(seconds=self._rules.decision_s)
        row = await connection.fetchrow(_OPEN, digest_of(secret), now, until)
        return None if row is None else _kept(*row.values())

    async def decide(self, connection: Connection, secret: str) -> KeptRequest | None:
        """Take a request for good; None if it is gone, or was taken before."""
        row = await connection.fetchrow(_DECIDE, digest_of(secret), self._now())
        return None if row is None else _kept(*row.values())

    def asked(self, kept: KeptRequest, client: OAuthClient) -> AskedDetails:
        """What a kept request asks for, by the client's contract as it is now.

        Raises:
            OAuthError: the contract does not allow it any more.
        """
        return read_consent_details(kept.request.details, client, self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _challenge(form: Form) -> str:
    challenge = form.required("code_challenge")
    if form.required("code_challenge_method") != "S256":
        raise invalid_request("the code_challenge_method is not S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise invalid_request("the code_challenge is no SHA-256 in base64url")
    return challenge


def _key_of_code(form: Form, binding: Binding | None) -> str | None:
    """The key to which the code is bound, stated or proved.

    Raises:
        OAuthError: the two differ.
    """
    stated = form.optional("dpop_jkt")
    if stated is not None and not _CHALLENGE.fullmatch(stated):
        raise invalid_request("the dpop_jkt is no thumbprint")
    is_key = binding is not None and binding.kind is BindingKind.DPOP_KEY
    proved = binding.thumbprint if binding is not None and is_key else None
    if stated is not None and proved is not None and stated != proved:
        raise invalid_request("the dpop_jkt is not the key of the DPoP proof")
    return stated or proved


def _kept(client_id: str, request: str, expires_at: datetime) -> KeptRequest:
    return KeptRequest(client_id, PushedRequest(**json.loads(request)), expires_at)
