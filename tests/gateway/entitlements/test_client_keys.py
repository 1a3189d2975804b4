"""Keys and certificates of clients: read strictly, entered, rotated with overlap."""

import datetime as dt
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import (
    CredentialRegister,
    NewCredentials,
    read_certificate,
    read_jwks,
)
from gateway.entitlements.contract import ClientContract
from gateway.entitlements.credentials import ClientCertificate
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.registers import ClientRegister
from gateway.entitlements.store_copy import StoreCopy
from gateway.store.pool import LightPool
from policies.model import CallerClass
from tests.support.entries import BANK

AT = dt.datetime(2026, 3, 2, 1, 2, 3, tzinfo=dt.UTC)
NOW = AT.timestamp()
NO_OVERLAP = dt.timedelta()


def public(key: ECKey | OKPKey | RSAKey, **more: object) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def jwks(*members: Mapping[str, Any]) -> str:
    return json.dumps({"keys": list(members)})


def ed25519(**more: object) -> dict[str, Any]:
    return public(OKPKey.generate_key("Ed25519", private=True), **more)


def p256(**more: object) -> dict[str, Any]:
    return public(ECKey.generate_key("P-256", private=True), **more)


@pytest.mark.parametrize(
    ("members", "algorithm"),
    [
        ([ed25519(kid="1")], "Ed25519"),
        ([ed25519(kid="1", use="sig", alg="Ed25519"), ed25519(kid="2")], "Ed25519"),
        ([p256(kid="1")], "ES256"),
        ([public(RSAKey.generate_key(2048), kid="1", alg="PS256")], "PS256"),
    ],
)
def test_keys_of_one_algorithm_pin_it(members: list[dict[str, Any]], algorithm: str) -> None:
    found = read_jwks(jwks(*members))

    assert found.algorithm == algorithm
    assert [key.kid for key in found.keys] == [member["kid"] for member in members]
    assert "alg" not in found.keys[0].jwk


def test_key_without_kid_is_named_by_its_thumbprint() -> None:
    key = ECKey.generate_key("P-256", private=True)
    member = {n: v for n, v in public(key).items() if n != "kid"}

    assert read_jwks(jwks(member)).keys[0].kid == key.thumbprint()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "JSON Web Key Set"),
        ("{", "JSON Web Key Set"),
        ("[" * 100_000, "JSON Web Key Set"),
        ("[]", "JSON Web Key Set"),
        ('{"keys": []}', "JSON Web Key Set"),
        ('{"keys": {}}', "JSON Web Key Set"),
        ('{"keys": [1]}', "no JSON Web Key"),
        (jwks(*[ed25519(kid=str(n)) for n in range(11)]), "1 to 10"),
        (jwks(ed25519(kid="1"), p256(kid="2")), "signs with one of them"),
        (jwks(ed25519(kid="1"), ed25519(kid="1")), "same `kid`"),
        (jwks(OKPKey.generate_key("Ed25519", private=True).as_dict(private=True)), "private"),
        (jwks(ECKey.generate_key("P-256", private=True).as_dict(private=True)), "private"),
        (jwks(OctKey.generate_key(256, private=True).as_dict(private=True)), "private"),
        (jwks(public(OKPKey.generate_key("X25519", private=True))), "none of"),
        (jwks(public(ECKey.generate_key("P-384", private=True))), "none of"),
        (jwks({"kty": "RSA", "n": "x" * 171, "e": "AQAB"}), "2048 bits"),
        (jwks(public(RSAKey.generate_key(2048), alg="RS256")), "for signing with PS256"),
        (jwks(p256(alg="ES384")), "for signing with ES256"),
        (jwks(ed25519(alg="EdDSA")), "for signing with Ed25519"),
        (jwks(p256(use="enc")), "for signing with ES256"),
        (jwks(p256(x="AA")), "cannot be read"),
        (jwks(p256(x=5)), "no text"),
        (jwks({"kty": "EC", "crv": "P-256"}), "lacks a member"),
        (jwks(ed25519(kid="")), "`kid`"),
        (jwks(ed25519(kid="信")), "`kid`"),
        (jwks(ed25519(kid=7)), "`kid`"),
        (jwks(ed25519(kid="k" * 201)), "`kid`"),
    ],
    # the keys are others in every worker
    ids=itertools.count(),
)
def test_keys_that_are_none_are_refused(text: str, reason: str) -> None:
    with pytest.raises(EntitlementRefusedError, match=reason):
        read_jwks(text)


