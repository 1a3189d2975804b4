"""GroupCommitRecorder: entries that wait at the same time share one commit.

A request hands over its entry and waits. One task takes all waiting entries, writes them with
one statement that is also the fence, and wakes the waiters when they are durable. While one batch
is being written the next one gathers, so the batch grows with the load by itself.

Memory is bounded: at most `max_waiting` entries wait; further ones are refused at once. So is
time: a batch has `batch_timeout_s`, and an entry waits for at most the batch before it and its
own (and one more, if the fence refused it and the refusal is recorded).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from gateway.audit.batch import CHINA_STANDARD_TIME, Batch, Submission, subjects_of
from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry
from gateway.errors import ClientError, InternalError, Refused, TooManyRequests, Unavailable
from gateway.store.pool import LightPool

_ATTEMPTS = 3
_KNOWN_DECISIONS = 4_096
_RETRIED = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    submission: Submission
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Bounds of a recorder.

    Attributes:
        max_batch: entries in one commit.
        max_waiting: entries that may wait at a time.
        batch_timeout_s: time for one batch, getting a connection included.
    """

    max_batch: int = 256
    max_waiting: int = 4_096
    batch_timeout_s: float = 3.0


class GroupCommitRecorder:
    """Commits audit entries; see `gateway.audit.types.Recorder`."""

    def __init__(
        self,
        pool: LightPool,
        references: SubjectReferences,
        hasher: RecordHasher,
        limits: RecorderLimits = RecorderLimits(),
    ) -> None:
        self._pool = pool
        self._references = references
        self._hasher = hasher
        self._limits = limits
        self._queue: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
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

    async def commit(self, entry: AuditEntry) -> None:
        """Return when the entry is durable; see `Recorder.commit` for the errors.

        An entry whose waiter is cancelled is written all the same.
        """
        if self._task is None or len(self._queue) >= self._limits.max_waiting:
            raise _unavailable()
        waiting = _Waiting(Submission(entry), asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._wake.set()
        await waiting.done

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
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                written, lost = await self._write(batch)
                break
            except _RETRIED:
                if attempt == _ATTEMPTS:
                    raise
        self._committed_batches += 1
        self._committed_entries += len(written) - len(lost)
        for position, waiting in enumerate(written):
            reason = lost.get(position)
            if reason is not None:
                refused = Submission(waiting.submission.entry, reason)
                self._queue.appendleft(_Waiting(refused, waiting.done))
            elif not waiting.done.done():
                _wake(waiting)

    async def _write(
        self, batch: Sequence[_Waiting]
    ) -> tuple[Sequence[_Waiting], Mapping[int, str]]:
        """Write a batch; returns the entries that could be encoded, and which of them lost."""
        async with self._pool.connection() as connection:
            keys = subjects_of([waiting.submission for waiting in batch])
            references = await self._references.resolve(connection, keys)
            arrays = Batch()
            written: list[_Waiting] = []
            for waiting in batch:
                try:
                    arrays.add(waiting.submission, references.known, self._hasher)
                except InternalError as error:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
                    continue
                written.append(waiting)
            decisions = self._new_decisions(written)
            lost = await arrays.write(connection, references, decisions)
        self._references.remember(references.new)
        self._remember_decisions(decisions)
        return written, lost

    def _new_decisions(self, batch: Sequence[_Waiting]) -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for waiting in batch:
            decisions = waiting.submission.entry.decisions
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


def _wake(waiting: _Waiting) -> None:
    refusal = waiting.submission.refusal
    if refusal is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(_refused(refusal, waiting.submission.entry))


def _fail(batch: Sequence[_Waiting], cause: Exception) -> None:
    for waiting in batch:
        if not waiting.done.done():
            error = _unavailable()
            error.__cause__ = cause
            waiting.done.set_exception(error)


def _unavailable() -> Unavailable:
    return Unavailable(
        "AUDIT_UNAVAILABLE",
        "the request cannot be recorded now, and nothing is answered unrecorded: try again later",
        headers=(("Retry-After", "1"),),
    )


def _refused(code: str, entry: AuditEntry) -> ClientError:
    if code == "QUOTA_EXCEEDED":
        seconds = _seconds_to_midnight(datetime.fromisoformat(entry.at))
        return TooManyRequests(
            code,
            "the quota of subjects for today is used up: it is counted anew from midnight, "
            "China Standard Time",
            headers=(("Retry-After", str(seconds)),),
        )
    return Refused(
        code,
        "a consent that this answer relied on was withdrawn, replaced, used up or is being "
        "changed: nothing is answered",
    )


def _seconds_to_midnight(at: datetime) -> int:
    local = at.astimezone(CHINA_STANDARD_TIME)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((midnight - local).total_seconds())
