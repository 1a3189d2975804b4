"""States of consents and sharing grants, and the changes between them that are allowed.

Source: life cycles 7.9 to 7.11 of the city's process description; only ACTIVE releases data.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class ConsentState(Enum):
    """State of a consent (授权书)."""

    DRAFT = "DRAFT"
    SIGNED = "SIGNED"
    ACTIVE = "ACTIVE"
    USED_UP = "USED_UP"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    REPLACED = "REPLACED"


class GrantState(Enum):
    """State of a sharing grant (共享授权)."""

    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


CONSENT_CHANGES: Mapping[ConsentState, frozenset[ConsentState]] = MappingProxyType(
    {
        ConsentState.DRAFT: frozenset({ConsentState.SIGNED}),
        ConsentState.SIGNED: frozenset({ConsentState.ACTIVE}),
        ConsentState.ACTIVE: frozenset(
            {
                ConsentState.USED_UP,
                ConsentState.EXPIRED,
                ConsentState.WITHDRAWN,
                ConsentState.REPLACED,
            }
        ),
        ConsentState.USED_UP: frozenset(),
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
