"""Faults of an HTTP service, each with the outcome that stands on the page."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.conformance.department import context, whole
from gateway.contract import RECORD_ID, RecordRequest
from gateway.sources.mapping import Amount, DateColumn, KindMapping, Text
from gateway.sources.rest import (
    ByKeys,
    Endpoint,
    Listing,
    PageTokens,
    Resource,
    RestAdapter,
    RestApi,
    RestSource,
)
from schema.codes import RecordKind
from tests.faults.asking import outcome_of
from tests.faults.declared import REST, Outcome, cases
from tests.support.awkward_department import FIRM
from tests.support.certificates import Authority
from tests.support.native_records import rows_only
from tests.support.scripted_service import Asked, Scripted, Writer, scripted, write_answer

QUICK = {"slow drip", "wrong type", "half-open connection", "bad TLS", "duplicate keys", "flood"}
KIND = RecordKind.ADMINISTRATIVE_PENALTY
MAPPING = KindMapping(
    KIND,
    "penalties",
    "id",
    "code",
    {
        RECORD_ID: Text("id"),
        "meta.decidedOn": DateColumn("day"),
        "fineAmount": Amount("fine"),
        "documentNo": Text("no"),
    },
)
PLAIN, TOKENS = Endpoint("/p"), Endpoint("/p", paging=PageTokens())
Script = Callable[[Asked, Writer], Awaitable[None]]
Cause = Callable[[Path], AbstractAsyncContextManager[RestAdapter]]


def record(record_id: str = "a", **values: Any) -> dict[str, Any]:
    return {"id": record_id, "code": FIRM, "day": "2026-01-31", "fine": 1, "no": "第1号", **values}


def adapter_of(service: Scripted, endpoint: Endpoint = PLAIN, **changes: Any) -> RestAdapter:
    resource = Resource(MAPPING, ByKeys(endpoint, "codes"), Listing(endpoint))
    source = RestSource(service.url, timeout_s=30, most_bytes=20_000, most_records=100)
    return RestAdapter(
        rows_only((KIND,)), RestApi((resource,), "/health"), replace(source, **changes)
    )


def from_script(script: Script, endpoint: Endpoint = PLAIN, **changes: Any) -> Cause:
    @asynccontextmanager
    async def cause(_folder: Path) -> AsyncIterator[RestAdapter]:
        async with scripted(script) as service:
            made = adapter_of(service, endpoint, **changes)
            yield made
            await made.aclose()

    return cause


def always(body: object, status: str = "200 OK", headers: str = "") -> Cause:
    async def script(_asked: Asked, writer: Writer) -> None:
        write_answer(writer, body, status, headers)

    return from_script(script)


def records(*found: dict[str, Any], headers: str = "") -> Cause:
    return always({"items": list(found)}, headers=headers)


async def _hang(_asked: Asked, _writer: Writer) -> None:
    await asyncio.Event().wait()


async def _drip(_asked: Asked, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _flood(_asked: Asked, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b" " * 4096 + b"\r\n")
        await writer.drain()


async def _close(_asked: Asked, _writer: Writer) -> None:
    raise ConnectionError


async def _speak_smtp(_asked: Asked, writer: Writer) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n\r\n")


async def _round_and_round(_asked: Asked, writer: Writer) -> None:
    write_answer(writer, {"items": [], "next": "again"})


async def _lose_the_second(asked: Asked, writer: Writer) -> None:
    """Answer; the connection that stayed open since is dead."""
    if asked.number == 2:
        raise ConnectionError
    write_answer(writer, {"items": [record()]})


@asynccontextmanager
async def half_open(_folder: Path) -> AsyncIterator[RestAdapter]:
    async with scripted(_lose_the_second) as service:
        made = adapter_of(service)
        assert await outcome_of(made) is Outcome.ANSWERED
        yield made
        await made.aclose()


@asynccontextmanager
async def restarted(_folder: Path) -> AsyncIterator[RestAdapter]:
    """The service ends, and another one listens in its place."""

    async def answer(_asked: Asked, writer: Writer) -> None:
        write_answer(writer, {"items": [record()]})

    async with scripted(answer) as service:
        made = adapter_of(service)
        assert await outcome_of(made) is Outcome.ANSWERED
    async with scripted(answer, port=service.port):
        yield made
        await made.aclose()


@asynccontextmanager
async def cancelled(_folder: Path) -> AsyncIterator[RestAdapter]:
    begun = asyncio.Event()

    async def hang_first(asked: Asked, writer: Writer) -> None:
        if asked.number == 1:
            begun.set()
            await asyncio.Event().wait()
        write_answer(writer, {"items": [record()]})

    async with scripted(hang_first) as service:
        made = adapter_of(service)
        request = RecordRequest("r", whole(KIND), (FIRM,))
        call = asyncio.create_task(made.fetch([request], context()))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        yield made
        await made.aclose()


@asynccontextmanager
async def with_a_strange_certificate(folder: Path) -> AsyncIterator[RestAdapter]:
    ours, others = Authority(folder), Authority(folder, "others")
    files = others.issue("server")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.certificate, files.key)

    async def answer(_asked: Asked, writer: Writer) -> None:
        write_answer(writer, {"items": [record()]})

    async with scripted(answer, tls) as service:
        url = service.url.replace("http:", "https:")
        made = adapter_of(service, url=url, ca_file=ours.file)
        yield made
        await made.aclose()
        assert service.asked == []


DEEP = b'{"items": ' + b"[" * 9_000 + b"]" * 9_000 + b"}"
CAUSES: dict[str, Cause] = {
    "hang": from_script(_hang),
    "slow drip": from_script(_drip),
    "wrong type": records(record("a", no=["第1号"]), record("b")),
    "extra rows": records(*(record(str(number)) for number in range(101))),
    "duplicate keys": records(record("a"), record("a")),
    "huge row": records(record(no="x" * 30_000)),
    "source restart": restarted,
    "half-open connection": half_open,
    "bad TLS": with_a_strange_certificate,
    "disk full": always({}, "507 Insufficient Storage"),
    "clock skew": records(record(), headers="date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
    "cancelled request": cancelled,
    "flood": from_script(_flood),
    "closes without an answer": from_script(_close),
    "another protocol": from_script(_speak_smtp),
    "fails": always({}, "500 No"),
    "busy": always({}, "503 No", "retry-after: 0\r\n"),
    "forbids": always({}, "403 No"),
    "sends us elsewhere": always({}, "302 Go", "location: https://elsewhere.example.com/p\r\n"),
    "a page instead": always(b"<html>"),
    "half of the JSON": always(b'{"items": ['),
    "JSON without end": always(DEEP),
    "pages go round": from_script(_round_and_round, TOKENS),
}


def test_every_fault_is_caused() -> None:
    assert sorted(CAUSES) == sorted(cases(REST))


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in cases(REST)]
)
async def test_fault_has_its_outcome(name: str, tmp_path: Path) -> None:
    expected = cases(REST)[name].outcome
    async with CAUSES[name](tmp_path) as adapter:
        assert await outcome_of(adapter, expected) is expected
