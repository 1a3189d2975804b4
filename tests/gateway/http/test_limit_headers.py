"""What a client is told of its limits."""

from __future__ import annotations

import orjson
import pytest

from gateway.errors import BadRequest
from gateway.http.limits import HttpLimits
from gateway.http.parameters import from_body, from_query_string
from gateway.http.responses import limit_headers
from gateway.request import CallerNote, PaceUse, QuotaUse

PACE = PaceUse(limit=600, fills_in_s=6, remaining=599, full_in_s=1)
HASH = "0" * 63 + "a"


def test_limit_headers_tell_pace_and_quota() -> None:
    note = CallerNote(pace=PACE, quota=QuotaUse(limit=10, used=3, resets_at=1_100))
    assert limit_headers(note, 1_000) == (
        ("RateLimit-Policy", '"requests";q=600;w=6, "subjects";q=10;w=86400;qu="subjects"'),
        ("RateLimit", '"requests";r=599;t=1, "subjects";r=7;t=100'),
    )


def test_limit_headers_without_quota_tell_the_pace() -> None:
    assert limit_headers(CallerNote(pace=PACE), 1_000) == (
        ("RateLimit-Policy", '"requests";q=600;w=6'),
        ("RateLimit", '"requests";r=599;t=1'),
    )


def test_limit_headers_tell_whoever_is_not_counted_nothing() -> None:
    assert limit_headers(CallerNote(client_id="public"), 1_000) == ()


@pytest.mark.parametrize(
    "members",
    [
        {"documentId": f"sha256:{HASH}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
        {"query": None, "documentId": f"sha256:{HASH}"},
    ],
)
def test_document_id_stands_for_a_document(members: dict[str, object]) -> None:
    request = from_body(orjson.dumps(members), HttpLimits())
    assert (request.document, request.document_id) == ("", f"sha256:{HASH}")


def test_document_id_in_a_query_string() -> None:
    request = from_query_string(f"documentId=sha256%3A{HASH}".encode(), HttpLimits())
    assert request.document_id == f"sha256:{HASH}"


def test_document_with_an_id_beside_it_is_taken_itself() -> None:
    body = orjson.dumps({"query": "{ a }", "documentId": f"sha256:{HASH}"})
    request = from_body(body, HttpLimits())
    assert (request.document, request.document_id) == ("{ a }", None)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"documentId": 1}, "INVALID_PARAMETERS"),
        ({"documentId": "x" * 129}, "INVALID_PARAMETERS"),
        ({"query": 1, "documentId": f"sha256:{HASH}"}, "INVALID_PARAMETERS"),
        ({"extensions": {"persistedQuery": 1}}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (
            {"extensions": {"persistedQuery": {"sha256Hash": HASH.upper()}}},
            "PERSISTED_QUERY_NOT_SUPPORTED",
        ),
    ],
)
def test_document_id_that_is_none_is_refused(members: dict[str, object], code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        from_body(orjson.dumps(members), HttpLimits())
    assert caught.value.code == code
