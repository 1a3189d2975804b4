"""What a report was decided on, without subjects, values and paths: enough to decide it again.

`gateway.answering.replay` reads it. Each note is one call of `entries_of`: a coordinate, a use,
how the record kind gates it, and the cells (provider, profile) that were asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import orjson

from gateway.audit.types import DecisionDigest
from policies.model import Caller, CallerClass, Limit, SubjectProfile, Use

PERSON_PREFIX = "P:"


class Gate(Enum):
    """Which decisions of a note's cells are noted.

    OWN: of the kind, where it is closed. REFUSED: what is not clear, where the kind is open.
    SHOWN: all, where the kind is open. AGGREGATE, FILTERED_AGGREGATE: like REFUSED, of a group or
    sum, over all records or over filtered ones.
    """

    OWN = "OWN"
    REFUSED = "REFUSED"
    SHOWN = "SHOWN"
    AGGREGATE = "AGGREGATE"
    FILTERED_AGGREGATE = "FILTERED_AGGREGATE"


class Grounds:
    """Gathers notes while a report is made."""

    def __init__(self) -> None:
        self._profiles: dict[SubjectProfile, int] = {}
        self._providers: dict[tuple[str, frozenset[str]], int] = {}
        self._notes: list[dict[str, Any]] = []

    def note(
        self,
        kind: str,
        coordinate: str,
        use: Use,
        gate: Gate,
        cells: Iterable[tuple[str, frozenset[str], SubjectProfile]],
    ) -> None:
        """Take one note.

        Args:
            kind: type name of the record kind.
            cells: code of the provider, what it granted, and the profile, in the cells' order.
        """
        self._notes.append(
            {
                "cells": [
                    [
                        self._providers.setdefault((code, granted), len(self._providers)),
                        self._profiles.setdefault(profile, len(self._profiles)),
                    ]
                    for code, granted, profile in cells
                ],
                "coordinate": coordinate,
                "gate": gate.value,
                "kind": kind,
                "use": use.value,
            }
        )

    def digest(self, caller: Caller, policy_version: str) -> DecisionDigest:
        """Return the grounds as canonical JSON."""
        said = {
            "caller": caller_members(caller),
            "notes": self._notes,
            "policyVersion": policy_version,
            "profiles": [_profile(profile) for profile in self._profiles],
            "providers": [
                {"code": code, "granted": sorted(granted)} for code, granted in self._providers
            ],
        }
        return DecisionDigest(orjson.dumps(said, option=orjson.OPT_SORT_KEYS))


def caller_members(caller: Caller) -> Mapping[str, str | None]:
    """The caller as an entry has it: who is a subject itself is not named."""
    organisation = caller.organisation
    if caller.caller_class is CallerClass.SUBJECT or (organisation or "").startswith(PERSON_PREFIX):
        organisation = None
    return {
        "actingFor": caller.acting_for,
        "callerClass": caller.caller_class.value,
        "organisation": organisation,
        "purpose": caller.purpose.value,
        "role": None if caller.role is None else caller.role.value,
    }


def _profile(profile: SubjectProfile) -> Mapping[str, object]:
    return {
        "consented": sorted(profile.consented),
        "isSelf": profile.is_self,
        "kind": profile.subject_kind.value,
        "limit": None if profile.limit is None else _limit(profile.limit),
    }


def _limit(limit: Limit) -> Mapping[str, list[str]]:
    return {"aggregate": sorted(limit.aggregate), "read": sorted(limit.read)}
