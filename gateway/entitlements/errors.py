"""Why a register of entitlements refused a change."""

from __future__ import annotations

from gateway.errors import Refused, Unauthenticated


class EntitlementRefusedError(Refused):
    """The change is not possible; the text may be shown to whoever asked for it."""

    def __init__(self, message: str, code: str = "TERMS_INVALID") -> None:
        super().__init__(code, message)


def client_suspended() -> Unauthenticated:
    """Return the refusal of a client that is suspended: its tokens are good for nothing.

    Source: RFC 6750 section 3.1, `invalid_token` ("revoked, or invalid for other reasons").
    """
    description = "the client is suspended: ask whoever registered it"
    challenge = (
        f'Bearer realm="credit-gateway", error="invalid_token", error_description="{description}"'
    )
    return Unauthenticated(
        "CLIENT_SUSPENDED", description, headers=(("WWW-Authenticate", challenge),)
    )
