"""Headers to principals: who is accepted, and that nothing else is."""

import base64
import hmac
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from gateway.errors import ClientError, InternalError, Refused, Unauthenticated
from gateway.identity.access_token import MOST_TOKEN_CHARACTERS, TokenRules
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from gateway.identity.principal import ANONYMOUS
from gateway.persons.network import NetworkKeys
from policies.model import Caller, CallerClass, Purpose, Role
from schema.identifiers.network_reference import NetworkKey, network_reference, person_id
from tests.gateway.identity.conftest import AUDIENCE, ISSUER, NOW, ByHeader, SetClock

ORGAN = "114101990050000186"
BANK = "91410199MA9DEM028G"
SECOND = "https://second.example"
BANK_REQUEST = TokenRequest(Caller(CallerClass.ASSOCIATION, BANK, Purpose.PRE_LOAN), "bank-1")

GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "bank-1",
    "client_id": "bank-1",
    "jti": "t-1",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 300,
    "caller_class": "association",
    "organisation": BANK,
    "purpose": "PRE_LOAN",
}
ABSENT = object()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def key() -> OKPKey:
    return generate_key()


@pytest.fixture
def own(key: OKPKey, clock: SetClock) -> ByHeader:
    """Return an authenticator for tokens that the test signs itself."""
    numbers = itertools.count(1)
    issuer = LocalIssuer(ISSUER, AUDIENCE, key, clock, lambda: str(next(numbers)))
    return ByHeader(issuer.token_rules(), clock)


def signed(
    key: OKPKey,
    claims: Mapping[str, Any] | None = None,
    header: Mapping[str, Any] | None = None,
) -> str:
    """Return a header with a token made of the good one and these changes."""
    wanted = {"alg": "Ed25519", "typ": "at+jwt", "kid": key.kid, **(header or {})}
    body = {**GOOD, **(claims or {})}
    head = {name: value for name, value in wanted.items() if value is not ABSENT}
    payload = {name: value for name, value in body.items() if value is not ABSENT}
    signing_input = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(payload).encode())}"
    private = key.private_key
    assert private is not None
    return f"Bearer {signing_input}.{b64(private.sign(signing_input.encode()))}"  # type: ignore[union-attr]


