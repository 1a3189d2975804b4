"""Measurements as the schema shows them."""

from __future__ import annotations

from gateway.quality.types import KindReport
from gateway.quality.types import Timeliness as Term
from schema.catalogue import MissingItem, RefusedRows, SourceQuality, Timeliness
from schema.scalars import Date, DateTime


def quality_view(report: KindReport) -> SourceQuality:
    """One measurement."""
    return SourceQuality(
        kind=report.kind,
        measured_at=DateTime(report.measured_at),
        is_measured=report.is_measured,
        records=report.records,
        refused_rows=report.refused_rows,
        refused=[RefusedRows(rule=rule, rows=rows) for rule, rows in report.refused.items()],
        newest=None if report.newest is None else Date(report.newest),
        synced_at=None if report.synced_at is None else DateTime(report.synced_at),
        missing=[MissingItem(field=name, records=n) for name, n in report.missing.items()],
        not_supplied=list(report.not_supplied),
        completeness=report.completeness,
        invalid_codes=report.invalid_codes,
        publication=_term(report.publication),
        check=_term(report.check),
        trouble=report.trouble or None,
    )


def _term(found: Term | None) -> Timeliness | None:
    if found is None:
        return None
    return Timeliness(
        working_days=found.working_days,
        in_time=found.in_time,
        late=found.late,
        waiting=found.waiting,
        overdue=found.overdue,
        next_due=None if found.next_due is None else Date(found.next_due),
        provisional=found.provisional,
    )
