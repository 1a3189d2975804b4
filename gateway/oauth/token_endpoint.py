"""The token endpoint, and what it shares with the endpoint for pushed requests.

One transaction per request: what may be used once is used up in it, together with what it is for.
It is committed for a refusal too, so that a replay leaves its trace.

Source: RFC 6749 sections 3.2 and 5; RFC 9449 section 5; RFC 9396 section 7.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from gateway.oauth.binding import Possession, ProofOfPossession, invalid_proof
from gateway.oauth.client_authentication import Authenticated, ClientAuthentication
from gateway.oauth.details import details_claim
from gateway.oauth.errors import OAuthError, invalid_client, temporarily_unavailable
from gateway.oauth.form import Form
from gateway.oauth.once import OnceOnly, use_once
from gateway.oauth.pushed import PushedRequests
from gateway.oauth.record import SERVER_ACTOR, Done, OAuthRecord, Outcome, issued_members
from gateway.oauth.resource import require_resource
from gateway.oauth.sent import Sent
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


class Entrance:
    """Lets clients in: who they are, what they hold, and each assertion and proof once."""

    def __init__(
        self,
        pool: LightPool,
        clients: ClientAuthentication,
        proofs: ProofOfPossession,
        record: OAuthRecord,
    ) -> None:
        self._pool = pool
        self._clients = clients
        self.proofs = proofs
        self._record = record

    def authenticate(self, sent: Sent) -> Authenticated:
        """Return who sent a request; see `ClientAuthentication.authenticate`."""
        return self._clients.authenticate(sent.form, sent.authorization, sent.certificate)

    async def within(
        self,
        sent: Sent,
        authenticated: Authenticated,
        possession: Possession,
        work: Callable[[Connection], Awaitable[Done[_T]]],
    ) -> _T:
        """Run work in a transaction in which assertion and proof are used up, and put it on record.

        Raises:
            OAuthError: one of them was used before, or the work's own.
        """
        refusal: OAuthError | None = None
        client_id = authenticated.client.client_id
        try:
            async with self._pool.connection() as connection, connection.transaction():
                try:
                    await _use_up(connection, authenticated, possession)
                    done = await work(connection)
                    said = client_id, done.outcome.value, done.members
                except OAuthError as error:
                    refusal = error
                    # what is replayed need not come from the client that signed it
                    said = SERVER_ACTOR, error.error.upper(), {"claimedClient": client_id}
                await self._record.write(connection, sent, *said)
        except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as error:
            raise temporarily_unavailable() from error
        if refusal is not None:
            refusal.is_recorded = True
            raise refusal
        return done.result


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

        async def issue(connection: Connection) -> Done[TokenAnswer]:
            answer = await grant.issue(connection, form, client, binding)
            return Done(answer, Outcome.ISSUED, issued_members(answer.token))

        return _response(await self._entrance.within(sent, authenticated, possession, issue))


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

        async def keep(connection: Connection) -> Done[dict[str, Any]]:
            return Done(await self._pushed.keep(connection, request, client), Outcome.ACCEPTED)

        return await self._entrance.within(sent, authenticated, possession, keep)


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
