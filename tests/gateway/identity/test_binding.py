"""Tokens that are bound to their senders, and certificates and statements beside them."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from joserfc import jwt

from gateway.entitlements.data_contract import DataContract
from gateway.errors import ClientError, InternalError, Unauthenticated
from gateway.identity.authenticate import Authenticator, SenderRules
from gateway.identity.claims import facts_of
from gateway.identity.dpop import DpopRules
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.nonce import Nonces
from gateway.identity.principal import ANONYMOUS, Principal
from gateway.identity.prover import Prover as Client
from gateway.request import Credentials
from policies.model import Caller, CallerClass, Purpose
from tests.gateway.identity.binding import BANK, BUREAU, certificate, contract, registry
from tests.gateway.identity.conftest import AUDIENCE, NOW, SetClock
from tests.support.dpop import Prover, ed25519_key, es256_key

BASE = "https://credit.example"
URL = f"{BASE}/graphql"
LENDER = Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
OFFICE = Caller(CallerClass.DEPARTMENT, BUREAU, Purpose.INSPECTION)
HELD, OTHER = certificate("bureau-1"), certificate("bank-1")
CONTENT = b'{"query":"{ a }"}'


@pytest.fixture
def prover(clock: SetClock) -> Prover:
    return Prover(es256_key(), clock)


@pytest.fixture
def key() -> Any:
    return es256_key()


@pytest.fixture
def reader(issuer: LocalIssuer, clock: SetClock, key: Any) -> Authenticator:
    """A gateway where a bureau and a bank are registered, and no token is a bearer token."""
    client = registry(
        bureau_1=contract("department", BUREAU, key, HELD),
        bank_1=contract("institution", BANK, key, OTHER),
        centre_1=contract("department", None, key, HELD),
    )
    rules = issuer.token_rules()
    return Authenticator(rules, SenderRules(BASE), clock, client=client)


@pytest.fixture
def signer(clock: SetClock, key: Any) -> Client:
    ids = iter(range(10**6))
    return Client(key, clock, lambda: f"id-{next(ids)}")


def code(reader: Authenticator, credentials: Credentials, method: str = "POST") -> str:
    with pytest.raises(ClientError) as caught:
        reader.authenticate(credentials, method, "/graphql")
    error = caught.value
    if isinstance(error, Unauthenticated):
        challenge = dict(error.headers)["WWW-Authenticate"]
        assert challenge.startswith(("Bearer realm=", "DPoP realm="))
        assert challenge.count('"') % 2 == 0
    return error.code


def ask(reader: Authenticator, credentials: Credentials) -> Principal:
    return reader.authenticate(credentials, "POST", "/graphql")


class TestKeyBoundTokens:
    @pytest.fixture
    def token(self, issuer: LocalIssuer, prover: Prover) -> str:
        return issuer.mint(TokenRequest(LENDER, "bank-1", jkt=prover.jkt))

    def test_with_a_proof_is_taken(self, reader: Authenticator, prover: Prover, token: str) -> None:
        for scheme in ("DPoP", "dpop", "DPOP"):
            proof = prover.proof("POST", URL, token)
            found = ask(reader, Credentials(f"{scheme} {token}", proof))
            assert found.caller == LENDER
            ((replay_id, good_until),) = found.once
            assert (len(replay_id), good_until) == (32, NOW + 60)

    def test_as_bearer_is_refused(self, reader: Authenticator, prover: Prover, token: str) -> None:
        proof = prover.proof("POST", URL, token)
        assert code(reader, Credentials(f"Bearer {token}")) == "TOKEN_INVALID"
        assert code(reader, Credentials(f"Bearer {token}", proof)) == "TOKEN_INVALID"

    def test_without_a_proof_is_refused(self, reader: Authenticator, token: str) -> None:
        assert code(reader, Credentials(f"DPoP {token}")) == "PROOF_INVALID"

    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda p, t: p.proof("GET", URL, t), "PROOF_INVALID"),
            (lambda p, t: p.proof("POST", f"{BASE}/person-references", t), "PROOF_INVALID"),
            (lambda p, t: p.proof("POST", "http://127.0.0.1:8480/graphql", t), "PROOF_INVALID"),
            (lambda p, t: p.proof("POST", URL), "PROOF_INVALID"),
            (lambda p, t: p.proof("POST", URL, t + "x"), "PROOF_INVALID"),
            (lambda p, t: p.proof("POST", URL, t, claims={"iat": NOW - 61}), "PROOF_INVALID"),
            (lambda p, t: "", "PROOF_INVALID"),
            (lambda p, t: "a.b.c", "PROOF_INVALID"),
        ],
    )
    def test_with_a_bad_proof_is_refused_on_record(
        self,
        reader: Authenticator,
        prover: Prover,
        token: str,
        make: Callable[[Prover, str], str],
        expected: str,
    ) -> None:
        with pytest.raises(Unauthenticated) as caught:
            ask(reader, Credentials(f"DPoP {token}", make(prover, token)))
        assert caught.value.code == expected
        assert caught.value.claimant is not None
        assert caught.value.claimant.client_id == "bank-1"

    def test_with_a_proof_of_another_key_is_refused(
        self, reader: Authenticator, token: str, clock: SetClock
    ) -> None:
        thief = Prover(ed25519_key(), clock)
        credentials = Credentials(f"DPoP {token}", thief.proof("POST", URL, token))
        assert code(reader, credentials) == "PROOF_INVALID"

    def test_kept_token_needs_a_proof_each_time(
        self, reader: Authenticator, prover: Prover, token: str
    ) -> None:
        ask(reader, Credentials(f"DPoP {token}", prover.proof("POST", URL, token)))
        assert len(reader) == 1
        assert code(reader, Credentials(f"DPoP {token}")) == "PROOF_INVALID"

    def test_start_of_a_websocket_is_checked_alike(
        self, reader: Authenticator, prover: Prover, token: str
    ) -> None:
        proof = prover.proof("GET", f"{BASE}/subscriptions", token)
        credentials = Credentials(f"DPoP {token}", proof)
        assert reader.authenticate(credentials, "GET", "/subscriptions").caller == LENDER
        assert code(reader, credentials, "GET") == "PROOF_INVALID"


class TestNonces:
    @pytest.fixture
    def asking(self, issuer: LocalIssuer, clock: SetClock) -> Authenticator:
        rules = DpopRules(nonces=Nonces([b"n" * 32], clock))
        return Authenticator(issuer.token_rules(), SenderRules(BASE, dpop=rules), clock)

    def test_are_told_and_then_taken(
        self, asking: Authenticator, issuer: LocalIssuer, prover: Prover
    ) -> None:
        token = issuer.mint(TokenRequest(LENDER, "bank-1", jkt=prover.jkt))
        with pytest.raises(Unauthenticated) as caught:
            ask(asking, Credentials(f"DPoP {token}", prover.proof("POST", URL, token)))
        headers = dict(caught.value.headers)
        assert caught.value.code == "PROOF_NONCE_REQUIRED"
        assert caught.value.claimant is None
        assert 'error="use_dpop_nonce"' in headers["WWW-Authenticate"]
        proof = prover.proof("POST", URL, token, headers["DPoP-Nonce"])
        credentials = Credentials(f"DPoP {token}", proof)
        assert ask(asking, credentials).caller == LENDER
        assert asking.nonce_after(credentials) == headers["DPoP-Nonce"]
        assert asking.nonce_after(Credentials(None)) is None


class TestBearerTokens:
    @pytest.mark.parametrize("caller_class", list(CallerClass))
    def test_are_refused_of_every_class_by_default(
        self, reader: Authenticator, issuer: LocalIssuer, caller_class: CallerClass
    ) -> None:
        if caller_class is CallerClass.PUBLIC:
            return
        caller = Caller(caller_class, BANK, Purpose.INSPECTION)
        token = issuer.mint(TokenRequest(caller, "client-1", "M-1"))
        assert code(reader, Credentials(f"Bearer {token}")) == "TOKEN_NOT_BOUND"
        assert code(reader, Credentials(f"DPoP {token}", "a.b.c")) == "TOKEN_NOT_BOUND"

    @pytest.mark.parametrize("caller_class", [CallerClass.INSTITUTION, CallerClass.PLATFORM])
    def test_are_never_allowed_to_lenders(self, caller_class: CallerClass) -> None:
        with pytest.raises(InternalError):
            SenderRules(BASE, frozenset({caller_class, CallerClass.DEPARTMENT}))

    def test_are_taken_where_settings_say_so(self, issuer: LocalIssuer, clock: SetClock) -> None:
        rules = SenderRules(BASE, frozenset({CallerClass.DEPARTMENT}))
        reader = Authenticator(issuer.token_rules(), rules, clock)
        token = issuer.mint(TokenRequest(OFFICE, "bureau-1", "M-1"))
        assert ask(reader, Credentials(f"Bearer {token}")).caller == OFFICE
        token = issuer.mint(TokenRequest(LENDER, "bank-1"))
        assert code(reader, Credentials(f"Bearer {token}")) == "TOKEN_NOT_BOUND"

    @pytest.mark.parametrize(
        "credentials",
        [
            Credentials(None, dpop="a.b.c"),
            Credentials(None, statement="a.b.c"),
            Credentials(None, certificate=HELD.rfc9440),
            Credentials(None, certificate="nonsense"),
            Credentials(""),
            Credentials("Basic YTpi"),
            Credentials("DPoP"),
            Credentials("Bearer"),
        ],
    )
    def test_half_of_credentials_is_never_taken_for_the_public(
        self, reader: Authenticator, credentials: Credentials
    ) -> None:
        assert code(reader, credentials)

    def test_nothing_at_all_is_the_public(self, reader: Authenticator) -> None:
        assert ask(reader, Credentials(None)) is ANONYMOUS


class TestConfirmation:
    """What `cnf` may say; what is not understood is refused."""

    @pytest.mark.parametrize(
        "cnf",
        [
            {},
            [],
            "key",
            {"jwk": {"kty": "EC"}},
            {"jkt": "short"},
            {"jkt": 5},
            {"jkt": "a" * 43, "kid": "1"},
            {"x5t#S256": "a" * 44},
        ],
    )
    def test_malformed_is_refused(self, cnf: object) -> None:
        claims = {
            "client_id": "bank-1",
            "jti": "t",
            "iat": 1,
            "exp": 2,
            "caller_class": "association",
            "organisation": BANK,
            "cnf": cnf,
        }
        with pytest.raises(Unauthenticated):
            facts_of(claims, str)


class TestCertificateBoundTokens:
    @pytest.fixture
    def token(self, issuer: LocalIssuer) -> str:
        return issuer.mint(TokenRequest(LENDER, "bank-1", x5t_s256=OTHER.x5t_s256))

    def test_with_the_certificate_is_taken(self, reader: Authenticator, token: str) -> None:
        for header in (OTHER.rfc9440, OTHER.escaped):
            found = ask(reader, Credentials(f"Bearer {token}", certificate=header))
            assert (found.caller, found.once) == (LENDER, ())

    @pytest.mark.parametrize(
        "header",
        [
            None,
            HELD.rfc9440,
            "",
            ":AAAA:",
            OTHER.rfc9440 + OTHER.rfc9440,
            OTHER.rfc9440[1:],
            OTHER.escaped + OTHER.escaped,
            OTHER.escaped[:200],
            "-----BEGIN%20CERTIFICATE-----%0A%ff%fe",
            ":" + "A" * 20_000 + ":",
        ],
    )
    def test_with_another_header_is_refused(
        self, reader: Authenticator, token: str, header: str | None
    ) -> None:
        credentials = Credentials(f"Bearer {token}", certificate=header)
        assert code(reader, credentials) == "CERTIFICATE_INVALID"

    def test_with_a_certificate_that_has_ended_is_refused(
        self, reader: Authenticator, issuer: LocalIssuer, clock: SetClock
    ) -> None:
        ended = certificate("bank-1", days=0)
        token = issuer.mint(TokenRequest(LENDER, "bank-1", x5t_s256=ended.x5t_s256))
        credentials = Credentials(f"Bearer {token}", certificate=ended.rfc9440)
        assert ask(reader, credentials)
        clock.now = NOW + 1
        assert code(reader, credentials) == "CERTIFICATE_INVALID"

    def test_bound_to_both_needs_both(
        self, reader: Authenticator, issuer: LocalIssuer, prover: Prover
    ) -> None:
        request = TokenRequest(LENDER, "bank-1", jkt=prover.jkt, x5t_s256=OTHER.x5t_s256)
        token = issuer.mint(request)
        proof = prover.proof("POST", URL, token)
        assert code(reader, Credentials(f"DPoP {token}", proof)) == "CERTIFICATE_INVALID"
        assert ask(reader, Credentials(f"DPoP {token}", proof, certificate=OTHER.rfc9440))


def stated(
    signer: Client, content: bytes = CONTENT, client_id: str = "bureau-1", **claims: str
) -> str:
    says = {"iss": client_id, "aud": AUDIENCE, **claims}
    return signer.statement("one", "POST", URL, content, says)["credit-request"]


class TestStatements:
    """A department's token is for many officers; who asks for what stands in each request."""

    SAYS: ClassVar[dict[str, Any]] = {
        "purpose": "INSPECTION",
        "matter_no": "双随机-1",
        "user_ref": "officer-7",
    }

    @pytest.fixture
    def token(self, issuer: LocalIssuer) -> str:
        request = TokenRequest(OFFICE, "bureau-1", x5t_s256=HELD.x5t_s256)
        return issuer.mint(request)

    def credentials(self, token: str | None, statement: str | None) -> Credentials:
        authorization = None if token is None else f"Bearer {token}"
        return Credentials(authorization, None, statement, HELD.rfc9440, CONTENT)

    def test_complete_a_token(self, reader: Authenticator, signer: Client, token: str) -> None:
        found = ask(reader, self.credentials(token, stated(signer, **self.SAYS)))
        assert (found.caller, found.matter_no, found.user_ref) == (OFFICE, "双随机-1", "officer-7")
        assert len(found.once) == 1

    def test_alone_with_the_certificate_are_enough_for_departments(
        self, reader: Authenticator, signer: Client
    ) -> None:
        found = ask(reader, self.credentials(None, stated(signer, **self.SAYS)))
        assert (found.caller, found.matter_no, found.user_ref) == (OFFICE, "双随机-1", "officer-7")
        assert (found.client_id, found.token_id) == ("bureau-1", None)

    def test_department_without_matter_is_refused(
        self, reader: Authenticator, signer: Client, token: str
    ) -> None:
        nothing = stated(signer, purpose="INSPECTION")
        assert code(reader, self.credentials(token, None)) == "MATTER_NUMBER_REQUIRED"
        assert code(reader, self.credentials(token, nothing)) == "MATTER_NUMBER_REQUIRED"
        assert code(reader, self.credentials(None, nothing)) == "MATTER_NUMBER_REQUIRED"

    def test_department_without_purpose_is_refused(
        self, reader: Authenticator, signer: Client
    ) -> None:
        nothing = stated(signer, matter_no="1")
        assert code(reader, self.credentials(None, nothing)) == "PURPOSE_REQUIRED"

    @pytest.mark.parametrize("change", [{"purpose": "TENDER"}, {"purpose": "CURIOSITY"}])
    def test_may_not_change_what_the_token_says(
        self, reader: Authenticator, signer: Client, token: str, change: dict[str, str]
    ) -> None:
        statement = stated(signer, **{**self.SAYS, **change})
        assert code(reader, self.credentials(token, statement)) == "STATEMENT_INVALID"

    @pytest.mark.parametrize(
        "change",
        [
            {"client_id": "bank-1"},
            {"client_id": "nobody"},
            {"content": b"other"},
            {"aud": "another"},
            {"matter_no": ""},
            {"matter_no": "a\nb"},
            {"matter_no": "m" * 101},
            {"role": "king"},
            {"more": "than is understood"},
        ],
    )
    def test_otherwise_are_refused(
        self, reader: Authenticator, signer: Client, token: str, change: dict[str, Any]
    ) -> None:
        statement = stated(signer, **{**self.SAYS, **change})
        assert code(reader, self.credentials(token, statement)) == "STATEMENT_INVALID"
        if "client_id" not in change or change["client_id"] == "nobody":
            assert code(reader, self.credentials(None, statement)) == "STATEMENT_INVALID"

    def test_by_another_key_are_refused(
        self, reader: Authenticator, token: str, clock: SetClock
    ) -> None:
        for made in (es256_key(), ed25519_key()):
            thief = Client(made, clock, lambda: "i")
            statement = stated(thief, **self.SAYS)
            assert code(reader, self.credentials(token, statement)) == "STATEMENT_INVALID"

    @pytest.mark.parametrize("age_s", [-6, 61])
    def test_outside_their_age_are_refused(
        self, reader: Authenticator, signer: Client, token: str, clock: SetClock, age_s: int
    ) -> None:
        statement = stated(signer, **self.SAYS)
        clock.now = NOW + age_s
        assert code(reader, self.credentials(token, statement)) in (
            "STATEMENT_INVALID",
            "TOKEN_NOT_YET_VALID",
        )

    @pytest.mark.parametrize("age_s", [-5, 60])
    def test_at_the_edges_of_their_age_are_taken(
        self, reader: Authenticator, signer: Client, token: str, clock: SetClock, age_s: int
    ) -> None:
        statement = stated(signer, **self.SAYS)
        clock.now = NOW + age_s
        assert ask(reader, self.credentials(token, statement))

    @pytest.mark.parametrize("spoiled", ["", "a.b", "a.b.c", "é.é.é", "x" * 5_000, "e30.e30.AA"])
    def test_spoiled_are_refused(self, reader: Authenticator, token: str, spoiled: str) -> None:
        assert code(reader, self.credentials(token, spoiled)) == "STATEMENT_INVALID"

    def test_of_an_institution_do_not_stand_for_a_token(
        self, reader: Authenticator, signer: Client
    ) -> None:
        statement = stated(signer, client_id="bank-1", purpose="PRE_LOAN")
        credentials = Credentials(None, None, statement, OTHER.rfc9440, CONTENT)
        assert code(reader, credentials) == "STATEMENT_INVALID"

    def test_with_a_certificate_of_another_client_are_refused(
        self, reader: Authenticator, signer: Client
    ) -> None:
        credentials = Credentials(None, None, stated(signer, **self.SAYS), OTHER.rfc9440, CONTENT)
        assert code(reader, credentials) == "CERTIFICATE_INVALID"

    def test_of_a_client_for_several_organisations_do_not_stand_for_a_token(
        self, reader: Authenticator, signer: Client
    ) -> None:
        statement = stated(signer, client_id="centre-1", **self.SAYS)
        assert code(reader, self.credentials(None, statement)) == "STATEMENT_INVALID"

    def test_without_certificate_and_token_are_refused(
        self, reader: Authenticator, signer: Client
    ) -> None:
        credentials = Credentials(None, statement=stated(signer, **self.SAYS), content=CONTENT)
        assert code(reader, credentials) == "STATEMENT_INVALID"

    def test_are_told_apart_from_each_other(
        self, reader: Authenticator, signer: Client, token: str
    ) -> None:
        first, second = (
            ask(reader, self.credentials(token, stated(signer, **self.SAYS))).once for _ in range(2)
        )
        assert first != second


