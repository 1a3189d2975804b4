"""The audit of GraphQL over HTTP by the npm package `graphql-http`, all 61 of it."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.http.clock import SystemClock
from gateway.http.graphql_endpoint import GraphQLEndpoint
from tests.gateway.http.serving import serving
from tests.gateway.http.small_pipeline import SmallPipeline

TOOL = Path(__file__).parents[3] / "tools" / "http-audit"
AUDITS = 61


def installed_audit() -> list[str]:
    """Return the command of the audit, its packages installed; skips where that cannot be."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("`npm` and `node` are needed to run the audit")
    with (TOOL / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (TOOL / "node_modules" / "graphql-http").is_dir():
            finished = subprocess.run(
                [npm, "ci"], cwd=TOOL, capture_output=True, text=True, timeout=120, check=False
            )
            if finished.returncode != 0:
                pytest.skip("`npm ci` could not install the audit: no packages within reach")
    return [node, str(TOOL / "audit.js")]


async def audit(port: int, authorization: str | None = None) -> list[dict[str, Any]]:
    """Return the results of all audits."""
    command = await asyncio.to_thread(installed_audit)
    arguments = [f"http://127.0.0.1:{port}/graphql", *([authorization] if authorization else [])]
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, stdout=asyncio.subprocess.PIPE
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
