"""Each way to a token, and what the token says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from gateway.identity.access_token import AccessTokenValidator
from gateway.oauth.server import AuthorizationServer, OAuthGround
from gateway.oauth.types import ConsentReceipt
from gateway.store.pool import LightPool
from tests.gateway.oauth.conftest import SetClock
from tests.support.entries import BANK, FIRM, ORGAN
from tests.support.oauth import (
    CERTIFICATE,
    GRADE,
    ISSUER,
    LENDING,
    OFFICE,
    REDIRECT,
    SCORE,
    VERIFIER,
    Caller,
    TestClients,
    claims_of,
    consent_details,
    decision,
    parameters_of,
)

WITH_CERTIFICATE = {"x-test-certificate": CERTIFICATE}


async def code_of(
    caller: Caller, server: AuthorizationServer, clients: TestClients, **asked: Any
) -> tuple[str, ConsentReceipt]:
    """A code for what a bank asks a firm, and the receipt."""
    details = consent_details(clients.bank.clock, **asked)
    pushed = await caller.push(clients.bank, authorization_details=[details])
    assert pushed.status_code == 201, pushed.text
    uri = pushed.json()["request_uri"]
    await server.requests.open(uri, "bank-1")
    receipt = await server.requests.grant(uri, decision(), "request-1")
    return parameters_of(receipt.redirect_url)["code"], receipt


async def redeem(caller: Caller, clients: TestClients, code: str, **changes: Any) -> httpx.Response:
    return await caller.token(
        clients.bank,
        **{
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            **changes,
        },
    )


class TestClientCredentials:
    async def test_a_bank_gets_a_token_bound_to_its_key(
        self, caller: Caller, clients: TestClients, clock: SetClock
    ) -> None:
        asked = {**LENDING, "consents": ["C-1"], "fields": [GRADE], "quota": 5}
        answer = await caller.token(
            clients.bank, grant_type="client_credentials", authorization_details=[asked]
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["token_type"] == "DPoP"
        assert body["authorization_details"] == [asked]
        assert "refresh_token" not in body
        assert answer.headers["cache-control"] == "no-store"
        claims = claims_of(body["access_token"])
        now = int(clock.now)
        assert claims.pop("jti")
        assert claims == {
            "iss": ISSUER,
            "aud": f"{ISSUER}/graphql",
            "sub": "bank-1",
            "client_id": "bank-1",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "caller_class": "institution",
            "organisation": BANK,
            "purpose": "PRE_LOAN",
            "authorization_details": [asked],
            "cnf": {"jkt": clients.bank.prover.jkt},
        }

    async def test_a_department_states_its_matter(
        self, caller: Caller, clients: TestClients
    ) -> None:
        asked = {**OFFICE, "user_ref": "officer-7", "role": "handler"}
        answer = await caller.token(
            clients.department, grant_type="client_credentials", authorization_details=[asked]
        )
        claims = claims_of(answer.json()["access_token"])
        assert claims["organisation"] == ORGAN
        assert (claims["matter_no"], claims["user_ref"], claims["role"]) == (
            "M-1",
            "officer-7",
            "handler",
        )
        assert claims["authorization_details"] == [
            {"type": "credit_query", "purpose": "INSPECTION"}
        ]

    async def test_a_scope_becomes_details(self, caller: Caller, clients: TestClients) -> None:
        scope = "purpose:PRE_LOAN credit:TAXPAYER_CREDIT:read"
        answer = await caller.token(
            clients.second_bank, grant_type="client_credentials", scope=scope
        )
        assert answer.json()["scope"] == scope
        assert answer.json()["authorization_details"] == [
            {**LENDING, "record_kinds": ["TAXPAYER_CREDIT"]}
        ]

    async def test_a_certificate_alone_authenticates_and_binds(
        self, caller: Caller, clients: TestClients
    ) -> None:
        form = {
            "client_id": "bank-2",
            "grant_type": "client_credentials",
            "scope": "purpose:PRE_LOAN credit:TAXPAYER_CREDIT:read",
        }
        answer = await caller.post("/oauth/token", form, headers=WITH_CERTIFICATE)
        assert answer.json()["token_type"] == "Bearer"
        claims = claims_of(answer.json()["access_token"])
        assert claims["cnf"] == {"x5t#S256": CERTIFICATE}

    async def test_a_token_ends_with_what_it_is_for(
        self, caller: Caller, clients: TestClients, clock: SetClock
    ) -> None:
        asked = {**LENDING, "valid_until": "2026-11-02T02:01:00Z"}
        answer = await caller.token(
            clients.bank, grant_type="client_credentials", authorization_details=[asked]
        )
        assert answer.json()["expires_in"] == 60

    async def test_the_gateway_accepts_the_token(
        self, caller: Caller, clients: TestClients, ground: OAuthGround, clock: SetClock
    ) -> None:
        answer = await caller.token(
            clients.department, grant_type="client_credentials", authorization_details=[OFFICE]
        )
        claims = server_claims(ground, answer.json()["access_token"], clock)
        assert claims["client_id"] == "inspection"


def server_claims(ground: OAuthGround, token: str, clock: SetClock) -> Mapping[str, object]:
    """What the gateway reads in a token that it accepts."""
    return AccessTokenValidator(ground.token_rules(), clock).validate(token)


class TestCodeFlow:
    async def test_a_firm_grants_and_the_consent_is_in_force(
        self,
        caller: Caller,
        server: AuthorizationServer,
        clients: TestClients,
        pool: LightPool,
    ) -> None:
        code, receipt = await code_of(caller, server, clients)
        parameters = parameters_of(receipt.redirect_url)
        assert receipt.redirect_url.startswith(f"{REDIRECT}?")
        assert (parameters["state"], parameters["iss"]) == ("state-1", ISSUER)
        answer = await redeem(caller, clients, code)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        (granted,) = body["authorization_details"]
        assert granted["consents"] == [receipt.consent_no]
        assert granted["subjects"] == [FIRM]
        assert granted["fields"] == [GRADE, SCORE]
        assert body["refresh_token"]
        assert claims_of(body["access_token"])["sub"] == FIRM
        async with pool.connection() as connection:
            row = await connection.fetchrow(
                "SELECT state, form, institution, document_sha256 FROM consent"
                " WHERE consent_no = $1",
                receipt.consent_no,
            )
            entries = await connection.fetchval(
                "SELECT count(*) FROM audit_entry WHERE request_id = 'request-1'"
            )
        assert row is not None
        assert tuple(row) == ("ACTIVE", "ONLINE", BANK, receipt.sha256)
        assert entries >= 1
