"""Persons over HTTP: looked up by document, known or not, and nothing of the number stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx
import pytest

from gateway.demo.city.cases import CASES
from gateway.demo.city.names import resident_number
from gateway.demo.provision import AUDIENCE, ISSUER, Provisioned
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import load_key
from policies.model import Caller, CallerClass, Purpose
from tests.e2e.serving import Client, sender_headers

KNOWN = CASES.defaulter_person.head.id_no
UNKNOWN = [resident_number(number) for number in range(3_000_000, 3_000_006)]
PERSON = """query($p: PersonReference!) { person(reference: $p) {
  id penalties { totalCount } judgmentDefaulters { totalCount nodes { caseNo } } } }"""


def made(
    client: Client,
    numbers: Sequence[str],
    profile: str = "licence-officer",
    token: str | None = None,
) -> httpx.Response:
    """The response to documents of these numbers."""
    persons = [{"documentType": "RESIDENT_ID", "documentNumber": number} for number in numbers]
    token = token or client.tokens[profile]
    headers = sender_headers(client.settings, token, path="/person-references")
    url = f"http://127.0.0.1:{client.port}/person-references"
    return client.http.post(url, json={"persons": persons}, headers=headers)


def reference(client: Client, number: str) -> str:
    found: str = made(client, [number]).json()["references"][0]
    return found


def test_officer_finds_a_person_by_its_document(client: Client) -> None:
    text = reference(client, KNOWN)
    answer = client.ask(PERSON, {"p": text}, "licence-officer")
    assert answer.codes == []
    assert answer.data["person"]["id"] == text
    assert answer.data["person"]["judgmentDefaulters"]["totalCount"] == 2


def test_known_and_unknown_persons_are_answered_alike(client: Client) -> None:
    responses = [made(client, [number]) for number in (KNOWN, *UNKNOWN, KNOWN)]
    for response in responses:
        response.headers.pop("x-request-id")
        response.headers.pop("date")
        # requests that are left: fewer with each, whoever it is about
        response.headers.pop("ratelimit")
    assert {response.status_code for response in responses} == {200}
    assert len({len(response.content) for response in responses}) == 1
    assert len({tuple(response.headers.items()) for response in responses}) == 1
    shown = [response.json()["references"][0] for response in responses]
    assert len(set(shown)) == len(UNKNOWN) + 1
    assert len({len(text) for text in shown}) == 1


def test_unknown_person_is_a_person_without_records(client: Client) -> None:
    answers = [
        client.ask(PERSON, {"p": reference(client, number)}, "licence-officer")
        for number in UNKNOWN[:2]
    ]
    for answer in answers:
        assert answer.status == 200
        assert answer.codes == []
        assert answer.data["person"]["judgmentDefaulters"] == {"totalCount": 0, "nodes": []}
        assert answer.body["extensions"] == answers[0].body["extensions"]


def test_reference_of_one_officer_is_nothing_for_another(client: Client) -> None:
    text = reference(client, KNOWN)
    answer = client.ask(PERSON, {"p": text}, "tax-officer")
    assert answer.status == 400
    assert answer.codes == ["PERSON_REFERENCE_NOT_VALID_HERE"]
    other = made(client, [KNOWN], "tax-officer").json()["references"][0]
    assert other != text
    assert client.ask(PERSON, {"p": other}, "tax-officer").data["person"]["id"] == other


@pytest.mark.parametrize(
    ("profile", "status", "code"),
    [
        ("public", 401, "TOKEN_REQUIRED"),
        ("inspector", 403, "PURPOSE_NOT_FOR_PERSONS"),
        ("bank", 403, "PERSONS_NOT_FOR_CALLER"),
        ("firm", 403, "PERSONS_NOT_FOR_CALLER"),
        ("credit-centre", 403, "PERSONS_NOT_FOR_CALLER"),
        ("auditor", 403, "PERSONS_NOT_FOR_CALLER"),
    ],
)
def test_others_are_refused_with_a_code(
    client: Client, profile: str, status: int, code: str
) -> None:
    response = made(client, [KNOWN], profile)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code
    assert ("www-authenticate" in response.headers) == (status == 401)


@pytest.fixture(scope="module")
def own_token(provisioned: Provisioned) -> str:
    """Token of the person itself, who is named as departments know it."""
    assert provisioned.settings.identity.jwks is not None
    secrets = provisioned.settings.identity.jwks.parent / "secrets"
    issuer = LocalIssuer(
        ISSUER, AUDIENCE, load_key(secrets / "issuer.jwk"), time.time, lambda: "t1"
    )
    caller = Caller(CallerClass.SUBJECT, CASES.defaulter_person.head_key, Purpose.SELF_QUERY)
    return issuer.mint(TokenRequest(caller, "citizen-portal"))


def test_person_reads_what_is_held_about_itself(client: Client, own_token: str) -> None:
    text = made(client, [KNOWN], token=own_token).json()["references"][0]
    answer = client.ask(PERSON, {"p": text}, token=own_token)
    assert answer.status == 200
    assert answer.data["person"]["id"] == text
    assert len(answer.data["person"]["judgmentDefaulters"]["nodes"]) == 2
    assert client.ask(PERSON, {"p": text}, "licence-officer").status == 400


def test_person_gets_no_reference_of_another(client: Client, own_token: str) -> None:
    response = made(client, [UNKNOWN[0]], token=own_token)
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == "PERSON_NOT_YOURSELF"


def test_number_is_nowhere_in_the_store_and_the_request_is_on_record(
    client: Client, provisioned: Provisioned
) -> None:
    response = made(client, [KNOWN])
    rows = asyncio.run(_everything(provisioned.settings.store.url))
    (entry,) = [row for row in rows if response.headers["x-request-id"] in row]
    assert "person-references" in entry
    assert not any(KNOWN in row for row in rows)


async def _everything(url: str) -> list[str]:
    """Every row of every table of the gateway's own database, as text, bytes readable."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        found: list[str] = []
        for (table,) in tables:
            found += [_text(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]
        return found
    finally:
        await connection.close()


def _text(row: Any) -> str:
    values = [
        value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row
    ]
    return " ".join(values)
