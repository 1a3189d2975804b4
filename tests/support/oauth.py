"""A client's side of the authorization server, for tests: keys, assertions, proofs, requests."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc.jwk import ECKey, OKPKey

from gateway.demo.city.organisations import case_code
from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import CredentialRegister, NewCredentials, read_jwks
from gateway.entitlements.credentials import ClientCertificate
from gateway.entitlements.registers import ClientRegister
from gateway.oauth.types import ConsentDecision, OAuthRules
from gateway.store.lending import Lending
from policies.model import CallerClass, Purpose
from schema.codes import RecordKind
from tests.support.dpop import ABSENT, Prover, b64
from tests.support.entries import BANK, FIRM, ORGAN

ISSUER = "https://gateway.example"
RULES = OAuthRules(ISSUER, f"{ISSUER}/graphql")
TOKEN_URL = f"{ISSUER}/oauth/token"
PUSHED_URL = f"{ISSUER}/oauth/par"
REDIRECT = "https://bank.example/back"
SECOND_BANK = case_code("91", "MA9DEM77")
PLATFORM = case_code("91", "MA9DEMP7")
GRADE, SCORE = "TaxpayerCredit.grade", "TaxpayerCredit.score"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
MANDATE_TOKEN = "urn:ietf:params:oauth:token-type:jwt"
CERTIFICATE = b64(hashlib.sha256(b"a certificate").digest())
LENDING = {"type": "credit_query", "purpose": "PRE_LOAN"}
OFFICE = {"type": "credit_query", "purpose": "INSPECTION", "matter_no": "M-1"}
VERIFIER = "v" * 43
CHALLENGE = b64(hashlib.sha256(VERIFIER.encode()).digest())

_numbers = itertools.count(1)


@dataclass
class TestClient:
    """One registered client with its private key.

    Attributes:
        prover: signs its DPoP proofs.
    """

    __test__ = False

    client_id: str
    key: ECKey | OKPKey
    prover: Prover
    clock: Callable[[], float]

    @property
    def algorithm(self) -> str:
        return "ES256" if isinstance(self.key, ECKey) else "Ed25519"

    def jwt(
        self,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        key: ECKey | OKPKey | None = None,
    ) -> str:
        """A client assertion, with these members changed or left out (`ABSENT`)."""
        now = int(self.clock())
        says = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": f"assertion-{next(_numbers)}",
            "iat": now,
            "exp": now + 60,
        }
        head = {"alg": self.algorithm, "kid": self.client_id}
        signer = Prover(key or self.key, self.clock)
        return signer.sign(_changed(head, header), _changed(says, claims))

    def mandate(
        self, bank: str, may_act: str | None, claims: Mapping[str, Any] | None = None
    ) -> str:
        """A mandate for a bank, to a platform."""
        says: dict[str, Any] = {"sub": bank, **(claims or {})}
        if may_act is not None:
            says["may_act"] = {"sub": may_act}
        return self.jwt({"typ": "mandate+jwt"}, says)

    def form(self, **parameters: Any) -> dict[str, str]:
        """A form with a fresh assertion and these parameters; objects as JSON."""
        base: dict[str, Any] = {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.jwt(),
        }
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in _changed(base, parameters).items()
        }


def _changed(members: dict[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    wanted = {**members, **(changes or {})}
    return {name: value for name, value in wanted.items() if value is not ABSENT}


@dataclass
class TestClients:
    """The clients of a test, registered in its store."""

    __test__ = False

    bank: TestClient
    second_bank: TestClient
    platform: TestClient
    department: TestClient


def make_clients(clock: Callable[[], float]) -> TestClients:
    """Return clients with keys of both sorts."""

    def client(client_id: str, is_ec: bool) -> TestClient:
        key: ECKey | OKPKey = (
            ECKey.generate_key("P-256", private=True)
            if is_ec
            else OKPKey.generate_key("Ed25519", private=True)
        )
        proof_key = ECKey.generate_key("P-256", private=True)
        return TestClient(client_id, key, Prover(proof_key, clock), clock)

    return TestClients(
        client("bank-1", True),
        client("bank-2", False),
        client("platform-1", False),
        client("inspection", False),
    )


def _registrations(redirect: str) -> dict[str, Client]:
    lenders = (Purpose.PRE_LOAN, Purpose.POST_LOAN)
    return {
        "bank-1": Client(
            "bank-1", CallerClass.INSTITUTION, BANK, "样例银行", None, lenders,
            redirect_uris=(redirect,), is_sandbox=redirect.startswith("http:"),
        ),
        "bank-2": Client(
            "bank-2", CallerClass.INSTITUTION, SECOND_BANK, "样例第二银行", None, lenders,
            scopes=("credit:TAXPAYER_CREDIT:read",), redirect_uris=("https://second.example/back",),
        ),
        "platform-1": Client(
            "platform-1", CallerClass.PLATFORM, PLATFORM, "样例融资平台", None, lenders,
            acts_for=(BANK,), redirect_uris=("https://platform.example/back?from=credit",),
        ),
        "inspection": Client(
            "inspection", CallerClass.DEPARTMENT, ORGAN, "样例局", None, (Purpose.INSPECTION,),
        ),
    }  # fmt: skip


async def register_clients(
    lending: Lending, clients: TestClients, at: datetime, redirect: str = REDIRECT
) -> None:
    """Enter the clients and their public keys; the second bank has a certificate too."""
    register, credentials = ClientRegister(lending), CredentialRegister(lending)
    registrations = _registrations(redirect)
    for each in (clients.bank, clients.second_bank, clients.platform, clients.department):
        await register.put(registrations[each.client_id])
        public = {**each.key.as_dict(private=False), "kid": each.client_id}
        keys = read_jwks(json.dumps({"keys": [public]}))
        await credentials.rotate(each.client_id, keys, at, timedelta())
    held = NewCredentials(certificates=(ClientCertificate(CERTIFICATE),))
    await credentials.rotate("bank-2", held, at, timedelta())


def consent_details(clock: Callable[[], float], **changes: Any) -> dict[str, Any]:
    """Details by which a bank asks a firm, with these members changed or left out."""
    until = datetime.fromtimestamp(clock(), UTC) + timedelta(days=90)
    details: dict[str, Any] = {
        "type": "credit_query",
        "purpose": "PRE_LOAN",
        "record_kinds": [RecordKind.TAXPAYER_CREDIT.value],
        "fields": [GRADE, SCORE],
        "optional_fields": [SCORE],
        "access": "CONTINUOUS",
        "valid_until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "processing": "贷前自动查询",
        "retention": "查询后保存九十日",
        "institution": {"licence_no": "B0000S000000000", "contact": "0371-00000000"},
    }
    return _changed(details, changes)


def decision(**changes: Any) -> ConsentDecision:
    """The decision of the firm's representative."""
    members: dict[str, Any] = {
        "subject": FIRM,
        "subject_name": "样例商行",
        "signer_name": "样例人",
        "user_ref": "signed-in-1",
        **changes,
    }
    return ConsentDecision(**members)


