"""The forms in which bad credentials are refused.

Source: RFC 6750 section 3 (challenge and `invalid_token`), RFC 9449 section 7.1 (scheme `DPoP`,
`invalid_dpop_proof`, `use_dpop_nonce`), RFC 9728 section 5.1 (`resource_metadata`).
"""

from __future__ import annotations

from gateway.errors import Unauthenticated

REALM = "credit-gateway"
DPOP_ALGORITHMS = "ES256 Ed25519"
NONCE_REQUIRED = "PROOF_NONCE_REQUIRED"


def invalid_token(code: str, description: str, scheme: str = "Bearer") -> Unauthenticated:
    """Return the 401 error for a token that was sent and is not good.

    Args:
        code: stable code, shown in the answer.
        description: one ASCII sentence without double quotes; never a part of the token.
        scheme: by which the token was sent.
    """
    return Unauthenticated(
        code, description, headers=challenge("invalid_token", description, scheme)
    )


def invalid_proof(description: str, nonce: str | None = None) -> Unauthenticated:
    """Return the 401 error for a proof of possession that is not good.

    Args:
        nonce: to be put into the next proof, where this one lacks nothing else.
    """
    if nonce is None:
        headers = challenge("invalid_dpop_proof", description, "DPoP")
        return Unauthenticated("PROOF_INVALID", description, headers=headers)
    headers = challenge("use_dpop_nonce", description, "DPoP")
    return Unauthenticated(NONCE_REQUIRED, description, headers=(*headers, ("DPoP-Nonce", nonce)))


def challenge(
    error: str | None, description: str | None = None, scheme: str = "Bearer"
) -> tuple[tuple[str, str], ...]:
    """Return the header that says how to come again.

    Args:
        error: code of the specification; None where no credentials were sent.
    """
    parts = [f'realm="{REALM}"']
    if error is not None:
        parts.append(f'error="{error}"')
    if description is not None:
        parts.append(f'error_description="{description}"')
    if scheme == "DPoP":
        parts.append(f'algs="{DPOP_ALGORITHMS}"')
    return (("WWW-Authenticate", f"{scheme} {', '.join(parts)}"),)
