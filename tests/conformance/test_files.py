"""An adapter over file drops passes the kit, with awkward records of every kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from gateway.conformance import AdapterConformance, Department, ReferenceRecord
from gateway.conformance.drops import DropControl
from gateway.sources.files import FilesAdapter, FilesSource
from gateway.sources.files.exchange import take_up
from schema.codes import RecordKind
from schema.records import MODEL
from tests.support.awkward_department import (
    FIRM,
    PERSON,
    SHOP,
    UNKNOWN,
    awkward_records,
    entry_for,
    manifest_for,
)
from tests.support.drops import kind_file, mapping_for, write_drop

FIRST = dt.date(2026, 11, 2)
NOW = dt.datetime(2027, 11, 3, tzinfo=dt.UTC)


def _decided(record: ReferenceRecord) -> ReferenceRecord:
    """A record of a day: without one a row of a file is refused."""
    day = record.values.get("meta.decidedOn") or "2026-05-06"
    return replace(record, values={**record.values, "meta.decidedOn": day})


def _department(folder: Path, kinds: tuple[RecordKind, ...]) -> Department:
    records = [_decided(record) for record in awkward_records(7)]
    source = FilesSource(
        folder / "exchange", folder / "index", folder / "returned", statement_timeout_s=30
    )
    entries = tuple(replace(entry_for(kind), json=False) for kind in kinds)
    manifest = replace(manifest_for("files"), entries=entries)
    mappings = tuple(mapping_for(kind) for kind in kinds)

    adapter = FilesAdapter(manifest, mappings, source, {})
    numbers = count()

    def renew() -> None:
        """Everything as it is now, as of a later day."""
        day = (FIRST + dt.timedelta(days=next(numbers))).isoformat()
        files = {f"{kind.value}.csv": kind_file(kind, records) for kind in kinds}
        write_drop(source.exchange, day, files, as_of=day)
        state = take_up(adapter.recipe, lambda: NOW)
        assert state.indexed is not None, state.refused
        assert (state.indexed.drop, state.indexed.rows_refused) == (day, 0), state.refused

    def add(kind: RecordKind, number: int) -> bool:
        values = {"meta.decidedOn": "2026-06-01"}
        for _ in range(number):
            records.append(ReferenceRecord(kind, f"added-{len(records)}", FIRM, values))
        renew()
        return True

    renew()
    control = DropControl(source.exchange, renew, add)
    return Department(lambda: control.watched(adapter), (FIRM, SHOP, PERSON), UNKNOWN, control)


class TestFiles(AdapterConformance):
    """Lists of parts, decimals, integers: two kinds hold every form but money and lists."""

    @pytest.fixture(scope="class")
    @classmethod
    def department(cls, tmp_path_factory: pytest.TempPathFactory) -> Department:
        kinds = (RecordKind.COMMITMENT, RecordKind.COMPLAINT_SUMMARY)
        return _department(tmp_path_factory.mktemp("files"), kinds)


@pytest.mark.long
class TestFilesOfEveryKind(AdapterConformance):
    """All kinds."""

    @pytest.fixture(scope="class")
    @classmethod
    def department(cls, tmp_path_factory: pytest.TempPathFactory) -> Department:
        return _department(tmp_path_factory.mktemp("files"), tuple(MODEL.kinds))
