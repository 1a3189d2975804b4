"""A bank with a token of our own server: what a firm granted is answered, until it ends."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import pytest

from gateway.composition import oauth_rules
from gateway.demo.city.cases import CASES
from gateway.demo.provision import Provisioned
from gateway.identity.nonce import Nonces
from gateway.identity.prover import Prover
from gateway.oauth.server import AuthorizationServer, open_ground
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.e2e.serving import Client
from tests.gateway.oauth.conftest import server_on
from tests.support.dpop import ABSENT
from tests.support.oauth import (
    CHALLENGE,
    GRADE,
    LENDING,
    REDIRECT,
    VERIFIER,
    TestClient,
    consent_details,
    decision,
    make_clients,
    parameters_of,
    register_clients,
)

FIRM = CASES.firm_without_consent.code
OTHER_FIRM = CASES.clean_firm.code
QUERY = """
query ($uscc: USCC!) {
  subject(uscc: $uscc) { registration { name } taxpayerCredit { grade score } }
}
"""
_T = TypeVar("_T")


@dataclass
class Bank:
    """A bank that obtains tokens from the running server and uses them there."""

    client: Client
    key: TestClient
    provisioned: Provisioned

    def post(self, path: str, **parameters: Any) -> httpx.Response:
        """Send a form with assertion and proof; the second time with the nonce."""
        issuer = self.issuer
        nonce = None
        for _ in range(2):
            now = int(time.time())
            jwt = self.key.jwt(claims={"aud": issuer, "iat": now, "exp": now + 60})
            proof = self.key.prover.proof("POST", f"{issuer}{path}", nonce=nonce)
            answer = self.client.http.post(
                f"http://127.0.0.1:{self.client.port}{path}",
                data=self.key.form(client_assertion=jwt, **parameters),
                headers={"dpop": proof},
            )
            nonce = answer.headers["dpop-nonce"]
            if _error(answer) != "use_dpop_nonce":
                return answer
        return answer

    @property
    def issuer(self) -> str:
        oauth = self.provisioned.settings.oauth
        assert oauth is not None
        return oauth.issuer

    def ask(self, token: str, uscc: str) -> tuple[int, Any]:
        """Ask the gateway about a firm with a bound token."""
        prover = Prover(self.key.prover.key, time.time, lambda: secrets.token_hex(8))
        nonce = Nonces(self.provisioned.settings.keys.nonce, time.time).current()
        headers = prover.headers("POST", f"{self.issuer}/graphql", token, nonce)
        answer = self.client.http.post(
            f"http://127.0.0.1:{self.client.port}/graphql",
            json={"query": QUERY, "variables": {"uscc": uscc}},
            headers={**headers, "accept": "application/graphql-response+json"},
        )
        return answer.status_code, answer.json()

    def on_server(self, work: Callable[[AuthorizationServer], Awaitable[_T]]) -> _T:
        """Do what a page does, on the same store."""
        settings = self.provisioned.settings

        async def run() -> _T:
            oauth = settings.oauth
            assert oauth is not None
            pool = LightPool(connector(StoreAddress(settings.store.url)), 2)
            try:
                async with open_ground(
                    oauth_rules(oauth), pool, oauth.seal, 86_400.0 * 30
                ) as ground:
                    return await work(await server_on(ground))
            finally:
                await pool.aclose()

        return asyncio.run(run())


def _error(answer: httpx.Response) -> str | None:
    return answer.json().get("error") if answer.content else None


@pytest.fixture(scope="module")
def bank(client: Client, provisioned: Provisioned) -> Bank:
    clients = make_clients(time.time)
    store = StoreAddress(provisioned.settings.store.url)

    async def register() -> None:
        pool = LightPool(connector(store), 1)
        await register_clients(pool, clients, datetime.now(UTC))
        async with pool.connection() as connection:
            await connection.execute("UPDATE client SET may_ask_anything = true")
        await pool.aclose()

    asyncio.run(register())
    found = Bank(client, clients.bank, provisioned)
    deadline = time.monotonic() + 20
    while _error(found.post("/oauth/introspect", token="t")) and time.monotonic() < deadline:
        time.sleep(0.1)  # until the worker has read the client
    return found


def own_token(bank: Bank) -> str:
    answer = bank.post(
        "/oauth/token", grant_type="client_credentials", authorization_details=[LENDING]
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def granted(bank: Bank, **asked: Any) -> dict[str, Any]:
    """The token answer for what a firm granted."""
    pushed = bank.post(
        "/oauth/par",
        client_id="bank-1",
        response_type="code",
        redirect_uri=REDIRECT,
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
        authorization_details=[consent_details(time.time, **asked)],
    )
    assert pushed.status_code == 201, pushed.text
    uri = pushed.json()["request_uri"]

    async def grant(server: AuthorizationServer) -> str:
        await server.requests.open(uri, "bank-1")
        receipt = await server.requests.grant(uri, decision(subject=FIRM), secrets.token_hex(12))
        return parameters_of(receipt.redirect_url)["code"]

    answer = bank.post(
        "/oauth/token",
        grant_type="authorization_code",
        code=bank.on_server(grant),
        redirect_uri=REDIRECT,
        code_verifier=VERIFIER,
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def until(answered: Callable[[], tuple[int, Any]], is_reached: Callable[[Any], bool]) -> Any:
    """The first answer like this; workers learn of changes within a second."""
    deadline = time.monotonic() + 10
    while True:
        _, body = answered()
        if is_reached(body) or time.monotonic() > deadline:
            return body
        time.sleep(0.05)


def credit(body: Any) -> Any:
    data = body.get("data") or {}
    return (data.get("subject") or {}).get("taxpayerCredit")


def test_a_token_of_ours_is_answered(bank: Bank) -> None:
    status, body = bank.ask(own_token(bank), OTHER_FIRM)
    assert status == 200
    assert body["data"]["subject"]["registration"]["name"] == CASES.clean_firm.name


def test_a_revoked_token_is_answered_nothing(bank: Bank) -> None:
    token = own_token(bank)
    assert bank.ask(token, OTHER_FIRM)[0] == 200
    assert bank.post("/oauth/revoke", token=token).status_code == 200
    body = until(lambda: bank.ask(token, OTHER_FIRM), lambda body: "data" not in body)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["TOKEN_REVOKED"]
    assert bank.ask(own_token(bank), OTHER_FIRM)[0] == 200


def test_what_a_firm_granted_is_answered_until_it_withdraws(bank: Bank) -> None:
    token = own_token(bank)
    assert credit(bank.ask(token, FIRM)[1]) in (None, {"grade": None, "score": None})
    body = granted(bank, fields=[GRADE], optional_fields=ABSENT)
    (details,) = body["authorization_details"]
    found = until(
        lambda: bank.ask(body["access_token"], FIRM),
        lambda answer: (credit(answer) or {}).get("grade") is not None,
    )
    assert credit(found)["grade"] == "B"
    assert credit(found)["score"] is None

    async def withdraw(server: AuthorizationServer) -> None:
        async with server.requests._pool.connection() as connection:
            await connection.execute(
                "UPDATE consent SET state = 'WITHDRAWN', version = version + 1"
                " WHERE consent_no = $1",
                details["consents"][0],
            )

    bank.on_server(withdraw)
    status, after = bank.ask(body["access_token"], FIRM)
    assert status == 403 or not (credit(after) or {}).get("grade")
    refreshed = bank.post(
        "/oauth/token", grant_type="refresh_token", refresh_token=body["refresh_token"]
    )
    assert _error(refreshed) == "invalid_grant"


def test_a_token_is_good_for_the_firm_it_names_only(bank: Bank) -> None:
    body = granted(bank)
    status, answer = bank.ask(body["access_token"], OTHER_FIRM)
    assert status == 200
    assert credit(answer) in (None, {"grade": None, "score": None})