class TestTokensThatLeaveTheCallerToTheRegister:
    def test_are_completed_from_it(
        self, reader: Authenticator, issuer: LocalIssuer, prover: Prover
    ) -> None:
        nobody = Caller(CallerClass.INSTITUTION, None, Purpose.PRE_LOAN)
        token = _without_caller(issuer, TokenRequest(nobody, "bank-1", jkt=prover.jkt))
        found = ask(reader, Credentials(f"DPoP {token}", prover.proof("POST", URL, token)))
        assert found.caller == LENDER

    @pytest.mark.parametrize("client_id", ["nobody", "centre-1"])
    def test_of_clients_that_are_not_in_it_are_refused(
        self, reader: Authenticator, issuer: LocalIssuer, prover: Prover, client_id: str
    ) -> None:
        nobody = Caller(CallerClass.INSTITUTION, None, Purpose.PRE_LOAN)
        token = _without_caller(issuer, TokenRequest(nobody, client_id, jkt=prover.jkt))
        credentials = Credentials(f"DPoP {token}", prover.proof("POST", URL, token))
        assert code(reader, credentials) == "TOKEN_INVALID"


def _without_caller(issuer: LocalIssuer, request: TokenRequest) -> str:
    """A token of this issuer without class and organisation."""
    token = issuer.mint(request)
    key = issuer._key
    decoded = jwt.decode(token, key, algorithms=["Ed25519"])
    claims = {n: v for n, v in decoded.claims.items() if n not in ("caller_class", "organisation")}
    return jwt.encode(decoded.header, claims, key, algorithms=["Ed25519"])


