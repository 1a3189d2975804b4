"""The log: JSON lines with facts about requests, and never a value."""

from __future__ import annotations

import io
from dataclasses import replace

import orjson
import pytest

from gateway.http.access_log import AccessLog, describe_error, duration_class, json_logger
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.types import CallerNote, RequestRecord
from tests.gateway.http.asgi import post
from tests.gateway.http.conftest import HandClock
from tests.gateway.http.small_pipeline import SECRET, BrokenPipeline, SmallPipeline

RECORD = RequestRecord(
    "id-1",
    "POST",
    "/graphql",
    200,
    None,
    0.004,
    120,
    340,
    CallerNote("bank-1", "institution", "LOAN"),
)


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    """Return the lines that were written."""
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_one_line_of_facts() -> None:
    stream = io.BytesIO()
    AccessLog(json_logger(stream), HandClock()).finished(RECORD)
    assert lines(stream) == [
        {
            "event": "request",
            "time": "2026-03-01T08:00:00Z",
            "request_id": "id-1",
            "method": "POST",
            "route": "/graphql",
            "status": 200,
            "duration": "under 10 ms",
            "request_bytes": 120,
            "response_bytes": 340,
            "client_id": "bank-1",
            "caller_class": "institution",
            "purpose": "LOAN",
        }
    ]


def test_what_is_not_known_stays_out() -> None:
    stream = io.BytesIO()
    AccessLog(json_logger(stream), HandClock()).finished(
        replace(RECORD, note=CallerNote(), code="NOT_FOUND")
    )
    (line,) = lines(stream)
    assert line["code"] == "NOT_FOUND"
    assert not {"client_id", "caller_class", "purpose"} & line.keys()


@pytest.mark.parametrize(
    ("duration_s", "name"),
    [
        (0.0, "under 10 ms"),
        (0.01, "under 100 ms"),
        (0.0999, "under 100 ms"),
        (0.1, "under 1 s"),
        (1.0, "1 s and more"),
    ],
)
def test_a_duration_is_told_roughly(duration_s: float, name: str) -> None:
    assert duration_class(duration_s) == name


async def test_a_request_leaves_no_value_in_the_log() -> None:
    stream = io.BytesIO()
    endpoint = GraphQLEndpoint(
        SmallPipeline(), HandClock(), [AccessLog(json_logger(stream), HandClock())]
    )
    for query in ("query Q($n: String) {hello(name: $n)}", "{nope", "{nowhere}"):
        body = {"query": query, "variables": {"n": SECRET}}
        await post(endpoint, body, [("authorization", f"Bearer {SECRET}")])
    assert len(lines(stream)) == 3
    assert SECRET.encode() not in stream.getvalue()


async def test_a_defect_is_logged_by_kinds_and_places() -> None:
    stream = io.BytesIO()
    log = AccessLog(json_logger(stream), HandClock())
    await post(GraphQLEndpoint(BrokenPipeline(), HandClock(), [log]), {"query": "{hello}"})
    defect, request = lines(stream)
    assert (defect["event"], request["status"]) == ("defect", 500)
    assert defect["request_id"] == request["request_id"]
    assert SECRET.encode() not in stream.getvalue()


def test_an_error_is_described_with_its_causes() -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as inner:
            raise ValueError(SECRET) from inner
    except ValueError as error:
        described = describe_error(error)
    assert [each["kind"] for each in described] == ["builtins.ValueError", "builtins.KeyError"]
    assert __name__.rsplit(".", 1)[-1] in described[0]["places"][0]
