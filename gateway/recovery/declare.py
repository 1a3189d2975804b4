"""Declaring a restore: the log is taken up again, what was done since holds again, and an entry
says so. Only then the store serves.

The order is fixed: the segments hold; the store takes up what they hold beyond it; acts after the
point are done again, and what workers or tokens may remember from the lost time ends; the entry
`RESTORE` is committed together with that. Whoever is interrupted begins again and comes to the same
end.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asyncpg import Record

from gateway.audit.events import LogEvent, append_event
from gateway.errors import InternalError
from gateway.opaque import OpaqueCodec
from gateway.recovery.acts import read_acts
from gateway.recovery.reapply import Reapplied, Reapplying
from gateway.store.pool import Connection
from gateway.translog.adopting import RESTORING, adopt_segments
from gateway.translog.candidate import LOCK_KEY
from gateway.translog.notes import KeyName, NoteError, SignedNote, parse_checkpoint
from gateway.translog.segment_reading import SegmentReader
from gateway.translog.signers import holds
from gateway.translog.types import LogIdentity
from gateway.translog.verify_audit_log import (
    Damaged,
    Report,
    SegmentCheck,
    Trust,
    read_key,
)

RESTORE = "RESTORE"
"""Event of the entry that declares a restore."""

_LOCK = "SELECT pg_try_advisory_lock($1)"
_UNLOCK = "SELECT pg_advisory_unlock($1)"
_PENDING = "SELECT restore_no, point_size, made_at FROM store_restore WHERE declared_at IS NULL"
_BEGIN = """
INSERT INTO store_restore (begun_at, point_size)
SELECT $1, tree_size FROM audit_log_head
RETURNING restore_no, point_size, made_at
"""
_HEAD = """
SELECT h.tree_size, c.root
FROM audit_log_head AS h LEFT JOIN audit_checkpoint AS c ON c.tree_size = h.tree_size
"""
_DECLARED = "UPDATE store_restore SET declared_at = $2, event_id = $3 WHERE restore_no = $1"
# no worker and no token that remembers the lost time passes the fence
_FORGET = (
    "UPDATE entitlement_epoch SET epoch = epoch + 4294967296 WHERE area <> 'policy'",
    "UPDATE client SET tokens_since = $1",
    "DELETE FROM oauth_code",
    "DELETE FROM oauth_pushed_request",
    "DELETE FROM page_session",
    "DELETE FROM page_sign_in",
    "DELETE FROM administrator_session",
    "DELETE FROM administrator_challenge",
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who declares a restore, and why.

    Attributes:
        event_id: unique; the entry is found by it.
        lost: a checkpoint of the log that somebody kept and no segment reaches; None: none.
    """

    event_id: str
    actor: str
    reason: str
    at: datetime
    lost: SignedNote | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What was done.

    Attributes:
        point_size: leaves of the log in what was put back.
        surviving_size: leaves that are there again.
        lost_size: leaves that a checkpoint tells of which is lost; None: none is known of.
    """

    point_size: int
    surviving_size: int
    lost_size: int | None
    reapplied: Reapplied


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Which log is restored, and whose signatures on it count."""

    identity: LogIdentity
    witnesses: tuple[KeyName, ...] = ()

    def trust(self) -> Trust:
        """The same, as the stand-alone verifier has it."""
        return Trust(
            tuple(read_key(each.verifier_key()) for each in self.identity.keys),
            tuple(read_key(each.verifier_key()) for each in self.witnesses),
        )


async def declare_restore(
    connection: Connection,
    keys: LogKeys,
    codec: OpaqueCodec,
    folders: Sequence[Path],
    declaration: Declaration,
) -> Declared:
    """Declare that the store was put back.

    Args:
        connection: of its own, whose statements may take as long as they take.
        folders: of segments, of which the one that reaches furthest is taken.

    Raises:
        InternalError: there is nothing to declare, the segments do not hold or are of another log,
            or the log is being kept by somebody; what was done until then stays good.
    """
    if not declaration.reason.strip():
        raise InternalError("a restore needs a reason")
    if not await connection.fetchval(_LOCK, LOCK_KEY):
        raise InternalError(
            "the log is being kept by another process: stop all workers and sequencers first"
        )
    try:
        reader = await asyncio.to_thread(_furthest, folders, keys)
        pending = await _pending(connection, reader, declaration)
        if reader is not None:
            await adopt_segments(connection, keys.identity, keys.witnesses, reader)
        return await _declare(connection, keys, codec, pending, declaration)
    finally:
        await connection.execute(_UNLOCK, LOCK_KEY)


