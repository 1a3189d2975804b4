"""Administrators over HTTP: the person behind a client signs in, and stands in the log."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.administrators import register
from gateway.administrators.codes import CodeSeal
from gateway.administrators.signing_in import SigningIn
from gateway.administrators.statements import Statement, message_of
from gateway.administrators.types import Role
from gateway.audit.log import AuditLog
from gateway.cli.store import run_on_store
from gateway.demo.provision import Provisioned
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.e2e.serving import Client, sender_headers, served
from tests.support.administrators import Admin

OWN_CLIENT = "credit-centre"


@pytest.fixture(scope="module")
def client(provisioned: Provisioned) -> Iterator[Client]:
    settings = provisioned.settings
    clients = replace(settings.clients, administrators=frozenset({OWN_CLIENT}))
    with served(replace(settings, clients=clients), provisioned.description.tokens) as found:
        yield found


def send(
    client: Client, path: str, body: Any, session: str | None = None, profile: str = OWN_CLIENT
) -> httpx.Response:
    headers = dict(sender_headers(client.settings, client.tokens[profile], path))
    if session is not None:
        headers["credit-administrator"] = session
    return client.http.post(f"http://127.0.0.1:{client.port}{path}", json=body, headers=headers)


def code(response: httpx.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


def appointed(client: Client) -> Admin:
    """A security administrator in the server's store, enrolled."""
    admin = Admin(f"over-http-{time.time_ns()}", Role.SECURITY)

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection:
            await register.appoint(connection, admin.appointment)
        await admin.enrol(SigningIn(pool, CodeSeal(client.settings.keys.audit), time.time))

    run_on_store(StoreAddress(client.settings.store.url), work)
    return admin


def sign_in(client: Client, admin: Admin) -> httpx.Response:
    challenge = send(client, "/administrators", {"act": "challenge"}).json()["challenge"]
    signature = admin.key.sign(message_of(Statement.SIGN_IN, admin.name, challenge))
    asked = {
        "act": "sign_in",
        "name": admin.name,
        "challenge": challenge,
        "signature": base64.b64encode(signature).decode(),
        "code": admin.code(time.time()),
    }
    return send(client, "/administrators", asked)


def test_person_behind_a_client_stands_in_the_entry_of_the_act(client: Client) -> None:
    admin = appointed(client)
    session = sign_in(client, admin).json()["session"]
    registered = {"clientId": "by-a-person", "callerClass": "auditor", "name": "样例"}
    made = send(client, "/clients", {"act": "register", "client": registered}, session)
    assert made.status_code == 200, made.text
    entries = run_on_store(
        StoreAddress(client.settings.store.url), lambda pool: AuditLog(pool).last(2)
    )
    admitted, act = (entry.members() for entry in entries)
    assert (admitted["actor"], admitted["outcome"]) == (f"administrator:{admin.name}", "ADMITTED")
    assert (act["clientId"], act["userRef"]) == (OWN_CLIENT, admin.name)
    assert send(client, "/administrators", {"act": "sign_out"}, session).json() == {
        "signedOut": admin.name
    }
    ended = send(client, "/clients", {"act": "suspend", "clientId": "by-a-person"}, session)
    assert (ended.status_code, code(ended)) == (401, "ADMINISTRATOR_SESSION_ENDED")


def test_a_code_is_good_once_over_http_too(client: Client) -> None:
    admin = appointed(client)
    assert sign_in(client, admin).status_code == 200
    again = sign_in(client, admin)
    assert (again.status_code, code(again)) == (401, "ADMINISTRATOR_NOT_PROVEN")


def test_clients_that_do_not_administer_sign_nobody_in(client: Client) -> None:
    refused = send(client, "/administrators", {"act": "challenge"}, profile="inspector")
    assert (refused.status_code, code(refused)) == (403, "NOT_AN_ADMINISTRATOR")


@pytest.mark.parametrize(
    "body",
    [{}, {"act": "reign"}, {"act": "sign_in", "name": "a"}, {"act": "challenge", "more": "x"}],
    ids=["empty", "unknown", "half", "more"],
)
def test_what_is_not_asked_as_documented_is_refused(client: Client, body: Any) -> None:
    refused = send(client, "/administrators", body)
    assert (refused.status_code, code(refused)) == (400, "INVALID_PARAMETERS")
