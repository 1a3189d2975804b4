"""A client that leaves or dawdles: the work ends, nothing is answered, the worker lives on."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from gateway.http.endpoint import CLIENT_GONE
from gateway.http.graphql_endpoint import GraphQLEndpoint
from gateway.http.limits import HttpLimits
from tests.gateway.http.asgi import JSON, Peer, http_scope
from tests.gateway.http.conftest import HandClock, Memory
from tests.gateway.http.small_pipeline import SmallPipeline

SLOW = orjson.dumps({"query": "{slow}"})


def scope(size: int) -> dict[str, object]:
    """Return the scope of a POST with that many bytes."""
    headers = [*JSON, ("content-length", str(size))]
    return http_scope("POST", "/graphql", "", headers, ("192.0.2.7", 1))


async def test_leaving_cancels_the_work(
    endpoint: GraphQLEndpoint, pipeline: SmallPipeline, memory: Memory
) -> None:
    peer = Peer([SLOW])
    async with asyncio.timeout(10):
        request = asyncio.create_task(endpoint(scope(len(SLOW)), peer.receive, peer.send))
        await pipeline.started.wait()
        peer.leave.set()
        await request
    assert pipeline.cancelled.is_set()
    assert peer.sent == []
    assert [record.status for record in memory.records] == [CLIENT_GONE]
    assert memory.defects == []
    assert request.cancelling() == 0


async def test_leaving_within_the_body_ends_the_request(
    endpoint: GraphQLEndpoint, pipeline: SmallPipeline, memory: Memory
) -> None:
    peer = Peer([SLOW[:5]], is_complete=False)
    peer.leave.set()
    async with asyncio.timeout(10):
        await endpoint(scope(len(SLOW)), peer.receive, peer.send)
    assert (peer.sent, pipeline.asked) == ([], [])
    assert [record.status for record in memory.records] == [CLIENT_GONE]


async def test_a_body_that_does_not_arrive_is_408(
    pipeline: SmallPipeline, clock: HandClock
) -> None:
    endpoint = GraphQLEndpoint(pipeline, clock, limits=HttpLimits(body_s=0.01))
    peer = Peer([SLOW[:5]], is_complete=False)
    async with asyncio.timeout(10):
        await endpoint(scope(len(SLOW)), peer.receive, peer.send)
    reply = peer.reply()
    assert (reply.status, reply.code) == (408, "REQUEST_TIMEOUT")
    assert reply.headers["connection"] == "close"


async def test_cancellation_by_the_server_is_passed_on(
    endpoint: GraphQLEndpoint, pipeline: SmallPipeline
) -> None:
    peer = Peer([SLOW])
    request = asyncio.create_task(endpoint(scope(len(SLOW)), peer.receive, peer.send))
    await pipeline.started.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert peer.sent == []
