"""What changed at a service that lists records from a time on, the oldest change first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.contract import (
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    MappingFailed,
    NotSupported,
    RecordChange,
)
from gateway.sources.changing import cursor_of, position_of
from gateway.sources.local.values import moment, subject_reader, text
from gateway.sources.rest.mapping import Changed, Resource
from gateway.sources.rest.paths import at_path
from gateway.sources.rest.reading import Ask, pages

_Told = tuple[str, str, str | None]
"""When, record id, subject key."""


async def changes_of(
    request: ChangesRequest, resource: Resource, ask: Ask, context: FetchContext, most_records: int
) -> ChangesBatch:
    """The next changes.

    A record is told once its second is `settle_s` ago by our clock, so that whatever else changes
    in that second is in the list. Records of one second are told in the order of their ids.

    Raises:
        NotSupported: the service tells no changes of this kind.
        MappingFailed: the cursor is none of ours, or the list is not in order.
    """
    feed = resource.changes
    if feed is None:
        raise NotSupported(f"the service tells no changes of `{request.kind.value}`")
    horizon = _before(context.fetched_at, feed.settle_s)
    if request.since is None:
        return ChangesBatch((), cursor_of(horizon, ""), is_complete=False)
    since = position_of(request.since)
    found: list[_Told] = []
    last = ""
    async for page in pages(ask, feed.endpoint, {feed.since: since[0]}, most_records):
        for record in page:
            told = _told(record, resource, feed)
            if told[0] < last:
                raise MappingFailed("changes do not come with the oldest first")
            last = told[0]
            if since < told[:2] and last < horizon:
                found.append(told)
        if last >= horizon or _is_enough(found, last, request.most):
            break
    found.sort(key=lambda told: told[:2])
    chosen = found[: request.most]
    cursor = cursor_of(*chosen[-1][:2]) if chosen else request.since
    changes = tuple(RecordChange(record_id, subject) for _, record_id, subject in chosen)
    return ChangesBatch(changes, cursor, is_complete=len(found) <= request.most)


def _is_enough(found: list[_Told], last: str, most: int) -> bool:
    """Whether all records of the seconds that fill the batch have been read, and one more."""
    return len(found) > most and last > found[most][0]


def _told(record: Any, resource: Resource, feed: Changed) -> _Told:
    mapping = resource.mapping
    at = moment(at_path(feed.at)(record) or "")
    record_id = text(at_path(mapping.record_id)(record))
    if not isinstance(at, str) or not isinstance(record_id, str):
        raise MappingFailed("a change has no time or no record id")
    subject = subject_reader(mapping, at_path)(record)
    return at, record_id, subject if isinstance(subject, str) else None


def _before(wire_time: str, seconds: float) -> str:
    moment = dt.datetime.fromisoformat(wire_time) - dt.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
