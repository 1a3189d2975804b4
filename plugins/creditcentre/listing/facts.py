"""Facts of a list entry, read inside the transaction of an act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.lifecycle.types import Connection
from schema.codes import ResponsibleRole

_ENTRY = """
SELECT entry.list_code, entry.unit, entry.subject_key, entry.measures, entry.notice_served_on,
    entry.notice_tells_of_objection, entry.decision_no, entry.decided_on, entry.valid_until,
    entry.channel, entry.exit_reason,
    (SELECT due_on FROM lifecycle_deadline AS deadline
     WHERE deadline.case_no = entry.case_no AND deadline.clock = 'objection'
     ORDER BY deadline_no DESC LIMIT 1) AS objection_until,
    (SELECT count(*) FROM list_entry_person AS person WHERE person.case_no = entry.case_no
        AND person.role = $2) AS representatives
FROM list_entry AS entry WHERE entry.case_no = $1
"""
_LEGAL_REPRESENTATIVE = ResponsibleRole.LEGAL_REP.value
_INDIVIDUAL_BUSINESS = "92"


@dataclass(frozen=True, slots=True)
class ListFacts:
    """
    Attributes:
        objection_until: last day on which the subject, or anybody during a public notice, objects.
        names_representative: somebody is stated as its legal representative.
    """

    list_code: str
    unit: str
    subject_key: str
    measures: tuple[str, ...]
    notice_served_on: date | None
    notice_tells_of_objection: bool
    decision_no: str | None
    decided_on: date | None
    valid_until: date | None
    channel: str | None
    exit_reason: str | None
    objection_until: date | None
    names_representative: bool

    @property
    def is_legal_person(self) -> bool:
        return not self.subject_key.startswith(_INDIVIDUAL_BUSINESS)


async def read_list_facts(connection: Connection, case_no: str) -> ListFacts:
    """Read the facts of a case that is there."""
    row = await connection.fetchrow(_ENTRY, case_no, _LEGAL_REPRESENTATIVE)
    assert row is not None
    return ListFacts(
        row["list_code"],
        row["unit"],
        row["subject_key"],
        tuple(row["measures"]),
        row["notice_served_on"],
        bool(row["notice_tells_of_objection"]),
        row["decision_no"],
        row["decided_on"],
        row["valid_until"],
        row["channel"],
        row["exit_reason"],
        row["objection_until"],
        row["representatives"] > 0,
    )
