"""A router with a second subgraph beside the gateway, each a process on loopback."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import httpx

from tests.support.npm import installed_tool
from tests.support.postgres import temporary_folder
from tests.support.running_gateway import end, free_port, wait_until_answering

START_S = 90.0


@dataclass(frozen=True)
class RunningRouter:
    """A router that answers on loopback.

    Attributes:
        url: of its GraphQL endpoint.
    """

    url: str

    def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        authorization: str | None = None,
    ) -> dict[str, Any]:
        """Return the router's whole answer."""
        headers = {"authorization": authorization} if authorization else {}
        body = {"query": query, "variables": variables or {}}
        answer = httpx.post(self.url, json=body, headers=headers, timeout=30, trust_env=False)
        members: dict[str, Any] = answer.json()
        return members


@contextmanager
def running_router(supergraph: str) -> Iterator[RunningRouter]:
    """Run the router on a supergraph until the block ends; skips where npm is absent."""
    tool = installed_tool("router", least_node=20)
    port = free_port()
    with temporary_folder() as folder:
        file, output = folder / "supergraph.graphql", folder / "output.txt"
        file.write_text(supergraph, encoding="utf-8")
        command = tool.command(
            "node_modules/@graphql-hive/gateway/dist/bin.js",
            "supergraph",
            "--config-path=gateway.config.js",
            "--host=127.0.0.1",
            f"--port={port}",
        )
        environment = {"PATH": os.environ["PATH"], "SUPERGRAPH": str(file)}
        with output.open("wb") as written:
            process = subprocess.Popen(
                command, cwd=tool.folder, env=environment, stdout=written, stderr=written
            )
        base = f"http://127.0.0.1:{port}"
        try:
            wait_until_answering(f"{base}/readiness", process, output, START_S)
            yield RunningRouter(f"{base}/graphql")
        finally:
            end(process)


@contextmanager
def running_second_subgraph(permits: Mapping[str, int]) -> Iterator[str]:
    """Run the subgraph of parking permits and yield its URL; skips where npm is absent."""
    command = installed_tool("federation").command("subgraph.js", json.dumps(permits))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = json.loads(_first_line(process.stdout))["port"]
            yield f"http://127.0.0.1:{port}/graphql"
        finally:
            end(process)


def _first_line(output: IO[bytes]) -> bytes:
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        assert selector.select(START_S), "the second subgraph did not print its port in time"
    return output.readline()
