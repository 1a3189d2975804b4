"""The token endpoint, and what it shares with the endpoint for pushed requests.

One transaction per request: what may be used once is used up in it, together with what it is for.
It is committed for a refusal too, so that a replay leaves its trace.

Source: RFC 6749 sections 3.2 and 5; RFC 9449 section 5; RFC 9396 section 7.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.identity.certificates import PresentedCertificate
from gateway.oauth.binding import Possession, ProofOfPossession, invalid_proof
from gateway.oauth.client_authentication import Authenticated, ClientAuthentication
from gateway.oauth.details import details_claim
from gateway.oauth.errors import OAuthError, invalid_client, temporarily_unavailable
from gateway.oauth.form import Form
from gateway.oauth.once import OnceOnly, use_once
from gateway.oauth.pushed import PushedRequests
from gateway.oauth.resource import require_resource
from gateway.oauth.token_grants import TokenAnswer, TokenGrant
from gateway.oauth.types import GrantType, OAuthClient, OAuthRules
from gateway.store.pool import CONNECTION_ERRORS, Connection, LightPool, NoConnectionError
from policies.model import CallerClass

_T = TypeVar("_T")
_GRANTS_OF_CLASS: Mapping[CallerClass, frozenset[GrantType]] = {
    CallerClass.INSTITUTION: frozenset(
        {GrantType.CLIENT_CREDENTIALS, GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}
    ),
    CallerClass.PLATFORM: frozenset(
        {GrantType.TOKEN_EXCHANGE, GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}
    ),
}
_OWN_GRANT = frozenset({GrantType.CLIENT_CREDENTIALS})


@dataclass(frozen=True, slots=True)
class Sent:
    """What came to an endpoint, besides its form.

    Attributes:
        authorization, dpop: values of the only headers of these names; None without one.
        url: of the endpoint, as its clients know it.
    """

    form: Form
    authorization: str | None
    dpop: str | None
    certificate: PresentedCertificate | None
    url: str


class Entrance:
    """Lets clients in: who they are, what they hold, and each assertion and proof once."""

    def __init__(
        self, pool: LightPool, clients: ClientAuthentication, proofs: ProofOfPossession
    ) -> None:
        self._pool = pool
        self._clients = clients
        self.proofs = proofs

    def authenticate(self, sent: Sent) -> Authenticated:
        """Return who sent a request; see `ClientAuthentication.authenticate`."""
        return self._clients.authenticate(sent.form, sent.authorization, sent.certificate)

    async def within(
        self,
        authenticated: Authenticated,
        possession: Possession,
        work: Callable[[Connection], Awaitable[_T]],
    ) -> _T:
        """Run work in a transaction in which assertion and proof are used up.

        Raises:
            OAuthError: one of them was used before, or the work's own.
        """
        refusal: OAuthError | None = None
        try:
            async with self._pool.connection() as connection, connection.transaction():
                try:
                    await _use_up(connection, authenticated, possession)
                    return await work(connection)
                except OAuthError as error:
                    refusal = error
        except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as error:
            raise temporarily_unavailable() from error
        raise refusal


async def _use_up(
    connection: Connection, authenticated: Authenticated, possession: Possession
) -> None:
    assertion, proof = authenticated.assertion, possession.proof
    used = [] if assertion is None else [OnceOnly(assertion.once, assertion.expires_at)]
    if proof is not None:
        used.append(proof)
    fresh = await use_once(connection, used)
    if assertion is not None and assertion.once not in fresh:
        raise invalid_client()
    if proof is not None and proof.digest not in fresh:
        raise invalid_proof()


class TokenEndpoint:
    """Issues tokens."""

    def __init__(
        self, entrance: Entrance, grants: Mapping[GrantType, TokenGrant], rules: OAuthRules
    ) -> None:
        self._entrance = entrance
        self._grants = grants
        self._rules = rules

    async def answer(self, sent: Sent) -> dict[str, Any]:
        """Return the response to a token request.

        Raises:
            OAuthError: no token is due.
        """
        form = sent.form
        authenticated = self._entrance.authenticate(sent)
        client = authenticated.client
        grant = self._grants[_grant_type(form, client)]
        proofs = self._entrance.proofs
        possession = proofs.possession(sent.dpop, sent.certificate, sent.url)
        binding = proofs.require(possession, client)
        require_resource(form, self._rules)

        async def issue(connection: Connection) -> TokenAnswer:
            return await grant.issue(connection, form, client, binding)

        return _response(await self._entrance.within(authenticated, possession, issue))


class PushedEndpoint:
    """Takes pushed authorization requests."""

    def __init__(self, entrance: Entrance, pushed: PushedRequests) -> None:
        self._entrance = entrance
        self._pushed = pushed

    async def answer(self, sent: Sent) -> dict[str, Any]:
        """Return the response to a pushed request.

        Raises:
            OAuthError: it is not accepted.
        """
        authenticated = self._entrance.authenticate(sent)
        client = authenticated.client
        require_grant(client, GrantType.AUTHORIZATION_CODE)
        possession = self._entrance.proofs.possession(sent.dpop, sent.certificate, sent.url)
        request = self._pushed.read(sent.form, client, possession.binding)

        async def keep(connection: Connection) -> dict[str, Any]:
            return await self._pushed.keep(connection, request, client)

        return await self._entrance.within(authenticated, possession, keep)


def _grant_type(form: Form, client: OAuthClient) -> GrantType:
    stated = form.required("grant_type")
    try:
        grant_type = GrantType(stated)
    except ValueError as error:
        raise OAuthError("unsupported_grant_type", "the grant_type is not supported") from error
    require_grant(client, grant_type)
    return grant_type


def require_grant(client: OAuthClient, grant_type: GrantType) -> None:
    """Raise unless a client may use a grant type: its class, and its contract, say so.

    Raises:
        OAuthError: `unauthorized_client`.
    """
    of_class = _GRANTS_OF_CLASS.get(client.caller_class, _OWN_GRANT)
    agreed = client.credentials.grant_types
    if grant_type not in of_class or (agreed and grant_type.value not in agreed):
        raise OAuthError("unauthorized_client", "this client may not use this grant_type")


def _response(answer: TokenAnswer) -> dict[str, Any]:
    response: dict[str, Any] = {
        "access_token": answer.token.text,
        "token_type": answer.token.token_type,
        "expires_in": answer.token.lifetime_s,
        "authorization_details": details_claim(answer.query),
    }
    optional = {
        "refresh_token": answer.refresh_token,
        "scope": answer.scope,
        "issued_token_type": answer.issued_token_type,
    }
    response.update({name: value for name, value in optional.items() if value is not None})
    return response
