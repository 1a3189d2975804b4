"""A drop made into an index: checked, read, judged, and put in place in one step.

Until the step is done the former index answers; if anything goes wrong it goes on answering, and
the reason is kept. What is here runs in a process of its own (`gateway.sources.files.process`).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb

from gateway.contract import Manifest
from gateway.sources.files.changing import keep_changes
from gateway.sources.files.codes import CREATE
from gateway.sources.files.drop import Drop
from gateway.sources.files.engine import identifier, open_draft
from gateway.sources.files.errors import IndexNotWrittenError, UnusableInputError
from gateway.sources.files.judging import (
    DECIDED_ON,
    REFUSED,
    SUBJECT,
    JudgedKind,
    judge_kind,
    kind_table,
    native_columns,
)
from gateway.sources.files.raw import RawTable, load_table, tables_of
from gateway.sources.files.returned import return_rows
from gateway.sources.files.source import FilesSource
from gateway.sources.files.staging import stage
from gateway.sources.files.state import Indexed, KindFacts, sync_folder
from gateway.sources.mapping import KindMapping

INDEX_VERSION = 2
"""Counted up when the form of an index changes: drops are indexed anew."""
DRAFT_PREFIX = "draft-"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an index depends on beside the drop.

    Attributes:
        required: fields that every record must have, by kind.
    """

    manifest: Manifest
    mappings: tuple[KindMapping, ...]
    required: Mapping[str, tuple[str, ...]]
    source: FilesSource

    @property
    def told(self) -> tuple[KindMapping, ...]:
        """Mappings of the kinds whose changes are told."""
        entries = {entry.kind for entry in self.manifest.entries if entry.changes}
        return tuple(mapping for mapping in self.mappings if mapping.kind in entries)

    def digest_of(self, drop: Drop) -> str:
        """Digest of the drop's manifest and of everything that its records are made with."""
        made_with = (INDEX_VERSION, self.mappings, sorted(self.required.items()), drop.digest)
        return sha256(repr(made_with).encode()).hexdigest()


def index_drop(
    recipe: Recipe, drop: Drop, received_at: str, now: dt.datetime, former: Path | None = None
) -> Indexed:
    """Make the index of a drop; it answers when the state names it.

    Args:
        former: the index that answers now, against which changes are told.

    Raises:
        UnusableInputError: the drop cannot be used; the text is for the department.
    """
    source = recipe.source
    try:
        source.index.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=source.index))
        try:
            return _index(recipe, drop, folder, received_at, now, former)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        cause = (error.strerror or "output error").lower()
        raise IndexNotWrittenError(f"the index cannot be written: {cause}") from error
    except duckdb.OutOfMemoryException as error:
        raise IndexNotWrittenError("indexing needs more memory than it may have") from error
    except duckdb.IOException as error:
        raise IndexNotWrittenError("the index cannot be written: the disk refuses it") from error


def _index(
    recipe: Recipe,
    drop: Drop,
    folder: Path,
    received_at: str,
    now: dt.datetime,
    former: Path | None,
) -> Indexed:
    source = recipe.source
    staged = folder / "staged"
    staged.mkdir()
    stage(drop, staged, source.max_file_bytes)
    draft = folder / "draft.duckdb"
    connection = open_draft(draft, staged, source.threads, source.index_memory_mb)
    try:
        kinds = _fill(connection, recipe, drop, staged)
        keep_changes(connection, recipe.told, former, staged)
        facts = {kind.kind.value: _facts(connection, kind) for kind in kinds}
        refused = connection.execute("SELECT count(DISTINCT (file, line)) FROM refused").fetchone()
        return_rows(connection, drop, source.returned)
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
    digest = recipe.digest_of(drop)
    name = f"index-{digest[:24]}.duckdb"
    _put(draft, source.index / name)
    return Indexed(
        name,
        drop.name,
        drop.as_of.isoformat(),
        digest,
        received_at,
        f"{now:%Y-%m-%dT%H:%M:%SZ}",
        refused[0] if refused else 0,
        facts,
    )


def _fill(
    connection: duckdb.DuckDBPyConnection, recipe: Recipe, drop: Drop, staged: Path
) -> Sequence[JudgedKind]:
    connection.execute(CREATE)
    connection.execute(REFUSED)
    by_table = tables_of(drop.files)
    wanted = dict.fromkeys(mapping.table for mapping in recipe.mappings)
    missing = [table for table in wanted if table not in by_table]
    if missing:
        raise UnusableInputError(f"drop `{drop.name}` has no file for the table `{missing[0]}`")
    unknown = [table for table in by_table if table not in wanted]
    if unknown:
        raise UnusableInputError(
            f"drop `{drop.name}` has the unknown table `{unknown[0]}`, expected {', '.join(wanted)}"
        )
    kinds = []
    for number, table in enumerate(wanted):
        mappings = [mapping for mapping in recipe.mappings if mapping.table == table]
        columns = dict.fromkeys(name for each in mappings for name in native_columns(each))
        raw = load_table(
            connection,
            f"raw{number}",
            by_table[table],
            tuple(columns),
            staged,
            recipe.source.max_file_bytes,
        )
        kinds += [_judge(connection, recipe, each, raw, drop) for each in mappings]
        connection.execute(f"DROP TABLE {identifier(raw.name)}")
    return kinds


def _judge(
    connection: duckdb.DuckDBPyConnection,
    recipe: Recipe,
    mapping: KindMapping,
    raw: RawTable,
    drop: Drop,
) -> JudgedKind:
    required = recipe.required.get(mapping.kind.value, ())
    judged = judge_kind(connection, mapping, raw, required, drop.as_of)
    table = kind_table(mapping.kind)
    by_subject = identifier(f"by_subject_{mapping.kind.value}")
    connection.execute(f"CREATE INDEX {by_subject} ON {table} ({identifier(SUBJECT)})")
    return judged


def _facts(connection: duckdb.DuckDBPyConnection, kind: JudgedKind) -> KindFacts:
    counted = connection.execute(
        "SELECT rule, count(DISTINCT (file, line)) FROM refused WHERE kind = ? "
        "GROUP BY rule ORDER BY rule",
        [kind.kind.value],
    ).fetchall()
    return KindFacts(kind.read, kind.records, dict(counted))


def _put(draft: Path, target: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    target.unlink(missing_ok=True)
    draft.replace(target)
    sync_folder(target.parent)


def tidy(folder: Path, kept: str | None) -> None:
    """Remove indexes and drafts that nobody needs; readers keep what they have opened."""
    for path in folder.iterdir():
        if path.name.startswith("index-") and path.name != kept:
            with suppress(OSError):
                path.unlink()
        elif path.name.startswith(DRAFT_PREFIX):
            shutil.rmtree(path, ignore_errors=True)


__all__ = ["DECIDED_ON", "INDEX_VERSION", "Recipe", "index_drop", "tidy"]
