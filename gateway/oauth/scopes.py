"""Scopes, for clients that can ask by nothing else: `purpose:<code>` and `credit:<kind>:read`.

They say less than authorization details and become such; a request uses one of the two.

Source: RFC 6749 section 3.3; the city's form of scopes.
"""

from __future__ import annotations

from gateway.oauth.errors import OAuthError
from gateway.oauth.types import CreditQuery, OAuthClient
from policies.model import Purpose
from schema.codes import RecordKind

_PURPOSES = {f"purpose:{purpose.value}": purpose for purpose in Purpose}
_KINDS = {f"credit:{kind.value}:read": kind for kind in RecordKind}


def read_scope(scope: str, client: OAuthClient) -> CreditQuery:
    """Return what a scope asks for.

    Raises:
        OAuthError: `invalid_scope`: unknown, repeated, not exactly one purpose, or not agreed on.
    """
    items = scope.split(" ")
    purposes = [_PURPOSES[item] for item in items if item in _PURPOSES]
    kinds = [_KINDS[item] for item in items if item in _KINDS]
    if len(purposes) + len(kinds) != len(items) or len(set(items)) != len(items):
        raise _invalid("the scope names what is not known here, or something twice")
    if len(purposes) != 1:
        raise _invalid("the scope does not name exactly one purpose")
    if client.purposes and purposes[0] not in client.purposes:
        raise _invalid("the purpose is not what the client's contract names")
    agreed = client.record_kinds
    if agreed is not None and (not kinds or not agreed.issuperset(kinds)):
        raise _invalid("the record kinds are not some of those that the client's contract names")
    return CreditQuery(purposes[0], tuple(kinds))


def _invalid(description: str) -> OAuthError:
    return OAuthError("invalid_scope", description)
