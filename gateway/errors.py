"""The error tree under every stage.

    GatewayError
    ├── ClientError          text and code are shown to the caller
    │   ├── BadRequest       400  the bytes are not a request
    │   ├── Unauthenticated  401  no valid token where one was sent or is needed
    │   ├── Refused          403  the caller may not do this at all
    │   ├── TooManyRequests  429  over a limit that time will lift
    │   └── Unavailable      503  the gateway cannot answer safely now
    └── InternalError        text is logged, never shown

A ClientError's code is stable, in capitals, and has a page in `docs/errors/`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who a verified token says sent it; nothing else of the token is believed."""

    client_id: str
    token_id: str


class GatewayError(Exception):
    """Base of all errors that stages raise on purpose."""


class ClientError(GatewayError):
    """An error whose text and code the caller sees.

    Attributes:
        code: stable code in capitals.
        status: HTTP status.
        headers: response headers that belong to the error, such as a challenge.
        claimant: set where a token is genuine and what it claims is refused.
    """

    status = 400
    claimant: Claimant | None = None

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers
        if status is not None:
            self.status = status


class BadRequest(ClientError):
    """The bytes are not a request that can be understood."""

    status = 400


class Unauthenticated(ClientError):
    """No valid token where one was sent or is needed."""

    status = 401


class Refused(ClientError):
    """The caller may not do this at all."""

    status = 403


class TooManyRequests(ClientError):
    """Over a limit that time will lift."""

    status = 429


class Unavailable(ClientError):
    """The gateway cannot answer safely now."""

    status = 503


class InternalError(GatewayError):
    """A defect or a broken installation; the text is logged and never shown."""
