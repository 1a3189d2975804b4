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
    return _unauthenticated(
        "CLIENT_SUSPENDED", "the client is suspended: ask whoever registered it", "invalid_token"
    )


def token_revoked() -> Unauthenticated:
    """Return the refusal of a token that was issued before the client's keys were changed."""
    return _unauthenticated(
        "TOKEN_REVOKED", "the token is not accepted any more: ask for a new one", "invalid_token"
    )


def proof_replayed() -> Unauthenticated:
    """Return the refusal of a proof or statement that was used before.

    Source: RFC 9449 section 11.1.
    """
    return _unauthenticated(
        "PROOF_REPLAYED",
        "the proof or statement was used before: make a new one for each request",
        "invalid_dpop_proof",
        "DPoP",
    )


def _unauthenticated(
    code: str, description: str, error: str, scheme: str = "Bearer"
) -> Unauthenticated:
    challenge = (
        f'{scheme} realm="credit-gateway", error="{error}", error_description="{description}"'
    )
    return Unauthenticated(code, description, headers=(("WWW-Authenticate", challenge),))
