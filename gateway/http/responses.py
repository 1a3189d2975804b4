"""Responses of the raw endpoints: fixed headers, limits, and the one shape of errors."""

from __future__ import annotations

from functools import lru_cache

import orjson
from starlette.types import Send

from gateway.http.accept import GRAPHQL_RESPONSE, JSON
from gateway.request import CallerNote

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# What an answer may do in a browser that shows it as a page: nothing.
_DATA_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

_DAY_S = 86_400

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


def limit_headers(note: CallerNote, now: int) -> tuple[tuple[str, str], ...]:
    """Return what an identified client is told of its limits, and its next nonce.

    They follow from what the client has asked for, and from nothing that is held about a subject.

    Args:
        now: seconds since the epoch.

    Source: RateLimit header fields for HTTP, draft-ietf-httpapi-ratelimit-headers-11.
    """
    pace, quota = note.pace, note.quota
    if pace is None:
        return _nonce(note)
    left = f'"requests";r={pace.remaining};t={pace.full_in_s}'
    if quota is None:
        return (
            ("RateLimit-Policy", _policy(pace.limit, pace.fills_in_s)),
            ("RateLimit", left),
            *_nonce(note),
        )
    resets_in_s = max(0, quota.resets_at - now)
    return (
        ("RateLimit-Policy", _policy(pace.limit, pace.fills_in_s, quota.limit)),
        ("RateLimit", f'{left}, "subjects";r={quota.remaining};t={resets_in_s}'),
        *_nonce(note),
    )


def _nonce(note: CallerNote) -> tuple[tuple[str, str], ...]:
    """The nonce for the client's next proof.

    Source: RFC 9449 section 8.2.
    """
    return () if note.next_nonce is None else (("DPoP-Nonce", note.next_nonce),)


@lru_cache(maxsize=256)
def _policy(requests: int, window_s: int, subjects: int | None = None) -> str:
    policy = f'"requests";q={requests};w={window_s}'
    if subjects is not None:
        policy += f', "subjects";q={subjects};w={_DAY_S};qu="subjects"'
    return policy


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
