"""A table with numbers as record ids and without many items keeps the promises all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.conformance import AdapterConformance, Department
from gateway.demo.postgres import RunningPostgres
from gateway.scaffold.postgres import stand_on
from gateway.scaffold.refresh import fixture_subjects, refresh
from tests.support.author import TODAY, water_package

SHEET = """
[source]
table = "sl.cf"
record_id = "id"
record_id_form = "整数"
organisation = "dm"
[items]
"元数据·决定日期" = { column = "jdrq", form = "八位日期" }
"元数据·披露状态" = { form = "固定值", value = "公示中" }
"行政相对人名称" = { column = "mc" }
"罚款金额（元）" = { column = "fk", form = "金额", unit = "万元" }
"处罚类别" = { columns = ["lb"], form = "多列代码", codes = { "1" = "警告", "2" = "罚款" } }
"""


@pytest.fixture(scope="module")
def lean(
    embedded_postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Department]:
    package = water_package(tmp_path_factory.mktemp("lean"))
    sheet = package.module / "mapping" / "administrative_penalty.toml"
    head, _, _ = sheet.read_text(encoding="utf-8").partition("[source]")
    sheet.write_text(head + SHEET, encoding="utf-8")
    refresh(package, TODAY)
    keys, unknown = fixture_subjects(package)
    with stand_on(embedded_postgres, package) as stand:
        yield Department(lambda: package.adapter(stand.settings), keys, unknown, stand.control)


@pytest.mark.parametrize(
    "test",
    [
        "test_conditions_join_as_in_python",
        "test_pages_stay_whole_while_records_are_added",
        "test_groups_count_and_sum_the_rows",
        "test_marked_records_are_counted_as_under_objection",
        "test_marked_records_read_filter_and_order_as_under_objection",
        "test_built_json_equals_the_rows",
    ],
)
def test_lean_table_keeps_what_it_promises(test: str, lean: Department) -> None:
    getattr(AdapterConformance(), test)(lean)


def test_required_items_that_are_missing_are_named(tmp_path: Path) -> None:
    package = water_package(tmp_path)
    sheet = package.module / "mapping" / "administrative_penalty.toml"
    head, _, _ = sheet.read_text(encoding="utf-8").partition("[source]")
    sheet.write_text(head + SHEET, encoding="utf-8")
    (declared,) = package.declared().sheets
    assert "行政处罚决定书文号" in declared.missing
    assert "行政相对人名称" not in declared.missing