def _furthest(folders: Sequence[Path], keys: LogKeys) -> SegmentReader | None:
    """The folder with the most leaves, after the stand-alone verifier found nothing wrong in it."""
    sizes = {folder: SegmentReader(folder).size() for folder in folders}
    folder = max(sizes, key=lambda each: sizes[each], default=None)
    if folder is None or not sizes[folder]:
        return None
    report = Report()
    try:
        SegmentCheck(folder, keys.trust(), report).run()
    except Damaged as error:
        report.add("UNREADABLE", None, str(error))
    if report.problems:
        raise InternalError(
            f"the segments in `{folder}` do not hold, which no restore explains: "
            f"{report.problems[0].text}"
        )
    return SegmentReader(folder)


async def _pending(
    connection: Connection, reader: SegmentReader | None, declaration: Declaration
) -> Record:
    """The restore that is to be declared; begun here where the store was put back otherwise."""
    pending: Record | None = await connection.fetchrow(_PENDING)
    if pending is not None:
        return pending
    head = await connection.fetchrow(_HEAD)
    assert head is not None
    if (reader is None or reader.size() <= head["tree_size"]) and declaration.lost is None:
        raise InternalError(
            "there is nothing to declare: the store was not put back behind its segments, and no "
            "checkpoint that was lost is named"
        )
    begun: Record | None = await connection.fetchrow(_BEGIN, declaration.at)
    assert begun is not None
    return begun


async def _declare(
    connection: Connection,
    keys: LogKeys,
    codec: OpaqueCodec,
    pending: Record,
    declaration: Declaration,
) -> Declared:
    head = await connection.fetchrow(_HEAD)
    assert head is not None
    size = head["tree_size"]
    lost = None if declaration.lost is None else _lost(declaration.lost, keys.identity, size)
    async with connection.transaction():
        await connection.execute(RESTORING)
        reapplying = Reapplying(connection, codec)
        async for act in read_acts(connection, pending["point_size"], size):
            await reapplying.apply(act)
        reapplied = await reapplying.finish()
        for statement in _FORGET:
            arguments = (declaration.at,) if "$1" in statement else ()
            await connection.execute(statement, *arguments)
        members: dict[str, object] = {
            "lostRoot": None if lost is None else b64encode(lost[1]).decode(),
            "lostSize": None if lost is None else lost[0],
            "madeAt": None if pending["made_at"] is None else _wire_time(pending["made_at"]),
            "pointSize": pending["point_size"],
            "reapplied": reapplied.acts + reapplied.erasures + reapplied.uses,
            "reason": declaration.reason,
            "suspended": list(reapplied.suspended),
            "survivingRoot": None if head["root"] is None else b64encode(head["root"]).decode(),
            "survivingSize": size,
        }
        event = LogEvent(
            RESTORE,
            _wire_time(declaration.at),
            declaration.event_id,
            declaration.actor,
            "DECLARED",
            members,
        )
        await append_event(connection, event)
        await connection.execute(
            _DECLARED, pending["restore_no"], declaration.at, declaration.event_id
        )
    return Declared(pending["point_size"], size, None if lost is None else lost[0], reapplied)


def _lost(note: SignedNote, identity: LogIdentity, size: int) -> tuple[int, bytes]:
    """Size and root of a checkpoint whose leaves are lost."""
    try:
        checkpoint = parse_checkpoint(note.text)
    except NoteError as error:
        raise InternalError(f"the lost checkpoint is none: {error}") from error
    is_ours = checkpoint.origin == identity.origin
    if not is_ours or not any(holds(key, note) for key in identity.keys):
        raise InternalError("the lost checkpoint is not signed by a key of this log")
    if checkpoint.size <= size:
        raise InternalError(
            f"the checkpoint of {checkpoint.size} leaves is not lost: {size} are there"
        )
    return checkpoint.size, checkpoint.root


def _wire_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
