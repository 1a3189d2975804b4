"""What a measurement says of one department's records of one kind. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from schema.codes import RecordKind


@dataclass(frozen=True, slots=True)
class Timeliness:
    """Whether what has a term was done in it.

    Attributes:
        working_days: the term; the day of the event is not counted.
        in_time, late: done, by whether the deadline was kept.
        waiting: not done, the deadline has not passed.
        overdue: not done, and the deadline has passed.
        next_due: earliest deadline of those that wait, ISO 8601.
        provisional: a deadline was counted over days that are not announced yet.
    """

    working_days: int
    in_time: int = 0
    late: int = 0
    waiting: int = 0
    overdue: int = 0
    next_due: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind of one department.

    Attributes:
        is_measured: False where the adapter cannot tell, or its source did not answer; then
            everything else is empty and `trouble` says why.
        measured_at: wire time.
        completeness: share of required items that have a value, 0 to 1; None without records.
        publication, check: None where the source does not tell the dates.

    The others are as in `gateway.contract.KindQuality`.
    """

    slug: str
    kind: RecordKind
    measured_at: str
    is_measured: bool = True
    records: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    refused_rows: int = 0
    newest: str | None = None
    synced_at: str | None = None
    missing: Mapping[str, int] = field(default_factory=dict)
    not_supplied: tuple[str, ...] = ()
    completeness: float | None = None
    invalid_codes: int = 0
    publication: Timeliness | None = None
    check: Timeliness | None = None
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON values with the names of the attributes."""
        return {**asdict(self), "kind": self.kind.value}


def report_of(values: Mapping[str, Any]) -> KindReport:
    """A report from its JSON values."""
    made = dict(values)
    for term in ("publication", "check"):
        if made.get(term) is not None:
            made[term] = Timeliness(**made[term])
    made["kind"] = RecordKind(made["kind"])
    made["not_supplied"] = tuple(made.get("not_supplied", ()))
    return KindReport(**made)
