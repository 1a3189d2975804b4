"""What the report of access is made of, and what the stage gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.audit.types import DecisionDigest
from gateway.planning.types import Path, SubjectPlace
from policies.model import Decision, Outcome, SubjectProfile, Use


@dataclass(frozen=True, slots=True)
class Entry:
    """One outcome at one place.

    Attributes:
        decision: of the first cell that has the outcome.
        rules: of all cells that have it, each once; clear cells can have different rules.
        sources: slugs, if the outcome differs between providers.
        profiles: subject profiles at `subjects`, if the outcome differs between subjects.
        subject_kinds: names, if the outcome differs between subject kinds.
        subjects: place whose positions count.
    """

    path: Path
    coordinate: str
    use: Use
    decision: Decision
    rules: tuple[str, ...]
    sources: tuple[str, ...] | None
    profiles: frozenset[SubjectProfile] | None
    subject_kinds: tuple[str, ...] | None
    subjects: SubjectPlace | None

    @property
    def outcome(self) -> Outcome:
        return self.decision.outcome


@dataclass(frozen=True, slots=True)
class Report:
    """Entries of one plan for given profiles at every place, in document order.

    Attributes:
        fixed_access: bytes of `extensions.access` where no entry has positions, else None.
        fixed_errors: errors of the denied entries likewise.
        digest: all decisions, for the audit entry.
        grounds: what they were made on, for the same.
        shares: those that hold for single subjects, by where they stand; filled when asked for.
    """

    entries: tuple[Entry, ...]
    fixed_access: bytes | None
    fixed_errors: tuple[Mapping[str, Any], ...] | None
    digest: DecisionDigest
    grounds: DecisionDigest
    shares: dict[object, DecisionDigest] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """
    Attributes:
        body: JSON bytes of the response.
        decisions: all decisions, for the audit entry.
        grounds: what they were made on.
        shares: keys of subjects with the decisions that hold for them, where not all do.
    """

    body: bytes
    decisions: DecisionDigest
    grounds: DecisionDigest
    shares: tuple[tuple[DecisionDigest, tuple[str, ...]], ...] = ()
