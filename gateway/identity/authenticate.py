"""The stage: what a request says about who sent it, to a Principal.

No credentials at all mean the public. Credentials that are there must be good: bad ones are
refused and never treated as none. A token is verified once and kept by digest; what binds it to
its sender is checked with every request.

Whatever starts with HTTP headers can be authenticated here, the start of a WebSocket included.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.entitlements.types import ClientTerms
from gateway.errors import Claimant, ClientError, InternalError
from gateway.identity.access_token import AccessTokenValidator, TokenRules
from gateway.identity.caller import principal_of_certificate, principal_of_token
from gateway.identity.certificates import (
    CertificateReader,
    PresentedCertificate,
    certificate_invalid,
)
from gateway.identity.challenge import NONCE_REQUIRED, invalid_proof, invalid_token
from gateway.identity.claims import PersonKey, TokenFacts, claimant_of, facts_of
from gateway.identity.dpop import DpopChecker, DpopRules, InvalidProofError, NonceNeededError
from gateway.identity.principal import ANONYMOUS, Principal, UsedOnce
from gateway.identity.statement import RequestStatement, StatementChecker, statement_invalid
from gateway.request import Credentials
from policies.model import CallerClass

MUST_BE_BOUND = frozenset({CallerClass.INSTITUTION, CallerClass.PLATFORM})
"""Classes whose tokens are never good for whoever holds them."""


@dataclass(frozen=True, slots=True)
class SenderRules:
    """By what a request proves that its sender may use the token.

    Attributes:
        public_url: URL of the gateway as clients know it, without a path and without `/` at its
            end.
        bearer_classes: caller classes whose tokens need not be bound to a key or certificate.
        dpop: rules of proofs.
    """

    public_url: str
    bearer_classes: frozenset[CallerClass] = frozenset()
    dpop: DpopRules = field(default_factory=DpopRules)

    def __post_init__(self) -> None:
        if self.bearer_classes & MUST_BE_BOUND:
            raise InternalError("tokens of institutions and platforms are bound to their senders")


def as_named(key: str) -> str:
    """Without network keys a person is known inside as it is outside."""
    return key


def unregistered(client_id: str) -> ClientTerms:
    """What is known of clients where none are registered."""
    return ClientTerms((f"client:{client_id}", 0))


class Authenticator:
    """Turns credentials into principals; verified tokens are kept by digest until they expire."""

    def __init__(
        self,
        rules: TokenRules,
        sender: SenderRules,
        clock: Callable[[], float],
        *,
        also: Sequence[TokenRules] = (),
        client: Callable[[str], ClientTerms] = unregistered,
        person_key: PersonKey = as_named,
        cache_size: int = 10_000,
    ) -> None:
        """
        Args:
            clock: seconds since the epoch.
            also: rules of further issuers.
            client: what this worker knows of a client.
            person_key: reads the network reference by which a token names a natural person.
            cache_size: verified tokens kept, the least recently used go first.
        """
        self._validator = AccessTokenValidator(rules, clock, also)
        self._leeway_s = min(each.leeway_s for each in (rules, *also))
        self._sender = sender
        self._client = client
        self._clock = clock
        self._person_key = person_key
        self._proofs = DpopChecker(sender.dpop, clock)
        self._certificates = CertificateReader(clock)
        self._statements = StatementChecker(rules.audience, client, clock)
        self._cache_size = cache_size
        self._verified: OrderedDict[bytes, TokenFacts] = OrderedDict()

    def authenticate(self, credentials: Credentials, method: str, path: str) -> Principal:
        """Return who sent a request.

        Args:
            method: of the request, in capitals.
            path: of the request, without query.

        Raises:
            Unauthenticated: TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID, TOKEN_NOT_BOUND,
                PROOF_INVALID, PROOF_NONCE_REQUIRED, CERTIFICATE_INVALID or STATEMENT_INVALID,
                with a challenge.
            Refused: PURPOSE_REQUIRED or MATTER_NUMBER_REQUIRED. These, and what is refused of a
                genuine token, name the claimant.
        """
        if credentials.is_empty:
            return ANONYMOUS
        url = self._sender.public_url + path
        if credentials.authorization is None:
            return self._without_token(credentials, method, url)
        scheme, _, token = credentials.authorization.partition(" ")
        is_dpop = scheme.lower() == "dpop"
        if not is_dpop and scheme.lower() != "bearer":
            raise invalid_token("TOKEN_INVALID", "the authorization scheme is not DPoP or Bearer")
        facts = self.read_token(token)
        try:
            if _has_ended(facts, self._clock()):
                raise invalid_token("TOKEN_EXPIRED", "what the token is for has ended")
            once = self._bound(facts, credentials, is_dpop, (method, url, token))
            statement = self._statement(credentials, method, url)
            contract = self._client(facts.client_id).contract
            principal = principal_of_token(facts, contract, statement, once)
            self._require_binding(facts, principal)
        except ClientError as error:
            # a client that is told the nonce comes again at once; that is nothing for the record
            if error.code != NONCE_REQUIRED:
                error.claimant = Claimant(facts.client_id, facts.token_id)
            raise
        return principal

    def read_token(self, token: str) -> TokenFacts:
        """Return what a genuine token says; nothing is asked about who sent it.

        Raises:
            Unauthenticated: TOKEN_INVALID, TOKEN_EXPIRED or TOKEN_NOT_YET_VALID.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        hit = self._verified.get(digest)
        if hit is not None:
            if hit.expires_at + self._leeway_s > self._clock():
                self._verified.move_to_end(digest)
                return hit
            del self._verified[digest]
        claims = self._validator.validate(token)
        try:
            facts = facts_of(claims, self._person_key)
        except ClientError as error:
            error.claimant = claimant_of(claims)
            raise
        self._verified[digest] = facts
        if len(self._verified) > self._cache_size:
            self._verified.popitem(last=False)
        return facts

    def forget_all(self) -> None:
        """Drop every verified token, after a rotation or revocation of keys."""
        self._verified.clear()

    def nonce_after(self, credentials: Credentials) -> str | None:
        """Return the nonce for the client's next proof; None for a client that sends none."""
        nonces = self._sender.dpop.nonces
        return None if nonces is None or credentials.dpop is None else nonces.current()

    def __len__(self) -> int:
        return len(self._verified)

    def _bound(
        self,
        facts: TokenFacts,
        credentials: Credentials,
        is_dpop: bool,
        request: tuple[str, str, str],
    ) -> tuple[UsedOnce, ...]:
        """Check what binds the token to its sender; returns what was proved for once.

        Source: RFC 9449 section 7.1 and 7.2 (a bound token is never taken as a bearer token), RFC
        8705 section 3.
        """
        if is_dpop != (facts.jkt is not None):
            described = "bound to a key: send it as DPoP with a proof" if facts.jkt else "not bound"
            raise invalid_token(
                "TOKEN_NOT_BOUND" if is_dpop else "TOKEN_INVALID",
                f"the token is {described}",
                "DPoP",
            )
        if is_dpop != (credentials.dpop is not None):
            raise invalid_proof("the scheme DPoP and the header DPoP go together, once each")
        if facts.x5t_s256 is not None:
            presented = self._certificate(credentials)
            if presented is None or presented.x5t_s256 != facts.x5t_s256:
                raise certificate_invalid("the token is bound to another client certificate")
        if credentials.dpop is None:
            return ()
        return (self._proved(credentials.dpop, facts, request),)

    def _proved(self, proof: str, facts: TokenFacts, request: tuple[str, str, str]) -> UsedOnce:
        method, url, token = request
        try:
            found = self._proofs.check(proof, method, url, access_token=token)
        except NonceNeededError as error:
            raise invalid_proof(error.description, error.nonce) from error
        except InvalidProofError as error:
            raise invalid_proof(error.description) from error
        if found.jkt != facts.jkt:
            raise invalid_proof("the proof is made with another key than the token is bound to")
        return UsedOnce(found.replay_id, found.good_until)

    def _require_binding(self, facts: TokenFacts, principal: Principal) -> None:
        caller_class = principal.caller.caller_class
        if not facts.is_bound and caller_class not in self._sender.bearer_classes:
            raise invalid_token(
                "TOKEN_NOT_BOUND",
                f"a token of class {caller_class.value} is bound to a key or a certificate, and "
                "this one is not",
                "DPoP",
            )

    def _certificate(self, credentials: Credentials) -> PresentedCertificate | None:
        if credentials.certificate is None:
            return None
        return self._certificates.read(credentials.certificate)

    def _statement(
        self, credentials: Credentials, method: str, url: str
    ) -> RequestStatement | None:
        if credentials.statement is None:
            return None
        return self._statements.check(credentials.statement, method, url, credentials.content)

    def _without_token(self, credentials: Credentials, method: str, url: str) -> Principal:
        """A department that comes by its certificate alone."""
        if credentials.dpop is not None:
            raise invalid_proof("a proof came without an access token")
        presented = self._certificate(credentials)
        statement = self._statement(credentials, method, url)
        if presented is None:
            raise statement_invalid("it came without an access token or client certificate")
        if statement is None:
            raise certificate_invalid(
                "a client certificate alone does not say who asks for what: send an access token, "
                "or the header credit-request"
            )
        contract = self._client(statement.client_id).contract
        if contract is None or not contract.credentials.is_certificate(
            presented.x5t_s256, presented.subject, self._clock()
        ):
            raise certificate_invalid("the client certificate is not the one that is registered")
        return principal_of_certificate(statement, contract)


def _has_ended(facts: TokenFacts, now: float) -> bool:
    """Whether the data contract of a token ended before the token."""
    valid_until = None if facts.contract is None else facts.contract.valid_until
    return valid_until is not None and valid_until <= now
