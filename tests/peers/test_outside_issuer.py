"""Tokens of an authorization server that we did not write: oidc-provider, which is certified."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.errors import Unauthenticated
from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator, SenderRules
from gateway.identity.remote_keys import RemoteKeys
from gateway.request import Credentials
from policies.model import Caller, CallerClass, Purpose, Use
from tests.support.dpop import Prover, ed25519_key, es256_key
from tests.support.npm import installed_tool
from tests.support.running_gateway import end, free_port

BASE, AUDIENCE = "https://credit.example", "https://credit.example/graphql"
BANK = "91410199MA9DEM028G"
CLAIMS = {"credit_class": "institution", "uscc": BANK, "why": "PRE_LOAN"}
NAMES = {"caller_class": "credit_class", "organisation": "uscc", "purpose": "why"}
_START_S = 60.0


@dataclass(frozen=True)
class Outside:
    """A running authorization server, and the key of its one client."""

    issuer: str
    key: ECKey

    def token(self, prover: Prover | None, scope: str = "credit:TAX_PAYMENT:read") -> str:
        """A token by client credentials; bound to the prover's key, if there is one."""
        url = f"{self.issuer}/token"
        now = int(time.time())
        says = {"iss": "bank-1", "sub": "bank-1", "aud": self.issuer, "iat": now, "exp": now + 60}
        assertion = jwt.encode(
            {"alg": "ES256"}, {**says, "jti": secrets.token_hex(8)}, self.key, algorithms=["ES256"]
        )
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_id": "bank-1",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        headers = {} if prover is None else {"dpop": prover.proof("POST", url)}
        answer = httpx.post(url, data=form, headers=headers, timeout=30, trust_env=False)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    tool = installed_tool("oidc-provider", least_node=20)
    key, port = ECKey.generate_key("P-256", private=True), free_port()
    public = json.dumps({**key.as_dict(private=False), "alg": "ES256", "use": "sig"})
    command = tool.command("server.js", str(port), public, AUDIENCE, json.dumps(CLAIMS))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _START_S
        while not _answers(f"{issuer}/.well-known/openid-configuration"):
            assert process.poll() is None, "oidc-provider ended"
            assert time.monotonic() < deadline, "oidc-provider does not answer"
            time.sleep(0.1)
        yield Outside(issuer, key)
    finally:
        end(process)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


async def reader_of(outside: Outside, **changes: Any) -> tuple[Authenticator, RemoteKeys]:
    keys = RemoteKeys(f"{outside.issuer}/jwks", "ES256")
    await keys.open()
    stated: dict[str, Any] = {"algorithm": "ES256", "claim_names": NAMES, **changes}
    rules = TokenRules(
        stated.pop("issuer", outside.issuer), stated.pop("audience", AUDIENCE), keys, **stated
    )
    return Authenticator(rules, SenderRules(BASE), time.time), keys


async def test_bound_token_of_an_outside_issuer_is_taken(outside: Outside) -> None:
    reader, keys = await reader_of(outside)
    try:
        for made in (es256_key(), ed25519_key()):
            prover = Prover(made, time.time)
            token = await asyncio.to_thread(outside.token, prover)
            proof = prover.proof("POST", AUDIENCE, token)
            found = reader.authenticate(Credentials(f"DPoP {token}", proof), "POST", "/graphql")
            assert found.caller == Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
            assert found.contract is not None
            assert found.contract.limit is not None
            assert found.contract.limit.lets("TaxPayment.paidAmount", Use.READ)
            assert not found.contract.limit.lets("TaxArrears.balance", Use.READ)
    finally:
        await keys.aclose()


async def test_token_of_an_outside_issuer_that_is_not_bound_is_refused(outside: Outside) -> None:
    reader, keys = await reader_of(outside)
    try:
        token = await asyncio.to_thread(outside.token, None)
        with pytest.raises(Unauthenticated) as caught:
            reader.authenticate(Credentials(f"Bearer {token}"), "POST", "/graphql")
        assert caught.value.code == "TOKEN_NOT_BOUND"
    finally:
        await keys.aclose()


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://another.example"},
        {"audience": "https://another.example"},
        {"algorithm": "Ed25519"},
        {"claim_names": {}},
        {"max_lifetime_s": 299},
    ],
)
async def test_token_that_other_rules_do_not_accept_is_refused(
    outside: Outside, changes: dict[str, Any]
) -> None:
    reader, keys = await reader_of(outside, **changes)
    try:
        prover = Prover(es256_key(), time.time)
        token = await asyncio.to_thread(outside.token, prover)
        credentials = Credentials(f"DPoP {token}", prover.proof("POST", AUDIENCE, token))
        with pytest.raises(Unauthenticated) as caught:
            reader.authenticate(credentials, "POST", "/graphql")
        assert caught.value.code == "TOKEN_INVALID"
    finally:
        await keys.aclose()
