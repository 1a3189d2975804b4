"""AuthorizationServer: everything behind the endpoints, put together and kept clean."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import Scope

from gateway.admission.failures import FailureBudget
from gateway.identity.access_token import AccessTokenValidator, TokenRules
from gateway.identity.certificates import PresentedCertificate
from gateway.identity.dpop import DpopRules
from gateway.identity.nonce import Nonces
from gateway.oauth.authorization import AuthorizationRequests
from gateway.oauth.binding import ProofOfPossession
from gateway.oauth.client_authentication import ClientAuthentication
from gateway.oauth.consents import ConsentFiling
from gateway.oauth.exchange import TokenExchange
from gateway.oauth.housekeeping import keep_clean
from gateway.oauth.pushed import PushedRequests
from gateway.oauth.record import OAuthRecord
from gateway.oauth.signing_keys import KeyRegister, KeySeal, SigningKeys
from gateway.oauth.token_endpoint import Entrance, PushedEndpoint, TokenEndpoint
from gateway.oauth.token_grants import (
    AuthorizationCode,
    ClientCredentials,
    RefreshToken,
    TokenGrant,
)
from gateway.oauth.token_state import TokenState
from gateway.oauth.tokens import TokenMint
from gateway.oauth.types import FindClient, GrantType, OAuthRules
from gateway.request import Peer
from gateway.store.pool import LightPool

CertificateOf = Callable[[Scope], PresentedCertificate | None]
"""The certificate that a request was sent with, as far as it can be believed."""


PeerOf = Callable[[Scope], Peer]
"""Where a request came from."""


def local_peer(_scope: Scope) -> Peer:
    """For a server that only this machine reaches."""
    return Peer("local", "local")


def no_certificates(_scope: Scope) -> PresentedCertificate | None:
    """For a server that no certificate reaches."""
    return None


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """The open server.

    Attributes:
        requests: the seam for the pages on which firms decide.
    """

    rules: OAuthRules
    keys: SigningKeys
    proofs: ProofOfPossession
    tokens: TokenEndpoint
    pushes: PushedEndpoint
    state: TokenState
    requests: AuthorizationRequests
    record: OAuthRecord
    certificate_of: CertificateOf
    peer_of: PeerOf


@dataclass(frozen=True, slots=True)
class OAuthGround:
    """What the server stands on and what is open before it.

    Attributes:
        nonces: of DPoP proofs, the same on every worker.
        clock: seconds since the epoch.
    """

    rules: OAuthRules
    pool: LightPool
    keys: SigningKeys
    nonces: Nonces
    clock: Callable[[], float]

    def token_rules(self) -> TokenRules:
        """Rules under which this server's tokens are accepted; the keys follow each rotation."""
        rules = self.rules
        return TokenRules(
            rules.issuer, rules.resource, self.keys.accepted, max_lifetime_s=rules.token_lifetime_s
        )


@asynccontextmanager
async def open_ground(
    rules: OAuthRules,
    pool: LightPool,
    seal: bytes,
    rotation_s: float,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[OAuthGround]:
    """Open the keys, and keep the store clean, for the length of the block.

    Args:
        seal: key that seals signing keys; the nonces are made under a key derived from it.
        rotation_s: age at which a signing key is replaced.

    Raises:
        InternalError: the signing keys were sealed under another key.
    """
    keys = SigningKeys(KeyRegister(pool), KeySeal(seal), clock, rotation_s=rotation_s)
    await keys.open()
    cleaning = asyncio.get_running_loop().create_task(keep_clean(pool, clock))
    nonce_key = hmac.digest(seal, b"credit-gateway nonces of the token endpoint", hashlib.sha256)
    try:
        yield OAuthGround(rules, pool, keys, Nonces([nonce_key], clock), clock)
    finally:
        cleaning.cancel()
        await asyncio.gather(cleaning, return_exceptions=True)
        await keys.aclose()


def authorization_server(
    ground: OAuthGround,
    find_client: FindClient,
    filing: ConsentFiling,
    certificate_of: CertificateOf = no_certificates,
    peer_of: PeerOf = local_peer,
    failures: FailureBudget | None = None,
) -> AuthorizationServer:
    """Put a server together.

    Args:
        failures: how often requests may be refused; None: the server's own budget.
    """
    rules, clock = ground.rules, ground.clock
    proofs = ProofOfPossession(rules, DpopRules(nonces=ground.nonces), clock)
    clients = ClientAuthentication(find_client, rules.issuer, clock)
    budget = FailureBudget(time.monotonic) if failures is None else failures
    record = OAuthRecord(ground.pool, find_client, budget, clock)
    entrance = Entrance(ground.pool, clients, proofs, record)
    mint = TokenMint(rules, ground.keys, clock, lambda: secrets.token_hex(16))
    grants: dict[GrantType, TokenGrant] = {
        GrantType.CLIENT_CREDENTIALS: ClientCredentials(mint),
        GrantType.AUTHORIZATION_CODE: AuthorizationCode(mint, rules, clock),
        GrantType.REFRESH_TOKEN: RefreshToken(mint, rules, clock),
        GrantType.TOKEN_EXCHANGE: TokenExchange(mint, find_client, rules.issuer, clock),
    }
    pushed = PushedRequests(rules, filing, clock)
    return AuthorizationServer(
        rules,
        ground.keys,
        proofs,
        TokenEndpoint(entrance, grants, rules),
        PushedEndpoint(entrance, pushed),
        TokenState(entrance, AccessTokenValidator(ground.token_rules(), clock), clock),
        AuthorizationRequests(ground.pool, pushed, filing, find_client, rules, clock),
        record,
        certificate_of,
        peer_of,
    )
