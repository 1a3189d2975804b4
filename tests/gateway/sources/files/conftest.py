"""A department whose records come as drops, on folders of the test's own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.contract import CatalogueEntry, Manifest
from gateway.sources.files import FilesAdapter, FilesSource
from gateway.sources.files.exchange import take_up
from gateway.sources.files.state import State
from gateway.sources.mapping import (
    Amount,
    Code,
    Column,
    Constant,
    DateColumn,
    Flag,
    KindMapping,
    LocalTimestamp,
    Text,
    TextList,
)
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.support.awkward_department import entry_for
from tests.support.drops import csv_bytes, write_drop

NOW = dt.datetime(2026, 11, 3, 8, 0, tzinfo=dt.UTC)
FIRM = make_uscc("9", "1", "410199", "MA9FXLE1").code
OTHER = make_uscc("9", "1", "410199", "MA9FXLE2").code
COLUMNS = (
    "承诺书编号",
    "统一社会信用代码",
    "承诺人",
    "类型",
    "作出日期",
    "上报时间",
    "金额",
    "已公示",
    "标签",
)
MAPPING: dict[str, Column] = {
    "commitmentNo": Text("承诺书编号"),
    "promisorUscc": Text("统一社会信用代码"),
    "promisorName": Text("承诺人"),
    "type": Code("类型", {"自律": "INDUSTRY", "公示": "DISCLOSURE"}),
    "committedOn": DateColumn("作出日期"),
    "meta.decidedOn": DateColumn("作出日期"),
    "meta.reportedAt": LocalTimestamp("上报时间"),
    "meta.objectionMark": Flag("已公示", ("是",)),
    "meta.disclosureState": Constant("PUBLISHED"),
}
COMMITMENTS = KindMapping(RecordKind.COMMITMENT, "cn", "承诺书编号", "统一社会信用代码", MAPPING)
ACTS = KindMapping(
    RecordKind.OTHER_ADMINISTRATIVE_ACT,
    "cn",
    "承诺书编号",
    "统一社会信用代码",
    {
        "meta.decidedOn": DateColumn("作出日期"),
        "amount": Amount("金额", yuan_per_unit=10_000),
        "documentNo": Text("承诺书编号"),
    },
)
GRADES = KindMapping(
    RecordKind.TAXPAYER_CREDIT,
    "cn",
    "承诺书编号",
    "统一社会信用代码",
    {"meta.decidedOn": DateColumn("作出日期"), "directReasons": TextList("标签")},
)


def row(number: int, **changes: object) -> list[object]:
    """A good row; changed by column."""
    cells: dict[str, object] = {
        "承诺书编号": f"CN{number:04}",
        "统一社会信用代码": FIRM,
        "承诺人": "郑州样例有限公司",
        "类型": "自律",
        "作出日期": "2026-10-09",
        "上报时间": "2026-10-10 07:30:00",
        "金额": "1.5",
        "已公示": "否",
        "标签": "甲；乙",
    }
    return [{**cells, **changes}[column] for column in COLUMNS]


@dataclass
class Dropping:
    """An exchange folder, and what the kit makes of the drops on it."""

    exchange: Path
    source: FilesSource
    mappings: tuple[KindMapping, ...]
    manifest: Manifest
    now: dt.datetime = NOW

    def adapter(self) -> FilesAdapter:
        required = {RecordKind.COMMITMENT.value: ("promisorName",)}
        return FilesAdapter(self.manifest, self.mappings, self.source, required)

    def take_up(self) -> State:
        return take_up(self.adapter().recipe, lambda: self.now)

    def drop(
        self,
        name: str,
        content: bytes | list[list[object]],
        rows: int | None = None,
        **changes: str,
    ) -> Path:
        """Write a drop of one file; CSV from rows, or bytes as they are."""
        file = changes.pop("file", "data.csv")
        if isinstance(content, list):
            rows = len(content) if rows is None else rows
            content = csv_bytes(COLUMNS, content)
        return write_drop(self.exchange, name, {file: ("cn", content, rows or 0)}, **changes)

    def with_mappings(self, *mappings: KindMapping) -> Dropping:
        return replace(self, mappings=mappings)

    def returned(self, name: str) -> list[str]:
        """Lines of the file of refused rows, without its header."""
        path = self.source.returned / f"rejected-{name}.csv"
        return path.read_text("utf-8-sig").splitlines()[1:]


def entry_of(kind: RecordKind) -> CatalogueEntry:
    """What files offer: everything but built JSON."""
    return replace(entry_for(kind), json=False)


@pytest.fixture
def dropping(tmp_path: Path) -> Dropping:
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    source = FilesSource(exchange, tmp_path / "index", tmp_path / "returned", poll_s=0.05)
    manifest = Manifest(
        "files",
        make_uscc("5", "1", "410199", "MB0F0000").code,
        "样例协会",
        "Sample",
        "1",
        "a@example.com",
        (entry_of(RecordKind.COMMITMENT),),
    )
    return Dropping(exchange, source, (COMMITMENTS,), manifest)
