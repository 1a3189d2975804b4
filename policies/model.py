"""The words of the rule language, and what is asked and answered. Data without behaviour.

A rule says: with this effect, for these callers and purposes and uses, on these coordinates,
under these conditions, because of this law. `policies.engine` decides; `policies.loader`
reads rules from TOML.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.predicate import Predicate


class CallerClass(Enum):
    """Who asks, as far as rules distinguish it."""

    PUBLIC = "public"
    SUBJECT = "subject"
    DEPARTMENT = "department"
    INSTITUTION = "institution"
    PLATFORM = "platform"
    CREDIT_CENTRE = "credit-centre"
    ASSOCIATION = "association"
    AUDITOR = "auditor"


class Role(Enum):
    """What the person behind a request does in its organisation, as far as rules distinguish it.

    经办、审核、档案管理 in the usual division of an authority's work.
    """

    HANDLER = "handler"
    REVIEWER = "reviewer"
    ARCHIVIST = "archivist"


class Purpose(Enum):
    """Purpose codes a caller declares; each request has exactly one."""

    LICENCE_REVIEW = "LICENCE_REVIEW"
    MARKET_ENTRY = "MARKET_ENTRY"
    QUALIFICATION_REVIEW = "QUALIFICATION_REVIEW"
    OBJECTION_REVIEW = "OBJECTION_REVIEW"
    REPAIR_REVIEW = "REPAIR_REVIEW"
    LIST_DETERMINATION = "LIST_DETERMINATION"
    REWARD_REVIEW = "REWARD_REVIEW"
    INSPECTION = "INSPECTION"
    PENALTY_CASE = "PENALTY_CASE"
    PROCUREMENT = "PROCUREMENT"
    TENDER = "TENDER"
    FUND_GRANT = "FUND_GRANT"
    AWARD = "AWARD"
    LAND_DEAL = "LAND_DEAL"
    COURT_ENFORCEMENT = "COURT_ENFORCEMENT"
    TAX_ADMIN = "TAX_ADMIN"
    EVALUATION = "EVALUATION"
    RISK_WARNING = "RISK_WARNING"
    PRE_LOAN = "PRE_LOAN"
    POST_LOAN = "POST_LOAN"
    SELF_QUERY = "SELF_QUERY"
    PUBLIC_DISPLAY = "PUBLIC_DISPLAY"
    STATISTICS = "STATISTICS"
    AUDIT = "AUDIT"


class Use(Enum):
    """What is done with a field. On a kind's own coordinate READ means: learn of its records."""

    READ = "read"
    FILTER = "filter"
    ORDER = "order"
    COUNT = "count"
    AGGREGATE = "aggregate"

    word: str
    """The value again: reading it costs a quarter of what `value` does."""

    def __init__(self, word: str) -> None:
        self.word = word


class Effect(Enum):
    PERMIT = "permit"
    MASK = "mask"
    FORBID = "forbid"


class Outcome(Enum):
    CLEAR = "CLEAR"
    MASKED = "MASKED"
    DENIED = "DENIED"


class Missing(Enum):
    """What a denied caller would need; first failing of caller, subject kind, purpose, field.

    Of a rule that takes a grant and a consent the grant is named until it is there. TOKEN: the
    rules permit it, and the caller's access token is for less.
    """

    NOTHING_HELPS = "NOTHING_HELPS"
    ANOTHER_CALLER = "ANOTHER_CALLER"
    ANOTHER_SUBJECT = "ANOTHER_SUBJECT"
    ANOTHER_PURPOSE = "ANOTHER_PURPOSE"
    CONSENT = "CONSENT"
    GRANT = "GRANT"
    TOKEN = "TOKEN"  # noqa: S105 - a word of answers


