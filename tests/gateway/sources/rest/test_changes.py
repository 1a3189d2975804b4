"""Changes of a service: in order, of whole seconds, and none before its time."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.contract import (
    ChangesBatch,
    ChangesRequest,
    FetchContext,
    MappingFailed,
    NotSupported,
    RecordChange,
)
from gateway.sources.rest import (
    ByKeys,
    Changed,
    Endpoint,
    PageNumbers,
    Resource,
    RestAdapter,
    RestApi,
)
from tests.gateway.sources.rest.test_faults import KIND, MAPPING, SOURCE
from tests.support.awkward_department import FIRM
from tests.support.native_records import rows_only
from tests.support.scripted_service import Asked, Writer, scripted, write_answer

FEED = Changed(Endpoint("/changes", paging=PageNumbers(records=2)), "since", "at", settle_s=30)
NOW = "2026-11-02T08:00:00Z"


def change(name: str, at: str) -> dict[str, Any]:
    return {"id": name, "code": FIRM, "day": "2026-01-31", "at": at}


class Service:
    """Tells the changes that it is given, those from a time on, two on a page."""

    def __init__(self, changes: Sequence[dict[str, Any]]) -> None:
        self.changes = list(changes)

    async def __call__(self, asked: Asked, writer: Writer) -> None:
        query = parse_qs(urlsplit(asked.line.split(" ")[1]).query)
        since = query["since"][0].removesuffix("Z")
        found = [each for each in self.changes if each["at"] >= since]
        start = (int(query["page"][0]) - 1) * 2
        write_answer(writer, {"items": found[start : start + 2]}, "200 OK", "")


async def told(
    service: Service, since: str | None, most: int, feed: Changed | None = FEED
) -> ChangesBatch:
    async with scripted(service) as running:
        resource = Resource(MAPPING, ByKeys(Endpoint("/x"), "codes"), changes=feed)
        source = replace(SOURCE, url=running.url, timeout_s=20)
        adapter = RestAdapter(rows_only((KIND,)), RestApi((resource,), "/health"), source)
        context = FetchContext("t", time.monotonic() + 20, NOW)
        try:
            return await adapter.changes(ChangesRequest(KIND, since, most), context)
        finally:
            await adapter.aclose()


async def test_changes_come_once_each_in_portions() -> None:
    """Three of one second, of which the service knows the fractions and we do not."""
    service = Service(
        [
            change("a", "2026-11-02T07:00:00.1Z"),
            change("z", "2026-11-02T07:00:01.2Z"),
            change("c", "2026-11-02T07:00:01.4Z"),
            change("b", "2026-11-02T07:00:01.9Z"),
            change("d", "2026-11-02T07:00:02Z"),
        ]
    )
    cursor = json.dumps(["2026-11-02T06:00:00Z", ""])
    found: list[str] = []
    sizes = []
    for _ in range(9):
        batch = await told(service, cursor, 2)
        found += [each.record_id for each in batch.changes]
        sizes.append(len(batch.changes))
        cursor = batch.cursor
        if batch.is_complete:
            break
    assert (found, sizes) == (["a", "b", "c", "z", "d"], [2, 2, 1])
    again = await told(service, cursor, 2)
    assert (again.changes, again.cursor, again.is_complete) == ((), cursor, True)


async def test_first_question_says_from_when_on_changes_are_told() -> None:
    batch = await told(Service([change("a", "2026-11-02T07:00:00Z")]), None, 2)
    assert batch.changes == ()
    assert json.loads(batch.cursor) == ["2026-11-02T07:59:30Z", ""]


async def test_change_of_the_last_seconds_waits() -> None:
    service = Service(
        [change("old", "2026-11-02T07:59:29Z"), change("new", "2026-11-02T07:59:31Z")]
    )
    batch = await told(service, json.dumps(["2026-11-02T06:00:00Z", ""]), 9)
    assert batch.changes == (RecordChange("old", FIRM),)


async def test_list_in_another_order_is_no_answer() -> None:
    service = Service([change("b", "2026-11-02T07:00:01Z"), change("a", "2026-11-02T07:00:00Z")])
    with pytest.raises(MappingFailed, match="oldest first"):
        await told(service, json.dumps(["2026-11-02T06:00:00Z", ""]), 9)


async def test_service_that_tells_no_changes_is_not_asked() -> None:
    with pytest.raises(NotSupported):
        await told(Service([]), None, 9, feed=None)
