"""Parameters of a request, read strictly: one value each, plain text, bounded.

Source: RFC 6749 section 3.2 (parameters are not repeated, empty ones count as not sent) and
appendix B (`application/x-www-form-urlencoded`, UTF-8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from gateway.oauth.errors import OAuthError, invalid_request

MOST_BODY_BYTES = 32_768
_MOST_PARAMETERS = 40
_MOST_SHORT = 512
_MOST_LONG = 16_384
_LONG = frozenset(
    {"client_assertion", "authorization_details", "subject_token", "actor_token", "token"}
)
_MEDIA_TYPE = "application/x-www-form-urlencoded"
_NAME = re.compile(r"[A-Za-z0-9._~:-]{1,100}")
_ESCAPES = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Form:
    """The parameters of one request; those that nobody asks for are left alone."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def optional(self, name: str) -> str | None:
        """The value; None if it was not sent or is empty."""
        return self._values.get(name) or None

    def required(self, name: str) -> str:
        """The value.

        Raises:
            OAuthError: `invalid_request`.
        """
        value = self.optional(name)
        if value is None:
            raise invalid_request(f"the parameter {name} is missing")
        return value

    def refuse(self, *names: str) -> None:
        """Raise if one of these was sent.

        Raises:
            OAuthError: `invalid_request`.
        """
        for name in names:
            if name in self._values:
                raise invalid_request(f"the parameter {name} is not accepted here")


def read_form(content_type: str | None, body: bytes) -> Form:
    """Read a body.

    Raises:
        OAuthError: `invalid_request`: another media type, not UTF-8, malformed, too large, a
            parameter twice.
    """
    if len(body) > MOST_BODY_BYTES:
        raise body_too_large()
    if not _is_form(content_type):
        raise invalid_request(f"the media type is not {_MEDIA_TYPE} in utf-8")
    try:
        text = body.decode("ascii")
        if _ESCAPES.search(text):
            raise invalid_request("the body is malformed")
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise invalid_request("the body is malformed") from error
    values: dict[str, str] = {}
    for name, value in pairs:
        if not _NAME.fullmatch(name):
            raise invalid_request("the name of a parameter is malformed")
        if name in values:
            raise invalid_request(f"the parameter {name} was sent twice")
        if len(value) > (_MOST_LONG if name in _LONG else _MOST_SHORT):
            raise invalid_request(f"the parameter {name} is too long")
        if not value.isprintable():
            raise invalid_request(f"the parameter {name} holds what is no text")
        values[name] = value
    return Form(values)


def body_too_large() -> OAuthError:
    """The refusal of a body over the limit."""
    return OAuthError(
        "invalid_request",
        f"the body is larger than {MOST_BODY_BYTES} bytes",
        status=413,
        headers=(("Connection", "close"),),
    )


def _is_form(content_type: str | None) -> bool:
    media_type, _, parameters = (content_type or "").lower().partition(";")
    charset = parameters.strip().replace('"', "").replace(" ", "")
    return media_type.strip() == _MEDIA_TYPE and charset in ("", "charset=utf-8")
