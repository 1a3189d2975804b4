"""The idiomatic server: Strawberry with DataLoaders and caches, as its documentation teaches.

No identity, no policy but the row rules, no audit. The path names the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from bench.targets.program import run_target
from bench.targets.strawberry_loaders import Loaders
from bench.targets.strawberry_types import USCC, Query, Uscc
from bench.workloads import CALLERS
from gateway.settings import Settings

POOL_SIZE = 8
Pools = dict[str, "asyncpg.Pool[Any]"]


class _CallersGraphQL(GraphQL[Any, None]):
    """The endpoint for one caller."""

    def __init__(self, schema: strawberry.Schema, pools: Pools, caller: str) -> None:
        super().__init__(schema, graphql_ide=None)
        self._pools = pools
        self._caller = caller

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> dict[str, Loaders]:
        return {"loaders": Loaders(self._pools, self._caller)}


def make_app(settings: Settings) -> ASGIApp:
    """Return the application; its lifespan opens and closes the pools."""
    schema = strawberry.Schema(
        query=Query,
        extensions=[lambda: ParserCache(maxsize=100), lambda: ValidationCache(maxsize=100)],
        config=StrawberryConfig(scalar_map={Uscc: USCC}),
    )
    pools: Pools = {}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for slug, adapter in settings.adapters.items():
            pools[slug] = await asyncpg.create_pool(
                adapter.values["url"], min_size=POOL_SIZE, max_size=POOL_SIZE
            )
        yield
        for pool in pools.values():
            await pool.close()

    app = Starlette(lifespan=lifespan)
    for caller in CALLERS:
        app.mount(f"/{caller}", _CallersGraphQL(schema, pools, caller))
    return app


if __name__ == "__main__":
    run_target(make_app)
