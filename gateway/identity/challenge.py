"""The one form in which a bad token is refused.

Source: RFC 6750 section 3 (challenge and `invalid_token`).
"""

from __future__ import annotations

from gateway.errors import Unauthenticated


def invalid_token(code: str, description: str) -> Unauthenticated:
    """Return the 401 error for a token that was sent and is not good.

    Args:
        code: stable code, shown in the answer.
        description: one ASCII sentence without double quotes; never a part of the token.
    """
    challenge = (
        f'Bearer realm="credit-gateway", error="invalid_token", error_description="{description}"'
    )
    return Unauthenticated(code, description, headers=(("WWW-Authenticate", challenge),))
