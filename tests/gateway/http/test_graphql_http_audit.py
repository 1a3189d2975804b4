"""The audit of GraphQL over HTTP by the npm package `graphql-http`, all 61 of it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from gateway.http.clock import SystemClock
from gateway.http.graphql_endpoint import GraphQLEndpoint
from tests.gateway.http.serving import serving
from tests.gateway.http.small_pipeline import SmallPipeline
from tests.support.npm import installed_tool

AUDITS = 61


async def audit(port: int, authorization: str | None = None) -> list[dict[str, Any]]:
    """Return the results of all audits."""
    tool = await asyncio.to_thread(installed_tool, "http-audit")
    arguments = [f"http://127.0.0.1:{port}/graphql", *([authorization] if authorization else [])]
    process = await asyncio.create_subprocess_exec(
        *tool.command("audit.js", *arguments), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    results: list[dict[str, Any]] = orjson.loads(output)
    return results


@pytest.mark.parametrize("authorization", [None, "Bearer officer"])
async def test_every_audit_passes(authorization: str | None) -> None:
    async with serving(GraphQLEndpoint(SmallPipeline(), SystemClock())) as port:
        results = await audit(port, authorization)
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) == AUDITS
