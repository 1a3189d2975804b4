"""What entries of the log say was done, as far as a store from before must be told again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.audit.types import ANSWERED
from gateway.store.pool import Connection
from gateway.translog.reading import read_checkpoints, read_leaves

_AT_ONCE = 50
_ACTS = """
SELECT sha256, json FROM audit_decisions
WHERE sha256 = ANY ($1::bytea[]) AND position('"act":'::bytea IN json) > 0
"""


@dataclass(frozen=True, slots=True)
class LoggedAct:
    """One act, or what an entry did besides.

    Attributes:
        entry: members of the entry.
        line: of its decisions: `act`, `object`, `outcome` and what else the act has; empty for an
            entry that did something without an act.
    """

    entry: Mapping[str, Any]
    line: Mapping[str, Any]

    @property
    def act(self) -> str:
        return str(self.line.get("act", ""))

    @property
    def object(self) -> str:
        return str(self.line.get("object") or "")

    @property
    def outcome(self) -> str:
        return str(self.line.get("outcome", ""))


async def read_acts(connection: Connection, first: int, past: int) -> AsyncIterator[LoggedAct]:
    """Yield what was done between two checkpoints, in the order of the log."""
    while first < past:
        notes = await read_checkpoints(connection, first, _AT_ONCE)
        size = min(notes[-1].size, past) if notes else past
        entries = [json.loads(each.entry) for each in await read_leaves(connection, first, size)]
        decisions = await _decisions(connection, entries)
        for entry in entries:
            if "event" in entry or any("delivered" in each for each in entry.get("consents", ())):
                yield LoggedAct(entry, {})
            for line in decisions.get(entry.get("decisions", ""), ()):
                yield LoggedAct(entry, line)
        first = size


async def _decisions(
    connection: Connection, entries: Sequence[Mapping[str, Any]]
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Those decisions that are acts, by SHA-256; of entries of which something took place."""
    named = {
        bytes.fromhex(entry["decisions"])
        for entry in entries
        if "decisions" in entry and entry["outcome"] == ANSWERED
    }
    rows = await connection.fetch(_ACTS, list(named))
    return {row["sha256"].hex(): json.loads(row["json"]) for row in rows}
