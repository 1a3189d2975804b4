"""Everything but GraphQL: health, numbers, the page, and errors in the one shape."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.errors import Unavailable
from gateway.http.dispatch import HttpApp
from gateway.http.metrics import Metrics
from gateway.http.routes import Readiness
from tests.gateway.http.asgi import Headers, call, post
from tests.gateway.http.building import build_http_app
from tests.gateway.http.conftest import HandClock, Memory
from tests.gateway.http.small_pipeline import SECRET, SmallPipeline

HERE = ("127.0.0.1", 9)


async def broken(_: Request) -> Response:
    """Fail with a text that holds a value."""
    raise RuntimeError(SECRET)


async def unavailable(_: Request) -> Response:
    """Refuse."""
    raise Unavailable("STORE_DOWN", "text", headers=(("retry-after", "5"),))


def build(
    clock: HandClock,
    memory: Memory,
    checks: tuple[tuple[str, bool], ...] = (),
    graphiql: Path | None = None,
) -> HttpApp:
    """Return the whole application."""

    async def readiness() -> Readiness:
        return Readiness(checks)

    return build_http_app(
        SmallPipeline(),
        clock,
        Metrics(),
        readiness,
        observers=[memory],
        graphiql_folder=graphiql,
        more_routes=[Route("/broken", broken), Route("/unavailable", unavailable)],
    )


@pytest.fixture
def app(clock: HandClock, memory: Memory) -> HttpApp:
    return build(clock, memory, (("store", True),))


async def test_graphql_is_answered(app: HttpApp) -> None:
    assert (await post(app, {"query": "{hello}"})).json() == {"data": {"hello": "hello None"}}


async def test_livez(app: HttpApp) -> None:
    reply = await call(app, "GET", "/livez")
    assert (reply.status, reply.json()) == (200, {"status": "alive"})


async def test_readyz_is_503_as_soon_as_one_check_fails(clock: HandClock, memory: Memory) -> None:
    ready = await call(build(clock, memory, (("store", True),)), "GET", "/readyz")
    assert (ready.status, ready.json()) == (200, {"status": "ready", "checks": {"store": True}})
    checks = (("store", True), ("policies", False))
    reply = await call(build(clock, memory, checks), "GET", "/readyz")
    assert (reply.status, reply.json()["checks"]) == (503, {"store": True, "policies": False})


async def test_numbers_are_given_to_this_machine(app: HttpApp) -> None:
    await post(app, {"query": "{hello}"})
    reply = await call(app, "GET", "/metrics", client=HERE)
    assert reply.status == 200
    counted = b'gateway_requests_total{code="",route="/graphql",status="200"} 1.0'
    assert counted in reply.body


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (("192.0.2.7", 1), ()),
        (("2001:db8::1", 1), ()),
        (HERE, [("x-forwarded-for", "192.0.2.7")]),
        (HERE, [("forwarded", "for=192.0.2.7")]),
    ],
)
async def test_numbers_are_given_to_nobody_else(
    app: HttpApp, client: tuple[str, int], headers: Headers
) -> None:
    reply = await call(app, "GET", "/metrics", client=client, headers=headers)
    assert (reply.status, reply.code) == (403, "METRICS_REFUSED")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/graphql/", "/page/../page.js", "/page/", "/graphiql"]
)
async def test_an_unknown_path_is_404(app: HttpApp, path: str) -> None:
    reply = await call(app, "GET", path)
    assert (reply.status, reply.code) == (404, "NOT_FOUND")


async def test_an_unknown_method_is_405(app: HttpApp) -> None:
    reply = await call(app, "DELETE", "/livez")
    assert (reply.status, reply.code) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in reply.headers["allow"]


async def test_a_client_error_keeps_status_code_and_headers(app: HttpApp) -> None:
    reply = await call(app, "GET", "/unavailable")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "STORE_DOWN", "5")


async def test_a_defect_shows_the_request_id_only(app: HttpApp, memory: Memory) -> None:
    reply = await call(app, "GET", "/broken")
    assert (reply.status, reply.code) == (500, "INTERNAL_ERROR")
    assert SECRET.encode() not in reply.body
    assert [request_id for request_id, _ in memory.defects] == [reply.headers["x-request-id"]]


async def test_chunked_bodies_are_refused_on_every_path(app: HttpApp) -> None:
    reply = await call(app, "POST", "/livez", headers=[("transfer-encoding", "chunked")])
    assert (reply.status, reply.code) == (411, "LENGTH_REQUIRED")


async def test_paths_that_are_not_offered_are_not_named(app: HttpApp, memory: Memory) -> None:
    await call(app, "GET", "/livez")
    await call(app, "GET", f"/firm/{SECRET}")
    assert [record.route for record in memory.records] == ["/livez", "other"]


async def test_every_response_is_safe(app: HttpApp) -> None:
    for path in ("/", "/livez", "/nowhere", "/page/page.js"):
        reply = await call(app, "GET", path)
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["x-request-id"]


async def test_graphiql_is_offered_where_it_was_built(
    clock: HandClock, memory: Memory, tmp_path: Path
) -> None:
    for name in ("graphiql.js", "graphiql.css"):
        (tmp_path / name).write_text("/* built */", encoding="utf-8")
    app = build(clock, memory, graphiql=tmp_path)
    page = await call(app, "GET", "/graphiql")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert (await call(app, "GET", "/graphiql/graphiql.js")).body == b"/* built */"
    assert (await call(app, "GET", "/graphiql/graphiql-start.js")).status == 200
    assert b'href="/graphiql"' in (await call(app, "GET", "/")).body


async def test_graphiql_is_not_offered_where_it_was_not_built(app: HttpApp) -> None:
    assert b"graphiql" not in (await call(app, "GET", "/")).body
