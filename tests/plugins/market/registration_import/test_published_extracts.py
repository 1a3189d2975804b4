"""Real published extracts: every row is accounted for; skipped where the shared data are absent."""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from gateway.sources.files.code_rules import judge_code
from gateway.sources.files.refusals import Refusal
from plugins.market.registration_import.source_file import inspect_file
from schema.identifiers import UsccFlag
from tests.plugins.market.registration_import.conftest import Market

_ROOT = Path(__file__).resolve().parents[4]
_SHARED = Path(os.environ.get("CREDIT_GATEWAY_SHARED_DATA", _ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(not _SHARED.is_dir(), reason="shared data sets are absent")

#: What the lists call a shape, and what we make of it: a rule, or a flag of a loaded row.
_EXPECTED = {
    "regno15": {"OLD_REGISTRATION_NUMBER"},
    "regno13": {"OLD_REGISTRATION_NUMBER"},
    "badlen15": {"OLD_REGISTRATION_NUMBER"},
    "badlen11": {"OLD_REGISTRATION_NUMBER"},
    "badlen12": {"OLD_REGISTRATION_NUMBER"},
    "badlen16": {"BAD_USCC_LENGTH"},
    "org9": {"ORGANISATION_CODE_ONLY"},
    "badchar": {"BAD_USCC_ALPHABET"},
    "badregion": {"BAD_USCC_STRUCTURE"},
    "badcheck": {"BAD_USCC_CHECKSUM"},
    "badorgcheck": {"INNER_CHECK_FAILED"},
    # One of them has a wrong check character besides.
    "lowercase": {"LOWER_CASE", "BAD_USCC_CHECKSUM"},
}


async def test_registrations_of_the_province_are_all_loaded(market: Market) -> None:
    folder = _SHARED / "enterprise-registration-henan"
    names = ("zhengzhou.csv", "henan-other-cities.csv", "henan-1984-2000.json")
    sources = [inspect_file(folder / name, "auto") for name in names]
    result = await market.load(*sources)
    assert [file.read for file in result.files] == [15_033, 15_000, 2_500]
    assert result.by_rule == {}
    assert [file.tally.inserted for file in result.files[:2]] == [15_033, 15_000]
    last = result.files[2].tally
    assert (last.loaded + last.unchanged, last.replaced) == (2_500, 0)
    stored = await market.connection.fetchval("SELECT count(*) FROM scjg.qy_djxx")
    assert stored == 30_033 + last.inserted
    again = await market.load(*sources)
    assert (again.totals.unchanged, again.totals.loaded) == (32_533, 0)


async def test_rows_with_odd_codes_are_all_accounted_for(market: Market) -> None:
    source = inspect_file(_SHARED / "uscc-odd-codes" / "rows-with-odd-codes.csv", "auto")
    assert source.columns is not None
    assert "shape" in source.columns.ignored
    result = await market.load(source)
    assert result.read == 4_272
    assert result.by_rule == {
        "OLD_REGISTRATION_NUMBER": 3_951,
        "BAD_USCC_CHECKSUM": 96,
        "BAD_USCC_LENGTH": 2,
        "BAD_USCC_ALPHABET": 1,
        "BAD_USCC_STRUCTURE": 1,
        "ORGANISATION_CODE_ONLY": 1,
    }
    assert result.totals.flags["INNER_CHECK_FAILED"] == 94
    assert result.totals.flags["LOWER_CASE"] == 126


def test_every_odd_shape_is_classified() -> None:
    path = _SHARED / "uscc-odd-codes" / "rows-with-odd-codes.csv"
    found: dict[str, Counter[str]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            judged = judge_code(row["统一社会信用代码"])
            if isinstance(judged, Refusal):
                names = {judged.rule.value}
            else:
                flags = judged.flags & {UsccFlag.LOWER_CASE, UsccFlag.INNER_CHECK_FAILED}
                names = {flag.value for flag in flags} or {"nothing remarkable"}
            found.setdefault(row["shape"], Counter()).update(names)
    assert {shape: set(names) for shape, names in found.items()} == _EXPECTED
    assert found["lowercase"]["BAD_USCC_CHECKSUM"] == 1


async def test_lines_that_break_the_csv_are_all_quarantined(market: Market) -> None:
    source = inspect_file(_SHARED / "uscc-odd-codes" / "malformed-csv-lines.txt", "auto")
    result = await market.load(source)
    assert result.by_rule == {"BROKEN_LINE": 5}
    assert [line for line, _, _ in await market.quarantine()] == [1, 2, 3, 4, 5]
    raw = b"\n".join(raw for _, _, raw in await market.quarantine())
    assert raw == source.path.read_bytes().rstrip(b"\n")


async def test_organisations_of_other_provinces_are_all_loaded(market: Market) -> None:
    folder = _SHARED / "enterprise-registration-national"
    names = ("sample-30-provinces.csv", "non-enterprise-organisations.csv")
    result = await market.load(*(inspect_file(folder / name, "auto") for name in names))
    assert (result.read, result.by_rule) == (4_861, {})
    assert result.totals.loaded + result.totals.unchanged == 4_861
