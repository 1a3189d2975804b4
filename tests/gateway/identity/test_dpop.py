"""DPoP proofs: which are taken, and that every other one is refused for its own reason."""

import hashlib
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.errors import InternalError
from gateway.identity.dpop import (
    MOST_JTI_CHARACTERS,
    MOST_PROOF_CHARACTERS,
    DpopChecker,
    DpopRules,
    InvalidProofError,
    NonceNeededError,
    check_proof,
    token_hash,
)
from gateway.identity.nonce import Nonces
from tests.gateway.identity.conftest import NOW, SetClock
from tests.support.dpop import ABSENT, Prover, b64, ed25519_key, es256_key

URL = "https://credit.example/graphql"
TOKEN = "header.payload.signature"
KEY = b"n" * 32


@pytest.fixture
def checker(clock: SetClock) -> DpopChecker:
    return DpopChecker(DpopRules(), clock)


@pytest.fixture(params=[es256_key, ed25519_key], ids=["ES256", "Ed25519"])
def prover(request: pytest.FixtureRequest, clock: SetClock) -> Prover:
    return Prover(request.param(), clock)


@pytest.fixture
def ec(clock: SetClock) -> Prover:
    return Prover(es256_key(), clock)


def refusal(checker: DpopChecker, proof: str, method: str = "POST", url: str = URL) -> str:
    with pytest.raises(InvalidProofError) as caught:
        checker.check(proof, method, url, access_token=TOKEN)
    description = caught.value.description
    assert '"' not in description
    assert description.isascii()
    return description


def test_proof_that_is_good_names_its_key(checker: DpopChecker, prover: Prover) -> None:
    found = checker.check(prover.proof("POST", URL, TOKEN), "POST", URL, access_token=TOKEN)

    assert found.jkt == prover.jkt
    assert (found.iat, found.good_until) == (NOW, NOW + 60)
    assert found.replay_id == hashlib.sha256(f"{found.jkt}.{found.jti}".encode()).digest()


def test_proof_before_there_is_a_token_needs_no_hash(ec: Prover) -> None:
    proof = ec.proof("POST", "https://as.example/token")

    found = check_proof(proof, "POST", "https://as.example/token", rules=DpopRules(), now=NOW)

    assert found.jkt == ec.jkt


