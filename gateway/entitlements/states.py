"""States of consents and sharing grants, and the changes between them that are allowed.

Source: life cycles 7.9 to 7.11 of the city's process description; only ACTIVE releases data. A
signed letter is checked first: it becomes ACTIVE or REFUSED, and may be withdrawn before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from schema.sharing import ConsentState, GrantState

__all__ = [
    "CONSENT_CHANGES",
    "GRANT_CHANGES",
    "ConsentState",
    "GrantState",
    "consent_states_before",
    "grant_states_before",
]


CONSENT_CHANGES: Mapping[ConsentState, frozenset[ConsentState]] = MappingProxyType(
    {
        ConsentState.DRAFT: frozenset({ConsentState.SIGNED}),
        ConsentState.SIGNED: frozenset(
            {ConsentState.ACTIVE, ConsentState.REFUSED, ConsentState.WITHDRAWN}
        ),
        ConsentState.ACTIVE: frozenset(
            {
                ConsentState.USED_UP,
                ConsentState.EXPIRED,
                ConsentState.WITHDRAWN,
                ConsentState.REPLACED,
            }
        ),
        ConsentState.REFUSED: frozenset(),
        # the query that used it up may be repeated for a while, unless it is withdrawn
        ConsentState.USED_UP: frozenset({ConsentState.WITHDRAWN}),
        ConsentState.EXPIRED: frozenset(),
        ConsentState.WITHDRAWN: frozenset(),
        ConsentState.REPLACED: frozenset(),
    }
)

GRANT_CHANGES: Mapping[GrantState, frozenset[GrantState]] = MappingProxyType(
    {
        GrantState.REQUESTED: frozenset({GrantState.REFUSED, GrantState.ACTIVE}),
        GrantState.ACTIVE: frozenset(
            {GrantState.SUSPENDED, GrantState.REVOKED, GrantState.EXPIRED}
        ),
        GrantState.SUSPENDED: frozenset({GrantState.ACTIVE}),
        GrantState.REFUSED: frozenset(),
        GrantState.REVOKED: frozenset(),
        GrantState.EXPIRED: frozenset(),
    }
)


def consent_states_before(state: ConsentState) -> tuple[ConsentState, ...]:
    """Return the states from which a consent may come into this one."""
    return tuple(before for before, after in CONSENT_CHANGES.items() if state in after)


def grant_states_before(state: GrantState) -> tuple[GrantState, ...]:
    """Return the states from which a grant may come into this one."""
    return tuple(before for before, after in GRANT_CHANGES.items() if state in after)
