"""What a sick service does, and what becomes of it: no wrong records, no wait without end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.conformance.department import whole
from gateway.contract import (
    RECORD_ID,
    AdapterError,
    FetchContext,
    MappingFailed,
    QuestionTooBroad,
    RecordRequest,
    RowBatch,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
)
from gateway.sources.mapping import Amount, DateColumn, KindMapping, Text
from gateway.sources.rest import (
    ByKeys,
    Endpoint,
    Listing,
    PageNumbers,
    PageTokens,
    Resource,
    RestAdapter,
    RestApi,
    RestSource,
)
from schema.codes import RecordKind
from tests.support.awkward_department import FIRM, SHOP
from tests.support.native_records import rows_only
from tests.support.scripted_service import Asked, Scripted, Writer, scripted, write_answer

KIND = RecordKind.ADMINISTRATIVE_PENALTY
MAPPING = KindMapping(
    KIND,
    "penalties",
    "id",
    "code",
    {RECORD_ID: Text("id"), "meta.decidedOn": DateColumn("day"), "fineAmount": Amount("fine")},
)
PATIENCE_S = 0.6
SOURCE = RestSource("http://127.0.0.1:1", timeout_s=PATIENCE_S, most_bytes=20_000, most_records=100)
Script = Callable[[Asked, Writer], Awaitable[None]]


def record(record_id: Any = "a", **values: Any) -> dict[str, Any]:
    return {"id": record_id, "code": FIRM, "day": "2026-01-31", "fine": 1, **values}


def adapter_of(service: Scripted, endpoint: Endpoint, **changes: Any) -> RestAdapter:
    resource = Resource(MAPPING, ByKeys(endpoint, "codes"), Listing(endpoint))
    source = replace(SOURCE, **{"url": service.url, **changes})
    return RestAdapter(rows_only((KIND,)), RestApi((resource,), "/health"), source)


async def ask(adapter: RestAdapter, patience_s: float = 5.0, count: bool = False) -> RowBatch:
    selection = whole(KIND, fields=(RECORD_ID, "fineAmount"), count=count)
    context = FetchContext("t", time.monotonic() + patience_s, "2026-11-02T08:00:00Z")
    try:
        (batch,) = await adapter.fetch([RecordRequest("p", selection, (FIRM,))], context)
    finally:
        await adapter.aclose()
    assert isinstance(batch, RowBatch)
    return batch


def always(body: object, status: str = "200 OK", headers: str = "") -> Script:
    async def script(_asked: Asked, writer: Writer) -> None:
        write_answer(writer, body, status, headers)

    return script


async def _hang(_asked: Asked, _writer: Writer) -> None:
    await asyncio.sleep(60)


async def _drip(_asked: Asked, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(1_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _flood(_asked: Asked, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b" " * 4096 + b"\r\n")
        await writer.drain()


async def _break_off(_asked: Asked, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
    await writer.drain()
    raise ConnectionError


async def _close(_asked: Asked, _writer: Writer) -> None:
    raise ConnectionError


async def _speak_garbage(_asked: Asked, writer: Writer) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n\r\n")


async def _round_and_round(_asked: Asked, writer: Writer) -> None:
    write_answer(writer, {"items": [], "next": "again"})


async def _endless(asked: Asked, writer: Writer) -> None:
    items = [record(f"{asked.number}-{number}") for number in range(20)]
    write_answer(writer, {"items": items, "next": str(asked.number)})


DEEP = b'{"items": ' + b"[" * 9_000 + b"]" * 9_000 + b"}"
TOKENS = Endpoint("/p", paging=PageTokens())
FAULTS: dict[str, tuple[Script, type[AdapterError], Endpoint]] = {
    "it takes the question and hangs": (_hang, SourceTimedOut, Endpoint("/p")),
    "it drips byte by byte": (_drip, SourceTimedOut, Endpoint("/p")),
    "it floods without end": (_flood, MappingFailed, Endpoint("/p")),
    "it announces a huge body": (always(b" " * 30_000), MappingFailed, Endpoint("/p")),
    "it breaks off in the middle": (_break_off, SourceUnavailable, Endpoint("/p")),
    "it closes without an answer": (_close, SourceUnavailable, Endpoint("/p")),
    "it speaks no HTTP": (_speak_garbage, SourceUnavailable, Endpoint("/p")),
    "it fails": (always({}, "500 No"), SourceUnavailable, Endpoint("/p")),
    "it stays busy": (always({}, "503 No"), SourceUnavailable, Endpoint("/p")),
    "it wants us to come much later": (
        always({}, "429 No", "retry-after: 3600\r\n"),
        SourceUnavailable,
        Endpoint("/p"),
    ),
    "it does not know the path": (always({}, "404 No"), SourceRejected, Endpoint("/p")),
    "it forbids": (always({}, "403 No"), SourceRejected, Endpoint("/p")),
    "it does not know us": (always({}, "401 No"), SourceRejected, Endpoint("/p")),
    "it sends us to another host": (
        always({}, "302 Go", "location: https://elsewhere.example.com/p\r\n"),
        SourceRejected,
        Endpoint("/p"),
    ),
    "it answers with a page": (always(b"<html>"), MappingFailed, Endpoint("/p")),
    "it answers with half of the JSON": (always(b'{"items": ['), MappingFailed, Endpoint("/p")),
    "it answers with a scalar": (always(b"17"), MappingFailed, Endpoint("/p")),
    "it answers with JSON without end": (always(DEEP), MappingFailed, Endpoint("/p")),
    "it says NaN": (always(b'{"items": [{"fine": NaN}]}'), MappingFailed, Endpoint("/p")),
    "it names the records otherwise": (always({"rows": []}), MappingFailed, Endpoint("/p")),
    "its records are no objects": (always({"items": [1]}), MappingFailed, Endpoint("/p")),
    "it is no UTF-8": (always(b'{"items": [{"id": "\xff"}]}'), MappingFailed, Endpoint("/p")),
    "it compresses unasked": (
        always(b"\x1f\x8b", headers="content-encoding: gzip\r\n"),
        MappingFailed,
        Endpoint("/p"),
    ),
    "it gives an id twice": (
        always({"items": [record("a"), record("a")]}),
        MappingFailed,
        Endpoint("/p"),
    ),
    "it gives too many records": (
        always({"items": [record(str(number)) for number in range(101)]}),
        QuestionTooBroad,
        Endpoint("/p"),
    ),
    "its pages go round": (_round_and_round, MappingFailed, TOKENS),
    "its pages do not end": (_endless, QuestionTooBroad, TOKENS),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_ends_in_its_error_within_the_time(name: str) -> None:
    script, error, endpoint = FAULTS[name]
    async with scripted(script) as service:
        async with asyncio.timeout(PATIENCE_S + 5):
            with pytest.raises(error) as raised:
                await ask(adapter_of(service, endpoint))
    assert type(raised.value) is error or issubclass(type(raised.value), error)
    assert FIRM not in str(raised.value)


async def test_dead_service_is_unavailable() -> None:
    async with scripted(_close) as service:
        adapter = adapter_of(service, Endpoint("/p"))
    with pytest.raises(SourceUnavailable):
        await ask(adapter)


async def test_deadline_of_the_call_ends_the_wait() -> None:
    async with scripted(_hang) as service:
        async with asyncio.timeout(5):
            with pytest.raises(SourceTimedOut):
                await ask(adapter_of(service, Endpoint("/p"), timeout_s=50), patience_s=0.1)


async def test_cancelled_call_closes_its_connection() -> None:
    closed = asyncio.Event()

    async def script(_asked: Asked, writer: Writer) -> None:
        await writer.wait_closed() if writer.is_closing() else None
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            closed.set()
            raise

    async def slow(asked: Asked, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
        await script(asked, writer)

    async with scripted(slow) as service:
        adapter = adapter_of(service, Endpoint("/p"), timeout_s=50)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(adapter)
        async with asyncio.timeout(5):
            await closed.wait()


@pytest.mark.parametrize("status", ["503 No", "429 No", "502 No", "504 No"])
async def test_busy_service_is_asked_again(status: str) -> None:
    async def script(asked: Asked, writer: Writer) -> None:
        if asked.number < 3:
            write_answer(writer, {}, status, "retry-after: 0\r\n")
        else:
            write_answer(writer, {"items": [record()]})

    async with scripted(script) as service:
        batch = await ask(adapter_of(service, Endpoint("/p"), timeout_s=5))
        assert (batch.groups, len(service.asked)) == ([[["a", "1.00"]]], 3)


async def test_connection_that_died_while_idle_is_replaced() -> None:
    """A half-open connection: the service restarted, and nobody told us."""

    async def script(asked: Asked, writer: Writer) -> None:
        if asked.number == 2:
            raise ConnectionError
        write_answer(writer, {"items": [record()]})

    async with scripted(script) as service:
        adapter = adapter_of(service, Endpoint("/p"), timeout_s=5)
        context = FetchContext("t", time.monotonic() + 5, "2026-11-02T08:00:00Z")
        request = RecordRequest("p", whole(KIND, fields=(RECORD_ID,)), (FIRM,))
        first = await adapter.fetch([request], context)
        assert await adapter.fetch([request], context) == first
        assert service.connections == 2
        await adapter.aclose()


async def test_records_of_others_are_left_out() -> None:
    async with scripted(always({"items": [record("a", code=SHOP), record("b")]})) as service:
        assert (await ask(adapter_of(service, Endpoint("/p")))).groups == [[["b", "1.00"]]]


async def test_records_with_values_of_the_wrong_type_are_withheld() -> None:
    bad = [record("a", fine="much"), record("b", fine=[1]), record(None), record(["c"])]
    async with scripted(always({"items": [*bad, record("d")]})) as service:
        batch = await ask(adapter_of(service, Endpoint("/p")))
    assert (batch.groups, batch.withheld) == ([[["d", "1.00"]]], 4)


async def test_records_that_come_again_on_the_next_page_are_taken_once() -> None:
    """Something was inserted while we paged: everything moved one place down."""

    async def script(asked: Asked, writer: Writer) -> None:
        items = [["a", "b"], ["b", "c"], ["d"]][asked.number - 1]
        write_answer(writer, {"items": [record(item) for item in items]})

    endpoint = Endpoint("/p", paging=PageNumbers(records=2))
    async with scripted(script) as service:
        batch = await ask(adapter_of(service, endpoint), count=True)
    assert [row[0] for row in batch.groups[0]] == ["a", "b", "c", "d"]
    assert batch.totals == [4]


async def test_numbers_are_exact() -> None:
    body = b'{"items": [{"id": "a", "code": "%s", "fine": 9007199254740993.07}]}'
    async with scripted(always(body % FIRM.encode())) as service:
        batch = await ask(adapter_of(service, Endpoint("/p")))
    assert batch.groups == [[["a", "9007199254740993.07"]]]
