"""`/clients`: administrators register clients over HTTP, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import OKPKey

from gateway.app import create_app
from gateway.demo.provision import Provisioned
from tests.e2e.serving import Client, sender_headers, served

ADMINISTRATOR = "credit-centre"
OWN_CLIENT = "credit-centre"


@pytest.fixture(scope="module")
def client(provisioned: Provisioned) -> Iterator[Client]:
    settings = provisioned.settings
    clients = replace(settings.clients, administrators=frozenset({OWN_CLIENT}))
    with served(replace(settings, clients=clients), provisioned.description.tokens) as found:
        yield found


def send(client: Client, body: Any, profile: str | None = ADMINISTRATOR) -> httpx.Response:
    token = None if profile is None else client.tokens[profile]
    headers = sender_headers(client.settings, token, "/clients")
    url = f"http://127.0.0.1:{client.port}/clients"
    return client.http.post(url, json=body, headers=headers)


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def jwks() -> dict[str, Any]:
    public = OKPKey.generate_key("Ed25519", private=True).as_dict(private=False)
    return {"keys": [{**public, "kid": "one"}]}


NEW = {
    "clientId": "new-bank",
    "callerClass": "institution",
    "organisation": "91410199MA9DEM028G",
    "name": "样例银行",
    "purposes": ["PRE_LOAN"],
    "contractNo": "C-9",
    "scopes": ["credit:TAX_PAYMENT:read"],
}


def test_administrator_registers_rotates_suspends_and_lists(client: Client) -> None:
    made = send(client, {"act": "register", "client": {**NEW, "jwks": jwks()}})
    assert made.status_code == 200, made.text
    shown = made.json()["client"]
    assert (shown["contractNo"], shown["algorithm"], shown["state"]) == ("C-9", "Ed25519", "ACTIVE")
    turned = send(
        client,
        {"act": "rotate", "clientId": "new-bank", "jwks": jwks(), "endTokens": True},
    )
    assert turned.json()["client"]["tokensSince"] is not None
    stopped = send(client, {"act": "suspend", "clientId": "new-bank"})
    assert stopped.json()["client"]["state"] == "SUSPENDED"
    resumed = send(client, {"act": "resume", "clientId": "new-bank"})
    assert resumed.json()["client"]["state"] == "ACTIVE"
    url = f"http://127.0.0.1:{client.port}/clients"
    headers = sender_headers(client.settings, client.tokens[ADMINISTRATOR])
    listed = client.http.get(url, headers=headers).json()["clients"]
    assert "new-bank" in {each["clientId"] for each in listed}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (None, (401, "TOKEN_REQUIRED")),
        ("inspector", (403, "NOT_AN_ADMINISTRATOR")),
        ("bank", (403, "NOT_AN_ADMINISTRATOR")),
    ],
)
def test_others_register_nobody(
    client: Client, profile: str | None, expected: tuple[int, str]
) -> None:
    assert code(send(client, {"act": "register", "client": NEW}, profile)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], (400, "INVALID_PARAMETERS")),
        ({}, (400, "INVALID_PARAMETERS")),
        ({"act": "delete", "clientId": "demo-bank"}, (400, "INVALID_PARAMETERS")),
        ({"act": "register"}, (400, "INVALID_PARAMETERS")),
        ({"act": "register", "client": {**NEW, "more": 1}}, (400, "INVALID_PARAMETERS")),
        ({"act": "register", "client": {**NEW, "quotaPerDay": True}}, (400, "INVALID_PARAMETERS")),
        ({"act": "register", "client": {**NEW, "burst": 5}}, (400, "INVALID_PARAMETERS")),
        ({"act": "register", "client": {**NEW, "purposes": ["X"]}}, (400, "INVALID_PARAMETERS")),
        ({"act": "register", "client": {**NEW, "scopes": ["x"]}}, (403, "TERMS_INVALID")),
        ({"act": "register", "client": {**NEW, "jwks": {"keys": []}}}, (403, "TERMS_INVALID")),
        ({"act": "register", "client": {**NEW, "certificates": ["x"]}}, (403, "TERMS_INVALID")),
        ({"act": "rotate", "clientId": "demo-bank"}, (400, "INVALID_PARAMETERS")),
        ({"act": "suspend", "clientId": "nobody"}, (403, "TERMS_INVALID")),
        ({"act": "suspend", "clientId": OWN_CLIENT}, (403, "NOT_AN_ADMINISTRATOR")),
        ({"act": "suspend", "clientId": "demo-bank", "more": 1}, (400, "INVALID_PARAMETERS")),
    ],
)
def test_what_is_not_understood_changes_nothing(
    client: Client, body: Any, expected: tuple[int, str]
) -> None:
    assert code(send(client, body)) == expected


def test_path_is_not_offered_without_administrators(provisioned: Provisioned) -> None:
    app: Any = create_app(provisioned.settings)
    assert "/clients" not in app._endpoints