@dataclass(frozen=True, slots=True)
class Window:
    """Days on which a rule holds, both included; None: no end on that side."""

    first: dt.date | None
    last: dt.date | None


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule applies, beyond who and what. All set parts must hold.

    Attributes:
        consent: the subject's consent lists the coordinate for this caller and purpose.
        grant: a sharing grant lists the coordinate for this caller and purpose.
        is_self: the subject of the record is the caller itself.
        is_source: the record comes from the caller's own department.
        row: only for records that satisfy it; on a kind's own coordinate only.
        window: on these days only; None: on all.
    """

    consent: bool = False
    grant: bool = False
    is_self: bool = False
    is_source: bool = False
    row: Predicate | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; empty tuples mean any.

    Attributes:
        id: unique over all files, `<file>.<name>`; of a department's own rules `<slug>:<name>`.
        who: caller classes. purposes, uses, subject_kinds: as named.
        organisations: codes of single organisations, if the rule is for those only.
        classes: field classes it covers; coordinates: schema coordinates it covers (exact, or
            ending in `.*`). A rule covers a coordinate if both lists, where given, contain it.
        mask: kind of mask for MASK; None means the one that the schema declares for the field.
        legal_basis: law and article. intent: one sentence of plain words.
        roles: for callers in one of these roles only.
        provider: code of the department whose own rule it is; it speaks of that department's
            records only. None: a rule for all.
    """

    id: str
    effect: Effect
    who: tuple[CallerClass, ...]
    purposes: tuple[Purpose, ...]
    uses: tuple[Use, ...]
    classes: tuple[FieldClass, ...]
    coordinates: tuple[str, ...]
    subject_kinds: tuple[SubjectKind, ...]
    organisations: tuple[str, ...]
    condition: Condition
    mask: MaskKind | None
    legal_basis: str
    intent: str
    roles: tuple[Role, ...] = ()
    provider: str | None = None


@dataclass(frozen=True)
class Caller:
    """The caller as rules see it: who asks, for which purpose.

    Attributes:
        organisation: unified social credit code of the caller's organisation; None for the
            public; for a natural person `P:` and the network reference.
        acting_for: code of the institution that a platform acts for.
        role: of the person behind the request, where the organisation states it.
    """

    caller_class: CallerClass
    organisation: str | None
    purpose: Purpose
    acting_for: str | None = None
    role: Role | None = None

    @cached_property
    def _hash(self) -> int:
        return hash(
            (self.caller_class, self.organisation, self.purpose, self.acting_for, self.role)
        )

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Limit:
    """Coordinates that are let through at most, whatever rules permit.

    Attributes:
        read: for reading, filtering and ordering; a kind's own coordinate is among them wherever
            one of its fields is.
        aggregate: the same for aggregates.
    """

    read: frozenset[str]
    aggregate: frozenset[str]

    def lets(self, coordinate: str, use: Use) -> bool:
        """Whether a use is let through."""
        if use is Use.AGGREGATE:
            return coordinate in self.aggregate
        return coordinate in self.read or (use is Use.COUNT and coordinate in self.aggregate)


@dataclass(frozen=True)
class SubjectProfile:
    """What rules must know of a subject; subjects with equal profiles are treated alike.

    Attributes:
        is_self: the subject is the caller's organisation (or person).
        consented: coordinates that an active consent of this subject gives this caller for this
            purpose; a kind's own coordinate is among them wherever one of its fields is.
        limit: what the caller's token lets through of this subject; None: everything.
    """

    subject_kind: SubjectKind
    is_self: bool
    consented: frozenset[str]
    limit: Limit | None = None

    @cached_property
    def _hash(self) -> int:
        return hash((self.subject_kind, self.is_self, self.consented, self.limit))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One question to the engine.

    Attributes:
        granted: coordinates that sharing grants give this caller for this purpose.
        is_source: the provider asked is the caller's own department.
        provider: code of the provider, whose own rules count; None: rules for all alone.
    """

    caller: Caller
    coordinate: str
    use: Use
    subject: SubjectProfile
    granted: frozenset[str]
    is_source: bool
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `rule_ids` are the rules that decided, in file order; for a default denial
    the reserved id `default.deny`.

    Attributes:
        mask: kind of mask, NONE unless MASKED.
        row: records that a permitted kind coordinate is limited to; None means all.
        missing: set if DENIED.
    """

    outcome: Outcome
    rule_ids: tuple[str, ...]
    mask: MaskKind = MaskKind.NONE
    row: Predicate | None = None
    missing: Missing | None = None
