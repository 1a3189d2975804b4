"""`/administrators`: where administrators sign in, for what they do over HTTP."""

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
from gateway.http.types import RequestObserver, SigningAdministratorsIn

ADMINISTRATORS_PATH = "/administrators"


class AdministratorsEndpoint(Endpoint):
    """ASGI application for `POST` of one path.

    Args:
        signing: gives challenges, signs in and out.
        clock, observers, limits, new_request_id, proxy: see `Endpoint`.
    """

    def __init__(
        self,
        signing: SigningAdministratorsIn,
        clock: Clock,
        observers: Sequence[RequestObserver] = (),
        limits: HttpLimits | None = None,
        new_request_id: Callable[[], str] = random_request_id,
        proxy: TrustedProxy = NO_PROXY,
    ) -> None:
        super().__init__(clock, observers, limits, new_request_id, proxy)
        self._signing = signing

    async def respond(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        """Return what the administrator needs next; see `Endpoint.respond`."""
        headers = self.headers(scope)
        if scope["method"] != "POST":
            raise method_not_allowed("`POST`", "POST")
        async with Connection(receive, self.limits.body_s, has_body=True) as connection:
            body = await read_json_body(headers, connection, exchange, self.limits)
            asked = read_json(body, self.limits.json_depth)
            facts = self.facts(scope, exchange)
            given = await self._signing.sign(
                asked, headers.credentials.about(body), headers.administrator, facts
            )
        return Response(200, orjson.dumps(given))
