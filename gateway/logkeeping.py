"""What keeps the audit log beside those who write entries: sequencer, segments, witnesses.

From settings to running tasks. A worker of `serve` runs it, and so does `audit sequencer`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from gateway.errors import InternalError
from gateway.settings import AuditLogSettings
from gateway.store.connect import StoreAddress, connector
from gateway.store.lending import Lending
from gateway.store.pool import Connection, LightPool
from gateway.translog.candidate import SequencerCandidate
from gateway.translog.mirror import Mirror, tree_at
from gateway.translog.notes import (
    COSIGNATURE_TYPE,
    ED25519_TYPE,
    SM2_TYPE,
    KeyName,
    NoteError,
    is_key_name,
    parse_verifier_key,
)
from gateway.translog.segments import SegmentsInUseError, newest_note
from gateway.translog.sequencer import LogDamagedError
from gateway.translog.signers import DeviceSigner, Ed25519Signer, Signer, read_private_key
from gateway.translog.suites import SUITES
from gateway.translog.types import LogIdentity
from gateway.translog.witnessing import WitnessAddress, Witnessing

KEEPING_CONNECTIONS = 2
"""For segments and witnesses, opened when first needed; the sequencer has one of its own."""
_MIRROR_EVERY_S = 0.5
_RETRY_AFTER_S = 2.0
_WITNESS_EVERY_S = 1.0
_WITNESS_AGAIN_AFTER_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeptLog:
    """A log that is being kept.

    Attributes:
        candidate: None where another process signs.
    """

    identity: LogIdentity
    candidate: SequencerCandidate | None
    segments: SegmentKeeper | None
    witnesses: WitnessKeeper

    @property
    def is_sequencer(self) -> bool:
        """Whether this process signs now."""
        return self.candidate is not None and self.candidate.is_sequencer

    def troubles(self) -> Mapping[str, bool]:
        """Per part that runs here, whether its last try failed."""
        found = dict(self.witnesses.failing)
        if self.candidate is not None:
            found["sequencer"] = self.candidate.refusal is not None
        if self.segments is not None:
            found["segments"] = self.segments.is_failing
        return found


def signer_of(settings: AuditLogSettings) -> Signer | None:
    """Who signs here; None where another process does.

    Raises:
        InternalError: the key cannot be used.
    """
    if settings.key is not None:
        path, content = settings.key
        return Ed25519Signer(settings.origin, read_private_key(content, path))
    if not settings.device:
        return None
    return DeviceSigner(_public_key(settings), settings.device)


def identity_of(settings: AuditLogSettings) -> LogIdentity:
    """Which log the settings name.

    Raises:
        InternalError: name or keys cannot be used.
    """
    if not is_key_name(settings.origin):
        raise InternalError(
            f"setting `audit_log.origin` is `{settings.origin}`, expected a name without blanks "
            "and `+`, such as `credit.city.example/audit`"
        )
    signer = signer_of(settings)
    key = _public_key(settings) if signer is None else signer.key
    former = tuple(_key(line, "former_keys") for line in settings.former_keys)
    for each in (key, *former):
        if each.name != settings.origin or each.kind not in (ED25519_TYPE, SM2_TYPE):
            raise InternalError(f"the key of `{each.name}` cannot sign log `{settings.origin}`")
    return LogIdentity(settings.origin, SUITES[settings.hash], key, former)


def witness_keys(settings: AuditLogSettings) -> tuple[KeyName, ...]:
    """The keys of the witnesses, in the settings' order.

    Raises:
        InternalError: one is none.
    """
    keys = tuple(_key(each.key, "witnesses") for each in settings.witnesses)
    for key in keys:
        if key.kind != COSIGNATURE_TYPE:
            raise InternalError(f"the key of witness `{key.name}` is none for cosignatures")
    return keys


def _public_key(settings: AuditLogSettings) -> KeyName:
    return _key(settings.public_key or "", "public_key")


def _key(line: str, setting: str) -> KeyName:
    try:
        return parse_verifier_key(line)
    except NoteError as error:
        raise InternalError(f"setting `audit_log.{setting}`: {error}") from error


@asynccontextmanager
async def kept_log(settings: AuditLogSettings, address: StoreAddress) -> AsyncIterator[KeptLog]:
    """Keep the log for the length of the block.

    Raises:
        InternalError: the settings cannot be used.
    """
    identity, signer = identity_of(settings), signer_of(settings)
    keys = witness_keys(settings)
    pool = LightPool(connector(address), KEEPING_CONNECTIONS)
    segments = None
    if settings.segments is not None:
        segments = SegmentKeeper(pool, identity, settings.segments, settings.archive)
    candidate, asked = None, WitnessKeeper(())
    if signer is not None:
        candidate = SequencerCandidate(
            connector(address),
            identity,
            signer,
            _nobody if segments is None else segments.wake,
            partial(_hold_against, identity, settings.segments),
        )
        addresses = zip(settings.witnesses, keys, strict=True)
        asked = WitnessKeeper(
            [
                Witnessing(pool, identity.suite, WitnessAddress(each.url, key))
                for each, key in addresses
            ],
            candidate,
        )
        await candidate.open()
    if segments is not None:
        await segments.open()
    await asked.open()
    try:
        yield KeptLog(identity, candidate, segments, asked)
    finally:
        if candidate is not None:
            await candidate.aclose()
        await asked.aclose()
        if segments is not None:
            await segments.aclose()
        await pool.aclose()


class WitnessKeeper:
    """Asks each witness in the background, where this process is the sequencer."""

    def __init__(
        self, asked: Sequence[Witnessing], candidate: SequencerCandidate | None = None
    ) -> None:
        self._asked = asked
        self._candidate = candidate
        self._tasks: list[asyncio.Task[None]] = []
        self.failing: dict[str, bool] = {each.name: False for each in asked}

    async def open(self) -> None:
        """Start asking."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._run(each)) for each in self._asked]

    async def aclose(self) -> None:
        """Stop asking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, witnessing: Witnessing) -> None:
        while True:
            rest_s = _WITNESS_EVERY_S
            if self._candidate is not None and self._candidate.is_sequencer:
                try:
                    await witnessing.ask()
                    self.failing[witnessing.name] = False
                # INVARIANT: whatever goes wrong with a witness, it is asked again.
                except Exception as error:
                    self.failing[witnessing.name] = True
                    is_split = isinstance(error, LogDamagedError)
                    kind = "audit_log_split" if is_split else "audit_witness_not_asked"
                    text = str(error) if isinstance(error, InternalError) else ""
                    _log.error(kind, error=type(error).__name__, text=text)
                    rest_s = _WITNESS_AGAIN_AFTER_S
            await asyncio.sleep(rest_s)


async def _hold_against(
    identity: LogIdentity, segments: Path | None, connection: Connection
) -> None:
    """Let nobody extend a store that was put back behind what the segments hold."""
    note = None if segments is None else newest_note(segments)
    if note is not None:
        await tree_at(connection, identity, note)


def _nobody() -> None:
    """There are no segments to be woken for."""


class SegmentKeeper:
    """Copies what is signed into the folder, in the background, while the folder is free."""

    def __init__(
        self, lending: Lending, identity: LogIdentity, folder: Path, archive: Path | None = None
    ) -> None:
        self._mirror = Mirror(lending, identity, folder, archive)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self.is_failing = False

    def wake(self) -> None:
        """Something was signed."""
        self._wake.set()

    async def open(self) -> None:
        """Start copying."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def aclose(self) -> None:
        """Copy what is signed, then stop."""
        task, self._task = self._task, None
        if task is not None:
            self._is_closing = True
            self._wake.set()
            await task

    async def _run(self) -> None:
        while True:
            is_last = self._is_closing
            rest_s = await self._copy()
            if is_last:
                self._mirror.close()
                return
            self._wake.clear()
            if not self._is_closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), rest_s)

    async def _copy(self) -> float:
        """Copy once; returns after how long to look again."""
        try:
            if not self._mirror.is_open:
                await self._mirror.open()
            await self._mirror.copy()
        except SegmentsInUseError:
            return _RETRY_AFTER_S
        # INVARIANT: after a failure the folder is opened anew, which cuts off what is half written.
        except Exception as error:
            self._mirror.close()
            self.is_failing = True
            kind = "audit_segments_" + (
                "differ" if isinstance(error, LogDamagedError) else "not_written"
            )
            text = str(error) if isinstance(error, InternalError) else ""
            _log.error(kind, error=type(error).__name__, text=text)
            return _RETRY_AFTER_S
        self.is_failing = False
        return _MIRROR_EVERY_S
