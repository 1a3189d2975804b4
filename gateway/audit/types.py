"""The audit entry as the pipeline hands it over, and what the recorder promises."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from gateway.entitlements.types import Mark
from gateway.errors import GatewayError
from gateway.identity.principal import Principal
from gateway.request import QuotaUse
from gateway.store.pool import Connection

ANSWERED = "ANSWERED"
"""Outcome of an entry whose answer leaves; only such an entry passes the fence."""


class EntryKind(Enum):
    """What an entry tells of.

    REQUEST: somebody asked for something. ACT: something was done to a grant or consent, by a
    mutation or at the console. ALARM: a control of the log found something.
    """

    REQUEST = "REQUEST"
    ACT = "ACT"
    ALARM = "ALARM"


@dataclass(frozen=True, slots=True)
class DecisionDigest:
    """All decisions of one plan for one caller profile; the same value for every request of it.

    Attributes:
        json: canonical JSON bytes (keys sorted, no blanks): an array of objects with
            coordinate, use, outcome, mask, rules.
        sha256: digest of these bytes, by which entries name the decisions.
    """

    json: bytes
    sha256: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.json).digest())


@dataclass(frozen=True, slots=True)
class DepartmentOutcome:
    """How one department took part: outcome code and rows it supplied."""

    slug: str
    outcome: str
    rows: int


@dataclass(frozen=True, slots=True)
class ConsentUse:
    """A consent that let fields through, with the version at which it was read.

    Attributes:
        delivered: record kinds of a one-off consent that are in the answer, which are used up by
            it; None for a consent that lasts.
        repeat_key: digest of the query, if it may be repeated for a while.
    """

    consent_no: str
    version: int
    delivered: tuple[str, ...] | None = None
    repeat_key: bytes | None = None


class Quota(NamedTuple):
    """How many distinct subjects a day are answered.

    Attributes:
        counted_as: name of the count: the client, or one of its operations.
    """

    counted_as: str
    per_day: int


@dataclass(frozen=True, slots=True)
class SubjectDecisions:
    """What was decided about some of the subjects of an entry.

    Attributes:
        positions: of the subjects, ascending, counted from 0 in the entry's `subjects`.
    """

    decisions: DecisionDigest
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request, without any value of a record.

    Attributes:
        at: wire time of arrival.
        operation_hash: SHA-256 of the document, empty if none could be read.
        subjects: keys of the subjects asked for, and of those that listed records are about; the
            recorder stores random references.
        released: references of released dishonest and list records (`department/kind/id`);
            stored as keyed hashes.
        outcome: ANSWERED, or the code of the refusal.
        units: how many subjects count against the client's quota, each once a day; 0: none.
        marks: what the decisions relied on beside consents; compared by the fence.
        quota: what the subjects count against instead of the client's quota.
        warnings: what whoever reads the log should look at.
        shares: what was decided about whom, where not all of `decisions` holds for all subjects;
            whom no share names, all of it holds for.
        grounds: what the decisions were made on, stored like them; None where nothing was decided.
        day: that rules referred to, in ISO form.
    """

    request_id: str
    at: str
    principal: Principal
    address_class: str
    operation_hash: str
    operation_name: str | None
    decisions: DecisionDigest
    subjects: tuple[str, ...]
    departments: tuple[DepartmentOutcome, ...]
    consents: tuple[ConsentUse, ...]
    released: tuple[str, ...]
    policy_version: str
    outcome: str
    duration_class: str
    units: int
    marks: tuple[Mark, ...] = ()
    quota: Quota | None = None
    warnings: tuple[str, ...] = ()
    shares: tuple[SubjectDecisions, ...] = ()
    kind: EntryKind = EntryKind.REQUEST
    grounds: DecisionDigest | None = None
    day: str | None = None

    def named_decisions(self) -> tuple[DecisionDigest, ...]:
        """All decisions that the entry names and that must be stored with it."""
        named = (self.decisions,) if self.grounds is None else (self.decisions, self.grounds)
        if not self.shares:
            return named
        return (*named, *(share.decisions for share in self.shares))


class OutdatedDecisionError(GatewayError):
    """What an answer was decided on has changed; nothing was recorded.

    Attributes:
        areas: what has changed.
    """

    def __init__(self, areas: frozenset[str]) -> None:
        super().__init__(f"changed since the decision: {', '.join(sorted(areas))}")
        self.areas = areas


class Recorder(Protocol):
    """Commits entries; nothing leaves before its entry is committed."""

    async def commit(self, entry: AuditEntry) -> QuotaUse | None:
        """Return when the entry is durable.

        An entry of an answer is the fence too: what the answer relied on is compared with the
        store in the same transaction. The refusals below are recorded instead of the entry.

        Returns:
            How much of the client's quota is used; None if nothing is counted for it.

        Raises:
            Unavailable: AUDIT_UNAVAILABLE, the store is down, full or too slow.
            Unauthenticated: CLIENT_SUSPENDED.
            Refused: CONSENT_NOT_ACTIVE, a consent changed since it was read.
            TooManyRequests: QUOTA_EXCEEDED.
            OutdatedDecisionError: rules, grants or effects changed since the decision; nothing is
                on record. Decide anew, or record a refusal.
        """
        ...


class RecordsWithin(Protocol):
    """Writes an entry in the transaction of what it tells of."""

    async def record(self, connection: Connection, entry: AuditEntry) -> None:
        """Write the entry on a connection whose transaction is open.

        Raises:
            ClientError: the fence lets the entry not pass; the transaction must be undone.
            OutdatedDecisionError: what is known of the client has changed; the transaction must be
                undone and may be tried again.
            asyncpg.UniqueViolationError: another worker gave a subject its reference meanwhile, or
                it was erased; the transaction must be undone and may be tried again.
        """
        ...
