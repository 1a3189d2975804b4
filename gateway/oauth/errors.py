"""The one form in which the authorization server refuses.

Source: RFC 6749 section 5.2; RFC 8693 section 2.2.2 (`invalid_target`); RFC 9126 section 2.3;
RFC 9396 section 5 (`invalid_authorization_details`); RFC 9449 sections 5 and 8
(`invalid_dpop_proof`, `use_dpop_nonce`).
"""

from __future__ import annotations

from gateway.errors import GatewayError


class OAuthError(GatewayError):
    """A refusal that the client sees.

    Attributes:
        error: code of the specification.
        description: one ASCII sentence for the client's developer; says nothing about other
            clients, keys or consents.
        headers: further response headers.
        is_recorded: whether the audit log tells of it.
    """

    is_recorded = False

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
        self.headers = headers


def invalid_request(description: str) -> OAuthError:
    """The request is malformed."""
    return OAuthError("invalid_request", description)


def invalid_client() -> OAuthError:
    """The client did not prove who it is. One text for every reason, so that nothing is learnt."""
    return OAuthError("invalid_client", "the client could not be authenticated", status=401)


def invalid_grant() -> OAuthError:
    """Code, refresh token or subject token is not good. One text for every reason."""
    return OAuthError(
        "invalid_grant", "what was presented is unknown, used, expired or not for this client"
    )


def invalid_details(description: str) -> OAuthError:
    """The authorization details are malformed, or more than this client may have."""
    return OAuthError("invalid_authorization_details", description)


def too_many_failures(headers: tuple[tuple[str, str], ...]) -> OAuthError:
    """Whoever sends this failed too often to prove who it is.

    Args:
        headers: that say when to come again.
    """
    return OAuthError(
        "temporarily_unavailable",
        "too many requests from here were refused: correct them, and try again later",
        status=429,
        headers=headers,
    )


def temporarily_unavailable() -> OAuthError:
    """The store cannot be used: nothing is issued unrecorded."""
    return OAuthError(
        "temporarily_unavailable",
        "nothing can be recorded now, and nothing is issued unrecorded: try again",
        status=503,
        headers=(("Retry-After", "1"),),
    )