def refusal(authenticator: ByHeader, header: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        authenticator.take(header)
    challenge = dict(caught.value.headers)["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="credit-gateway", error="invalid_token"')
    assert caught.value.status == 401
    assert len(authenticator) == 0
    return caught.value.code


def test_authenticate_no_header_is_the_public(authenticator: ByHeader) -> None:
    assert authenticator.take(None) is ANONYMOUS


def test_authenticate_minted_token_names_the_caller(
    issuer: LocalIssuer, authenticator: ByHeader
) -> None:
    caller = Caller(CallerClass.DEPARTMENT, ORGAN, Purpose.INSPECTION)
    token = issuer.mint(TokenRequest(caller, "market-1", "郑市监检〔2026〕7号", "officer-9"))
    principal = authenticator.take(f"Bearer {token}")
    assert principal.caller == caller
    assert (principal.client_id, principal.matter_no, principal.user_ref, principal.token_id) == (
        "market-1",
        "郑市监检〔2026〕7号",
        "officer-9",
        "token-1",
    )
    assert principal.expires_at == NOW + 300


def test_authenticate_good_token_signed_by_hand_is_accepted(own: ByHeader, key: OKPKey) -> None:
    assert own.take(signed(key)).client_id == "bank-1"
    assert own.take(signed(key, {"nbf": ABSENT})).client_id == "bank-1"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": "EdDSA"},
        {"alg": "Ed448"},
        {"alg": ABSENT},
        {"alg": ["Ed25519"]},
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"typ": ABSENT},
        {"kid": "another"},
        {"kid": ABSENT},
        {"kid": 7},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"jku": "https://issuer.example/jwks"},
        {"jwk": {"kty": "OKP"}},
        {"x5u": "https://issuer.example/x"},
        {"zip": "DEF"},
    ],
)
def test_authenticate_wrong_header_is_refused(
    own: ByHeader, key: OKPKey, header: dict[str, Any]
) -> None:
    assert refusal(own, signed(key, header=header)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": ISSUER + "/"},
        {"iss": ABSENT},
        {"aud": "https://other.example"},
        {"aud": [AUDIENCE]},
        {"aud": [AUDIENCE, "https://other.example"]},
        {"aud": ABSENT},
        {"exp": ABSENT},
        {"exp": str(NOW + 300)},
        {"exp": NOW + 300.5},
        {"exp": True},
        {"exp": None},
        {"exp": NOW + 301},
        {"exp": 10**12},
        {"exp": NOW, "iat": NOW},
        {"iat": ABSENT},
        {"iat": NOW - 1},
        {"iat": "now"},
        {"nbf": "now"},
        {"jti": ABSENT},
        {"jti": ""},
        {"jti": "a b"},
        {"jti": 7},
        {"sub": ABSENT},
        {"client_id": ABSENT},
        {"client_id": "a\nb"},
        {"client_id": "a" * 101},
        {"caller_class": ABSENT},
        {"caller_class": "public"},
        {"caller_class": "Institution"},
        {"caller_class": "god"},
        {"caller_class": ["institution"]},
        {"purpose": "CURIOSITY"},
        {"purpose": ["PRE_LOAN"]},
        {"organisation": ABSENT},
        {"organisation": "91410199MA9DEM028H"},
        {"organisation": BANK.lower()},
        {"organisation": "P:" + "ab" * 32},
        {"acting_for": ORGAN},
        {"caller_class": "platform", "acting_for": "nobody"},
        {"role": "king"},
        {"role": ["handler"]},
        {"role": ""},
        {"matter_no": ""},
        {"matter_no": "a\x00b"},
        {"matter_no": "a" * 101},
        {"user_ref": "\ud800"},
        {"user_ref": {"a": 1}},
    ],
)
def test_authenticate_wrong_claim_is_refused(
    own: ByHeader, key: OKPKey, claims: dict[str, Any]
) -> None:
    assert refusal(own, signed(key, claims)) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iat": NOW - 300, "nbf": NOW - 300, "exp": NOW - 5}, "TOKEN_EXPIRED"),
        ({"iat": NOW - 300, "nbf": NOW - 300, "exp": NOW - 4}, None),
        ({"iat": NOW + 5, "nbf": NOW + 5}, None),
        ({"iat": NOW + 6, "nbf": NOW}, "TOKEN_NOT_YET_VALID"),
        ({"nbf": NOW + 6}, "TOKEN_NOT_YET_VALID"),
    ],
)
def test_authenticate_times_are_checked_at_both_edges(
    own: ByHeader, key: OKPKey, claims: dict[str, Any], code: str | None
) -> None:
    if code is None:
        assert own.take(signed(key, claims)).client_id == "bank-1"
    else:
        assert refusal(own, signed(key, claims)) == code


def test_authenticate_public_key_as_hmac_secret_is_refused(own: ByHeader, key: OKPKey) -> None:
    for secret in (key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()):
        head = {"alg": "HS256", "typ": "at+jwt", "kid": key.kid}
        signing_input = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(GOOD).encode())}"
        signature = hmac.digest(secret, signing_input.encode(), "sha256")
        assert refusal(own, f"Bearer {signing_input}.{b64(signature)}") == "TOKEN_INVALID"


def test_authenticate_key_of_another_type_is_refused(own: ByHeader, key: OKPKey) -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    token = jws.serialize_compact(
        header, json.dumps(GOOD), ECKey.generate_key("P-256"), algorithms=["ES256"]
    )
    assert refusal(own, f"Bearer {token}") == "TOKEN_INVALID"


def test_authenticate_another_key_under_the_known_id_is_refused(own: ByHeader, key: OKPKey) -> None:
    other = generate_key()
    assert refusal(own, signed(other, header={"kid": key.kid})) == "TOKEN_INVALID"


def test_authenticate_every_truncation_is_refused(own: ByHeader, key: OKPKey) -> None:
    header = signed(key)
    for end in range(len("Bearer "), len(header)):
        assert refusal(own, header[:end]) == "TOKEN_INVALID"


