"""The associations' drop as the city writes it: what is accepted, and what goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.conformance.department import context, whole
from gateway.contract import AdapterSettings, RecordRequest, RowBatch
from gateway.demo.associations.rows import association_sheets
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from gateway.sources.files import FilesAdapter
from plugins.associations.settings import parse_settings
from schema.codes import RecordKind
from schema.records import MODEL
from tests.support.associations import associations_adapter

CITY = CitySettings(subjects=1_000)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> FilesAdapter:
    return associations_adapter(tmp_path_factory.mktemp("associations"), CITY)


async def rows_of(adapter: FilesAdapter, kind: RecordKind, key: str) -> list[dict[str, object]]:
    await adapter.open()
    try:
        request = RecordRequest("r", whole(kind), (key,))
        (batch,) = await adapter.fetch([request], context())
    finally:
        await adapter.aclose()
    assert isinstance(batch, RowBatch)
    return [dict(zip(request.selection.fields, row, strict=True)) for row in batch.groups[0]]


async def test_commitments_are_told_with_how_they_were_kept(adapter: FilesAdapter) -> None:
    found = await rows_of(adapter, RecordKind.COMMITMENT, CASES.penalised_firm.code)
    assert {row["performance"] for row in found} == {"BROKEN", "PENDING"}
    assert {row["promisorName"] for row in found} == {CASES.penalised_firm.name}


async def test_honours_come_from_the_excel_file_below_its_title(adapter: FilesAdapter) -> None:
    (honour,) = await rows_of(adapter, RecordKind.HONOUR, CASES.clean_firm.code)
    assert honour["level"] == "INDUSTRY"


def test_damaged_rows_go_back_and_all_others_are_there(adapter: FilesAdapter) -> None:
    indexed = adapter.state.indexed
    assert indexed is not None
    facts = indexed.kinds[RecordKind.COMMITMENT.value]
    assert dict(facts.refused) == {
        "BAD_DATE": 1,
        "MISSING_CODE": 1,
        "MISSING_ITEM": 1,
        "PRECISION_LOST": 1,
        "UNKNOWN_CODE": 2,
    }
    sheets = association_sheets(CITY)
    assert facts.records == len(sheets.commitments) - 6
    assert indexed.kinds[RecordKind.HONOUR.value].records == len(sheets.honours)


def test_manifest_names_fields_of_the_schema_only(adapter: FilesAdapter) -> None:
    for entry in adapter.manifest.entries:
        assert set(entry.items) <= set(MODEL.kinds[entry.kind].by_name)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exchange": ""}, "exchange is missing"),
        ({"authorised": ""}, "authorised is missing"),
        ({"authorised": "12345"}, "no unified social credit code"),
        ({"poll_s": "0"}, "poll_s is no whole number"),
        ({"memory_mb": "many"}, "memory_mb is no whole number"),
        ({"colour": "red"}, "unknown key `colour`"),
        ({"index": "/x"}, "folder of the department"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    changes: dict[str, str], reason: str, tmp_path: Path
) -> None:
    good = {"exchange": "/x", "authorised": CASES.village.code}
    with pytest.raises(ValueError, match=reason):
        parse_settings(AdapterSettings({**good, **changes}))
