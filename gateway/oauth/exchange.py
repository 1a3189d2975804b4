"""Token exchange: a platform acts for a bank that it names, on a mandate.

A mandate is a JWT of type `mandate+jwt` that the bank signed with its registered key and that names
the platform in `may_act`. What a platform signs itself is none: that it may act is the bank's to
say. The platform's contract must name the bank as well. A mandate is used once.

Source: RFC 8693 sections 2.1, 4.1 (`act`) and 4.4 (`may_act`); RFC 8725 section 3.11 (explicit
types).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.oauth.assertion import (
    Assertion,
    BadAssertionError,
    check_assertion,
    unverified_issuer,
)
from gateway.oauth.details import narrowed, read_stored
from gateway.oauth.errors import OAuthError, invalid_grant, invalid_request
from gateway.oauth.form import Form
from gateway.oauth.once import OnceOnly, use_once
from gateway.oauth.strict_object import MalformedError
from gateway.oauth.token_grants import TokenAnswer, asked_of
from gateway.oauth.tokens import TokenMint, TokenSubject
from gateway.oauth.types import Binding, CreditQuery, FindClient, GrantType, OAuthClient
from gateway.store.pool import Connection
from policies.model import CallerClass

JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
MANDATE_TYPE = "mandate+jwt"


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate that was checked.

    Attributes:
        bank: code of the bank that is acted for.
        limit: what the bank lets the platform ask for; None: what the contracts allow.
    """

    bank: str
    limit: CreditQuery | None
    once: OnceOnly


class TokenExchange:
    """Exchanges mandates for tokens.

    Args:
        audience: this server's issuer.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        mint: TokenMint,
        find_client: FindClient,
        audience: str,
        clock: Callable[[], float],
    ) -> None:
        self._mint = mint
        self._find = find_client
        self._audience = audience
        self._clock = clock

    async def issue(
        self, connection: Connection, form: Form, client: OAuthClient, binding: Binding | None
    ) -> TokenAnswer:
        """See `TokenGrant`."""
        if client.caller_class is not CallerClass.PLATFORM:
            raise OAuthError("unauthorized_client", "only platforms act for others")
        form.refuse("actor_token", "actor_token_type")
        if form.required("subject_token_type") != JWT_TYPE:
            raise invalid_request("the subject_token_type is not supported")
        if form.optional("requested_token_type") not in (None, ACCESS_TOKEN_TYPE):
            raise invalid_request("the requested_token_type is not supported")
        if form.optional("audience") is not None:
            raise OAuthError("invalid_target", "tokens are issued for this gateway only")
        mandate = self._mandate(form.required("subject_token"), client)
        asked, scope = asked_of(form, client)
        query = asked.query if mandate.limit is None else narrowed(mandate.limit, asked.query)
        if not await use_once(connection, [mandate.once]):
            raise invalid_grant()
        wanted = TokenSubject(
            client,
            GrantType.TOKEN_EXCHANGE,
            mandate.bank,
            query,
            acting_for=mandate.bank,
            scope=scope,
        )
        token = await self._mint.issue(connection, wanted, binding)
        return TokenAnswer(token, query, scope=scope, issued_token_type=ACCESS_TOKEN_TYPE)

    def _mandate(self, text: str, client: OAuthClient) -> Mandate:
        issuer = unverified_issuer(text)
        signer = self._find(issuer) if issuer is not None else None
        if signer is None or signer.is_suspended:
            raise invalid_grant()
        types: frozenset[str | None] = frozenset({MANDATE_TYPE})
        try:
            checked = check_assertion(text, signer, self._audience, self._clock(), types)
            limit = _limit(checked)
        except (BadAssertionError, MalformedError) as error:
            raise invalid_grant() from error
        bank = checked.claims.get("sub")
        if not isinstance(bank, str) or bank not in client.acts_for:
            raise invalid_grant()
        if not _names(checked.claims, signer, client, bank):
            raise invalid_grant()
        return Mandate(bank, limit, OnceOnly(checked.once, checked.expires_at))


def _names(claims: Mapping[str, Any], signer: OAuthClient, client: OAuthClient, bank: str) -> bool:
    """Whether the signer is the bank, and lets this client act for it."""
    is_bank = signer.caller_class is CallerClass.INSTITUTION and signer.organisation == bank
    return is_bank and claims.get("may_act") == {"sub": client.client_id}


def _limit(mandate: Assertion) -> CreditQuery | None:
    stated = mandate.claims.get("authorization_details")
    return None if stated is None else read_stored(stated)
