"""Who sends a request to the authorization server: by a signed assertion or a certificate alone.

There are no shared secrets: nothing that a client has could be read from the store.

Source: RFC 7523 section 2.2 and RFC 7521 section 4.2 (`private_key_jwt`); RFC 8705 section 2
(mutual TLS); FAPI 2.0 Security Profile section 5.3.2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.identity.certificates import PresentedCertificate
from gateway.oauth.assertion import (
    Assertion,
    BadAssertionError,
    check_assertion,
    unverified_issuer,
)
from gateway.oauth.errors import invalid_client, invalid_request
from gateway.oauth.form import Form
from gateway.oauth.types import FindClient, OAuthClient

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# A token of another kind that was signed with the same key is no client assertion.
_TYPES: frozenset[str | None] = frozenset({None, "JWT", "client-authentication+jwt"})


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that proved who it is.

    Attributes:
        assertion: to be used up in the transaction of what it is for; None with a certificate.
    """

    client: OAuthClient
    assertion: Assertion | None


class ClientAuthentication:
    """Authenticates clients.

    Args:
        audience: this server's issuer, the only audience of assertions.
        clock: seconds since the epoch.
    """

    def __init__(self, find_client: FindClient, audience: str, clock: Callable[[], float]) -> None:
        self._find = find_client
        self._audience = audience
        self._clock = clock

    def authenticate(
        self, form: Form, authorization: str | None, certificate: PresentedCertificate | None
    ) -> Authenticated:
        """Return who sent a request.

        Args:
            authorization: value of the header, which is not accepted here.

        Raises:
            OAuthError: `invalid_client`, the same for every reason; `invalid_request`, what was
                sent cannot be understood.
        """
        form.refuse("client_secret")
        if authorization is not None:
            raise invalid_client()
        assertion, client_id = form.optional("client_assertion"), form.optional("client_id")
        if assertion is not None:
            if form.required("client_assertion_type") != ASSERTION_TYPE:
                raise invalid_request("the client_assertion_type is not supported")
            return self._by_assertion(assertion, client_id)
        form.refuse("client_assertion_type")
        if certificate is not None and client_id is not None:
            return self._by_certificate(client_id, certificate)
        raise invalid_client()

    def _by_assertion(self, token: str, client_id: str | None) -> Authenticated:
        issuer = unverified_issuer(token)
        client = self._find(issuer) if issuer is not None else None
        if client is None or client.is_suspended or client_id not in (None, client.client_id):
            raise invalid_client()
        try:
            assertion = check_assertion(token, client, self._audience, self._clock(), _TYPES)
        except BadAssertionError as error:
            raise invalid_client() from error
        if assertion.claims.get("sub") != client.client_id:
            raise invalid_client()
        return Authenticated(client, assertion)

    def _by_certificate(self, client_id: str, certificate: PresentedCertificate) -> Authenticated:
        client = self._find(client_id)
        if client is None or client.is_suspended:
            raise invalid_client()
        if not client.credentials.is_certificate(
            certificate.x5t_s256, certificate.subject, self._clock()
        ):
            raise invalid_client()
        return Authenticated(client, None)
