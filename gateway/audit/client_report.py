"""What a client read since a moment, from the audit log alone: for when its key was lost.

Nothing of a record is in it, as nothing is in the log; subjects stand there by their references.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.audit.types import ANSWERED
from gateway.store.lending import Lending

_ENTRIES = """
SELECT e.entry, d.json FROM audit_entry AS e
LEFT JOIN audit_decisions AS d ON d.sha256 = decode(
    convert_from(e.entry, 'UTF8')::json ->> 'decisions', 'hex')
WHERE e.client_id = $1 AND e.at >= $2 AND convert_from(e.entry, 'UTF8')::json -> 'event' IS NULL
ORDER BY e.entry_no LIMIT $3
"""
_NAMES = """
SELECT encode(reference, 'hex') AS reference, subject_key FROM subject_reference
WHERE reference = ANY ($1)
"""
MOST_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One request of the client.

    Attributes:
        coordinates: fields and record kinds that were in the answer, clear or masked.
        subjects: references of those asked for.
    """

    at: str
    request_id: str
    outcome: str
    purpose: str
    matter_no: str | None
    user_ref: str | None
    token_id: str | None
    operation_name: str | None
    coordinates: tuple[str, ...]
    departments: Mapping[str, int]
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientReport:
    """What a client read.

    Attributes:
        lines: its requests, oldest first, refused ones included.
        is_cut: whether there are more than are reported.
        subject_keys: of subjects whose reference was not destroyed; empty unless asked for.
    """

    lines: Sequence[ReadLine]
    is_cut: bool = False
    subject_keys: Sequence[str] = ()

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Number of requests by outcome."""
        return Counter(line.outcome for line in self.lines)

    @property
    def coordinates(self) -> Mapping[str, int]:
        """Number of answers in which each field was."""
        return Counter(name for line in self.lines for name in line.coordinates)

    @property
    def subjects(self) -> Sequence[str]:
        """References of all subjects of answers, each once."""
        found = (each for line in self.lines if line.outcome == ANSWERED for each in line.subjects)
        return tuple(dict.fromkeys(found))


async def client_report(
    lending: Lending,
    client_id: str,
    since: datetime,
    *,
    names_subjects: bool = False,
    most: int = MOST_ENTRIES,
) -> ClientReport:
    """Return what a client read.

    Args:
        since: with zone.
        names_subjects: tell whom it was about, so that they can be told.
    """
    async with lending.connection() as connection:
        rows = await connection.fetch(_ENTRIES, client_id, since, most + 1)
        lines = tuple(_line(json.loads(row["entry"]), row["json"]) for row in rows[:most])
        report = ClientReport(lines, len(rows) > most)
        if not names_subjects:
            return report
        references = [bytes.fromhex(each) for each in report.subjects]
        known = await connection.fetch(_NAMES, references)
    return ClientReport(lines, report.is_cut, sorted(row["subject_key"] for row in known))


def _line(members: Mapping[str, Any], decisions: str | bytes | None) -> ReadLine:
    is_answered = members["outcome"] == ANSWERED
    return ReadLine(
        members["at"],
        members["requestId"],
        members["outcome"],
        members["purpose"],
        members["matterNo"],
        members["userRef"],
        members["tokenId"],
        members["operationName"],
        _read(decisions) if is_answered else (),
        {part["slug"]: part["rows"] for part in members["departments"]},
        tuple(members["subjects"]),
    )


def _read(decisions: str | bytes | None) -> tuple[str, ...]:
    """Coordinates that were let through for reading or summing."""
    listed: list[dict[str, Any]] = [] if decisions is None else json.loads(decisions)
    found = {
        str(each["coordinate"])
        for each in listed
        if each.get("outcome") in ("CLEAR", "MASKED") and "coordinate" in each
    }
    return tuple(sorted(found))
