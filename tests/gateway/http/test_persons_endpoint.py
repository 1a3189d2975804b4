"""`POST /person-references` is read as strictly as GraphQL, and says nothing of what it read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from gateway.errors import Refused
from gateway.http.clock import SystemClock
from gateway.http.endpoint import CLIENT_GONE
from gateway.http.limits import HttpLimits
from gateway.http.persons_endpoint import PERSON_REFERENCES_PATH, PersonReferencesEndpoint
from gateway.http.types import Credentials, RequestFacts
from gateway.persons.types import StatedDocument
from tests.gateway.http.asgi import Peer, call, http_scope, post
from tests.gateway.http.conftest import HandClock, Memory

NUMBER = "410102209901010014"
PERSON = {"documentType": "RESIDENT_ID", "documentNumber": NUMBER}
BODY = {"persons": [PERSON]}


@dataclass
class Desk:
    """Gives references by position; remembers what it was asked."""

    error: Exception | None = None
    is_slow: bool = False
    asked: list[tuple[Sequence[StatedDocument], Credentials, RequestFacts]] = field(
        default_factory=list
    )

    async def references(
        self, documents: Sequence[StatedDocument], credentials: Credentials, facts: RequestFacts
    ) -> Sequence[str]:
        self.asked.append((documents, credentials, facts))
        facts.note.client_id = "client-7"
        if self.error is not None:
            raise self.error
        if self.is_slow:
            await asyncio.Event().wait()
        return [f"p.{position}" for position, _ in enumerate(documents)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def endpoint(desk: Desk, clock: HandClock, memory: Memory) -> PersonReferencesEndpoint:
    return PersonReferencesEndpoint(desk, clock, [memory], new_request_id=lambda: "request-1")


async def test_references_come_in_the_order_of_the_documents(
    endpoint: PersonReferencesEndpoint, desk: Desk, memory: Memory
) -> None:
    passport = {"documentType": "PASSPORT", "documentNumber": "E1234567"}
    reply = await post(endpoint, {"persons": [PERSON, passport]}, [("authorization", "Bearer t")])
    assert (reply.status, orjson.loads(reply.body)) == (200, {"references": ["p.0", "p.1"]})
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"] == "request-1"
    ((documents, credentials, facts),) = desk.asked
    assert [each.type for each in documents] == ["RESIDENT_ID", "PASSPORT"]
    assert [each.number for each in documents] == [NUMBER, "E1234567"]
    assert credentials.authorization == "Bearer t"
    assert (facts.request_id, facts.peer_class) == ("request-1", "private")
    (record,) = memory.records
    assert (record.status, record.note.client_id) == (200, "client-7")


BAD_BODIES: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "MALFORMED_JSON"),
    "a key twice": (
        b'{"persons":[{"documentType":"PASSPORT","documentType":"PASSPORT"}]}',
        "DUPLICATE_KEY",
    ),
    "too deep": (b"[" * 33 + b"]" * 33, "JSON_TOO_DEEP"),
    "an array": ([PERSON], "INVALID_PARAMETERS"),
    "nothing": ({}, "INVALID_PARAMETERS"),
    "one member more": ({**BODY, "purpose": "PENALTY_CASE"}, "INVALID_PARAMETERS"),
    "nobody": ({"persons": []}, "INVALID_PARAMETERS"),
    "persons an object": ({"persons": PERSON}, "INVALID_PARAMETERS"),
    "a person a text": ({"persons": [NUMBER]}, "INVALID_PARAMETERS"),
    "a person without number": ({"persons": [{"documentType": "PASSPORT"}]}, "INVALID_PARAMETERS"),
    "a person with more": ({"persons": [{**PERSON, "name": "张三"}]}, "INVALID_PARAMETERS"),
    "a number that is one": (
        {"persons": [{**PERSON, "documentNumber": int(NUMBER)}]},
        "INVALID_PARAMETERS",
    ),
}


@pytest.mark.parametrize("name", list(BAD_BODIES))
async def test_body_of_another_shape_is_refused_without_being_repeated(
    endpoint: PersonReferencesEndpoint, desk: Desk, name: str
) -> None:
    body, code = BAD_BODIES[name]
    reply = await post(endpoint, body)
    (error,) = orjson.loads(reply.body)["errors"]
    assert (reply.status, error["extensions"]["code"]) == (400, code)
    assert NUMBER not in reply.body.decode()
    assert desk.asked == []


async def test_body_may_be_as_large_as_the_limit_and_no_larger(
    desk: Desk, clock: HandClock
) -> None:
    size = len(orjson.dumps(BODY))
    for limit, status in ((size, 200), (size - 1, 413)):
        app = PersonReferencesEndpoint(desk, clock, limits=HttpLimits(body_bytes=limit))
        assert (await post(app, BODY)).status == status


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ([("content-type", "text/plain")], 415, "UNSUPPORTED_MEDIA_TYPE"),
        ([("content-type", "application/x-www-form-urlencoded")], 415, "UNSUPPORTED_MEDIA_TYPE"),
        ([], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            [("content-type", "application/json"), ("transfer-encoding", "chunked")],
            411,
            "LENGTH_REQUIRED",
        ),
        (
            [("content-type", "application/json"), ("content-encoding", "gzip")],
            415,
            "UNSUPPORTED_CONTENT_ENCODING",
        ),
    ],
)
async def test_what_a_form_or_a_page_elsewhere_could_send_is_refused(
    endpoint: PersonReferencesEndpoint,
    desk: Desk,
    headers: list[tuple[str, str]],
    status: int,
    code: str,
) -> None:
    reply = await post(endpoint, BODY, headers, content_type=[])
    assert reply.status == status
    assert orjson.loads(reply.body)["errors"][0]["extensions"]["code"] == code
    assert desk.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_is_offered(endpoint: PersonReferencesEndpoint, method: str) -> None:
    reply = await call(endpoint, method, PERSON_REFERENCES_PATH)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


async def test_refusal_keeps_its_status_code_and_headers(clock: HandClock, memory: Memory) -> None:
    error = Refused("PURPOSE_NOT_FOR_PERSONS", "not for this", headers=(("x-why", "that"),))
    reply = await post(PersonReferencesEndpoint(Desk(error), clock, [memory]), BODY)
    assert (reply.status, reply.headers["x-why"]) == (403, "that")
    assert [record.code for record in memory.records] == ["PURPOSE_NOT_FOR_PERSONS"]


async def test_defect_shows_nothing_of_its_text(clock: HandClock, memory: Memory) -> None:
    reply = await post(PersonReferencesEndpoint(Desk(KeyError(NUMBER)), clock, [memory]), BODY)
    assert reply.status == 500
    assert NUMBER not in reply.body.decode()
    assert len(memory.defects) == 1


async def test_client_that_leaves_ends_the_work(memory: Memory) -> None:
    app = PersonReferencesEndpoint(Desk(is_slow=True), SystemClock(), [memory])
    body = orjson.dumps(BODY)
    peer = Peer([body])
    headers = [("content-type", "application/json"), ("content-length", str(len(body)))]
    scope = http_scope("POST", PERSON_REFERENCES_PATH, "", headers, None)
    peer.leave.set()
    async with asyncio.timeout(10):
        await app(scope, peer.receive, peer.send)
    assert [record.status for record in memory.records] == [CLIENT_GONE]
    assert peer.sent == []


def test_document_is_not_printed() -> None:
    assert NUMBER not in repr(StatedDocument("RESIDENT_ID", NUMBER))
