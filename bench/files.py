"""`python -m bench.files`: the files kit. How long a drop takes to index, and what a look-up costs
beside a client written by hand for the same index.

The drop holds commitments of many firms, damaged here and there, as the associations' sheets do.
Rounds alternate, so that whatever else the machine does meets both. Writes build/bench-files.json.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
import shutil
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import uvloop
from rich.console import Console

from gateway.contract import (
    FetchContext,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
)
from gateway.demo.associations.rows import ASSOCIATIONS
from gateway.sources.files import FilesAdapter
from gateway.sources.files.engine import open_index
from gateway.sources.files.exchange import take_up
from gateway.sources.files.judging import native_columns
from gateway.sources.files.source import FilesSource
from plugins.associations.adapter import build_adapter
from plugins.associations.mapping import MAPPINGS
from plugins.associations.settings import AssociationsSettings
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.identifiers.uscc import USCC_ALPHABET

FOLDER = Path("build/bench-files")
INDEX_BOUND_S = 20.0
"""Seconds in which a million rows are indexed."""
BOUND = 1.25
"""Time with the kit, in times by hand."""
KIND = RecordKind.COMMITMENT
FIELDS = ("meta.recordId", "commitmentNo", "type", "performance", "committedOn", "validUntil")
SELECTION = RecordSelection(
    KIND, FIELDS, order=(OrderKey("meta.decidedOn", descending=True),), first=5, lookahead=True
)
NOW = dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
Row = Sequence[Any]
Ask = Callable[[str], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds to index, and microseconds of one look-up, medians over the rounds."""

    rows: int
    index_s: float
    index_cpu_s: float
    by_hand_us: float
    by_kit_us: float

    @property
    def ratio(self) -> float:
        return self.by_kit_us / self.by_hand_us


@click.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--rounds", default=15, show_default=True)
@click.option("--calls", default=200, show_default=True, help="Calls of a round.")
def main(rows: int, rounds: int, calls: int) -> None:
    """Measure the files kit."""
    console = Console()
    found = measure_files(rows, rounds, calls)
    console.print(
        f"{rows:,} rows indexed in {found.index_s:.1f} s ({found.index_cpu_s:.1f} s CPU), "
        f"bound {INDEX_BOUND_S:.0f} s for 1,000,000"
    )
    console.print(
        f"look-up: by hand {found.by_hand_us:.0f} µs, kit {found.by_kit_us:.0f} µs, "
        f"ratio {found.ratio:.2f}, bound {BOUND}"
    )
    document = {**asdict(found), "ratio": found.ratio}
    Path("build/bench-files.json").write_text(json.dumps(document, indent=2) + "\n")


