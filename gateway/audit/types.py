"""The audit entry as the pipeline hands it over, and what the recorder promises."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from gateway.identity.principal import Principal


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
    """A consent that let fields through, with the version at which it was read."""

    consent_no: str
    version: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request, without any value of a record.

    Attributes:
        at: wire time of arrival.
        operation_hash: SHA-256 of the document, empty if none could be read.
        subjects: keys of the subjects asked for; the recorder stores random references.
        released: references of released dishonest and list records (`department/kind/id`);
            stored as keyed hashes.
        outcome: ANSWERED, or the code of the refusal.
        units: how many distinct subjects count against the client's quota.
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


class Recorder(Protocol):
    """Commits entries; nothing leaves before its entry is committed."""

    async def commit(self, entry: AuditEntry) -> None:
        """Return when the entry is durable.

        Raises:
            Unavailable: AUDIT_UNAVAILABLE, the store is down, full or too slow.
            Refused: CONSENT_NOT_ACTIVE, a consent changed since it was read (the refusal is
                recorded instead of the entry).
            TooManyRequests: QUOTA_EXCEEDED (recorded likewise).
        """
        ...
