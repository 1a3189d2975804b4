"""HTTP of the authorization server: paths, headers and bodies; what they mean is elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.oauth.errors import OAuthError, invalid_client, invalid_request
from gateway.oauth.form import MOST_BODY_BYTES, Form, body_too_large, read_form
from gateway.oauth.metadata import (
    INTROSPECTION_PATH,
    JWKS_PATH,
    PUSHED_PATH,
    REVOCATION_PATH,
    SERVER_METADATA_PATH,
    TOKEN_PATH,
    resource_metadata,
    resource_metadata_path,
    server_metadata,
)
from gateway.oauth.sent import Sent
from gateway.oauth.server import AuthorizationServer
from gateway.oauth.types import OAuthRules

OAUTH_PATHS = frozenset(
    (TOKEN_PATH, PUSHED_PATH, INTROSPECTION_PATH, REVOCATION_PATH, JWKS_PATH, SERVER_METADATA_PATH)
)
_JSON = "application/json"
_NO_STORE = {"cache-control": "no-store"}
_PUBLISHED = {"cache-control": "public, max-age=60", "cross-origin-resource-policy": "cross-origin"}
"""Shorter than a new key is published before it signs."""
_MOST_HEADER = 8_192

_log = structlog.get_logger(__name__)
_Answer = Callable[[AuthorizationServer, Sent], Awaitable[Mapping[str, Any] | None]]


def oauth_routes(
    rules: OAuthRules, server: Callable[[], AuthorizationServer], has_certificates: bool
) -> list[BaseRoute]:
    """Return the routes.

    Args:
        server: the open server; asked at each request.
        has_certificates: whether client certificates reach it.
    """

    async def jwks(_: Request) -> Response:
        return _json(server().keys.jwks(), headers=_PUBLISHED)

    async def token(server: AuthorizationServer, sent: Sent) -> Mapping[str, Any]:
        return await server.tokens.answer(sent)

    async def push(server: AuthorizationServer, sent: Sent) -> Mapping[str, Any]:
        return await server.pushes.answer(sent)

    async def introspect(server: AuthorizationServer, sent: Sent) -> Mapping[str, Any]:
        return await server.state.introspect(sent)

    async def revoke(server: AuthorizationServer, sent: Sent) -> None:
        await server.state.revoke(sent)

    return [
        Route(TOKEN_PATH, _endpoint(server, rules, token), methods=["POST"]),
        Route(PUSHED_PATH, _endpoint(server, rules, push, status=201), methods=["POST"]),
        Route(INTROSPECTION_PATH, _endpoint(server, rules, introspect), methods=["POST"]),
        Route(REVOCATION_PATH, _endpoint(server, rules, revoke), methods=["POST"]),
        Route(JWKS_PATH, jwks),
        Route(SERVER_METADATA_PATH, _published(server_metadata(rules, has_certificates))),
        Route(
            resource_metadata_path(rules), _published(resource_metadata(rules, has_certificates))
        ),
    ]


def _published(metadata: Mapping[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def show(_: Request) -> Response:
        return _json(metadata, headers=_PUBLISHED)

    return show


def _endpoint(
    server: Callable[[], AuthorizationServer],
    rules: OAuthRules,
    answer: _Answer,
    status: int = 200,
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that takes a form from an authenticated client."""

    async def respond(request: Request) -> Response:
        opened = server()
        nonce = opened.proofs.nonce()
        headers = {**_NO_STORE, **({} if nonce is None else {"dpop-nonce": nonce})}
        sent = _begun(request, opened, rules)
        try:
            sent = await _read(request, sent)
            found = await answer(opened, sent)
        except OAuthError as error:
            return _refusal(await _recorded(opened, sent, error), headers)
        except ClientDisconnect:
            return Response(status_code=400)
        if found is None:
            return Response(status_code=status, headers=headers)
        return _json(found, status, headers)

    return respond


def _begun(request: Request, server: AuthorizationServer, rules: OAuthRules) -> Sent:
    """What is known of a request before it was read."""
    scope, path = request.scope, request.url.path
    return Sent(
        path,
        rules.issuer + path,
        # the server gives each request its id; without it around, one is made
        scope.get("request_id") or secrets.token_hex(12),
        server.peer_of(scope),
        Form({}),
        certificate=server.certificate_of(scope),
    )


async def _recorded(server: AuthorizationServer, sent: Sent, error: OAuthError) -> OAuthError:
    """The refusal that the client gets, once it is on record."""
    _log.info("oauth_refused", path=sent.path, error=error.error)
    try:
        await server.record.refused(sent, error)
    except OAuthError as other:
        return other
    return error


async def _read(request: Request, begun: Sent) -> Sent:
    """Read a request.

    Raises:
        OAuthError: `invalid_request`.
    """
    if request.url.query:
        raise invalid_request("parameters belong into the body")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise invalid_request("encoded bodies are not accepted")
    content_type = request.headers.get("content-type")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            raise body_too_large()
    form = read_form(content_type, bytes(body))
    return replace(
        begun,
        form=form,
        authorization=_single(request, "authorization"),
        dpop=_single(request, "dpop"),
    )


def _single(request: Request, name: str) -> str | None:
    """The value of a header that is sent once; None without one.

    Raises:
        OAuthError: it was sent twice, or is too long.
    """
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise invalid_request(f"the header {name} was sent twice")
    if values and len(values[0]) > _MOST_HEADER:
        raise invalid_request(f"the header {name} is too long")
    return values[0] if values else None


def _refusal(error: OAuthError, headers: Mapping[str, str]) -> Response:
    body = {"error": error.error, "error_description": error.description}
    response = _json(body, error.status, headers)
    for name, value in error.headers:
        response.headers[name] = value
    if error.error == invalid_client().error:
        # RFC 6749 section 5.2 wants a challenge only for clients that used the header
        response.headers["www-authenticate"] = 'Bearer realm="credit-gateway"'
    return response


def _json(
    value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(orjson.dumps(value), status, dict(headers or {}), _JSON)
