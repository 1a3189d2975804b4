"""Requests completed in memory pass the kit, over records with native names, codes and units."""

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

import pytest

from gateway.conformance import AdapterConformance, Department, ReferenceAdapter
from gateway.conformance.department import read, whole
from gateway.contract import (
    Batch,
    FetchContext,
    Health,
    JsonNode,
    Manifest,
    NotSupported,
    RecordRequest,
    StatisticsBatch,
    StatisticsRequest,
)
from gateway.sources.local import LocalTable
from schema.codes import RecordKind
from tests.support.awkward_department import FIRM, PERSON, SHOP, UNKNOWN, awkward_records
from tests.support.native_records import (
    KINDS,
    native_mapping,
    native_record,
    rows_only,
    shown_record,
)

RECORDS = [record for record in awkward_records(3) if record.kind in KINDS]


class LocalAdapter:
    """An adapter that has all its records in memory."""

    def __init__(self, kinds: Sequence[RecordKind] = KINDS) -> None:
        self.manifest: Manifest = rows_only(kinds)
        code = self.manifest.department_code
        self._tables = {kind: LocalTable(native_mapping(kind), code, itemgetter) for kind in KINDS}
        self._records: dict[RecordKind, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        for record in RECORDS:
            self._records[record.kind].append(native_record(record))

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def health(self) -> Health:
        return Health(is_up=True, as_of=None)

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        return [
            self._tables[request.selection.kind].answer(
                self._records[request.selection.kind], request
            )
            for request in requests
        ]

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]:
        return [
            self._tables[request.kind].statistics(self._records[request.kind], request)
            for request in requests
        ]


@pytest.fixture(scope="module", params=[KINDS[2:], pytest.param(KINDS, marks=pytest.mark.long)])
def department(request: pytest.FixtureRequest) -> Department:
    return Department(lambda: LocalAdapter(request.param), (FIRM, SHOP, PERSON), UNKNOWN)


class TestLocal(AdapterConformance):
    pass


@pytest.mark.parametrize("kind", KINDS)
async def test_rows_are_those_of_the_reference_adapter(kind: RecordKind) -> None:
    reference = ReferenceAdapter(rows_only(), [shown_record(record) for record in RECORDS])
    request = RecordRequest("all", whole(kind), (FIRM, PERSON, SHOP, UNKNOWN))
    assert await read(LocalAdapter(), request) == await read(reference, request)


def test_built_json_is_refused() -> None:

    kind = KINDS[0]
    selection = replace(whole(kind), json=JsonNode(()))
    table = LocalTable(native_mapping(kind), FIRM, itemgetter)
    with pytest.raises(NotSupported):
        table.answer([], RecordRequest("json", selection, (FIRM,)))
