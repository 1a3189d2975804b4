"""Decides anew what a report said, from its grounds and the rules of its time.

It shares the engine and the way outcomes are put together with the stage, and nothing else: no
plan, no department and no subject is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.answering.access import digest_json
from gateway.answering.entries import entries_of
from gateway.answering.grounds import Gate
from gateway.answering.types import Entry
from gateway.authorization.statistics import decide_aggregate
from policies.engine import AccessTable, PolicySet
from policies.model import (
    Caller,
    CallerClass,
    Decision,
    Limit,
    Outcome,
    Purpose,
    Role,
    SubjectProfile,
    Use,
)
from schema.classification import SubjectKind

UNNAMED = "-"
"""Stands for a caller that is a subject itself and is named nowhere."""


@dataclass(frozen=True, slots=True)
class _Provider:
    slug: str
    granted: frozenset[str]


def replayed(grounds: bytes, policies: PolicySet, caller: Caller) -> Sequence[Mapping[str, Any]]:
    """Return the decisions as an entry's digest has them.

    Args:
        grounds: as `Grounds.digest` wrote them.
        policies: of the version and for the day of the entry.
        caller: as the entry has it.
    """
    said = orjson.loads(grounds)
    profiles = [_profile(each) for each in said["profiles"]]
    providers = [_Provider(each["code"], frozenset(each["granted"])) for each in said["providers"]]

    def table(provider: _Provider, profile: SubjectProfile) -> AccessTable:
        own = provider.slug if provider.slug in policies.own_rules else None
        is_source = provider.slug == caller.organisation
        return policies.compile(caller, profile, provider.granted, is_source, provider=own)

    entries: list[Entry] = []
    for note in said["notes"]:
        decide = _decider(note["kind"], note["coordinate"], Use(note["use"]), Gate(note["gate"]))
        asked = [(providers[first], profiles[second]) for first, second in note["cells"]]
        rows = list(dict.fromkeys(provider for provider, _ in asked))
        columns = list(dict.fromkeys(profile for _, profile in asked))
        outcomes: dict[tuple[_Provider, SubjectProfile], Decision | None] = {
            (row, column): decide(table(row, column)) if (row, column) in asked else None
            for row in rows
            for column in columns
        }
        entries += entries_of(
            (), note["coordinate"], Use(note["use"]), rows, columns, outcomes, None
        )
    found: Sequence[Mapping[str, Any]] = orjson.loads(digest_json(entries))
    return found


def caller_of(members: Mapping[str, Any]) -> Caller:
    """The caller that an entry tells of.

    Args:
        members: of the entry, or the caller's in grounds.

    Raises:
        ValueError, KeyError: it holds what no entry says.
    """
    organisation, is_subject = members["organisation"], members["callerClass"] == "subject"
    if organisation is None and (is_subject or members.get("callerReference") is not None):
        organisation = UNNAMED
    role = members["role"]
    return Caller(
        CallerClass(members["callerClass"]),
        organisation,
        Purpose(members["purpose"]),
        members["actingFor"],
        None if role is None else Role(role),
    )


def _decider(
    kind: str, coordinate: str, use: Use, gate: Gate
) -> Callable[[AccessTable], Decision | None]:
    def decide(table: AccessTable) -> Decision | None:
        own = table.decide(kind, Use.READ)
        is_open = own.outcome is Outcome.CLEAR
        if gate is Gate.OWN:
            return None if is_open else own
        if not is_open:
            return None
        if gate in (Gate.AGGREGATE, Gate.FILTERED_AGGREGATE):
            found = decide_aggregate(table, coordinate, gate is Gate.FILTERED_AGGREGATE)
        else:
            found = table.decide(coordinate, use)
        is_noted = gate is Gate.SHOWN or found.outcome is not Outcome.CLEAR
        return found if is_noted else None

    return decide


def _profile(said: Mapping[str, Any]) -> SubjectProfile:
    limit = said["limit"]
    return SubjectProfile(
        SubjectKind(said["kind"]),
        said["isSelf"],
        frozenset(said["consented"]),
        None if limit is None else Limit(frozenset(limit["read"]), frozenset(limit["aggregate"])),
    )
