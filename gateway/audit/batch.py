"""One batch of entries as one statement: arrays in, what the fence found out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from gateway.audit.entry import EntryReferences, RecordHasher, caller_subject_key, encode_entry
from gateway.audit.quotas import CountedSubjects
from gateway.audit.references import BatchReferences
from gateway.audit.refusals import day_of
from gateway.audit.types import ANSWERED, AuditEntry, ConsentUse, Quota
from gateway.entitlements.types import ClientTerms, Mark
from gateway.store.pool import Connection

_RECORD = """
SELECT reason, number, amount FROM record_entries(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)
"""


@dataclass(frozen=True, slots=True)
class Submission:
    """An entry to write.

    Attributes:
        client: what this worker knows of the entry's client; None if neither its suspension is to
            be compared nor anything counted.
        refusal: code with which the fence refused it before; then it is written as refused,
            releases nothing and passes no fence.
    """

    entry: AuditEntry
    client: ClientTerms | None = None
    refusal: str | None = None

    @property
    def is_fenced(self) -> bool:
        """Whether the entry's answer is to leave."""
        return self.refusal is None and self.entry.outcome == ANSWERED

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What the answer relies on beside consents."""
        if not self.is_fenced:
            return ()
        return self.entry.marks if self.client is None else (self.client.mark, *self.entry.marks)

    @property
    def quota(self) -> Quota | None:
        """The quota that the entry counts against."""
        client, entry = self.client, self.entry
        if client is None or not self.is_fenced or not entry.units:
            return None
        if entry.quota is not None or client.quota_per_day is None:
            return entry.quota
        return Quota(entry.principal.client_id, client.quota_per_day)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the fence found.

    Attributes:
        outdated: marks that are not true any more; then nothing was written.
        lost: reason per position (from 0) of entries that were left out.
        used: subjects counted so far, per count and day.
    """

    outdated: frozenset[Mark]
    lost: Mapping[int, str]
    used: Mapping[tuple[str, date], int]


@dataclass(slots=True)
class Batch:
    """Parallel arrays for `record_entries`; see the function in the migrations."""

    at: list[datetime] = field(default_factory=list)
    request_id: list[str] = field(default_factory=list)
    client_id: list[str] = field(default_factory=list)
    purpose: list[str] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    entry: list[bytes] = field(default_factory=list)
    marks: dict[Mark, None] = field(default_factory=dict)
    consents: list[tuple[int, ConsentUse]] = field(default_factory=list)
    uses: list[tuple[int, ConsentUse, str]] = field(default_factory=list)
    # one count may have several limits: those of tokens beside the client's own
    quotas: dict[tuple[str, date, int], int] = field(default_factory=dict)
    counted: list[tuple[int, int, bytes]] = field(default_factory=list)
    once: list[tuple[int, bytes, datetime, bool]] = field(default_factory=list)

    def add(
        self,
        submission: Submission,
        references: Mapping[str, str],
        hasher: RecordHasher,
        counts: CountedSubjects | None = None,
    ) -> None:
        """Append one entry.

        Args:
            counts: subjects that the store need not count again.

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
        self.at.append(datetime.fromisoformat(entry.at))
        self.request_id.append(entry.request_id)
        self.client_id.append(entry.principal.client_id)
        self.purpose.append(entry.principal.caller.purpose.value)
        self.outcome.append(outcome)
        self.entry.append(encoded)
        self.once += [
            (
                len(self.entry),
                each.replay_id,
                datetime.fromtimestamp(each.good_until, UTC),
                submission.is_fenced,
            )
            for each in entry.principal.once
        ]
        if submission.is_fenced:
            self._fence(submission, references, counts)

    def _fence(
        self, submission: Submission, references: Mapping[str, str], counts: CountedSubjects | None
    ) -> None:
        """Add what the newest entry relies on and counts."""
        number, entry = len(self.entry), submission.entry
        self.marks.update(dict.fromkeys(submission.marks))
        for use in entry.consents:
            if use.delivered is None:
                self.consents.append((number, use))
            else:
                self.uses += [(number, use, kind) for kind in use.delivered or ("",)]
        quota = submission.quota
        if quota is None:
            return
        place = (quota.counted_as, day_of(self.at[-1]))
        uncounted = entry.subjects if counts is None else counts.uncounted(*place, entry.subjects)
        if uncounted:
            quota_number = self.quotas.setdefault((*place, quota.per_day), len(self.quotas) + 1)
            self.counted += [
                (number, quota_number, bytes.fromhex(references[key])) for key in uncounted
            ]

    async def write(
        self,
        connection: Connection,
        references: BatchReferences,
        decisions: Mapping[bytes, bytes],
    ) -> Verdict:
        """Write and commit the batch.

        Args:
            references: whose new ones are written in the same commit.
            decisions: JSON of decisions that may be new, by SHA-256.

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
            [area for area, _ in self.marks],
            [epoch for _, epoch in self.marks],
            [number for number, _ in self.consents],
            [use.consent_no for _, use in self.consents],
            [use.version for _, use in self.consents],
            [number for number, _, _ in self.uses],
            [use.consent_no for _, use, _ in self.uses],
            [use.version for _, use, _ in self.uses],
            [kind for _, _, kind in self.uses],
            [use.repeat_key for _, use, _ in self.uses],
            [client_id for client_id, _, _ in self.quotas],
            [day for _, day, _ in self.quotas],
            [per_day for _, _, per_day in self.quotas],
            [number for number, _, _ in self.counted],
            [quota for _, quota, _ in self.counted],
            [reference for _, _, reference in self.counted],
            [key for key, _ in new],
            [bytes.fromhex(reference) for _, reference in new],
            list(decisions),
            list(decisions.values()),
            [number for number, _, _, _ in self.once],
            [replay_id for _, replay_id, _, _ in self.once],
            [until for _, _, until, _ in self.once],
            [is_fenced for _, _, _, is_fenced in self.once],
        )
        return self._verdict(rows) if rows else _ALL_WELL

    def _verdict(self, rows: Iterable[Sequence[object]]) -> Verdict:
        marks, quotas = list(self.marks), list(self.quotas)
        outdated: set[Mark] = set()
        lost: dict[int, str] = {}
        used: dict[tuple[str, date], int] = {}
        for reason, number, amount in rows:
            assert isinstance(reason, str)
            assert isinstance(number, int)
            if reason == "OUTDATED":
                outdated.add(marks[number - 1])
            elif reason == "USED":
                assert isinstance(amount, int)
                counted_as, day, _ = quotas[number - 1]
                used[counted_as, day] = amount
            else:
                lost[number - 1] = reason
        return Verdict(frozenset(outdated), lost, used)


_ALL_WELL = Verdict(frozenset(), {}, {})


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
