"""The endpoint behind the real server: what only bytes on a connection can show."""

from __future__ import annotations

import asyncio

import pytest

from gateway.http.clock import SystemClock
from gateway.http.graphql_endpoint import GraphQLEndpoint
from tests.gateway.http.serving import serving
from tests.gateway.http.small_pipeline import SmallPipeline

BODY = b'{"query":"{hello}"}'


async def exchange(port: int, *parts: bytes) -> bytes:
    """Send bytes on one connection and return all that comes back until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def chunked(method: bytes) -> bytes:
    """Return a chunked request whose trailer carries a token."""
    return (
        method + b" /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: x\r\n"
        b"content-type: application/json\r\naccept: application/json\r\n"
        b"transfer-encoding: chunked\r\ntrailer: authorization\r\n\r\n"
        + hex(len(BODY))[2:].encode()
        + b"\r\n"
        + BODY
        + b"\r\n0\r\nauthorization: Bearer from-a-trailer\r\n\r\n"
    )


@pytest.mark.parametrize("method", [b"POST", b"GET"])
async def test_a_token_in_a_trailer_reaches_nobody(method: bytes) -> None:
    pipeline = SmallPipeline()
    async with serving(GraphQLEndpoint(pipeline, SystemClock())) as port:
        answer = await exchange(port, chunked(method))
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert pipeline.asked == []


async def test_a_body_over_the_limit_is_refused_before_it_is_sent() -> None:
    async with serving(GraphQLEndpoint(SmallPipeline(), SystemClock())) as port:
        head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        answer = await exchange(port, head + b"content-length: 100001\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_client_that_leaves_ends_the_work_and_the_next_is_answered() -> None:
    pipeline = SmallPipeline()
    async with serving(GraphQLEndpoint(pipeline, SystemClock())) as port, asyncio.timeout(20):
        slow = b'{"query":"{slow}"}'
        head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"content-length: %d\r\n\r\n" % len(slow) + slow)
        await pipeline.started.wait()
        writer.close()
        await pipeline.cancelled.wait()
        length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(BODY)
        answer = await exchange(port, head + length + BODY)
    assert answer.endswith(b'{"data":{"hello":"hello None"}}')
