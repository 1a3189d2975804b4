"""GroupCommitRecorder: entries that wait at the same time share one commit, which is the fence.

A request hands over its entry and waits. One task takes all waiting entries, writes them with
one statement that is also the fence, and wakes the waiters when they are durable. While one batch
is being written the next one gathers, so the batch grows with the load by itself.

Memory is bounded: at most `max_waiting` entries wait; further ones are refused at once. So is
time: a batch has `batch_timeout_s`, and an entry waits for at most the batch before it and its
own (and one more, if the fence refused it and the refusal is recorded).

What the fence compared is at most `fence_timeout_s` old when the waiters are woken, however slow
the store is: an answer whose comparison took longer does not leave.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg
import structlog

from gateway.audit.batch import Batch, Submission, Verdict, subjects_of
from gateway.audit.entry import RecordHasher
from gateway.audit.once import UsedProofs
from gateway.audit.quotas import CountedSubjects, forget_days_before
from gateway.audit.references import ERASED, SubjectReferences
from gateway.audit.refusals import (
    CLIENT_SUSPENDED,
    CONSENT_BUSY,
    CONSENT_NOT_ACTIVE,
    PROOF_REPLAYED,
    REPLAYED,
    TOKEN_REVOKED,
    day_of,
    refusal_error,
    unavailable,
)
from gateway.audit.types import AuditEntry, OutdatedDecisionError
from gateway.entitlements.types import Mark, Standings
from gateway.errors import InternalError
from gateway.request import QuotaUse
from gateway.store.pool import LightPool

_ATTEMPTS = 3
_BUSY_ATTEMPTS = 10
_KNOWN_DECISIONS = 4_096
_RETRIED = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)

_CODES = {CONSENT_BUSY: CONSENT_NOT_ACTIVE, REPLAYED: PROOF_REPLAYED}
"""What a refusal is called outside, where that differs from what the store says."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    """An entry on its way.

    Attributes:
        busy: how often another entry was using its one-off consent.
    """

    submission: Submission
    done: asyncio.Future[QuotaUse | None]
    busy: int = 0

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Bounds of a recorder.

    Attributes:
        max_batch: entries in one commit.
        max_waiting: entries that may wait at a time.
        batch_timeout_s: time for one batch, getting a connection included.
        fence_timeout_s: time from asking the store to compare and commit until it has done so.
            Together with what the answer needs to leave it stays below a second.
    """

    max_batch: int = 256
    max_waiting: int = 4_096
    batch_timeout_s: float = 3.0
    fence_timeout_s: float = 0.8