class TestDataContractsInTokens:
    def test_details_are_read(
        self, reader: Authenticator, issuer: LocalIssuer, prover: Prover
    ) -> None:
        details = {
            "type": "credit_query",
            "purpose": "PRE_LOAN",
            "fields": ["TaxpayerCredit.grade"],
            "subjects": [BANK],
            "quota": 5,
            "valid_until": "2026-12-31T00:00:00Z",
        }
        request = TokenRequest(LENDER, "bank-1", jkt=prover.jkt, details=(details,))
        token = issuer.mint(request)
        found = ask(reader, Credentials(f"DPoP {token}", prover.proof("POST", URL, token))).contract
        assert isinstance(found, DataContract)
        assert found.limit is not None
        assert "TaxpayerCredit.grade" in found.limit.read
        assert "TaxpayerCredit.score" not in found.limit.read
        assert (found.subjects, found.quota_per_day) == (frozenset({BANK}), 5)

    def test_details_that_have_ended_end_the_token(
        self, reader: Authenticator, issuer: LocalIssuer, prover: Prover, clock: SetClock
    ) -> None:
        details = {"type": "credit_query", "valid_until": "2026-03-02T01:02:05Z"}
        token = issuer.mint(TokenRequest(LENDER, "bank-1", jkt=prover.jkt, details=(details,)))
        assert ask(reader, Credentials(f"DPoP {token}", prover.proof("POST", URL, token)))
        clock.now = NOW + 2
        credentials = Credentials(f"DPoP {token}", prover.proof("POST", URL, token))
        assert code(reader, credentials) == "TOKEN_EXPIRED"

    @pytest.mark.parametrize(
        "details",
        [
            ({"type": "other"},),
            ({"purpose": "PRE_LOAN"},),
            ({"type": "credit_query"}, {"type": "credit_query"}),
            ({"type": "credit_query", "purpose": "TENDER"},),
            ({"type": "credit_query", "purpose": "CURIOSITY"},),
            ({"type": "credit_query", "fields": ["Nothing.at"]},),
            ({"type": "credit_query", "fields": ["TaxpayerCredit"]},),
            ({"type": "credit_query", "fields": "TaxpayerCredit.grade"},),
            ({"type": "credit_query", "record_kinds": ["NOTHING"]},),
            ({"type": "credit_query", "record_kinds": [1]},),
            ({"type": "credit_query", "subjects": ["123"]},),
            ({"type": "credit_query", "consents": [""]},),
            ({"type": "credit_query", "valid_until": "2026-12-31"},),
            ({"type": "credit_query", "valid_until": 5},),
            ({"type": "credit_query", "quota": -1},),
            ({"type": "credit_query", "quota": True},),
            ({"type": "credit_query", "more": 1},),
        ],
    )
    def test_details_that_are_not_understood_are_refused(
        self, reader: Authenticator, issuer: LocalIssuer, prover: Prover, details: Any
    ) -> None:
        token = issuer.mint(TokenRequest(LENDER, "bank-1", jkt=prover.jkt, details=details))
        credentials = Credentials(f"DPoP {token}", prover.proof("POST", URL, token))
        assert code(reader, credentials) == "TOKEN_INVALID"
