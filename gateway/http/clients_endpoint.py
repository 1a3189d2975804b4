"""`/clients`: clients of the gateway listed and registered by administrators."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson
from starlette.types import Receive, Scope

from gateway.http.clock import Clock
from gateway.http.connection import Connection
from gateway.http.endpoint import (
    Endpoint,
    Exchange,
    Response,
    method_not_allowed,
    random_request_id,
    read_json_body,
)
from gateway.http.limits import HttpLimits
from gateway.http.proxy import NO_PROXY, TrustedProxy
from gateway.http.strict_json import read_json
from gateway.http.types import AdministeringClients, RequestObserver

CLIENTS_PATH = "/clients"


class ClientsEndpoint(Endpoint):
    """ASGI application for `GET` and `POST` of one path.

    Args:
        administering: does what administrators ask.
        clock, observers, limits, new_request_id, proxy: see `Endpoint`.
    """

    def __init__(
        self,
        administering: AdministeringClients,
        clock: Clock,
        observers: Sequence[RequestObserver] = (),
        limits: HttpLimits | None = None,
        new_request_id: Callable[[], str] = random_request_id,
        proxy: TrustedProxy = NO_PROXY,
    ) -> None:
        super().__init__(clock, observers, limits, new_request_id, proxy)
        self._administering = administering

    async def respond(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        """Return a client, or all of them; see `Endpoint.respond`."""
        headers = self.headers(scope)
        method = scope["method"]
        if method not in ("GET", "POST"):
            raise method_not_allowed("`POST` or `GET`", "GET, POST")
        async with Connection(receive, self.limits.body_s, method == "POST") as connection:
            facts = self.facts(scope, exchange)
            if method == "GET":
                credentials = headers.credentials.about(scope["query_string"])
                found = await self._administering.list_clients(credentials, facts)
                return Response(200, orjson.dumps({"clients": found}))
            body = await read_json_body(headers, connection, exchange, self.limits)
            asked = read_json(body, self.limits.json_depth)
            client = await self._administering.act(
                asked, headers.credentials.about(body), headers.administrator, facts
            )
        return Response(200, orjson.dumps({"client": client}))
