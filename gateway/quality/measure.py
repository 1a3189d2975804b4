"""Asks every department's source how good its records are, and judges the dates."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.contract import (
    Adapter,
    AdapterError,
    CatalogueEntry,
    FetchContext,
    KindQuality,
    NotSupported,
    QualityAdapter,
    QualityRequest,
)
from gateway.quality.timeliness import check_timeliness, publication_timeliness
from gateway.quality.types import KindReport
from policies.disclosure.clock import Clock
from schema.codes import RecordKind
from schema.required import required_items

LOOK_BACK = dt.timedelta(days=365)
"""Terms are told of decisions of the last year."""
PATIENCE_S = 120.0
_SLACK_S = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When a measurement is made: the day that decides on deadlines, and the time that is told."""

    today: dt.date
    wire_time: str


async def measure(
    adapters: Mapping[str, Adapter], clock: Clock, moment: Moment, patience_s: float = PATIENCE_S
) -> list[KindReport]:
    """Measure all departments at once; one that fails is reported and disturbs no other.

    Args:
        patience_s: seconds that each department may take.
    """
    found = await asyncio.gather(
        *(_measured(adapter, clock, moment, patience_s) for adapter in adapters.values())
    )
    return [report for reports in found for report in reports]


async def _measured(
    adapter: Adapter, clock: Clock, moment: Moment, patience_s: float
) -> list[KindReport]:
    """Kinds one after the other, so that one which cannot be measured costs no other."""
    if not isinstance(adapter, QualityAdapter):
        reason = "the adapter does not measure"
        return [_unmeasured(adapter, entry, moment, reason) for entry in adapter.manifest.entries]
    deadline = time.monotonic() + patience_s
    reports = []
    for entry in adapter.manifest.entries:
        told = await _told(adapter, entry.kind, moment, deadline)
        if isinstance(told, str):
            reports.append(_unmeasured(adapter, entry, moment, told))
        else:
            reports.append(_report(adapter.manifest.slug, entry, told, clock, moment))
    return reports


async def _told(
    adapter: QualityAdapter, kind: RecordKind, moment: Moment, deadline: float
) -> KindQuality | str:
    """What the source says of a kind, or why it says nothing."""
    since = (moment.today - LOOK_BACK).isoformat()
    request = QualityRequest(kind, required_items(kind), since)
    context = FetchContext("quality", deadline, moment.wire_time)
    left_s = max(0.0, deadline - time.monotonic()) + _SLACK_S
    try:
        async with asyncio.timeout(left_s):
            (told,) = await adapter.quality([request], context)
    except NotSupported:
        return "the source gives no list of these records, so they cannot be counted"
    except (AdapterError, TimeoutError) as error:
        return f"the source did not tell: {type(error).__name__}"
    except Exception as error:
        # Whatever a package from outside raises, the others are measured.
        return f"the adapter failed: {type(error).__name__}"
    return told


def _unmeasured(adapter: Adapter, entry: CatalogueEntry, moment: Moment, reason: str) -> KindReport:
    slug, when = adapter.manifest.slug, moment.wire_time
    return KindReport(slug, entry.kind, when, is_measured=False, trouble=reason)


def _report(
    slug: str, entry: CatalogueEntry, told: KindQuality, clock: Clock, moment: Moment
) -> KindReport:
    kind, today = entry.kind, moment.today
    publication, check = None, None
    if told.published:
        publication = publication_timeliness(told.published, kind, entry.nature, clock, today)
    if told.checked:
        check = check_timeliness(told.checked, clock.calendar, today)
    trouble = told.trouble
    if not told.is_complete and not trouble:
        trouble = "dates are too many to be told whole"
    return KindReport(
        slug,
        kind,
        moment.wire_time,
        records=told.records,
        refused=told.refused,
        refused_rows=told.refused_rows,
        newest=told.newest,
        synced_at=told.synced_at,
        missing=told.missing,
        not_supplied=told.not_supplied,
        completeness=_completeness(told, required_items(kind)),
        invalid_codes=told.invalid_codes,
        publication=publication,
        check=check,
        trouble=trouble,
    )


def _completeness(told: KindQuality, required: Sequence[str]) -> float | None:
    """Share of required items with a value; an item that is not supplied has none anywhere."""
    rows = told.records + told.refused_rows
    if not rows or not required:
        return None
    empty = sum(told.missing.values()) + len(told.not_supplied) * rows
    return round(max(0.0, 1 - empty / (rows * len(required))), 4)