def certificate(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "样例银行"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
        ]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT)
        .not_valid_after(AT + dt.timedelta(days=1))
        .sign(key, SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def test_certificate_is_known_by_thumbprint_and_name() -> None:
    found, subject = read_certificate(certificate("bank-1"))

    assert len(found.x5t_s256) == 43
    assert subject == "CN=bank-1,O=样例银行,C=CN"


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_certificate_that_is_none_is_refused(pem: bytes) -> None:
    with pytest.raises(EntitlementRefusedError, match=r"no X\.509 certificate"):
        read_certificate(pem)


async def contract(pool: LightPool) -> ClientContract:
    """The contract as a worker's fresh copy has it."""
    copy = StoreCopy()
    async with pool.connection() as connection:
        await copy.read_all(connection, NOW)
    found = copy.clients.find("bank-1").contract
    assert found is not None
    return found


@pytest.fixture
async def register(store_pool: LightPool) -> CredentialRegister:
    bank = Client(
        "bank-1",
        CallerClass.INSTITUTION,
        BANK,
        "样例银行",
        None,
        contract_no="C-1",
        scopes=("credit:TAX_PAYMENT:read",),
        certificate_subject="CN=bank-1",
        redirect_uris=("https://bank.example/return",),
        grant_types=("authorization_code",),
    )
    await ClientRegister(store_pool).put(bank)
    return CredentialRegister(store_pool)


async def test_workers_copy_has_all_that_was_registered(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    new = read_jwks(jwks(p256(kid="one")))
    await register.rotate("bank-1", new, AT, NO_OVERLAP)

    found = await contract(store_pool)

    assert found.credentials.algorithm == "ES256"
    key = found.credentials.key("one", NOW)
    assert key is not None
    assert key.jwk == new.keys[0].jwk
    assert found.credentials.redirect_uris == {"https://bank.example/return"}
    assert found.credentials.grant_types == {"authorization_code"}
    assert found.scopes == {"credit:TAX_PAYMENT:read"}
    assert found.contract_no == "C-1"
    assert not found.is_sandbox


async def test_rotate_with_overlap_keeps_the_old_key_for_a_while(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    await register.rotate("bank-1", read_jwks(jwks(p256(kid="old"))), AT, NO_OVERLAP)
    await register.rotate("bank-1", read_jwks(jwks(p256(kid="new"))), AT, dt.timedelta(hours=1))

    held = (await contract(store_pool)).credentials

    assert {key.kid for key in held.keys_at(NOW + 3599)} == {"old", "new"}
    assert {key.kid for key in held.keys_at(NOW + 3600)} == {"new"}


async def test_rotate_without_overlap_leaves_the_new_key_alone(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    for kid in ("old", "new"):
        await register.rotate("bank-1", read_jwks(jwks(p256(kid=kid))), AT, NO_OVERLAP)

    held = (await contract(store_pool)).credentials

    assert [key.kid for key in held.keys] == ["new"]
    assert held.key("old", NOW) is None


async def test_rotate_twice_does_not_lengthen_the_first_overlap(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    for kid, overlap in (("a", NO_OVERLAP), ("b", hour), ("c", day)):
        await register.rotate("bank-1", read_jwks(jwks(p256(kid=kid))), AT, overlap)

    held = (await contract(store_pool)).credentials

    assert {key.kid for key in held.keys_at(NOW + 3600)} == {"b", "c"}


async def test_rotate_to_the_same_key_makes_it_good_again(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    same = read_jwks(jwks(p256(kid="a")))
    for _ in range(2):
        await register.rotate("bank-1", same, AT, dt.timedelta(hours=1))

    assert (await contract(store_pool)).credentials.keys[0].good_until is None


async def test_rotate_to_another_algorithm_leaves_no_overlap(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    await register.rotate("bank-1", read_jwks(jwks(p256(kid="a"))), AT, NO_OVERLAP)
    other = read_jwks(jwks(ed25519(kid="b")))
    with pytest.raises(EntitlementRefusedError, match="another algorithm"):
        await register.rotate("bank-1", other, AT, dt.timedelta(hours=1))
    await register.rotate("bank-1", other, AT, NO_OVERLAP)

    assert (await contract(store_pool)).credentials.algorithm == "Ed25519"


async def test_rotate_certificates_leaves_keys(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    await register.rotate("bank-1", read_jwks(jwks(p256(kid="a"))), AT, NO_OVERLAP)
    for print_ in ("one", "two"):
        new = NewCredentials(certificates=(ClientCertificate(print_),))
        await register.rotate("bank-1", new, AT, dt.timedelta(hours=1))

    held = (await contract(store_pool)).credentials

    assert [key.kid for key in held.keys] == ["a"]
    assert held.is_certificate("one", None, NOW)
    assert not held.is_certificate("one", None, NOW + 3600)
    assert held.is_certificate("two", None, NOW + 3600)
    assert held.is_certificate("any", "CN=bank-1", NOW)
    assert not held.is_certificate("any", "CN=bank-2", NOW)
    assert not held.is_certificate("any", None, NOW)


async def test_rotate_of_nobody_or_for_too_long_is_refused(register: CredentialRegister) -> None:
    new = read_jwks(jwks(p256(kid="a")))
    with pytest.raises(EntitlementRefusedError, match="no client"):
        await register.rotate("nobody", new, AT, NO_OVERLAP)
    for overlap in (dt.timedelta(days=31), dt.timedelta(seconds=-1)):
        with pytest.raises(EntitlementRefusedError, match="30 days"):
            await register.rotate("bank-1", new, AT, overlap)


async def test_end_tokens_is_in_the_workers_copy(
    register: CredentialRegister, store_pool: LightPool
) -> None:
    assert (await contract(store_pool)).tokens_since == 0
    await register.end_tokens("bank-1", AT)
    assert (await contract(store_pool)).tokens_since == NOW