def test_token_hash_is_that_of_the_specification() -> None:
    # Source: RFC 9449 section 7.1, the token and `ath` of its example
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

    assert token_hash(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


@pytest.mark.parametrize(
    "htu",
    [
        URL,
        "HTTPS://credit.example/graphql",
        "https://CREDIT.example/graphql",
        "https://credit.example:443/graphql",
        URL + "?query=%7Ba%7D",
        URL + "#part",
    ],
)
def test_proof_for_the_same_url_spelled_otherwise_is_good(
    checker: DpopChecker, ec: Prover, htu: str
) -> None:
    assert checker.check(ec.proof("POST", htu, TOKEN), "POST", URL, access_token=TOKEN)


@pytest.mark.parametrize(
    "htu",
    [
        ABSENT,
        None,
        7,
        "",
        "graphql",
        "/graphql",
        "http://credit.example/graphql",
        "https://credit.example/",
        "https://credit.example/graphql/",
        "https://credit.example/GraphQL",
        "https://credit.example:8443/graphql",
        "https://credit.example:99999/graphql",
        "https://credit.example.evil.example/graphql",
        "https://" + "a@credit.example/graphql",
        "https://credit.example/gra\tphql",
        " https://credit.example/graphql",
        "ftp://credit.example/graphql",
        "https://[credit.example/graphql",
        [URL],
    ],
)
def test_proof_for_another_url_is_refused(checker: DpopChecker, ec: Prover, htu: Any) -> None:
    proof = ec.proof("POST", URL, TOKEN, claims={"htu": htu})

    assert refusal(checker, proof) == "the proof is for another URL"


@pytest.mark.parametrize("htm", [ABSENT, None, "GET", "post", "POST ", ["POST"], ""])
def test_proof_for_another_method_is_refused(checker: DpopChecker, ec: Prover, htm: Any) -> None:
    proof = ec.proof("POST", URL, TOKEN, claims={"htm": htm})

    assert refusal(checker, proof) == "the proof is for another method"


@pytest.mark.parametrize(
    "ath", [ABSENT, None, "", b64(hashlib.sha256(b"other").digest()), TOKEN, 1]
)
def test_proof_for_another_token_is_refused(checker: DpopChecker, ec: Prover, ath: Any) -> None:
    proof = ec.proof("POST", URL, TOKEN, claims={"ath": ath})

    assert refusal(checker, proof) == "the proof is for another access token"


@pytest.mark.parametrize("age_s", [-5, -1, 0, 59, 60])
def test_proof_within_its_age_is_good(
    checker: DpopChecker, ec: Prover, clock: SetClock, age_s: int
) -> None:
    proof = ec.proof("POST", URL, TOKEN)
    clock.now = NOW + age_s

    assert checker.check(proof, "POST", URL, access_token=TOKEN)


@pytest.mark.parametrize(("age_s", "reason"), [(61, "older than 60 s"), (-6, "in the future")])
def test_proof_outside_its_age_is_refused(
    checker: DpopChecker, ec: Prover, clock: SetClock, age_s: int, reason: str
) -> None:
    proof = ec.proof("POST", URL, TOKEN)
    clock.now = NOW + age_s

    assert reason in refusal(checker, proof)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iat": ABSENT}, "`iat`"),
        ({"iat": str(NOW)}, "`iat`"),
        ({"iat": NOW + 0.5}, "`iat`"),
        ({"iat": True}, "`iat`"),
        ({"iat": 10**400}, "in the future"),
        ({"jti": ABSENT}, "`jti`"),
        ({"jti": ""}, "`jti`"),
        ({"jti": 5}, "`jti`"),
        ({"jti": "j" * (MOST_JTI_CHARACTERS + 1)}, "`jti`"),
    ],
)
def test_proof_with_malformed_claims_is_refused(
    checker: DpopChecker, ec: Prover, claims: dict[str, Any], reason: str
) -> None:
    found = refusal(checker, ec.proof("POST", URL, TOKEN, claims=claims))

    assert reason in found or found == "the payload of the proof cannot be read"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"typ": ABSENT}, "type"),
        ({"typ": "JWT"}, "type"),
        ({"typ": "at+jwt"}, "type"),
        ({"typ": "application/dpop+jwt"}, "type"),
        ({"alg": ABSENT}, "algorithm"),
        ({"alg": "none"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"alg": "RS256"}, "algorithm"),
        ({"alg": "EdDSA"}, "algorithm"),
        ({"alg": ["ES256"]}, "algorithm"),
        ({"alg": "Ed25519"}, "fit its algorithm"),
        ({"jwk": ABSENT}, "typ, alg and jwk alone"),
        ({"jwk": "key"}, "typ, alg and jwk alone"),
        ({"jwk": None}, "typ, alg and jwk alone"),
        ({"kid": "1"}, "typ, alg and jwk alone"),
        ({"x5c": []}, "typ, alg and jwk alone"),
        ({"jku": "https://evil.example/"}, "typ, alg and jwk alone"),
        ({"crit": ["exp"]}, "typ, alg and jwk alone"),
        ({"b64": False}, "typ, alg and jwk alone"),
    ],
)
def test_proof_with_another_header_is_refused(
    checker: DpopChecker, ec: Prover, header: dict[str, Any], reason: str
) -> None:
    assert reason in refusal(checker, ec.proof("POST", URL, TOKEN, header=header))


def _other_keys() -> list[tuple[str, dict[str, Any]]]:
    ec, okp = es256_key(), ed25519_key()
    public = dict(ec.as_dict(private=False))
    rsa = RSAKey.generate_key(2048, private=False).as_dict(private=False)
    return [
        ("private EC", dict(ec.as_dict(private=True))),
        ("private OKP", dict(okp.as_dict(private=True))),
        ("OKP", dict(okp.as_dict(private=False))),
        ("oct", dict(OctKey.generate_key(256, private=True).as_dict(private=True))),
        ("RSA", dict(rsa)),
        ("P-384", dict(ECKey.generate_key("P-384", private=False).as_dict(private=False))),
        ("X25519", dict(OKPKey.generate_key("X25519", private=False).as_dict(private=False))),
        ("no x", {n: v for n, v in public.items() if n != "x"}),
        ("no point", {**public, "x": b64(b"\1" * 32), "y": b64(b"\1" * 32)}),
        ("x no text", {**public, "x": 5}),
        ("certificate", {**public, "x5c": ["MII"]}),
        ("other alg", {**public, "alg": "ES384"}),
        ("empty", {}),
    ]


@pytest.mark.parametrize(("name", "jwk"), [pytest.param(n, j, id=n) for n, j in _other_keys()])
def test_proof_with_another_key_is_refused(
    checker: DpopChecker, ec: Prover, name: str, jwk: dict[str, Any]
) -> None:
    assert "key of the proof" in refusal(checker, ec.proof("POST", URL, TOKEN, header={"jwk": jwk}))