def test_authenticate_changed_payload_is_refused(own: ByHeader, key: OKPKey) -> None:
    head, _, signature = signed(key).removeprefix("Bearer ").split(".")
    payload = b64(json.dumps({**GOOD, "purpose": "POST_LOAN"}).encode())
    assert refusal(own, f"Bearer {head}.{payload}.{signature}") == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "DPoP a.b.c",
        "Bearer a.b",
        "Bearer a.b.c.d.e",
        "Bearer ..",
        "Bearer é.é.é",
        "Bearer \ud800.b.c",
        "Bearer " + "A" * 8_192,
        "Bearer " + "A" * 2_700 + "." + "A" * 2_700 + "." + "A" * 2_700,
        "Bearer " + b64(b"[]") + "." + b64(b"{}") + ".AAAA",
        "Bearer " + b64(b"null") + "." + b64(b"{}") + ".AAAA",
        "Bearer " + b64(b"\xff\xfe") + "." + b64(b"{}") + ".AAAA",
        "Bearer " + b64(b"[" * 4_000) + "." + b64(b"{}") + ".AAAA",
    ],
)
def test_authenticate_what_is_no_token_is_refused(authenticator: ByHeader, header: str) -> None:
    assert refusal(authenticator, header) == "TOKEN_INVALID"


def test_authenticate_signed_payload_that_is_no_object_is_refused(
    own: ByHeader, key: OKPKey
) -> None:
    header = {"alg": "Ed25519", "typ": "at+jwt", "kid": key.kid}
    for payload in ("[]", "null", "{", "7", "[" * 2_000):
        token = jws.serialize_compact(header, payload, key, algorithms=["Ed25519"])
        assert refusal(own, f"Bearer {token}") == "TOKEN_INVALID"