def measure_files(rows: int, rounds: int, calls: int) -> Found:
    """Write a drop, index it, and ask it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    codes = [_code(number) for number in range(max(1, rows // 4))]
    write_drop(FOLDER / "exchange" / "2026-11-02", codes, rows)
    source = FilesSource(
        FOLDER / "exchange", FOLDER / "index", FOLDER / "returned", threads=2, memory_mb=1_024
    )
    authorised = tuple(each.code for each in ASSOCIATIONS)
    adapter = build_adapter(AssociationsSettings(source, authorised))
    start, cpu = time.perf_counter(), time.process_time()
    state = take_up(adapter.recipe, lambda: NOW)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    assert state.indexed is not None, state.refused
    asked = [codes[number * 7919 % len(codes)] for number in range(calls)]
    by_hand, by_kit = uvloop.run(_compare(adapter, asked, rounds))
    return Found(rows, seconds, cpu_seconds, by_hand, by_kit)


def _code(number: int) -> str:
    digits = []
    for _ in range(5):
        number, digit = divmod(number, len(USCC_ALPHABET))
        digits.append(USCC_ALPHABET[digit])
    return make_uscc("9", "1", "410199", "MA9" + "".join(reversed(digits))).code


def write_drop(folder: Path, codes: Sequence[str], rows: int) -> None:
    """Write a drop with so many commitments, and a header alone for honours."""
    folder.mkdir(parents=True)
    commitments, honours = MAPPINGS
    columns = native_columns(commitments)
    fixed = {
        "承诺类型": "行业自律",
        "事项名称": "会员诚信经营承诺",
        "承诺人": "郑州样例有限公司",
        "承诺内容": "承诺依法诚信经营，不制售假冒伪劣商品，接受协会和社会监督",
        "违诺责任": "违反承诺的，自愿接受行业惩戒并在协会公示",
        "有效期至": "2029-01-01",
        "核查情况": "属实",
        "履行状态": "已履行",
        "协会统一社会信用代码": ASSOCIATIONS[0].code,
        "协会名称": ASSOCIATIONS[0].name,
        "报送时间": "2026-10-30 09:00:00",
        "核查时间": "2026-11-01 17:00:00",
        "公示日期": "2026-11-01",
        "披露状态": "公示",
        "异议": "否",
        "版本": "1",
    }
    with (folder / "commitments.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(columns) + "\n")
        for number in range(rows):
            day = dt.date(2024, 1, 1) + dt.timedelta(days=number % 1_000)
            cells = {
                **fixed,
                "记录编号": f"CN{number:08}",
                "承诺书编号": f"行承〔2026〕{number}号",
                "承诺人统一社会信用代码": codes[number % len(codes)],
                "作出日期": f"{day:%Y/%m/%d}" if number % 1_000 else "2026-02-30",
                "承诺书摘要": f"{number:064x}",
            }
            file.write(",".join(cells.get(column, "") for column in columns) + "\n")
    (folder / "honours.csv").write_text(",".join(native_columns(honours)) + "\n", "utf-8")
    lines = ["manifest_version = 1", "as_of = 2026-11-02"]
    for table, count in (("commitments", rows), ("honours", 0)):
        digest = hashlib.sha256((folder / f"{table}.csv").read_bytes()).hexdigest()
        lines += ["[[files]]", f'name = "{table}.csv"', f'table = "{table}"']
        lines += [f"rows = {count}", f'sha256 = "{digest}"']
    (folder / "manifest.toml").write_text("\n".join(lines) + "\n", "utf-8")


def _by_hand(path: Path, memory_mb: int) -> Ask:
    """What a developer writes who knows this index: one statement, in a thread."""
    connection = open_index(path, 1, memory_mb)
    columns = ", ".join(f'"{name}"' for name in FIELDS)
    statement = (
        f'SELECT {columns} FROM "kind_COMMITMENT" WHERE "@subject" = ? '
        'ORDER BY "meta.decidedOn" DESC NULLS LAST, "meta.recordId" LIMIT 6'
    )

    def work(code: str) -> Sequence[Row]:
        rows: Sequence[Row] = connection.execute(statement, [code]).fetchall()
        return rows

    async def ask(code: str) -> Sequence[Row]:
        async with asyncio.timeout(2):
            return await asyncio.to_thread(work, code)

    return ask


def _by_kit(adapter: FilesAdapter) -> Ask:
    async def ask(code: str) -> Sequence[Row]:
        context = FetchContext("bench", time.monotonic() + 2, "2026-11-03T00:00:00Z")
        (batch,) = await adapter.fetch([RecordRequest("b", SELECTION, (code,))], context)
        assert isinstance(batch, RowBatch)
        return batch.groups[0]

    return ask


async def _compare(adapter: FilesAdapter, codes: Sequence[str], rounds: int) -> tuple[float, float]:
    """Microseconds by hand and by the kit, after equal answers were seen."""
    state = adapter.state
    assert state.indexed is not None
    source = adapter.recipe.source
    hand = _by_hand(source.index / state.indexed.file, source.memory_mb)
    await adapter.open()
    kit = _by_kit(adapter)
    try:
        for code in codes[:20]:
            assert [list(row) for row in await hand(code)] == [list(row) for row in await kit(code)]
        times: dict[str, list[float]] = {"hand": [], "kit": []}
        for number in range(rounds):
            order = (("hand", hand), ("kit", kit))
            for name, ask in order if number % 2 else order[::-1]:
                start = time.perf_counter()
                for code in codes:
                    await ask(code)
                times[name].append((time.perf_counter() - start) / len(codes) * 1e6)
    finally:
        await adapter.aclose()
    return statistics.median(times["hand"]), statistics.median(times["kit"])


if __name__ == "__main__":
    main()