def test_proof_signed_with_another_key_than_it_names_is_refused(
    checker: DpopChecker, prover: Prover, clock: SetClock
) -> None:
    other = Prover(type(prover.key).generate_key(prover.jwk["crv"], private=True), clock)
    proof = other.proof("POST", URL, TOKEN, header={"jwk": prover.jwk})

    assert "signature" in refusal(checker, proof)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda h, p, s: f"{h}.{p}.",
        lambda h, p, s: f"{h}.{p}",
        lambda h, p, s: f"{h}.{p}.{s}=",
        lambda h, p, s: f"{h}.{p}.{s}.{s}",
        lambda h, p, s: f"{h}.{p}.{s[:-4]}",
        lambda h, p, s: f"{h}.{p}.{'A' * len(s)}",
        lambda h, p, s: f"{h}.{b64(b'{}')}.{s}",
        lambda h, p, s: f" {h}.{p}.{s}",
        lambda h, p, s: f"{h}.{p}.{s}\n",
        lambda h, p, s: f"{b64(b'[]')}.{p}.{s}",
        lambda h, p, s: f"{b64(b'{')}.{p}.{s}",
        lambda h, p, s: f"A.{p}.{s}",
        lambda h, p, s: "",
        lambda h, p, s: "a" * (MOST_PROOF_CHARACTERS + 1),
        lambda h, p, s: f"{h}.{p}.{s}é",
    ],
)
def test_proof_that_was_spoiled_is_refused(
    checker: DpopChecker, prover: Prover, spoil: Any
) -> None:
    proof = prover.proof("POST", URL, TOKEN)

    refusal(checker, spoil(*proof.split(".")))


@pytest.mark.parametrize("payload", [[], "text", 1, None])
def test_proof_whose_payload_is_no_object_is_refused(
    checker: DpopChecker, ec: Prover, payload: object
) -> None:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": ec.jwk}

    assert "no object" in refusal(checker, ec.sign(header, payload))


def test_proof_with_a_second_spelling_of_its_signature_is_refused(
    checker: DpopChecker, prover: Prover
) -> None:
    proof = prover.proof("POST", URL, TOKEN)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(proof[-1]) ^ 1]

    assert "signature" in refusal(checker, proof[:-1] + other)


def test_proof_without_nonce_is_told_which(ec: Prover, clock: SetClock) -> None:
    nonces = Nonces([KEY], clock)
    checker = DpopChecker(DpopRules(nonces=nonces), clock)

    for nonce in (None, "", "A" * 32):
        with pytest.raises(NonceNeededError) as caught:
            checker.check(ec.proof("POST", URL, TOKEN, nonce), "POST", URL, access_token=TOKEN)
        assert caught.value.nonce == nonces.current()


def test_proof_with_the_nonce_is_good(ec: Prover, clock: SetClock) -> None:
    nonces = Nonces([KEY], clock)
    checker = DpopChecker(DpopRules(nonces=nonces), clock)
    proof = ec.proof("POST", URL, TOKEN, nonces.current())

    assert checker.check(proof, "POST", URL, access_token=TOKEN).nonce == nonces.current()


def test_proof_that_is_bad_learns_no_nonce(ec: Prover, clock: SetClock) -> None:
    checker = DpopChecker(DpopRules(nonces=Nonces([KEY], clock)), clock)

    with pytest.raises(InvalidProofError) as caught:
        checker.check(ec.proof("GET", URL, TOKEN), "POST", URL, access_token=TOKEN)
    assert not isinstance(caught.value, NonceNeededError)


def test_jti_of_two_keys_are_told_apart(clock: SetClock, checker: DpopChecker) -> None:
    same = {"jti": "one"}
    first, second = (
        checker.check(Prover(es256_key(), clock).proof("POST", URL, claims=same), "POST", URL)
        for _ in range(2)
    )

    assert first.replay_id != second.replay_id


def test_rules_with_an_unknown_algorithm_are_refused() -> None:
    for algorithms in ((), ("RS256",), ("none",)):
        with pytest.raises(InternalError):
            DpopRules(algorithms=algorithms)


def test_proof_whose_header_repeats_a_member_uses_the_key_that_verified(
    checker: DpopChecker, ec: Prover, clock: SetClock
) -> None:
    other = Prover(es256_key(), clock)
    header = (
        f'{{"typ":"dpop+jwt","alg":"ES256","jwk":{json.dumps(ec.jwk)},'
        f'"jwk":{json.dumps(other.jwk)}}}'
    )
    claims = ec.proof("POST", URL, TOKEN).split(".")[1]
    signing_input = f"{b64(header.encode())}.{claims}"

    def signed_by(prover: Prover) -> str:
        signature = JWSRegistry.algorithms["ES256"].sign(signing_input.encode(), prover.key)
        return f"{signing_input}.{b64(signature)}"

    assert checker.check(signed_by(other), "POST", URL, access_token=TOKEN).jkt == other.jkt
    assert "signature" in refusal(checker, signed_by(ec))
