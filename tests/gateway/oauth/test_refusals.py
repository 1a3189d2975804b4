"""The table of refusals: whatever is wrong, nothing is issued, and nothing is given away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from gateway.entitlements.registers import ClientRegister
from gateway.oauth.server import AuthorizationServer, OAuthGround
from tests.gateway.oauth.conftest import SetClock, server_on
from tests.gateway.oauth.scene import Row, Scene, Table, wrong_rows
from tests.support.dpop import ABSENT, b64
from tests.support.entries import BANK, FIRM
from tests.support.oauth import (
    ASSERTION_TYPE,
    CERTIFICATE,
    EXCHANGE,
    GRADE,
    ISSUER,
    LENDING,
    MANDATE_TOKEN,
    OFFICE,
    PUSHED_URL,
    REDIRECT,
    SCORE,
    SECOND_BANK,
    TOKEN_URL,
    Caller,
    TestClients,
    consent_details,
)

STRANGER = ECKey.generate_key("P-256", private=True)
OTHER = {"x-test-certificate": b64(hashlib.sha256(b"another").digest())}
KNOWN = {"x-test-certificate": CERTIFICATE}
SCOPE = "purpose:PRE_LOAN credit:TAXPAYER_CREDIT:read"


@pytest.fixture
def scene(
    caller: Caller, server: AuthorizationServer, clients: TestClients, clock: SetClock
) -> Scene:
    return Scene(caller, server, clients, clock)


# Assertions ------------------------------------------------------------------------------------


def assertion(
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None = None,
    key: ECKey | None = None,
) -> Row:
    """A request with an assertion that is changed; times are given relative to now."""

    async def send(scene: Scene) -> httpx.Response:
        now = int(scene.clock.now)
        changed = claims(now) if callable(claims) else claims
        return await scene.own(client_assertion=scene.bank.jwt(header, changed, key))

    return send


def text(change: Callable[[str], str]) -> Row:
    """A request with an assertion whose text is changed."""

    async def send(scene: Scene) -> httpx.Response:
        return await scene.own(client_assertion=change(scene.bank.jwt()))

    return send


def _without_signature(token: str) -> str:
    header, payload, _ = token.split(".")
    none = b64(json.dumps({"alg": "none", "kid": "bank-1"}).encode())
    assert header
    return f"{none}.{payload}."


def _altered(token: str) -> str:
    header, payload, signature = token.split(".")
    flipped = "A" if signature[10] != "A" else "B"
    return f"{header}.{payload}.{signature[:10]}{flipped}{signature[11:]}"


def _other_payload(payload: str) -> Callable[[str], str]:
    def change(token: str) -> str:
        header, _, signature = token.split(".")
        return f"{header}.{b64(payload.encode())}.{signature}"

    return change


async def _public_key_as_secret(scene: Scene) -> httpx.Response:
    """HS256 under the bytes of the public key, which a careless verifier would accept."""
    public = json.dumps(scene.bank.key.as_dict(private=False)).encode()
    header = b64(json.dumps({"alg": "HS256", "kid": "bank-1"}).encode())
    payload = scene.bank.jwt().split(".")[1]
    mac = hmac.digest(public, f"{header}.{payload}".encode(), hashlib.sha256)
    return await scene.own(client_assertion=f"{header}.{payload}.{b64(mac)}")


async def _by_other_client(scene: Scene) -> httpx.Response:
    jwt = scene.clients.second_bank.jwt(claims={"iss": "bank-1", "sub": "bank-1"})
    return await scene.own(client_assertion=jwt)


async def _replayed(scene: Scene) -> httpx.Response:
    jwt = scene.bank.jwt()
    first = await scene.own(client_assertion=jwt)
    assert first.status_code == 200, first.text
    return await scene.own(client_assertion=jwt)


async def _replayed_after_a_refusal(scene: Scene) -> httpx.Response:
    jwt = scene.bank.jwt()
    first = await scene.own(client_assertion=jwt, authorization_details=[])
    assert first.json()["error"] == "invalid_authorization_details"
    return await scene.own(client_assertion=jwt)


async def _replayed_elsewhere(scene: Scene) -> httpx.Response:
    jwt = scene.bank.jwt()
    pushed = await scene.caller.push(scene.bank, client_assertion=jwt)
    assert pushed.status_code == 201
    return await scene.own(client_assertion=jwt)


def posted(form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Row:
    """A form as it stands, with a proof."""

    async def send(scene: Scene) -> httpx.Response:
        return await scene.caller.post("/oauth/token", form, scene.bank, headers or {})

    return send


def own(**changes: Any) -> Row:
    """A bank asks for itself, with something changed."""
    return lambda scene: scene.own(**changes)


ASSERTIONS: Table = {
    name: ("invalid_client", row)
    for name, row in {
        "alg none": text(_without_signature),
        "alg none with a signature": assertion({"alg": "none"}),
        "alg HS256 under the public key": _public_key_as_secret,
        "alg RS256": assertion({"alg": "RS256"}),
        "alg of another key": assertion({"alg": "Ed25519"}),
        "alg EdDSA": assertion({"alg": "EdDSA"}),
        "alg in small letters": assertion({"alg": "es256"}),
        "alg missing": assertion({"alg": ABSENT}),
        "kid unknown": assertion({"kid": "nobody"}),
        "kid of another client": assertion({"kid": "bank-2"}),
        "kid a number": assertion({"kid": 1}),
        "kid a path": assertion({"kid": "../../dev/null"}),
        "typ of an access token": assertion({"typ": "at+jwt"}),
        "typ of a proof": assertion({"typ": "dpop+jwt"}),
        "typ of a mandate": assertion({"typ": "mandate+jwt"}),
        "crit": assertion({"crit": ["exp"]}),
        "b64 false": assertion({"b64": False, "crit": ["b64"]}),
        "zip": assertion({"zip": "DEF"}),
        "jwk in the header": assertion({"jwk": STRANGER.as_dict(private=False)}, key=STRANGER),
        "jku": assertion({"jku": "https://attacker.example/keys"}),
        "x5u": assertion({"x5u": "https://attacker.example/cert"}),
        "x5c": assertion({"x5c": ["MIIB"]}),
        "signed by a stranger": assertion(key=STRANGER),
        "signed by another client": _by_other_client,
        "signature altered": text(_altered),
        "signature missing": text(lambda token: token.rpartition(".")[0] + "."),
        "payload changed": text(_other_payload('{"iss":"bank-1","sub":"bank-1"}')),
        "payload a list": text(_other_payload("[]")),
        "payload no JSON": text(_other_payload("iss=bank-1")),
        "payload too deep": text(_other_payload("[" * 3_000 + "]" * 3_000)),
        "iss twice": text(_other_payload('{"iss":"bank-1","iss":"bank-2"}')),
        "two parts": text(lambda token: token.rpartition(".")[0]),
        "four parts": text(lambda token: f"{token}.e30"),
        "five parts": text(lambda token: f"{token}.e30.e30"),
        "padding": text(lambda token: f"{token}="),
        "a blank before it": text(lambda token: f" {token}"),
        "no JWT": text(lambda _: "bank-1"),
        "8,193 characters": text(lambda token: token + "A" * (8_193 - len(token))),
        "iss missing": assertion(claims={"iss": ABSENT}),
        "iss another client": assertion(claims={"iss": "bank-2"}),
        "iss unknown": assertion(claims={"iss": "nobody", "sub": "nobody"}),
        "iss a list": assertion(claims={"iss": ["bank-1"]}),
        "sub missing": assertion(claims={"sub": ABSENT}),
        "sub another client": assertion(claims={"sub": "bank-2"}),
        "aud missing": assertion(claims={"aud": ABSENT}),
        "aud a list of the issuer alone": assertion(claims={"aud": [ISSUER]}),
        "aud a list with others": assertion(claims={"aud": [ISSUER, "https://other.example"]}),
        "aud the token endpoint": assertion(claims={"aud": TOKEN_URL}),
        "aud another server": assertion(claims={"aud": "https://other.example"}),
        "aud the gateway": assertion(claims={"aud": f"{ISSUER}/graphql"}),
        "aud with a slash": assertion(claims={"aud": f"{ISSUER}/"}),
        "exp missing": assertion(claims={"exp": ABSENT}),
        "exp over": assertion(claims=lambda now: {"iat": now - 60, "exp": now - 1}),
        "exp now": assertion(claims=lambda now: {"iat": now - 60, "exp": now}),
        "exp a text": assertion(claims=lambda now: {"exp": str(now + 60)}),
        "exp a fraction": assertion(claims=lambda now: {"exp": now + 60.5}),
        "exp true": assertion(claims={"exp": True}),
        "exp 301 s away": assertion(claims=lambda now: {"exp": now + 301}),
        "exp in ten days": assertion(claims=lambda now: {"exp": now + 864_000}),
        "exp beyond all numbers": assertion(claims={"exp": 10**30}),
        "exp before iat": assertion(claims=lambda now: {"iat": now + 9, "exp": now + 8}),
        "iat missing": assertion(claims={"iat": ABSENT}),
        "iat 11 s ahead": assertion(claims=lambda now: {"iat": now + 11}),
        "iat a text": assertion(claims=lambda now: {"iat": str(now)}),
        "nbf 11 s ahead": assertion(claims=lambda now: {"nbf": now + 11}),
        "nbf a text": assertion(claims={"nbf": "now"}),
        "jti missing": assertion(claims={"jti": ABSENT}),
        "jti empty": assertion(claims={"jti": ""}),
        "jti a number": assertion(claims={"jti": 7}),
        "jti of 257 characters": assertion(claims={"jti": "j" * 257}),
        "used before": _replayed,
        "used before, in vain": _replayed_after_a_refusal,
        "used before, elsewhere": _replayed_elsewhere,
        "client_id of another": own(client_id="bank-2"),
        "nothing": posted({"grant_type": "client_credentials"}),
        "client_id alone": posted({"grant_type": "client_credentials", "client_id": "bank-1"}),
        "secret in the header": posted(
            {"grant_type": "client_credentials"},
            {"authorization": "Basic " + base64.b64encode(b"bank-1:secret").decode()},
        ),
        "token in the header": posted(
            {"grant_type": "client_credentials", "client_id": "bank-1"},
            {"authorization": "Bearer abc"},
        ),
        "unknown certificate": posted(
            {"grant_type": "client_credentials", "client_id": "bank-2", "scope": SCOPE}, OTHER
        ),
        "certificate of another": posted(
            {"grant_type": "client_credentials", "client_id": "bank-1", "scope": SCOPE}, KNOWN
        ),
        "certificate without client_id": posted(
            {"grant_type": "client_credentials", "scope": SCOPE}, KNOWN
        ),
        "certificate beside a bad assertion": posted(
            {
                "grant_type": "client_credentials",
                "client_id": "bank-2",
                "scope": SCOPE,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": "e30.e30.AAAA",
            },
            KNOWN,
        ),
    }.items()
}


# Proofs ----------------------------------------------------------------------------------------


def proof(
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None = None,
    *,
    method: str = "POST",
    url: str = TOKEN_URL,
    has_nonce: bool = True,
) -> Row:
    """A request with a proof that is changed."""

    async def send(scene: Scene) -> httpx.Response:
        now = int(scene.clock.now)
        changed = claims(now) if callable(claims) else claims
        nonce = scene.caller.nonce if has_nonce else None
        made = scene.bank.prover.proof(method, url, nonce=nonce, header=header, claims=changed)
        return await with_proof(scene, made)

    return send


async def with_proof(scene: Scene, value: str | None) -> httpx.Response:
    """A request that is good but for its proof."""
    form = scene.bank.form(grant_type="client_credentials", authorization_details=[LENDING])
    headers = {} if value is None else {"dpop": value}
    return await scene.caller.post("/oauth/token", form, headers=headers)


async def _used_proof(scene: Scene) -> httpx.Response:
    made = scene.bank.prover.proof("POST", TOKEN_URL, nonce=scene.caller.nonce)
    first = await with_proof(scene, made)
    assert first.status_code == 200, first.text
    return await with_proof(scene, made)


async def _two_proofs(scene: Scene) -> httpx.Response:
    form = scene.bank.form(grant_type="client_credentials", authorization_details=[LENDING])
    made = [
        ("dpop", scene.bank.prover.proof("POST", TOKEN_URL, nonce=scene.caller.nonce))
        for _ in range(2)
    ]
    return await scene.caller.http.post("/oauth/token", data=form, headers=made)


PROOFS: Table = {
    **{
        name: ("invalid_dpop_proof", row)
        for name, row in {
            "none": lambda scene: with_proof(scene, None),
            "empty": lambda scene: with_proof(scene, ""),
            "garbage": lambda scene: with_proof(scene, "a.b.c"),
            "GET": proof(method="GET"),
            "another address": proof(url=PUSHED_URL),
            "the address of an attacker": proof(url="https://attacker.example/oauth/token"),
            "without TLS": proof(url=TOKEN_URL.replace("https", "http")),
            "61 s old": proof(claims=lambda now: {"iat": now - 61}),
            "6 s ahead": proof(claims=lambda now: {"iat": now + 6}),
            "iat missing": proof(claims={"iat": ABSENT}),
            "jti missing": proof(claims={"jti": ABSENT}),
            "htu missing": proof(claims={"htu": ABSENT}),
            "htm missing": proof(claims={"htm": ABSENT}),
            "typ JWT": proof({"typ": "JWT"}),
            "typ missing": proof({"typ": ABSENT}),
            "alg none": proof({"alg": "none"}),
            "alg HS256": proof({"alg": "HS256"}),
            "a key that did not sign": proof({"jwk": STRANGER.as_dict(private=False)}),
            "a private key": proof({"jwk": STRANGER.as_dict(private=True)}),
            "no key": proof({"jwk": ABSENT}),
            "used before": _used_proof,
        }.items()
    },
    "no nonce": ("use_dpop_nonce", proof(has_nonce=False)),
    "a nonce of one's own": ("use_dpop_nonce", proof(claims={"nonce": "n" * 32})),
    "two headers": ("invalid_request", _two_proofs),
}


# Forms -----------------------------------------------------------------------------------------


def body(change: Callable[[str], str | bytes], **headers: str) -> Row:
    """A good body, changed."""

    async def send(scene: Scene) -> httpx.Response:
        form = scene.bank.form(grant_type="client_credentials", authorization_details=[LENDING])
        content = change(str(httpx.QueryParams(form)))
        sent = {"content-type": "application/x-www-form-urlencoded", **headers}
        sent["dpop"] = scene.bank.prover.proof("POST", TOKEN_URL, nonce=scene.caller.nonce)
        return await scene.caller.http.post("/oauth/token", content=content, headers=sent)

    return send


async def _in_the_address(scene: Scene) -> httpx.Response:
    form = scene.bank.form(grant_type="client_credentials", authorization_details=[LENDING])
    return await scene.caller.post("/oauth/token?scope=all", form, scene.bank)


_SAME = str
FORMS: Table = {
    **{
        name: ("invalid_request", row)
        for name, row in {
            "JSON": body(_SAME, **{"content-type": "application/json"}),
            "a multipart form": body(_SAME, **{"content-type": "multipart/form-data; boundary=x"}),
            "no media type": body(_SAME, **{"content-type": ""}),
            "another charset": body(
                _SAME, **{"content-type": "application/x-www-form-urlencoded; charset=gbk"}
            ),
            "gzip": body(_SAME, **{"content-encoding": "gzip"}),
            "grant_type twice": body(lambda good: good + "&grant_type=client_credentials"),
            "grant_type twice, once empty": body(lambda good: good + "&grant_type="),
            "client_assertion twice": body(lambda good: good + "&client_assertion=a"),
            "an unknown parameter twice": body(lambda good: good + "&x=1&x=2"),
            "a bad escape": body(lambda good: good + "&x=%zz"),
            "half an escape": body(lambda good: good + "&x=%4"),
            "no equals sign": body(lambda good: good + "&x"),
            "bytes that are no UTF-8": body(lambda good: good + "&x=%ff%fe"),
            "bytes that are no ASCII": body(lambda good: good.encode() + b"&x=\xe4"),
            "a zero byte": body(lambda good: good + "&x=%00"),
            "a line break": body(lambda good: good + "&x=a%0d%0ab"),
            "a name with a blank": body(lambda good: good + "&a+b=1"),
            "a name without letters": body(lambda good: good + "&=1"),
            "41 parameters": body(lambda good: good + "".join(f"&p{n}=1" for n in range(41))),
            "a long parameter": body(lambda good: good + "&resource=" + "a" * 513),
            "in the address": _in_the_address,
            "grant_type missing": own(grant_type=ABSENT),
            "grant_type empty": own(grant_type=""),
            "client_assertion_type missing": own(client_assertion_type=ABSENT),
            "client_assertion_type of SAML": own(
                client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
            ),
            "a secret": own(client_secret="secret"),
            "a type without an assertion": own(client_assertion=ABSENT),
            "neither details nor scope": own(authorization_details=ABSENT),
            "details and scope": own(scope=SCOPE),
        }.items()
    },
    **{
        f"grant_type {grant}": ("unsupported_grant_type", own(grant_type=grant))
        for grant in (
            "password",
            "implicit",
            "CLIENT_CREDENTIALS",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
        )
    },
    "a bank exchanges": ("unauthorized_client", own(grant_type=EXCHANGE)),
    "a department redeems a code": (
        "unauthorized_client",
        lambda scene: scene.own(scene.clients.department, grant_type="authorization_code"),
    ),
    "a department refreshes": (
        "unauthorized_client",
        lambda scene: scene.own(scene.clients.department, grant_type="refresh_token"),
    ),
    "a platform asks for itself": (
        "unauthorized_client",
        lambda scene: scene.own(scene.clients.platform),
    ),
    "nothing at all": ("invalid_client", body(lambda _: "")),
    "another resource": ("invalid_target", own(resource="https://other.example")),
    "the issuer as resource": ("invalid_target", own(resource=ISSUER)),
}


# What is asked for -----------------------------------------------------------------------------


def asking(**changes: Any) -> Row:
    """A bank asks with details that are changed."""
    details = {**LENDING, **changes}
    found = {name: value for name, value in details.items() if value is not ABSENT}
    return own(authorization_details=[found])


def second_asks(**changes: Any) -> Row:
    """The second bank, whose contract names one record kind, asks."""
    return lambda scene: scene.own(
        scene.clients.second_bank, authorization_details=[{**LENDING, **changes}]
    )


DETAILS: Table = {
    **{
        name: ("invalid_authorization_details", row)
        for name, row in {
            "no JSON": own(authorization_details="{"),
            "an object": own(authorization_details=LENDING),
            "an empty list": own(authorization_details=[]),
            "two purposes": own(
                authorization_details=[LENDING, {**LENDING, "purpose": "POST_LOAN"}]
            ),
            "a text": own(authorization_details='"credit_query"'),
            "a list in the list": own(authorization_details=[[LENDING]]),
            "too deep": own(authorization_details="[" * 3_000),
            "type missing": asking(type=ABSENT),
            "another type": asking(type="payment_initiation"),
            "type a list": asking(type=["credit_query"]),
            "purpose missing": asking(purpose=ABSENT),
            "purpose unknown": asking(purpose="CURIOSITY"),
            "purpose of others": asking(purpose="COURT_ENFORCEMENT"),
            "purpose in small letters": asking(purpose="pre_loan"),
            "an unknown member": asking(actions=["read"]),
            "a member twice": own(
                authorization_details='[{"type":"credit_query","purpose":"PRE_LOAN",'
                '"purpose":"POST_LOAN"}]'
            ),
            "an unknown kind": asking(record_kinds=["DIARY"]),
            "an empty list of kinds": asking(record_kinds=[]),
            "kinds as a text": asking(record_kinds="TAXPAYER_CREDIT"),
            "a kind twice": asking(record_kinds=["TAX_ARREARS", "TAX_ARREARS"]),
            "an unknown field": asking(fields=["TaxpayerCredit.secret"]),
            "a kind as a field": asking(fields=["TaxpayerCredit"]),
            "a field of another kind": asking(record_kinds=["TAX_ARREARS"], fields=[GRADE]),
            "101 fields": asking(fields=[GRADE] * 101),
            "a field that is a number": asking(fields=[1]),
            "a subject that is no code": asking(subjects=["123"]),
            "all subjects": asking(subjects=["*"]),
            "201 subjects": asking(subjects=[FIRM] * 201),
            "a consent that is no number": asking(consents=[""]),
            "51 consents": asking(consents=[f"C-{n}" for n in range(51)]),
            "a legal basis of one's own": asking(legal_basis="INTEREST"),
            "a duty of a bank": asking(legal_basis="DUTY"),
            "valid_until over": asking(valid_until="2026-11-01T00:00:00Z"),
            "valid_until now": asking(valid_until="2026-11-02T02:00:00Z"),
            "valid_until with an offset": asking(valid_until="2026-12-01T00:00:00+08:00"),
            "valid_until on 30 February": asking(valid_until="2027-02-30T00:00:00Z"),
            "valid_until a number": asking(valid_until=1_800_000_000),
            "quota 0": asking(quota=0),
            "quota below 0": asking(quota=-1),
            "quota true": asking(quota=True),
            "quota a text": asking(quota="5"),
            "quota a fraction": asking(quota=1.5),
            "quota no number": own(
                authorization_details='[{"type":"credit_query","purpose":"PRE_LOAN","quota":NaN}]'
            ),
            "a matter of a bank": asking(matter_no="M-1"),
            "a role of a bank": asking(role="handler"),
            "kinds beyond the contract": second_asks(record_kinds=["TAX_ARREARS"]),
            "fields beyond the contract": second_asks(fields=["TaxArrears.amount"]),
            "no kind where the contract names some": second_asks(),
            "an unknown role": lambda scene: scene.own(
                scene.clients.department, authorization_details=[{**OFFICE, "role": "mayor"}]
            ),
            "a purpose beyond a department's contract": lambda scene: scene.own(
                scene.clients.department,
                authorization_details=[{**OFFICE, "purpose": "PENALTY_CASE"}],
            ),
        }.items()
    },
    **{
        f"scope {scope}": ("invalid_scope", own(scope=scope, authorization_details=ABSENT))
        for scope in (
            "openid",
            "purpose:CURIOSITY",
            "purpose:COURT_ENFORCEMENT",
            "credit:TAXPAYER_CREDIT:read",
            "purpose:PRE_LOAN purpose:POST_LOAN",
            "purpose:PRE_LOAN purpose:PRE_LOAN",
            "purpose:PRE_LOAN  credit:TAXPAYER_CREDIT:read",
            "purpose:PRE_LOAN credit:*:read",
            "purpose:PRE_LOAN credit:TAXPAYER_CREDIT:write",
        )
    },
    "a scope beyond the contract": (
        "invalid_scope",
        lambda scene: scene.own(
            scene.clients.second_bank,
            authorization_details=ABSENT,
            scope="purpose:PRE_LOAN credit:TAX_ARREARS:read",
        ),
    ),
    "a scope without kinds where the contract names some": (
        "invalid_scope",
        lambda scene: scene.own(
            scene.clients.second_bank, authorization_details=ABSENT, scope="purpose:PRE_LOAN"
        ),
    ),
}


# Pushed requests -------------------------------------------------------------------------------


def pushing(**changes: Any) -> Row:
    """A bank pushes a request, with something changed."""
    return lambda scene: scene.caller.push(scene.bank, **changes)


def asking_a_firm(**changes: Any) -> Row:
    """A bank pushes a request with details that are changed."""
    return lambda scene: scene.caller.push(
        scene.bank, authorization_details=[consent_details(scene.clock, **changes)]
    )


async def _another_key(scene: Scene) -> httpx.Response:
    return await scene.caller.push(scene.bank, dpop_jkt=scene.clients.platform.prover.jkt)


def platform_pushes(institution: Mapping[str, str]) -> Row:
    """The platform asks a firm for a bank."""
    contact = {"licence_no": "B0000S000000000", "contact": "0371-00000000"}
    return lambda scene: scene.caller.push(
        scene.clients.platform,
        redirect_uri="https://platform.example/back?from=credit",
        authorization_details=[
            consent_details(scene.clock, institution={**contact, **institution})
        ],
    )


CONTACT = {"licence_no": "B0000S000000000", "contact": "0371-00000000"}
PUSHED: Table = {
    "response_type token": ("unsupported_response_type", pushing(response_type="token")),
    "response_type code id_token": (
        "unsupported_response_type",
        pushing(response_type="code id_token"),
    ),
    "a request object": ("request_not_supported", pushing(request="e30.e30.")),
    "a scope": ("invalid_scope", pushing(scope="openid")),
    "another resource": ("invalid_target", pushing(resource="https://other.example")),
    "a proof that was made for tokens": (
        "invalid_dpop_proof",
        lambda scene: _pushed_with(scene, TOKEN_URL),
    ),
    **{
        name: ("invalid_request", row)
        for name, row in {
            "response_type missing": pushing(response_type=ABSENT),
            "response_mode fragment": pushing(response_mode="fragment"),
            "response_mode form_post": pushing(response_mode="form_post"),
            "client_id missing": pushing(client_id=ABSENT),
            "redirect_uri missing": pushing(redirect_uri=ABSENT),
            "redirect_uri of an attacker": pushing(redirect_uri="https://attacker.example/back"),
            "redirect_uri longer": pushing(redirect_uri=f"{REDIRECT}/more"),
            "redirect_uri with a query": pushing(redirect_uri=f"{REDIRECT}?x=1"),
            "redirect_uri with a fragment": pushing(redirect_uri=f"{REDIRECT}#x"),
            "redirect_uri climbing": pushing(redirect_uri=f"{REDIRECT}/../../evil"),
            "redirect_uri in capitals": pushing(redirect_uri=REDIRECT.upper()),
            "redirect_uri with a user": pushing(
                redirect_uri="https://bank.example@attacker.example/back"
            ),
            "redirect_uri of another client": pushing(redirect_uri="https://second.example/back"),
            "redirect_uri a script": pushing(redirect_uri="javascript:alert(1)"),
            "code_challenge missing": pushing(code_challenge=ABSENT),
            "code_challenge short": pushing(code_challenge="c" * 42),
            "code_challenge long": pushing(code_challenge="c" * 44),
            "code_challenge of other letters": pushing(code_challenge="+" * 43),
            "code_challenge_method missing": pushing(code_challenge_method=ABSENT),
            "code_challenge_method plain": pushing(code_challenge_method="plain"),
            "code_challenge_method s256": pushing(code_challenge_method="s256"),
            "a request_uri": pushing(request_uri="urn:ietf:params:oauth:request_uri:x"),
            "details missing": pushing(authorization_details=ABSENT),
            "dpop_jkt malformed": pushing(dpop_jkt="short"),
            "dpop_jkt of another key": _another_key,
            "state too long": pushing(state="s" * 513),
            "state with a line break": pushing(state="a\nb"),
        }.items()
    },
    **{
        name: ("invalid_authorization_details", row)
        for name, row in {
            "no details of a consent": pushing(authorization_details=[LENDING]),
            "no kinds": asking_a_firm(record_kinds=ABSENT),
            "no fields": asking_a_firm(fields=ABSENT, optional_fields=ABSENT),
            "a kind without a field": asking_a_firm(
                record_kinds=["TAXPAYER_CREDIT", "TAX_ARREARS"]
            ),
            "all fields optional": asking_a_firm(optional_fields=[GRADE, SCORE]),
            "an optional field that is not asked for": asking_a_firm(
                fields=[GRADE], optional_fields=[SCORE]
            ),
            "access missing": asking_a_firm(access=ABSENT),
            "access unknown": asking_a_firm(access="FOREVER"),
            "processing missing": asking_a_firm(processing=ABSENT),
            "retention missing": asking_a_firm(retention=ABSENT),
            "retention with a line break": asking_a_firm(retention="a\nb"),
            "valid_until missing": asking_a_firm(valid_until=ABSENT),
            "valid_until over": asking_a_firm(valid_until="2026-01-01T00:00:00Z"),
            "valid_until in ten years": asking_a_firm(valid_until="2036-01-01T00:00:00Z"),
            "a field that no consent opens": asking_a_firm(
                record_kinds=["TAX_PAYMENT"],
                fields=["TaxPayment.meta.recordId"],
                optional_fields=ABSENT,
                purpose="POST_LOAN",
            ),
            "a duty": asking_a_firm(legal_basis="DUTY"),
            "a quota": asking_a_firm(quota=5),
            "consents": asking_a_firm(consents=["C-1"]),
            "two firms": asking_a_firm(subjects=[FIRM, BANK]),
            "institution missing": asking_a_firm(institution=ABSENT),
            "institution without a licence": asking_a_firm(institution={"contact": "0371"}),
            "institution of another": asking_a_firm(institution={**CONTACT, "uscc": SECOND_BANK}),
            "institution under another name": asking_a_firm(
                institution={**CONTACT, "name": "中国人民银行"}
            ),
            "institution with more": asking_a_firm(institution={**CONTACT, "logo": "x"}),
            "platform for a bank that it may not act for": platform_pushes(
                {"uscc": SECOND_BANK, "name": "样例第二银行"}
            ),
            "platform for nobody": platform_pushes({}),
            "platform for a bank without a name": platform_pushes({"uscc": BANK}),
        }.items()
    },
    "a department": (
        "unauthorized_client",
        lambda scene: scene.caller.push(scene.clients.department),
    ),
    "nobody": (
        "invalid_client",
        lambda scene: scene.caller.push(
            scene.bank, client_assertion=ABSENT, client_assertion_type=ABSENT
        ),
    ),
}


async def _pushed_with(scene: Scene, url: str) -> httpx.Response:
    made = scene.bank.prover.proof("POST", url, nonce=scene.caller.nonce)
    form = scene.bank.form(client_id="bank-1", response_type="code")
    return await scene.caller.post("/oauth/par", form, headers={"dpop": made})


# Codes, refresh tokens, mandates ---------------------------------------------------------------


def redeeming(client: str = "bank", after_s: float = 0, **changes: Any) -> Row:
    """A firm grants, and the code is redeemed with something changed."""

    async def send(scene: Scene) -> httpx.Response:
        code, _ = await scene.granted()
        scene.clock.now += after_s
        scene.caller.nonce = scene.server.proofs.nonce()
        return await scene.redeem(code, getattr(scene.clients, client), **changes)

    return send


async def _used_code(scene: Scene) -> httpx.Response:
    code, _ = await scene.granted()
    assert (await scene.redeem(code)).status_code == 200
    return await scene.redeem(code)


async def _code_of_another_key(scene: Scene) -> httpx.Response:
    code, _ = await scene.granted()
    form = scene.bank.form(
        grant_type="authorization_code",
        code=code,
        redirect_uri=REDIRECT,
        code_verifier="v" * 43,
    )
    return await scene.caller.post("/oauth/token", form, scene.clients.platform)


async def withdraw(scene: Scene, consent_no: str) -> None:
    """The firm withdraws a consent."""
    async with scene.server.requests._pool.connection() as connection:
        await connection.execute(
            "UPDATE consent SET state = 'WITHDRAWN', version = version + 1 WHERE consent_no = $1",
            consent_no,
        )


async def _code_after_withdrawal(scene: Scene) -> httpx.Response:
    code, receipt = await scene.granted()
    await withdraw(scene, receipt.consent_no)
    return await scene.redeem(code)


def refreshing(client: str = "bank", after_s: float = 0, **changes: Any) -> Row:
    """A firm grants, and the refresh token is used with something changed."""

    async def send(scene: Scene) -> httpx.Response:
        token = await refresh_token(scene)
        scene.clock.now += after_s
        scene.caller.nonce = scene.server.proofs.nonce()
        return await scene.refresh(token, getattr(scene.clients, client), **changes)

    return send


async def refresh_token(scene: Scene) -> str:
    """The first refresh token of a grant."""
    code, _ = await scene.granted()
    answer = await scene.redeem(code)
    return str(answer.json()["refresh_token"])


async def _used_refresh(scene: Scene) -> httpx.Response:
    token = await refresh_token(scene)
    assert (await scene.refresh(token)).status_code == 200
    return await scene.refresh(token)


async def _refresh_after_withdrawal(scene: Scene) -> httpx.Response:
    code, receipt = await scene.granted()
    token = (await scene.redeem(code)).json()["refresh_token"]
    await withdraw(scene, receipt.consent_no)
    return await scene.refresh(token)


def exchanging(
    signer: str = "bank",
    bank: str = BANK,
    may_act: str | None = "platform-1",
    claims: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Row:
    """The platform exchanges a mandate, with something changed."""

    async def send(scene: Scene) -> httpx.Response:
        mandate = getattr(scene.clients, signer).mandate(bank, may_act, claims)
        return await exchange(scene, mandate, **changes)

    return send


async def exchange(scene: Scene, mandate: str, **changes: Any) -> httpx.Response:
    """The platform exchanges a mandate."""
    parameters = {
        "grant_type": EXCHANGE,
        "subject_token": mandate,
        "subject_token_type": MANDATE_TOKEN,
        "authorization_details": [LENDING],
        **changes,
    }
    return await scene.caller.token(scene.clients.platform, **parameters)


async def _used_mandate(scene: Scene) -> httpx.Response:
    mandate = scene.bank.mandate(BANK, "platform-1")
    assert (await exchange(scene, mandate)).status_code == 200
    return await exchange(scene, mandate)


def changed_mandate(header: Mapping[str, Any], **claims: Any) -> Row:
    """A mandate whose header is changed."""

    async def send(scene: Scene) -> httpx.Response:
        says = {"sub": BANK, "may_act": {"sub": "platform-1"}, **claims}
        return await exchange(scene, scene.bank.jwt({"typ": "mandate+jwt", **header}, says))

    return send


async def _access_token_as_mandate(scene: Scene) -> httpx.Response:
    token = (await scene.own()).json()["access_token"]
    return await exchange(scene, token)


WIDER: Mapping[str, Any] = {"authorization_details": [{**LENDING, "record_kinds": ["TAX_ARREARS"]}]}
PRESENTED: Table = {
    **{
        f"code: {name}": ("invalid_grant", row)
        for name, row in {
            "unknown": lambda scene: scene.redeem("c" * 43),
            "no code": lambda scene: scene.redeem("short"),
            "a path": lambda scene: scene.redeem("../" * 14 + "c"),
            "another verifier": redeeming(code_verifier="w" * 43),
            "short verifier": redeeming(code_verifier="v" * 42),
            "long verifier": redeeming(code_verifier="v" * 129),
            "the challenge as verifier": redeeming(code_verifier="E" * 43),
            "another redirect_uri": redeeming(redirect_uri="https://attacker.example/back"),
            "of another client": redeeming("second_bank"),
            "of another platform": redeeming("platform"),
            "after 60 s": redeeming(after_s=60),
            "after 61 s": redeeming(after_s=61),
            "used": _used_code,
            "of another key": _code_of_another_key,
            "after the withdrawal": _code_after_withdrawal,
        }.items()
    },
    "code: missing": ("invalid_request", redeeming(code=ABSENT)),
    "code: verifier missing": ("invalid_request", redeeming(code_verifier=ABSENT)),
    "code: redirect_uri missing": ("invalid_request", redeeming(redirect_uri=ABSENT)),
    "code: wider": ("invalid_authorization_details", redeeming(**WIDER)),
    "code: scope": ("invalid_scope", redeeming(scope=SCOPE)),
    **{
        f"refresh token: {name}": ("invalid_grant", row)
        for name, row in {
            "unknown": lambda scene: scene.refresh("r" * 43),
            "no token": lambda scene: scene.refresh("r"),
            "used": _used_refresh,
            "of another client": refreshing("second_bank"),
            "after 30 days": refreshing(after_s=30 * 86_400),
            "after the consent": refreshing(after_s=91 * 86_400),
            "after the withdrawal": _refresh_after_withdrawal,
        }.items()
    },
    "refresh token: wider": ("invalid_authorization_details", refreshing(**WIDER)),
    "refresh token: another purpose": (
        "invalid_authorization_details",
        refreshing(authorization_details=[{**LENDING, "purpose": "POST_LOAN"}]),
    ),
    "refresh token: scope": ("invalid_scope", refreshing(scope=SCOPE)),
    "refresh token: missing": ("invalid_request", refreshing(refresh_token=ABSENT)),
    **{
        f"mandate: {name}": ("invalid_grant", row)
        for name, row in {
            "names another platform": exchanging(may_act="bank-2"),
            "names nobody": exchanging(may_act=None),
            "of another bank": exchanging(signer="second_bank"),
            "of a department": exchanging(signer="department"),
            "for a bank that the contract does not name": exchanging(
                signer="second_bank", bank=SECOND_BANK
            ),
            "of the platform for a bank that its contract does not name": exchanging(
                signer="platform", bank=SECOND_BANK, may_act=None
            ),
            "of the platform that names itself": exchanging(signer="platform"),
            "of the platform that names nobody": exchanging(signer="platform", may_act=None),
            "of the bank under the platform's name": exchanging(claims={"iss": "platform-1"}),
            "of the platform under the bank's name": exchanging(
                signer="platform", claims={"iss": "bank-1"}
            ),
            "of the bank for several platforms": exchanging(
                may_act=None, claims={"may_act": [{"sub": "platform-1"}]}
            ),
            "of the bank for the platform and more": exchanging(
                may_act=None, claims={"may_act": {"sub": "platform-1", "iss": "x"}}
            ),
            "over": exchanging(claims={"exp": 1_700_000_000}),
            "for another server": exchanging(claims={"aud": "https://other.example"}),
            "without jti": exchanging(claims={"jti": ABSENT}),
            "used": _used_mandate,
            "a client assertion": changed_mandate({"typ": "JWT"}),
            "without a type": changed_mandate({"typ": ABSENT}),
            "alg none": changed_mandate({"alg": "none"}),
            "under an unknown key": changed_mandate({"kid": "nobody"}),
            "an access token": _access_token_as_mandate,
            "garbage": lambda scene: exchange(scene, "a.b.c"),
            "with details that are none": exchanging(claims={"authorization_details": "all"}),
        }.items()
    },
    "mandate: exceeded": (
        "invalid_authorization_details",
        exchanging(
            claims={"authorization_details": [{**LENDING, "record_kinds": ["TAX_ARREARS"]}]},
            authorization_details=[{**LENDING, "record_kinds": ["TAXPAYER_CREDIT"]}],
        ),
    ),
    "mandate: missing": ("invalid_request", exchanging(subject_token=ABSENT)),
    "mandate: type missing": ("invalid_request", exchanging(subject_token_type=ABSENT)),
    "mandate: type of an access token": (
        "invalid_request",
        exchanging(subject_token_type="urn:ietf:params:oauth:token-type:access_token"),
    ),
    "mandate: for a refresh token": (
        "invalid_request",
        exchanging(requested_token_type="urn:ietf:params:oauth:token-type:refresh_token"),
    ),
    "mandate: an actor token": ("invalid_request", exchanging(actor_token="a.b.c")),
    "mandate: an audience": ("invalid_target", exchanging(audience="https://other.example")),
}


def about(path: str, forge: Callable[[Scene], str] | None = None, **changes: Any) -> Row:
    """A client asks about a token or ends it, with something changed."""

    async def send(scene: Scene) -> httpx.Response:
        forged = {} if forge is None else {"client_assertion": forge(scene)}
        return await scene.caller.post(
            path, scene.bank.form(**{"token": "a.b.c", **forged, **changes})
        )

    return send


def about_twice(path: str) -> Row:
    """The same assertion asks twice."""

    async def send(scene: Scene) -> httpx.Response:
        form = scene.bank.form(token="a.b.c")
        assert (await scene.caller.post(path, form)).status_code == 200
        return await scene.caller.post(path, form)

    return send


def _states(path: str) -> Table:
    over = {"iat": 1_700_000_000, "exp": 1_700_000_060}
    nobody: dict[str, Any] = {"client_assertion": ABSENT, "client_assertion_type": ABSENT}
    return {
        f"{path}: {name}": (error, row)
        for name, error, row in (
            ("without a client", "invalid_client", about(path, **nobody)),
            ("by its id alone", "invalid_client", about(path, client_id="bank-1", **nobody)),
            ("in the name of another", "invalid_client", about(path, client_id="bank-2")),
            (
                "under the key of another",
                "invalid_client",
                about(path, lambda scene: scene.bank.jwt(key=scene.clients.department.key)),
            ),
            (
                "for another server",
                "invalid_client",
                about(path, lambda scene: scene.bank.jwt(claims={"aud": "https://other.example"})),
            ),
            (
                "for this endpoint",
                "invalid_client",
                about(path, lambda scene: scene.bank.jwt(claims={"aud": f"{ISSUER}{path}"})),
            ),
            ("over", "invalid_client", about(path, lambda scene: scene.bank.jwt(claims=over))),
            ("twice", "invalid_client", about_twice(path)),
            ("by a secret", "invalid_request", about(path, client_secret="s")),
            ("without a token", "invalid_request", about(path, token=ABSENT)),
            ("with an empty token", "invalid_request", about(path, token="")),
            ("with a very long token", "invalid_request", about(path, token="t" * 16_385)),
        )
    }


STATES: Table = {**_states("/oauth/introspect"), **_states("/oauth/revoke")}

TABLES = {
    "states": STATES,
    "assertions": ASSERTIONS,
    "proofs": PROOFS,
    "forms": FORMS,
    "details": DETAILS,
    "pushed": PUSHED,
    "presented": PRESENTED,
}


def test_the_table_is_long() -> None:
    assert sum(len(table) for table in TABLES.values()) >= 300


@pytest.mark.parametrize("name", TABLES)
async def test_nothing_is_accepted_and_each_refusal_is_the_right_one(
    name: str, scene: Scene
) -> None:
    assert await wrong_rows(scene, TABLES[name]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"resource": f"{ISSUER}/graphql"},
        {"client_id": "bank-1"},
        {"unknown": "parameter"},
    ],
)
async def test_what_the_table_changes_is_good_without_the_change(
    scene: Scene, changes: dict[str, str]
) -> None:
    assert (await scene.own(**changes)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 300},
        {"iat": 10, "exp": 60},
        {"iat": -290, "exp": 1},
        {"nbf": 10},
    ],
)
async def test_clocks_may_differ_up_to_the_edge(scene: Scene, claims: dict[str, int]) -> None:
    now = int(scene.clock.now)
    jwt = scene.bank.jwt(claims={name: now + offset for name, offset in claims.items()})
    assert (await scene.own(client_assertion=jwt)).status_code == 200


async def test_a_suspended_client_is_an_unknown_one(
    scene: Scene, ground: OAuthGround, clients: TestClients
) -> None:
    await ClientRegister(ground.pool).suspend("bank-1")
    suspended = await server_on(ground)
    await ClientRegister(ground.pool).suspend("bank-1", False)
    scene.server.tokens._entrance._clients._find = suspended.tokens._entrance._clients._find
    answer = await scene.own()
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "path", ["/oauth/token", "/oauth/par", "/oauth/introspect", "/oauth/revoke"]
)
async def test_only_post_is_answered(scene: Scene, path: str) -> None:
    assert (await scene.caller.http.get(path)).status_code == 405


async def test_a_large_body_is_refused_before_it_is_read_whole(scene: Scene) -> None:
    answer = await scene.caller.post("/oauth/token", "x=" + "a" * 40_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")