class GroupCommitRecorder:
    """Commits audit entries; see `gateway.audit.types.Recorder`."""

    def __init__(
        self,
        pool: LightPool,
        references: SubjectReferences,
        hasher: RecordHasher,
        standings: Standings,
        limits: RecorderLimits = RecorderLimits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            standings: what this worker knows of clients.
        """
        self._pool = pool
        self._references = references
        self._hasher = hasher
        self._standings = standings
        self._limits = limits
        self._clock = clock
        self._queue: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self._proofs = UsedProofs(pool, clock)
        self._counts = CountedSubjects()
        self._known_decisions: OrderedDict[bytes, None] = OrderedDict()
        self._committed_entries = 0
        self._committed_batches = 0

    @property
    def waiting(self) -> int:
        """Entries that wait for a batch."""
        return len(self._queue)

    @property
    def committed_entries(self) -> int:
        return self._committed_entries

    @property
    def committed_batches(self) -> int:
        return self._committed_batches

    async def open(self) -> None:
        """Start committing."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Commit what waits, then stop; later entries are refused."""
        task, self._task = self._task, None
        if task is None:
            return
        self._wake.set()
        await task
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.gather(self._forgetting, return_exceptions=True)
        await self._proofs.aclose()

    async def commit(self, entry: AuditEntry) -> QuotaUse | None:
        """Return when the entry is durable; see `Recorder.commit`.

        An entry whose waiter is cancelled is written all the same.
        """
        for _ in range(_ATTEMPTS):
            client = self._standings.client(entry.principal.client_id)
            submission = Submission(entry, client)
            if submission.is_fenced and client.is_suspended:
                submission = Submission(entry, client, CLIENT_SUSPENDED)
            elif submission.is_fenced and client.has_revoked(entry.principal):
                submission = Submission(entry, client, TOKEN_REVOKED)
            try:
                return await self._submit(submission)
            except OutdatedDecisionError as outdated:
                # Where the answer does not depend on what is known of the client, only its leaving
                # does.
                own = client.mark[0]
                if outdated.areas != {own} or any(area == own for area, _ in entry.marks):
                    raise
                await self._refresh(outdated.areas)
        raise unavailable()

    async def _refresh(self, areas: frozenset[str]) -> None:
        try:
            async with asyncio.timeout(self._limits.batch_timeout_s):
                await self._standings.refresh(areas)
        except TimeoutError as error:
            raise unavailable() from error

    async def _submit(self, submission: Submission) -> QuotaUse | None:
        if self._task is None or len(self._queue) >= self._limits.max_waiting:
            raise unavailable()
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._wake.set()
        return await waiting.done

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._task is None:
                    return
                self._wake.clear()
                await self._wake.wait()
                # whoever is ready in this round of the loop still comes along
                await asyncio.sleep(0)
                continue
            taken = min(len(self._queue), self._limits.max_batch)
            batch = [self._queue.popleft() for _ in range(taken)]
            try:
                async with asyncio.timeout(self._limits.batch_timeout_s):
                    await self._commit(batch)
            # INVARIANT: whatever goes wrong, every waiter learns it and the loop lives on.
            except Exception as error:
                cause = type(error.__cause__ or error).__name__
                _log.error(
                    "audit_batch_failed", entries=taken, error=type(error).__name__, cause=cause
                )
                _fail(batch, error)

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        failures = 0
        while batch:
            try:
                written, verdict = await self._write(batch)
            except _RETRIED as error:
                if error.constraint_name == ERASED:
                    self._references.forget()
                failures += 1
                if failures == _ATTEMPTS:
                    raise
                continue
            if verdict.outdated:
                batch = _without_outdated(written, verdict.outdated)
                continue
            self._committed_batches += 1
            self._committed_entries += len(written) - len(verdict.lost)
            self._settle(written, verdict)
            return

    async def _write(self, batch: Sequence[_Waiting]) -> tuple[Sequence[_Waiting], Verdict]:
        """Write a batch; returns the entries that could be encoded, and what the fence found."""
        async with self._pool.connection() as connection:
            keys = subjects_of([waiting.submission for waiting in batch])
            references = await self._references.resolve(connection, keys)
            arrays = Batch()
            written: list[_Waiting] = []
            for waiting in batch:
                try:
                    arrays.add(waiting.submission, references.known, self._hasher, self._counts)
                except InternalError as error:
                    waiting.fail(error)
                    continue
                written.append(waiting)
            decisions = self._new_decisions(written)
            began = self._clock()
            async with asyncio.timeout(self._limits.fence_timeout_s):
                verdict = await arrays.write(connection, references, decisions)
        if self._clock() - began > self._limits.fence_timeout_s:
            raise TimeoutError
        if not verdict.outdated:
            self._references.remember(references.new)
            if arrays.once:
                self._proofs.used_some()
            self._remember_decisions(decisions)
        return written, verdict

    def _settle(self, written: Sequence[_Waiting], verdict: Verdict) -> None:
        """Wake the waiters of a committed batch; entries that lost are written as refused."""
        for (counted_as, day), used in verdict.used.items():
            self._counts.note_use(counted_as, day, used)
        for position, waiting in enumerate(written):
            reason = verdict.lost.get(position)
            if reason is None:
                use = self._counted(waiting.submission)
                if not waiting.done.done():
                    _wake(waiting, use)
                continue
            if reason == CONSENT_BUSY and waiting.busy < _BUSY_ATTEMPTS:
                waiting.busy += 1
            else:
                refusal = _CODES.get(reason, reason)
                waiting.submission = replace(waiting.submission, refusal=refusal)
            self._queue.appendleft(waiting)

    def _counted(self, submission: Submission) -> QuotaUse | None:
        """Remember the subjects of a committed entry that count against a quota."""
        quota = submission.quota
        if quota is None:
            return None
        entry = submission.entry
        day = day_of(datetime.fromisoformat(entry.at))
        if self._counts.begins(day):
            self._forgetting = asyncio.get_running_loop().create_task(
                forget_days_before(self._pool, day)
            )
        self._counts.remember(quota.counted_as, day, entry.subjects)
        return self._counts.use(quota.counted_as, day, quota.per_day)

    def _new_decisions(self, batch: Sequence[_Waiting]) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for waiting in batch:
            for decisions in waiting.submission.entry.named_decisions():
                if decisions.sha256 in self._known_decisions:
                    self._known_decisions.move_to_end(decisions.sha256)
                else:
                    found[decisions.sha256] = decisions.json
        return found

    def _remember_decisions(self, committed: Mapping[bytes, bytes]) -> None:
        for sha256 in committed:
            self._known_decisions[sha256] = None
            if len(self._known_decisions) > _KNOWN_DECISIONS:
                self._known_decisions.popitem(last=False)


def _without_outdated(batch: Sequence[_Waiting], outdated: frozenset[Mark]) -> Sequence[_Waiting]:
    """Wake whoever relied on what is not true any more; returns the others."""
    left = []
    for waiting in batch:
        areas = frozenset(mark[0] for mark in waiting.submission.marks if mark in outdated)
        if areas:
            waiting.fail(OutdatedDecisionError(areas))
        else:
            left.append(waiting)
    return left


def _wake(waiting: _Waiting, use: QuotaUse | None) -> None:
    refusal = waiting.submission.refusal
    if refusal is None:
        waiting.done.set_result(use)
    else:
        waiting.done.set_exception(refusal_error(refusal, waiting.submission.entry))


def _fail(batch: Sequence[_Waiting], cause: Exception) -> None:
    for waiting in batch:
        error = unavailable()
        error.__cause__ = cause
        waiting.fail(error)
