"""Each way to a token, and what the token says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.letters import LetterRegister
from gateway.identity.access_token import AccessTokenValidator
from gateway.oauth.authorization import DecisionRefusedError, RequestGoneError
from gateway.oauth.consents import consent_document
from gateway.oauth.housekeeping import forget_ended
from gateway.oauth.server import AuthorizationServer, OAuthGround
from gateway.store.pool import LightPool
from tests.gateway.oauth.conftest import START, SetClock
from tests.gateway.oauth.scene import Scene
from tests.support.entries import BANK, FIRM, ORGAN
from tests.support.oauth import (
    CERTIFICATE,
    CHALLENGE,
    EXCHANGE,
    GRADE,
    ISSUER,
    LENDING,
    MANDATE_TOKEN,
    OFFICE,
    PLATFORM,
    REDIRECT,
    SCORE,
    SECOND_BANK,
    VERIFIER,
    Caller,
    TestClient,
    TestClients,
    claims_of,
    consent_details,
    decision,
    parameters_of,
)

WITH_CERTIFICATE = {"x-test-certificate": CERTIFICATE}


@pytest.fixture
def scene(
    caller: Caller, server: AuthorizationServer, clients: TestClients, clock: SetClock
) -> Scene:
    return Scene(caller, server, clients, clock)


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
        self, scene: Scene, pool: LightPool
    ) -> None:
        code, receipt = await scene.granted()
        parameters = parameters_of(receipt.redirect_url)
        assert receipt.redirect_url.startswith(f"{REDIRECT}?")
        assert (parameters["state"], parameters["iss"]) == ("state-1", ISSUER)
        answer = await scene.redeem(code)
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
            entry = await connection.fetchval(
                "SELECT entry FROM audit_entry WHERE request_id = 'request-1'"
                " ORDER BY entry_no DESC LIMIT 1"
            )
        assert row is not None
        assert tuple(row) == ("ACTIVE", "ONLINE", BANK, receipt.sha256)
        said = json.loads(entry)
        assert (said["operationName"], said["requestId"]) == ("GRANT_CONSENT", "request-1")
        assert FIRM not in bytes(entry).decode()

    async def test_the_receipt_can_be_made_again_from_the_register(
        self, scene: Scene, pool: LightPool
    ) -> None:
        _, receipt = await scene.granted()
        found = await LetterRegister(pool).find(receipt.consent_no, START)
        assert found is not None
        assert consent_document(found.terms) == receipt.document
        assert hashlib.sha256(receipt.document).digest() == receipt.sha256

    async def test_fields_left_out_are_not_granted(self, scene: Scene) -> None:
        uri = await pushed(scene)
        receipt = await scene.server.requests.grant(uri, decision(left_out={SCORE}), "r")
        code = parameters_of(receipt.redirect_url)["code"]
        (granted,) = (await scene.redeem(code)).json()["authorization_details"]
        assert granted["fields"] == [GRADE]

    async def test_a_one_off_consent_has_no_refresh_token(self, scene: Scene) -> None:
        code, _ = await scene.granted(access="ONE_OFF")
        assert "refresh_token" not in (await scene.redeem(code)).json()

    async def test_a_code_is_redeemed_for_less(self, scene: Scene) -> None:
        code, receipt = await scene.granted()
        asked = [{**LENDING, "fields": [GRADE]}]
        (granted,) = (await scene.redeem(code, authorization_details=asked)).json()[
            "authorization_details"
        ]
        assert (granted["fields"], granted["consents"]) == ([GRADE], [receipt.consent_no])

    async def test_a_platform_asks_for_a_bank(self, scene: Scene) -> None:
        platform = scene.clients.platform
        institution = {
            "uscc": BANK,
            "name": "样例银行",
            "licence_no": "B0000S000000000",
            "contact": "0371-00000000",
        }
        back = "https://platform.example/back?from=credit"
        answer = await scene.caller.push(
            platform,
            redirect_uri=back,
            authorization_details=[consent_details(scene.clock, institution=institution)],
        )
        uri = answer.json()["request_uri"]
        pending = await scene.server.requests.open(uri, "platform-1")
        assert (pending.client_name, pending.request.institution.uscc) == ("样例融资平台", BANK)
        assert pending.is_by_platform
        receipt = await scene.server.requests.grant(uri, decision(), "r")
        assert receipt.redirect_url.startswith(f"{back}&code=")
        code = parameters_of(receipt.redirect_url)["code"]
        answer = await scene.redeem(code, platform, redirect_uri=back)
        claims = claims_of(answer.json()["access_token"])
        assert (claims["acting_for"], claims["act"]) == (BANK, {"sub": "platform-1"})

    async def test_the_client_binds_the_code_to_a_key_without_a_proof(self, scene: Scene) -> None:
        parameters = {
            "client_id": "bank-1",
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "authorization_details": [consent_details(scene.clock)],
            "dpop_jkt": scene.bank.prover.jkt,
        }
        answer = await scene.caller.post("/oauth/par", scene.bank.form(**parameters))
        uri = answer.json()["request_uri"]
        await scene.server.requests.open(uri, "bank-1")
        receipt = await scene.server.requests.grant(uri, decision(), "r")
        assert "state" not in parameters_of(receipt.redirect_url)
        code = parameters_of(receipt.redirect_url)["code"]
        redeemed = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        stolen = scene.bank.form(**redeemed, code_verifier=VERIFIER)
        answer = await scene.caller.post("/oauth/token", stolen, scene.clients.platform)
        assert answer.json()["error"] == "invalid_grant"


async def pushed(scene: Scene, **asked: Any) -> str:
    """A request of the bank that was opened."""
    details = consent_details(scene.clock, **asked)
    answer = await scene.caller.push(scene.bank, authorization_details=[details])
    uri = str(answer.json()["request_uri"])
    await scene.server.requests.open(uri, "bank-1")
    return uri


class TestSeam:
    """What pages may do with a pushed request, and what they may not."""

    async def test_a_page_sees_who_asks_for_what(self, scene: Scene) -> None:
        details = consent_details(scene.clock, subjects=[FIRM])
        answer = await scene.caller.push(scene.bank, authorization_details=[details])
        pending = await scene.server.requests.open(answer.json()["request_uri"], "bank-1")
        assert not pending.is_by_platform
        assert (pending.client_id, pending.client_name, pending.subject) == (
            "bank-1",
            "样例银行",
            FIRM,
        )
        assert pending.request.institution.name == "样例银行"
        assert pending.request.optional_fields == (SCORE,)
        assert not pending.request.is_one_off

    async def test_a_refusal_goes_back_to_the_client(self, scene: Scene) -> None:
        uri = await pushed(scene)
        url = await scene.server.requests.refuse(uri)
        assert parameters_of(url) == {"error": "access_denied", "state": "state-1", "iss": ISSUER}
        with pytest.raises(RequestGoneError):
            await scene.server.requests.grant(uri, decision(), "r")

    @pytest.mark.parametrize("uri", ["", "urn:x", f"urn:ietf:params:oauth:request_uri:{'a' * 43}"])
    async def test_an_unknown_request_is_gone(self, scene: Scene, uri: str) -> None:
        requests = scene.server.requests
        for work in (requests.open(uri, "bank-1"), requests.grant(uri, decision(), "r")):
            with pytest.raises(RequestGoneError):
                await work

    async def test_a_request_of_another_client_is_gone(self, scene: Scene) -> None:
        answer = await scene.caller.push(scene.bank)
        with pytest.raises(RequestGoneError):
            await scene.server.requests.open(answer.json()["request_uri"], "bank-2")

    async def test_a_request_that_nobody_opened_cannot_be_granted(self, scene: Scene) -> None:
        answer = await scene.caller.push(scene.bank)
        with pytest.raises(RequestGoneError):
            await scene.server.requests.grant(answer.json()["request_uri"], decision(), "r")

    @pytest.mark.parametrize(("is_opened", "after_s"), [(False, 90), (True, 900)])
    async def test_a_request_ends(self, scene: Scene, is_opened: bool, after_s: int) -> None:
        answer = await scene.caller.push(scene.bank)
        uri, requests = answer.json()["request_uri"], scene.server.requests
        if is_opened:
            await requests.open(uri, "bank-1")
        scene.clock.now += after_s
        with pytest.raises(RequestGoneError):
            await requests.open(uri, "bank-1")
        with pytest.raises(RequestGoneError):
            await requests.grant(uri, decision(), "r")

    async def test_another_firm_than_the_one_asked_cannot_grant(self, scene: Scene) -> None:
        uri = await pushed(scene, subjects=[SECOND_BANK])
        with pytest.raises(DecisionRefusedError):
            await scene.server.requests.grant(uri, decision(), "r")
        # nothing of it was kept: the right firm can still decide
        assert await scene.server.requests.refuse(uri)

    async def test_a_required_field_cannot_be_left_out(self, scene: Scene) -> None:
        uri = await pushed(scene)
        with pytest.raises(DecisionRefusedError):
            await scene.server.requests.grant(uri, decision(left_out={GRADE}), "r")

    async def test_an_attorney_without_proof_cannot_grant(self, scene: Scene) -> None:
        uri = await pushed(scene)
        with pytest.raises(EntitlementRefusedError):
            await scene.server.requests.grant(uri, decision(is_attorney=True), "r")


class TestRefreshTokens:
    async def test_each_is_used_once_and_brings_the_next(self, scene: Scene) -> None:
        code, receipt = await scene.granted()
        token = (await scene.redeem(code)).json()["refresh_token"]
        for _ in range(3):
            answer = await scene.refresh(token)
            assert answer.status_code == 200, answer.text
            assert answer.json()["refresh_token"] != token
            token = answer.json()["refresh_token"]
            (granted,) = answer.json()["authorization_details"]
            assert granted["consents"] == [receipt.consent_no]

    async def test_a_race_of_one_client_costs_no_consent(self, scene: Scene) -> None:
        first = await refresh_token_of(scene)
        second = (await scene.refresh(first)).json()["refresh_token"]
        assert (await scene.refresh(first)).json()["error"] == "invalid_grant"
        assert (await scene.refresh(second)).status_code == 200

    async def test_a_later_replay_ends_the_grant(self, scene: Scene) -> None:
        first = await refresh_token_of(scene)
        answer = await scene.refresh(first)
        second, access = answer.json()["refresh_token"], answer.json()["access_token"]
        assert (await introspected(scene, access))["active"]
        scene.clock.now += 31
        scene.caller.nonce = scene.server.proofs.nonce()
        assert (await scene.refresh(first)).json()["error"] == "invalid_grant"
        assert (await scene.refresh(second)).json()["error"] == "invalid_grant"
        assert await introspected(scene, access) == {"active": False}

    async def test_the_client_may_change_its_proof_key(self, scene: Scene) -> None:
        token = await refresh_token_of(scene)
        form = scene.bank.form(grant_type="refresh_token", refresh_token=token)
        answer = await scene.caller.post("/oauth/token", form, scene.clients.platform)
        claims = claims_of(answer.json()["access_token"])
        assert claims["cnf"] == {"jkt": scene.clients.platform.prover.jkt}

    async def test_a_new_consent_ends_the_grant_of_the_old_one(self, scene: Scene) -> None:
        token = await refresh_token_of(scene)
        await scene.granted()
        assert (await scene.refresh(token)).json()["error"] == "invalid_grant"


async def refresh_token_of(scene: Scene) -> str:
    code, _ = await scene.granted()
    return str((await scene.redeem(code)).json()["refresh_token"])


class TestExchange:
    async def test_a_platform_acts_for_the_bank_that_signed_its_mandate(self, scene: Scene) -> None:
        answer = await scene.caller.token(
            scene.clients.platform,
            grant_type=EXCHANGE,
            subject_token=scene.bank.mandate(BANK, "platform-1"),
            subject_token_type=MANDATE_TOKEN,
            authorization_details=[LENDING],
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
        assert "refresh_token" not in body
        claims = claims_of(body["access_token"])
        assert (claims["sub"], claims["acting_for"]) == (BANK, BANK)
        assert (claims["client_id"], claims["organisation"]) == ("platform-1", PLATFORM)
        assert claims["act"] == {"sub": "platform-1"}
        assert claims["caller_class"] == "platform"

    async def test_a_mandate_limits_the_platform(self, scene: Scene) -> None:
        limit = [{**LENDING, "record_kinds": ["TAXPAYER_CREDIT"], "quota": 3}]
        mandate = scene.bank.mandate(BANK, "platform-1", {"authorization_details": limit})
        answer = await scene.caller.token(
            scene.clients.platform,
            grant_type=EXCHANGE,
            subject_token=mandate,
            subject_token_type=MANDATE_TOKEN,
            authorization_details=[LENDING],
        )
        assert answer.json()["authorization_details"] == limit


async def introspected(
    scene: Scene, token: str, client: TestClient | None = None
) -> dict[str, Any]:
    form = (client or scene.bank).form(token=token)
    answer = await scene.caller.post("/oauth/introspect", form)
    assert answer.status_code == 200
    return dict(answer.json())


async def revoke(scene: Scene, token: str, client: TestClient | None = None) -> None:
    form = (client or scene.bank).form(token=token)
    answer = await scene.caller.post("/oauth/revoke", form)
    assert (answer.status_code, answer.content) == (200, b"")


class TestState:
    async def test_a_client_learns_what_its_token_says(self, scene: Scene) -> None:
        token = (await scene.own()).json()["access_token"]
        assert await introspected(scene, token) == {
            "active": True,
            "token_type": "DPoP",
            **claims_of(token),
        }

    @pytest.mark.parametrize("made", ["another's", "ended", "altered", "alg none", "garbage"])
    async def test_of_anything_else_it_learns_that_it_is_not_active(
        self, scene: Scene, made: str
    ) -> None:
        token = (await scene.own()).json()["access_token"]
        header, payload, signature = token.split(".")
        client = scene.bank
        if made == "another's":
            client = scene.clients.platform
        elif made == "ended":
            scene.clock.now += 400
        elif made == "altered":
            token = f"{header}.{payload}.{signature[::-1]}"
        elif made == "alg none":
            token = f"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{payload}."
        else:
            token = "garbage"
        assert await introspected(scene, token, client) == {"active": False}

    async def test_a_revoked_access_token_is_not_active(self, scene: Scene) -> None:
        token = (await scene.own()).json()["access_token"]
        await revoke(scene, token, scene.clients.platform)
        assert (await introspected(scene, token))["active"]
        await revoke(scene, token)
        assert await introspected(scene, token) == {"active": False}
        await revoke(scene, token)

    async def test_a_revoked_refresh_token_ends_its_grant(
        self, scene: Scene, pool: LightPool
    ) -> None:
        code, receipt = await scene.granted()
        body = (await scene.redeem(code)).json()
        assert (await introspected(scene, body["refresh_token"]))["active"]
        assert await introspected(scene, body["refresh_token"], scene.clients.platform) == {
            "active": False
        }
        await revoke(scene, body["refresh_token"], scene.clients.platform)
        await revoke(scene, body["refresh_token"])
        for token in (body["refresh_token"], body["access_token"]):
            assert await introspected(scene, token) == {"active": False}
        assert (await scene.refresh(body["refresh_token"])).json()["error"] == "invalid_grant"
        async with pool.connection() as connection:
            state = await connection.fetchval(
                "SELECT state FROM consent WHERE consent_no = $1", receipt.consent_no
            )
        assert state == "ACTIVE"

    @pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
    async def test_only_authenticated_clients_ask(self, scene: Scene, path: str) -> None:
        answer = await scene.caller.post(path, {"token": "t"})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        answer = await scene.caller.post(path, scene.bank.form())
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


class TestMetadata:
    async def test_the_server_tells_what_it_does(self, scene: Scene) -> None:
        answer = await scene.caller.http.get("/.well-known/oauth-authorization-server")
        told = answer.json()
        assert told["issuer"] == ISSUER
        assert told["require_pushed_authorization_requests"] is True
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert told["authorization_response_iss_parameter_supported"] is True
        assert told["token_endpoint_auth_methods_supported"] == [
            "private_key_jwt",
            "self_signed_tls_client_auth",
        ]
        for name, url in told.items():
            if name.endswith(("_endpoint", "_uri")) and name != "authorization_endpoint":
                path = url.removeprefix(ISSUER)
                assert (await scene.caller.http.get(path)).status_code in (200, 405)

    async def test_the_gateway_names_its_authorization_server(self, scene: Scene) -> None:
        path = "/.well-known/oauth-protected-resource/graphql"
        told = (await scene.caller.http.get(path)).json()
        assert told["resource"] == f"{ISSUER}/graphql"
        assert told["authorization_servers"] == [ISSUER]

    async def test_published_keys_are_public(self, scene: Scene) -> None:
        told = (await scene.caller.http.get("/oauth/jwks")).json()
        assert told["keys"]
        for key in told["keys"]:
            assert key.keys() == {"kty", "crv", "x", "kid", "use"}


async def test_what_has_ended_is_forgotten(scene: Scene, pool: LightPool) -> None:
    await scene.own()
    code, _ = await scene.granted()
    await scene.redeem(code)
    later = datetime.fromtimestamp(scene.clock.now, UTC) + timedelta(days=60)
    assert await forget_ended(pool, later) >= 5
    assert await forget_ended(pool, later) == 0