def test_authenticate_longest_token_is_read_and_one_longer_is_not(
    own: ByHeader, key: OKPKey
) -> None:
    longest = MOST_TOKEN_CHARACTERS + len("Bearer ")
    pad = next(
        size
        for size in range(5_000, 7_000)
        if len(signed(key, {"more": "a" * (size + 1)})) > longest
    )
    assert own.take(signed(key, {"more": "a" * pad})).client_id == "bank-1"
    own.forget_all()
    assert refusal(own, signed(key, {"more": "a" * (pad + 1)})) == "TOKEN_INVALID"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"caller_class": "department", "organisation": ORGAN}, "MATTER_NUMBER_REQUIRED"),
        (
            {"caller_class": "department", "matter_no": "7", "purpose": ABSENT},
            "PURPOSE_REQUIRED",
        ),
        ({"purpose": ABSENT}, "PURPOSE_REQUIRED"),
        ({"caller_class": "credit-centre", "purpose": ABSENT}, "PURPOSE_REQUIRED"),
    ],
)
def test_authenticate_good_token_that_says_too_little_is_refused_for_that(
    own: ByHeader, key: OKPKey, claims: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        own.take(signed(key, claims))
    assert (caught.value.code, caught.value.status) == (code, 403)


def test_authenticate_subject_and_auditor_have_one_purpose(own: ByHeader, key: OKPKey) -> None:
    person = {"caller_class": "subject", "organisation": "P:" + "ab" * 32, "purpose": ABSENT}
    assert own.take(signed(key, person)).caller.purpose is Purpose.SELF_QUERY
    auditor = {"caller_class": "auditor", "purpose": ABSENT}
    assert own.take(signed(key, auditor)).caller.purpose is Purpose.AUDIT


def test_authenticate_person_is_known_inside_by_its_subject_key(
    issuer: LocalIssuer, clock: SetClock
) -> None:
    old, new = (NetworkKey(bytes(32), bytes([seal]) * 64) for seal in (1, 2))
    network = NetworkKeys([new, old])
    reader = ByHeader(issuer.token_rules(), clock, person_key=network.key_of_named)
    keys = set()
    for key in (old, new):
        reference = network_reference(key, "RESIDENT_ID", "410102209901010014")
        caller = Caller(CallerClass.SUBJECT, f"P:{reference}", Purpose.SELF_QUERY)
        header = f"Bearer {issuer.mint(TokenRequest(caller, 'portal'))}"
        keys.add(reader.take(header).caller.organisation)
    assert keys == {f"P:{person_id(bytes(32), 'RESIDENT_ID', '410102209901010014')}"}


def test_authenticate_person_under_a_key_that_is_gone_is_refused(
    issuer: LocalIssuer, clock: SetClock
) -> None:
    network = NetworkKeys([NetworkKey(bytes(32), bytes(64))])
    reader = ByHeader(issuer.token_rules(), clock, person_key=network.key_of_named)
    caller = Caller(CallerClass.SUBJECT, "P:" + "ab" * 32, Purpose.SELF_QUERY)
    header = f"Bearer {issuer.mint(TokenRequest(caller, 'portal'))}"
    assert refusal(reader, header) == "TOKEN_INVALID"


def test_authenticate_platform_acts_for_an_institution(own: ByHeader, key: OKPKey) -> None:
    claims = {"caller_class": "platform", "organisation": ORGAN, "acting_for": BANK}
    assert own.kept(signed(key, claims)).acting_for == BANK


@pytest.mark.parametrize(
    ("claims", "is_named"),
    [({"purpose": "CURIOSITY"}, True), ({"purpose": ABSENT}, True), ({"client_id": "a b"}, False)],
)
def test_authenticate_refused_claims_name_the_claimant(
    own: ByHeader, key: OKPKey, claims: dict[str, Any], is_named: bool
) -> None:
    with pytest.raises(ClientError) as caught:
        own.take(signed(key, claims))
    assert (caught.value.claimant is not None) is is_named
    if caught.value.claimant is not None:
        assert caught.value.claimant.client_id == "bank-1"


def test_authenticate_token_that_is_not_genuine_names_nobody(own: ByHeader) -> None:
    with pytest.raises(ClientError) as caught:
        own.take(signed(generate_key(), {"purpose": "CURIOSITY"}))
    assert caught.value.claimant is None


def test_authenticate_role_is_what_the_token_states(own: ByHeader, key: OKPKey) -> None:
    assert own.take(signed(key, {})).caller.role is None
    assert own.take(signed(key, {"role": "reviewer"})).caller.role is Role.REVIEWER


def test_authenticate_kept_token_is_refused_once_it_expires(
    own: ByHeader, key: OKPKey, clock: SetClock
) -> None:
    header = signed(key)
    first = own.kept(header)
    clock.now = NOW + 304
    assert own.kept(header) is first
    clock.now = NOW + 305
    assert refusal(own, header) == "TOKEN_EXPIRED"


def test_authenticate_cache_is_bounded_and_keeps_what_is_used(
    issuer: LocalIssuer, clock: SetClock
) -> None:
    authenticator = ByHeader(issuer.token_rules(), clock, cache_size=2)
    request = TokenRequest(Caller(CallerClass.ASSOCIATION, BANK, Purpose.PRE_LOAN), "bank-1")
    headers = [f"Bearer {issuer.mint(request)}" for _ in range(3)]
    first = authenticator.kept(headers[0])
    second = authenticator.kept(headers[1])
    assert authenticator.kept(headers[0]) is first
    authenticator.kept(headers[2])
    assert len(authenticator) == 2
    assert authenticator.kept(headers[0]) is first
    assert authenticator.kept(headers[1]) is not second


def test_authenticate_forgotten_token_is_verified_anew(own: ByHeader, key: OKPKey) -> None:
    header = signed(key)
    first = own.kept(header)
    own.forget_all()
    again = own.kept(header)
    assert again == first
    assert again is not first


class TestSeveralIssuers:
    """Each issuer's tokens are held against its own rules and keys."""

    @pytest.fixture
    def second(self, clock: SetClock) -> LocalIssuer:
        return LocalIssuer(SECOND, AUDIENCE, generate_key(), clock, lambda: "token-of-the-second")

    @pytest.fixture
    def both(self, issuer: LocalIssuer, second: LocalIssuer, clock: SetClock) -> ByHeader:
        return ByHeader(issuer.token_rules(), clock, also=[second.token_rules()])

    def test_tokens_of_both_are_accepted(
        self, both: ByHeader, issuer: LocalIssuer, second: LocalIssuer
    ) -> None:
        for each in (issuer, second):
            found = both.take(f"Bearer {each.mint(BANK_REQUEST)}")
            assert found.client_id == BANK_REQUEST.client_id

    def test_a_token_that_names_one_and_is_signed_by_the_other_is_refused(
        self, issuer: LocalIssuer, second: LocalIssuer, clock: SetClock
    ) -> None:
        rules = second.token_rules()
        mixed = TokenRules(ISSUER, AUDIENCE, rules.keys)
        own = TokenRules(SECOND, AUDIENCE, issuer.token_rules().keys)
        authenticator = ByHeader(mixed, clock, also=[own])
        for each in (issuer, second):
            with pytest.raises(Unauthenticated) as raised:
                authenticator.take(f"Bearer {each.mint(BANK_REQUEST)}")
            assert raised.value.code == "TOKEN_INVALID"

    def test_one_issuer_with_two_sets_of_rules_is_refused(
        self, issuer: LocalIssuer, clock: SetClock
    ) -> None:
        rules = issuer.token_rules()
        with pytest.raises(InternalError):
            ByHeader(rules, clock, also=[rules])
