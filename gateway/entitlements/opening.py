"""What a grant or consent would open: the rules are asked, with it and without it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from gateway.entitlements.coordinates import kind_coordinate
from policies.engine import PolicySet
from policies.model import AccessRequest, Caller, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind

_RANK = {Outcome.DENIED: 0, Outcome.MASKED: 1, Outcome.CLEAR: 2}
_NOTHING: frozenset[str] = frozenset()


class Opening(Enum):
    """What an entitlement does to a field for one caller and purpose.

    NEEDED: opens it, or shows it clear where it is masked, for some kind of subject.
    OPEN: it is open without.
    CLOSED: it stays closed with it.
    """

    NEEDED = "NEEDED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


def opened_by_grant(policies: PolicySet, caller: Caller, coordinate: str, provider: str) -> Opening:
    """What a grant of the provider that names the field would do."""
    named = frozenset({coordinate, kind_coordinate(coordinate)})
    return _opening(
        (
            _rank(policies, caller, coordinate, kind, provider, _NOTHING, _NOTHING),
            _rank(policies, caller, coordinate, kind, provider, _NOTHING, named),
        )
        for kind in SubjectKind
    )


def opened_by_consent(
    policies: PolicySet, caller: Caller, coordinate: str, providers: Iterable[str]
) -> Opening:
    """What a consent that names the field would do, whoever supplies it."""
    named = frozenset({coordinate, kind_coordinate(coordinate)})
    return _opening(
        (
            _rank(policies, caller, coordinate, kind, provider, _NOTHING, _NOTHING),
            _rank(policies, caller, coordinate, kind, provider, named, _NOTHING),
        )
        for kind in SubjectKind
        for provider in providers
    )


def _opening(ranks: Iterable[tuple[int, int]]) -> Opening:
    found = Opening.CLOSED
    for without, with_it in ranks:
        if with_it > without:
            return Opening.NEEDED
        if without > 0:
            found = Opening.OPEN
    return found


def _rank(
    policies: PolicySet,
    caller: Caller,
    coordinate: str,
    kind: SubjectKind,
    provider: str,
    consented: frozenset[str],
    granted: frozenset[str],
) -> int:
    profile = SubjectProfile(kind, is_self=False, consented=consented)
    request = AccessRequest(caller, coordinate, Use.READ, profile, granted, False, provider)
    return _RANK[policies.decide(request).outcome]
