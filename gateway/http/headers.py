"""The request headers that GraphQL needs, read in one pass, and which of them are refused.

INVARIANT: a request with `Transfer-Encoding` is refused before any header is believed, because
the server appends the trailers of a chunked body to the headers of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from gateway.errors import BadRequest, ClientError
from gateway.http.proxy import NO_PROXY, TrustedProxy, untrusted_certificate
from gateway.http.types import Credentials

Peer: TypeAlias = Sequence[object] | None
"""The ASGI scope's `client`: host and port; None for a unix socket."""

CLOSE = (("connection", "close"),)

_ONLY_ONCE = frozenset(
    (
        b"authorization",
        b"dpop",
        b"credit-request",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"idempotency-key",
        b"credit-administrator",
    )
)
_READ = _ONLY_ONCE | {b"accept", b"transfer-encoding", b"sec-fetch-mode"}
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]*)"?\s*(?=;|$)', re.IGNORECASE)
_LONGEST_CONTENT_TYPE = 256
_IDEMPOTENCY_KEY = re.compile(rb"[!-~]{1,64}")


class RequestHeaders(NamedTuple):
    """The headers of one request that decide how it is read.

    Attributes:
        accept: all `Accept` headers joined by commas; None without one.
        content_length: declared size of the body in bytes; None if not declared.
        is_chunked: the request carries `Transfer-Encoding`.
        fetch_mode: what a browser says about who made the request; no page can set it.
        idempotency_key: None without one.
        administrator: session of an administrator; None without one.
    """

    credentials: Credentials
    accept: bytes | None
    content_type: bytes | None
    content_length: int | None
    content_encoding: bytes | None
    is_chunked: bool
    fetch_mode: bytes | None
    idempotency_key: str | None = None
    administrator: str | None = None


def read_headers(
    raw: Iterable[tuple[bytes, bytes]], proxy: TrustedProxy = NO_PROXY, peer: Peer = None
) -> RequestHeaders:
    """Return the headers that matter.

    Args:
        raw: pairs of lower-case name and value, as ASGI gives them.
        proxy: who may hand on certificates of clients.
        peer: the ASGI scope's `client`.

    Raises:
        BadRequest: a header that must be single is repeated, or a length is not a number.
        ClientError: CERTIFICATE_NOT_TRUSTED.
    """
    seen: dict[bytes, bytes] = {}
    certificate_header = proxy.certificate_header
    for name, value in raw:
        if name in _READ or name == certificate_header:
            if name in seen:
                if name in _ONLY_ONCE or name == certificate_header:
                    raise BadRequest(
                        "REPEATED_HEADER",
                        f"header `{name.decode()}` was sent several times, expected one",
                    )
                value = seen[name] + b"," + value
            seen[name] = value
    length = seen.get(b"content-length")
    if length is not None and not (length.isdigit() and len(length) <= 12):
        raise BadRequest("MALFORMED_HEADER", "header `content-length` is not a number of bytes")
    certificate = None if certificate_header is None else seen.get(certificate_header)
    if certificate is not None and not proxy.is_trusted(peer):
        assert certificate_header is not None
        raise untrusted_certificate(certificate_header)
    return RequestHeaders(
        Credentials(
            _text(seen.get(b"authorization")),
            _text(seen.get(b"dpop")),
            _text(seen.get(b"credit-request")),
            # a proxy says so where a client has none
            _text(certificate) or None,
        ),
        seen.get(b"accept"),
        seen.get(b"content-type"),
        None if length is None else int(length),
        seen.get(b"content-encoding"),
        b"transfer-encoding" in seen,
        seen.get(b"sec-fetch-mode"),
        _idempotency_key(seen.get(b"idempotency-key")),
        _text(seen.get(b"credit-administrator")),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _idempotency_key(value: bytes | None) -> str | None:
    """Return the key by which a client repeats a query.

    Source: The Idempotency-Key HTTP Header Field (IETF draft), section 2; any visible characters
    are taken, quotation marks included.

    Raises:
        BadRequest: MALFORMED_HEADER.
    """
    if value is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(value):
        raise BadRequest(
            "MALFORMED_HEADER",
            "header `idempotency-key` is not 1 to 64 visible ASCII characters",
        )
    return value.decode("ascii")


def refuse_chunked(headers: RequestHeaders) -> None:
    """Raise for a request whose body has no declared length.

    Raises:
        ClientError: 411 LENGTH_REQUIRED.
    """
    if headers.is_chunked:
        raise ClientError(
            "LENGTH_REQUIRED",
            "chunked bodies are not accepted, expected `content-length`",
            status=411,
            headers=CLOSE,
        )


def require_json_body(headers: RequestHeaders, limit_bytes: int) -> int:
    """Return the declared size of a body that may be read as UTF-8 JSON.

    Raises:
        ClientError: 411, 413 or 415.
    """
    if headers.content_type is None or not _is_json(headers.content_type):
        raise ClientError(
            "UNSUPPORTED_MEDIA_TYPE",
            "the body's type is not supported, expected `application/json` in utf-8",
            status=415,
            headers=CLOSE,
        )
    if headers.content_encoding not in (None, b"identity"):
        raise ClientError(
            "UNSUPPORTED_CONTENT_ENCODING",
            "encoded bodies are not accepted, expected no `content-encoding`",
            status=415,
            headers=(("accept-encoding", "identity"), *CLOSE),
        )
    if headers.content_length is None:
        raise ClientError(
            "LENGTH_REQUIRED",
            "the body has no length, expected `content-length`",
            status=411,
            headers=CLOSE,
        )
    if headers.content_length > limit_bytes:
        raise body_too_large(limit_bytes)
    return headers.content_length


def body_too_large(limit_bytes: int) -> ClientError:
    """Return the error for a body over the limit."""
    return ClientError(
        "BODY_TOO_LARGE",
        f"the body is larger than {limit_bytes} bytes",
        status=413,
        headers=CLOSE,
    )


def _is_json(content_type: bytes) -> bool:
    """Tell whether the type is JSON in UTF-8."""
    if content_type == b"application/json":
        return True
    return len(content_type) <= _LONGEST_CONTENT_TYPE and _is_json_with_parameters(content_type)


@lru_cache(maxsize=64)
def _is_json_with_parameters(content_type: bytes) -> bool:
    text = content_type.decode("latin-1")
    name = text.partition(";")[0].strip().lower()
    charsets = {found.lower() for found in _CHARSET.findall(text)}
    return name == "application/json" and charsets <= {"utf-8", "utf8"}
