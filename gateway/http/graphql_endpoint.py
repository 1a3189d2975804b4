"""The GraphQL endpoint: one raw ASGI application, because it is the hot route.

Reads a request, hands it to the pipeline, and sends what comes back with the right status. Knows
no GraphQL: what a document means is the pipeline's business.

Source: GraphQL over HTTP, sections "Request", "Response" and "Status Codes".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from starlette.types import Receive, Scope

from gateway.errors import ClientError, Unauthenticated
from gateway.http.accept import GRAPHQL_RESPONSE, JSON, Negotiated, negotiate
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
from gateway.http.headers import RequestHeaders
from gateway.http.limits import HttpLimits
from gateway.http.parameters import from_body, from_query_string
from gateway.http.proxy import NO_PROXY, TrustedProxy
from gateway.http.types import Answering, Credentials, RequestFacts, RequestObserver
from gateway.operation.types import OperationAnswer, OperationRequest

# Source: Fetch Metadata Request Headers, section 2.2 "Sec-Fetch-Mode".
_FETCH_MODES = (b"cors", b"same-origin")


class GraphQLEndpoint(Endpoint):
    """ASGI application for `GET` and `POST` of one path.

    Args:
        answering: the pipeline.
        clock, observers, limits, new_request_id, proxy: see `Endpoint`.
        metadata_url: where this resource tells which authorization server it trusts; named in each
            challenge (RFC 9728 section 5.1). None where it does not tell.
    """

    def __init__(
        self,
        answering: Answering,
        clock: Clock,
        observers: Sequence[RequestObserver] = (),
        limits: HttpLimits | None = None,
        new_request_id: Callable[[], str] = random_request_id,
        proxy: TrustedProxy = NO_PROXY,
        metadata_url: str | None = None,
    ) -> None:
        super().__init__(clock, observers, limits, new_request_id, proxy)
        self._answering = answering
        self._metadata_url = metadata_url

    async def respond(self, scope: Scope, receive: Receive, exchange: Exchange) -> Response:
        """Return the response to a request that can be understood; see `Endpoint.respond`."""
        headers = self.headers(scope)
        method: str = scope["method"]
        if method not in ("GET", "POST"):
            raise method_not_allowed("`POST` or `GET`", "GET, POST")
        negotiated = _require_acceptable(headers, method)
        exchange.media_type = negotiated.media_type
        async with Connection(receive, self.limits.body_s, method == "POST") as connection:
            if method == "POST":
                body = await read_json_body(headers, connection, exchange, self.limits)
                request, content = from_body(body, self.limits), body
            else:
                content = scope["query_string"]
                exchange.request_bytes = len(content)
                request = from_query_string(content, self.limits)
            facts = self.facts(scope, exchange, headers.idempotency_key)
            credentials = headers.credentials.about(content)
            answer = await self._answer(request, credentials, facts)
        is_bad = answer.is_request_error and exchange.media_type == GRAPHQL_RESPONSE
        code = "REQUEST_ERROR" if answer.is_request_error else None
        return Response(400 if is_bad else 200, answer.body, answer.headers, code)

    async def _answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        try:
            return await self._answering.answer(request, credentials, facts)
        except Unauthenticated as error:
            if self._metadata_url is not None:
                error.headers = tuple(_with_metadata(error.headers, self._metadata_url))
            raise


def _with_metadata(
    headers: Iterable[tuple[str, str]], metadata_url: str
) -> Iterator[tuple[str, str]]:
    """The headers, whose challenge names where this resource tells about itself."""
    for name, value in headers:
        is_challenge = name.lower() == "www-authenticate"
        yield name, f'{value}, resource_metadata="{metadata_url}"' if is_challenge else value


def _require_acceptable(headers: RequestHeaders, method: str) -> Negotiated:
    """Return the media type of the response.

    A `GET` must name a JSON type itself, or be a script's own `fetch`, which CORS guards: what a
    browser sends when it follows a link or loads a picture or script is neither, so no page
    elsewhere can make one run a query by that.

    Raises:
        ClientError: 406 NOT_ACCEPTABLE.
    """
    negotiated = negotiate(headers.accept)
    is_bare_get = method == "GET" and headers.fetch_mode not in _FETCH_MODES
    if negotiated is None or (is_bare_get and not negotiated.is_explicit):
        raise ClientError(
            "NOT_ACCEPTABLE",
            f"header `accept` names no type that can be sent, expected `{GRAPHQL_RESPONSE}`"
            f" or `{JSON}`",
            status=406,
        )
    return negotiated
