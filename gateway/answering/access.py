"""Entries as JSON: `extensions.access`, the errors of what was denied, the audit's decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from gateway.answering.types import Entry
from gateway.planning.types import SubjectPlace
from policies.model import Outcome, SubjectProfile, Use

CODES = {
    Use.READ: ("FIELD_DENIED", "field `{}` is not permitted for this caller and purpose"),
    Use.COUNT: ("FIELD_DENIED", "field `{}` is not permitted for this caller and purpose"),
    Use.FILTER: ("FILTER_DENIED", "field `{}` may not be filtered on by this caller and purpose"),
    Use.ORDER: ("ORDER_DENIED", "field `{}` may not be ordered by for this caller and purpose"),
    Use.AGGREGATE: (
        "AGGREGATE_DENIED",
        "field `{}` may not be aggregated by this caller and purpose",
    ),
}

Positions = Mapping[SubjectPlace, Sequence[SubjectProfile]]
"""Per place the profile of the subject at each position."""


def access_json(entries: Sequence[Entry], positions: Positions) -> bytes:
    """Bytes of `extensions.access`."""
    access: dict[str, list[Any]] = {"clear": [], "masked": [], "denied": []}
    for entry in entries:
        path = ".".join(entry.path)
        scope = _scope(entry, positions)
        if entry.outcome is Outcome.CLEAR:
            access["clear"].append({"path": path, **scope} if scope else path)
        elif entry.outcome is Outcome.MASKED and entry.use is Use.READ:
            access["masked"].append(
                {
                    "path": path,
                    "coordinate": entry.coordinate,
                    "mask": entry.decision.mask.value,
                    "rules": entry.decision.rule_ids,
                    **scope,
                }
            )
        else:
            access["denied"].append(
                {
                    "path": path,
                    "coordinate": entry.coordinate,
                    "use": entry.use.name,
                    "rules": entry.decision.rule_ids,
                    "missing": entry.decision.missing.value if entry.decision.missing else None,
                    **scope,
                }
            )
    return orjson.dumps(access)


def denial_errors(entries: Sequence[Entry], positions: Positions) -> Iterator[dict[str, Any]]:
    """One error per denied entry."""
    for entry in entries:
        is_masked = entry.outcome is Outcome.MASKED and entry.use is Use.READ
        if entry.outcome is Outcome.CLEAR or is_masked:
            continue
        code, message = CODES[entry.use]
        missing = entry.decision.missing
        yield {
            "message": message.format(entry.coordinate),
            "path": entry.path,
            "extensions": {
                "code": code,
                "coordinate": entry.coordinate,
                "rule": entry.decision.rule_ids[0],
                "missing": missing.value if missing else None,
                **_scope(entry, positions),
            },
        }


def _scope(entry: Entry, positions: Positions) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    if entry.sources is not None:
        scope["sources"] = entry.sources
    if entry.profiles is not None and entry.subjects is not None:
        scope["positions"] = [
            position
            for position, profile in enumerate(positions[entry.subjects])
            if profile in entry.profiles
        ]
    if entry.subject_kinds is not None:
        scope["subjectKinds"] = entry.subject_kinds
    return scope


def digest_json(entries: Sequence[Entry]) -> bytes:
    """Canonical JSON of the decisions: what the audit entry says, each decision once."""
    decisions = {
        (
            entry.coordinate,
            entry.use.value,
            entry.outcome.value,
            entry.decision.mask.value,
            entry.rules,
        )
        for entry in entries
    }
    return orjson.dumps(
        [
            {
                "coordinate": coordinate,
                "mask": mask,
                "outcome": outcome,
                "rules": rules,
                "use": use,
            }
            for coordinate, use, outcome, mask, rules in sorted(decisions)
        ]
    )
