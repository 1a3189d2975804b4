"""One batch of entries as one statement: arrays in, positions of refused entries out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from gateway.audit.entry import EntryReferences, RecordHasher, caller_subject_key, encode_entry
from gateway.audit.references import BatchReferences
from gateway.audit.types import AuditEntry
from gateway.store.pool import Connection

# Quotas are counted per day of China Standard Time, which has no summer time.
CHINA_STANDARD_TIME = timezone(timedelta(hours=8))

_RECORD = """
SELECT entry_position, reason FROM record_entries(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""


@dataclass(frozen=True, slots=True)
class Submission:
    """An entry to write.

    Attributes:
        refusal: code with which the fence refused it before; then it is written as refused,
            releases nothing and passes no fence.
    """

    entry: AuditEntry
    refusal: str | None = None


@dataclass(slots=True)
class Batch:
    """Parallel arrays for `record_entries`; see the function in the migrations."""

    at: list[datetime] = field(default_factory=list)
    request_id: list[str] = field(default_factory=list)
    client_id: list[str] = field(default_factory=list)
    purpose: list[str] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    entry: list[bytes] = field(default_factory=list)
    units: list[int] = field(default_factory=list)
    day: list[date] = field(default_factory=list)
    consent_entry: list[int] = field(default_factory=list)
    consent_no: list[str] = field(default_factory=list)
    consent_version: list[int] = field(default_factory=list)

    def add(
        self, submission: Submission, references: Mapping[str, str], hasher: RecordHasher
    ) -> None:
        """Append one entry.

        Raises:
            InternalError: the entry cannot be encoded; the batch is unchanged.
        """
        entry, refusal = submission.entry, submission.refusal
        outcome = entry.outcome if refusal is None else refusal
        caller_key = caller_subject_key(entry)
        released = [hasher.hash(record) for record in entry.released] if refusal is None else ()
        encoded = encode_entry(
            entry,
            EntryReferences(
                [references[key] for key in entry.subjects],
                None if caller_key is None else references[caller_key],
                released,
            ),
            outcome,
        )
        at = datetime.fromisoformat(entry.at)
        self.at.append(at)
        self.request_id.append(entry.request_id)
        self.client_id.append(entry.principal.client_id)
        self.purpose.append(entry.principal.caller.purpose.value)
        self.outcome.append(outcome)
        self.entry.append(encoded)
        self.day.append(at.astimezone(CHINA_STANDARD_TIME).date())
        if refusal is not None:
            self.units.append(0)
            return
        self.units.append(entry.units)
        for use in entry.consents:
            self.consent_entry.append(len(self.entry))
            self.consent_no.append(use.consent_no)
            self.consent_version.append(use.version)

    async def write(
        self,
        connection: Connection,
        references: BatchReferences,
        decisions: Mapping[bytes, bytes],
    ) -> Mapping[int, str]:
        """Write and commit the batch.

        Args:
            references: whose new ones are written in the same commit.
            decisions: JSON of decisions that may be new, by SHA-256.

        Returns:
            Reason per position (from 0) of entries that the fence left out.

        Raises:
            asyncpg.UniqueViolationError: another worker gave a subject its reference meanwhile;
                nothing is written.
        """
        new = sorted(references.new.items())
        rows = await connection.fetch(
            _RECORD,
            self.at,
            self.request_id,
            self.client_id,
            self.purpose,
            self.outcome,
            self.entry,
            self.units,
            self.day,
            self.consent_entry,
            self.consent_no,
            self.consent_version,
            [key for key, _ in new],
            [bytes.fromhex(reference) for _, reference in new],
            list(decisions),
            list(decisions.values()),
        )
        return {row[0] - 1: row[1] for row in rows}


def subjects_of(submissions: Sequence[Submission]) -> Iterable[str]:
    """Return the keys of every subject that these entries mention, each once."""
    keys: dict[str, None] = {}
    for submission in submissions:
        entry = submission.entry
        keys.update(dict.fromkeys(entry.subjects))
        caller_key = caller_subject_key(entry)
        if caller_key is not None:
            keys[caller_key] = None
    return keys
