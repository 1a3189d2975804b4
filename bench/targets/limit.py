"""The limit: a hand-written handler per workload. No GraphQL, no identity, no policy, no audit.

The yardstick of how fast any Python server can be that gives these answers from these databases.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg
import orjson
from starlette.types import Receive, Scope, Send

from bench.targets.limit_sql import statements
from bench.targets.program import run_target
from bench.workloads import WORKLOADS, Workload
from gateway.settings import Settings
from gateway.store.pool import Connection, LightPool

POOL_SIZE = 8
_SESSION = {"jit": "off", "plan_cache_mode": "force_generic_plan", "timezone": "UTC"}
"""A plan made once: planning costs more than one of these statements."""
Texts = Sequence[bytes | None]
Answer = Callable[[Mapping[str, Any]], Awaitable[bytes]]


async def _connect(url: str) -> Connection:
    connection: Connection = await asyncpg.connect(url, server_settings=_SESSION)
    return connection


async def _texts(pool: LightPool, statement: str, keys: Sequence[str]) -> Texts:
    async with pool.connection() as connection:
        found: Texts = await connection.fetchval(statement, keys)
    return found


def _answer(workload: Workload, pools: Mapping[str, LightPool]) -> Answer:
    asked = statements(workload)
    market = asked["market"]
    others = [(pools[slug], asked[slug]) for slug in ("tax", "courts") if slug in asked]

    async def texts(keys: Sequence[str]) -> list[Texts]:
        tasks = [asyncio.create_task(_texts(*other, keys)) for other in others]
        first = await _texts(pools["market"], market, keys)
        return [first, *[await task for task in tasks]]

    async def one(variables: Mapping[str, Any]) -> bytes:
        members = [text for (text,) in await texts((variables["u"],))]
        if members[0] is None:
            return b'{"data":{"subject":null}}'
        return b'{"data":{"subject":{%b}}}' % b",".join(members)  # type: ignore[arg-type]

    async def many(variables: Mapping[str, Any]) -> bytes:
        subjects = [
            b"null" if members[0] is None else b"{%b}" % b",".join(members)
            for members in zip(*await texts(variables["us"]), strict=True)
        ]
        return b'{"data":{"subjects":[%b]}}' % b",".join(subjects)

    return one if workload.subjects == 1 else many


class LimitApp:
    """Raw ASGI application: the path names the workload, the JSON body holds the variables."""

    def __init__(self, settings: Settings) -> None:
        self._pools = {
            slug: LightPool(partial(_connect, adapter.values["url"]), POOL_SIZE)
            for slug, adapter in settings.adapters.items()
        }
        self._answers = {
            f"/{workload.name}": _answer(workload, self._pools) for workload in WORKLOADS.values()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; there is no other but those of the workloads."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        content = await self._answers[scope["path"]](orjson.loads(body)["variables"])
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", b"%d" % len(content)),
                ],
            }
        )
        await send({"type": "http.response.body", "body": content})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for pool in self._pools.values():
            await pool.aclose()
        await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    run_target(LimitApp)