def parameters_of(url: str) -> dict[str, str]:
    """The parameters of a redirect URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def claims_of(token: str) -> dict[str, Any]:
    """What a token says; its signature is not looked at."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


@dataclass
class Caller:
    """Sends requests of clients to a server, with the nonce that it asks for."""

    http: httpx.AsyncClient
    nonce: str | None = field(default=None)

    async def post(
        self,
        path: str,
        form: Mapping[str, str] | str,
        client: TestClient | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx.Response:
        """Post a form; with a DPoP proof of the client if one is given."""
        url = f"{self.http.base_url}".rstrip("/") + path
        sent = dict(headers)
        if client is not None:
            sent["dpop"] = client.prover.proof("POST", url, nonce=self.nonce)
        if isinstance(form, str):
            content = {"content-type": "application/x-www-form-urlencoded", **sent}
            answer = await self.http.post(path, content=form, headers=content)
        else:
            answer = await self.http.post(path, data=dict(form), headers=sent)
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer

    async def token(self, client: TestClient, **parameters: Any) -> httpx.Response:
        """Ask for a token, with assertion and proof."""
        return await self.post("/oauth/token", client.form(**parameters), client)

    async def push(self, client: TestClient, **changes: Any) -> httpx.Response:
        """Push a request of the code flow."""
        parameters: dict[str, Any] = {
            "client_id": client.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "state": "state-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "authorization_details": [consent_details(client.clock)],
        }
        return await self.post("/oauth/par", client.form(**{**parameters, **changes}), client)
