"""Responses of the GraphQL endpoint: fixed headers, and the one shape of errors."""

from __future__ import annotations

import orjson
from starlette.types import Send

from gateway.http.accept import GRAPHQL_RESPONSE, JSON

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# What an answer may do in a browser that shows it as a page: nothing.
_DATA_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

_FIXED = {
    media_type: (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        _DATA_POLICY,
        *SECURITY_HEADERS,
    )
    for media_type in (JSON, GRAPHQL_RESPONSE)
}


def error_body(code: str, message: str, **facts: str) -> bytes:
    """Return a GraphQL response that holds one request error.

    Args:
        facts: further members of the error's extensions.
    """
    error = {"message": message, "extensions": {"code": code, **facts}}
    return orjson.dumps({"errors": [error]})


async def send_response(
    send: Send,
    status: int,
    media_type: str,
    body: bytes,
    request_id: str,
    headers: tuple[tuple[str, str], ...] = (),
) -> None:
    """Send one complete response.

    Args:
        headers: further headers, their text in latin-1.
    """
    lines = [
        *_FIXED[media_type],
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
    ]
    if headers:
        lines += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
