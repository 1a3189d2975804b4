"""What the authorization server did is in the audit log: what was issued, refused, ended, asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.oauth.server import OAuthGround
from gateway.store.pool import LightPool
from tests.gateway.oauth.conftest import SetClock, http_of, server_on
from tests.gateway.oauth.scene import Scene
from tests.support.entries import BANK
from tests.support.oauth import EXCHANGE, LENDING, MANDATE_TOKEN, Caller, TestClients, claims_of


@pytest.fixture
def scene(caller: Any, server: Any, clients: Any, clock: Any) -> Scene:
    return Scene(caller, server, clients, clock)


async def events(pool: LightPool) -> list[Mapping[str, Any]]:
    """Events of the log, the oldest first."""
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT entry FROM audit_entry ORDER BY entry_no")
    found = [json.loads(row["entry"]) for row in rows]
    return [each for each in found if each["kind"] == "EVENT"]


async def newest(pool: LightPool) -> Mapping[str, Any]:
    return (await events(pool))[-1]


def named(event: Mapping[str, Any]) -> tuple[str, str, str]:
    return event["event"], event["actor"], event["outcome"]


async def test_a_token_is_on_record_with_what_it_is_good_for(scene: Scene, pool: LightPool) -> None:
    answer = await scene.own(authorization_details=[{**LENDING, "subjects": [BANK]}])
    claims, event = claims_of(answer.json()["access_token"]), await newest(pool)
    assert named(event) == ("TOKEN_REQUEST", "bank-1", "ISSUED")
    assert (event["tokenId"], event["expiresAt"]) == (claims["jti"], claims["exp"])
    assert (event["grantType"], event["purpose"]) == ("client_credentials", "PRE_LOAN")
    assert (event["binding"], event["subjectCount"]) == ("jkt", 1)


async def test_neither_token_nor_subject_is_in_the_event(scene: Scene, pool: LightPool) -> None:
    answer = await scene.own(authorization_details=[{**LENDING, "subjects": [BANK]}])
    text = json.dumps(await newest(pool))
    assert BANK not in text
    for part in answer.json()["access_token"].split("."):
        assert part not in text


async def test_a_token_for_a_consent_names_it_and_its_grant(scene: Scene, pool: LightPool) -> None:
    code, receipt = await scene.granted()
    await scene.redeem(code)
    event = await newest(pool)
    assert event["consentNos"] == [receipt.consent_no]
    assert event["grantId"]
    assert event["grantType"] == "authorization_code"


async def test_a_token_for_a_bank_names_it(scene: Scene, pool: LightPool) -> None:
    answer = await scene.caller.token(
        scene.clients.platform,
        grant_type=EXCHANGE,
        subject_token=scene.bank.mandate(BANK, "platform-1"),
        subject_token_type=MANDATE_TOKEN,
        authorization_details=[LENDING],
    )
    assert answer.status_code == 200, answer.text
    event = await newest(pool)
    assert (event["actor"], event["actingFor"]) == ("platform-1", BANK)


async def test_a_pushed_request_is_on_record(scene: Scene, pool: LightPool) -> None:
    await scene.granted()
    found = [named(event) for event in await events(pool)]
    assert ("PUSHED_REQUEST", "bank-1", "ACCEPTED") in found


async def test_the_request_of_the_log_is_that_of_the_answer(scene: Scene, pool: LightPool) -> None:
    await scene.own()
    first = await newest(pool)
    await scene.own()
    assert (await newest(pool))["requestId"] != first["requestId"]


REFUSED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "an assertion that is none": ("INVALID_CLIENT", {"client_assertion": "a.b.c"}),
    "an unknown grant type": ("UNSUPPORTED_GRANT_TYPE", {"grant_type": "password"}),
    "a grant of others": ("UNAUTHORIZED_CLIENT", {"grant_type": EXCHANGE}),
    "another resource": ("INVALID_TARGET", {"resource": "https://other.example"}),
    "details that are none": ("INVALID_AUTHORIZATION_DETAILS", {"authorization_details": "x"}),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_is_on_record(scene: Scene, pool: LightPool, name: str) -> None:
    outcome, changes = REFUSED[name]
    answer = await scene.own(**changes)
    assert answer.status_code in (400, 401)
    event = await newest(pool)
    assert named(event) == ("TOKEN_REQUEST", "credit-gateway-oauth", outcome)


async def test_whom_a_refused_request_claimed_to_be_of_is_on_record_if_known(
    scene: Scene, pool: LightPool
) -> None:
    await scene.own(client_assertion=scene.bank.jwt(claims={"aud": "https://other.example"}))
    assert (await newest(pool))["claimedClient"] == "bank-1"
    await scene.own(client_assertion=scene.bank.jwt(claims={"iss": "<script>"}))
    assert (await newest(pool))["claimedClient"] is None


async def test_a_replay_is_on_record_once(scene: Scene, pool: LightPool) -> None:
    assertion = scene.bank.jwt()
    await scene.own(client_assertion=assertion)
    before = len(await events(pool))
    await scene.own(client_assertion=assertion)
    found = await events(pool)
    assert [named(each)[2] for each in found[before:]] == ["INVALID_CLIENT"]


async def test_what_cannot_be_read_is_on_record(scene: Scene, pool: LightPool) -> None:
    answer = await scene.caller.http.post("/oauth/token", content=b"a=%zz")
    assert answer.status_code == 400
    assert named(await newest(pool)) == ("TOKEN_REQUEST", "credit-gateway-oauth", "INVALID_REQUEST")


async def test_the_need_of_a_nonce_is_nothing_for_the_record(scene: Scene, pool: LightPool) -> None:
    before = len(await events(pool))
    scene.caller.nonce = None
    answer = await scene.own()
    assert answer.json()["error"] == "use_dpop_nonce"
    assert len(await events(pool)) == before


async def post(scene: Scene, path: str, client: Any, token: str) -> httpx.Response:
    return await scene.caller.http.post(path, data=client.form(token=token))


async def test_revoking_is_on_record(scene: Scene, pool: LightPool) -> None:
    token = (await scene.own()).json()["access_token"]
    await post(scene, "/oauth/revoke", scene.bank, token)
    event = await newest(pool)
    assert named(event) == ("REVOCATION", "bank-1", "REVOKED")
    assert event["tokenId"] == claims_of(token)["jti"]
    await post(scene, "/oauth/revoke", scene.bank, token)
    assert named(await newest(pool)) == ("REVOCATION", "bank-1", "NOTHING_REVOKED")


@pytest.mark.parametrize(
    ("path", "event", "outcome"),
    [
        ("/oauth/introspect", "INTROSPECTION", "INACTIVE"),
        ("/oauth/revoke", "REVOCATION", "NOTHING_REVOKED"),
    ],
)
async def test_asking_about_the_token_of_another_is_on_record_with_whose_it_is(
    scene: Scene, pool: LightPool, path: str, event: str, outcome: str
) -> None:
    token = (await scene.own()).json()["access_token"]
    answer = await post(scene, path, scene.clients.second_bank, token)
    assert b"bank-1" not in answer.content
    found = await newest(pool)
    assert named(found) == (event, "bank-2", outcome)
    assert (found["tokenId"], found["tokenOf"]) == (claims_of(token)["jti"], "bank-1")


async def test_asking_about_a_token_of_its_own_is_on_record(scene: Scene, pool: LightPool) -> None:
    token = (await scene.own()).json()["access_token"]
    await post(scene, "/oauth/introspect", scene.bank, token)
    assert named(await newest(pool)) == ("INTROSPECTION", "bank-1", "ACTIVE")


@pytest_asyncio.fixture
async def paced(ground: OAuthGround, clients: TestClients, clock: SetClock) -> AsyncIterator[Scene]:
    """A server at which three failures are too many."""
    server = await server_on(ground, 3)
    async with http_of(server) as http:
        yield Scene(Caller(http, server.proofs.nonce()), server, clients, clock)


class TestPace:
    async def test_failures_beyond_the_bound_are_not_recorded_but_counted(
        self, paced: Scene, pool: LightPool
    ) -> None:
        before = len(await events(pool))
        answers = [await paced.own(client_assertion=_forged(paced)) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert answers[-1].json()["error"] == "temporarily_unavailable"
        assert len(await events(pool)) - before == 3
        paced.clock.now += 1
        await paced.own(client_assertion=_forged(paced))
        assert (await newest(pool))["untoldBefore"] == 3

    async def test_whoever_fails_in_the_name_of_a_client_does_not_keep_it_out(
        self, paced: Scene
    ) -> None:
        for _ in range(6):
            await paced.own(client_assertion=_forged(paced))
        assert (await paced.own()).status_code == 200

    async def test_failures_in_the_name_of_one_client_leave_another_its_own(
        self, paced: Scene
    ) -> None:
        for _ in range(6):
            await paced.own(client_assertion=_forged(paced))
        refused = await paced.own(paced.clients.second_bank, grant_type="password")
        assert refused.status_code == 400

    async def test_replays_by_others_do_not_keep_a_client_out(self, paced: Scene) -> None:
        stolen = paced.bank.jwt()
        assert (await paced.own(client_assertion=stolen)).status_code == 200
        replays = [await paced.own(client_assertion=stolen) for _ in range(6)]
        assert [each.status_code for each in replays] == [401, 401, 401, 429, 429, 429]
        assert (await paced.own()).status_code == 200


def _forged(scene: Scene) -> str:
    """An assertion in the bank's name that another key signed."""
    return scene.bank.jwt(key=scene.clients.department.key)
