"""What the gateway keeps beside its indexes: which one answers, and why a drop was refused.

One small JSON file, replaced whole, so that every worker sees either the old or the new index.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

STATE_NAME = "state.json"
_MOST_REFUSALS = 20


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What became of the rows of one kind when the drop was indexed.

    Attributes:
        read, records: records in the files, and of them accepted.
        refused: rows that broke a rule, by rule; a row that broke two counts for both.
    """

    read: int
    records: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Indexed:
    """The index that answers.

    Attributes:
        file: its name in the index folder.
        drop: name of the drop.
        as_of: day of its data, ISO 8601.
        digest: of the manifest and the mapping that it was made with.
        received_at, checked_at: wire times: when the drop was complete, and when it was judged.
        rows_refused: rows that became no record.
        kinds: by record kind.
    """

    file: str
    drop: str
    as_of: str
    digest: str
    received_at: str
    checked_at: str
    rows_refused: int
    kinds: Mapping[str, KindFacts]


@dataclass(frozen=True, slots=True)
class Refused:
    """A drop that was not taken up.

    Attributes:
        print: of the manifest and of size and time of each file: what would have to change.
        reason: a sentence for the department.
        at: wire time.
    """

    drop: str
    print: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class State:
    """Attributes: the index that answers, None before the first; refusals, the latest first."""

    indexed: Indexed | None = None
    refused: tuple[Refused, ...] = field(default=())

    def refusing(self, refusal: Refused) -> State:
        """The same with one refusal more; an older one of the same drop goes."""
        others = tuple(other for other in self.refused if other.drop != refusal.drop)
        return replace(self, refused=(refusal, *others)[:_MOST_REFUSALS])

    def answering(self, indexed: Indexed) -> State:
        """The same with another index."""
        left = tuple(other for other in self.refused if other.drop != indexed.drop)
        return State(indexed, left)


def read_state(folder: Path) -> State:
    """Read the state; an empty one where there is none, or none that can be read.

    What cannot be read is made again from the drops.
    """
    try:
        values = json.loads((folder / STATE_NAME).read_bytes())
        indexed = values["indexed"]
        return State(
            None if indexed is None else _indexed(indexed),
            tuple(Refused(**each) for each in values["refused"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return State()


def _indexed(values: Mapping[str, Any]) -> Indexed:
    kinds = {kind: KindFacts(**facts) for kind, facts in values["kinds"].items()}
    return Indexed(**{**values, "kinds": kinds})


def write_state(folder: Path, state: State) -> None:
    """Replace the state in one step that survives a crash.

    Raises:
        OSError: it cannot be written.
    """
    draft = folder / f".{STATE_NAME}.{os.getpid()}"
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / STATE_NAME)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a crash too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
