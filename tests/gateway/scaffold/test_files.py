"""A department in files from nothing to records: package, columns of files, trial, refused rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import duckdb
import openpyxl
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.scaffold.create import create_package, write_sheets
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.file_columns import read_tables
from gateway.scaffold.introspection import Coverage, introspect
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.workbook import read_workbook, write_workbook
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.support.author import TODAY, WATER

FIRM = make_uscc("9", "1", "410199", "MA9FXT01").code
PENALTY = RecordKind.ADMINISTRATIVE_PENALTY
NAMES = ("编号", "统一社会信用代码", "当事人名称", "文号", "案由", "罚款金额（万元）", "处罚日期")
ROWS = (
    ("1", FIRM, "样例甲", "水罚1号", "超采", "1.5", "2026/10/9"),
    ("2", FIRM, "样例甲", "水罚2号", "超采", "", "2026-10-10"),
    ("3", FIRM, "样例甲", "水罚3号", "超采", "三千元", "2026-10-11"),
    ("4", FIRM, "样例甲", "水罚4号", "排污", "2", "2026-13-11"),
)


@pytest.fixture
def package(tmp_path: Path) -> AuthorPackage:
    return create_package(replace(WATER, source="files"), tmp_path / "water", TODAY)


def csv_of(rows: Sequence[Sequence[str]], encoding: str = "gb18030") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["样例市水利局行政处罚汇总表"])
    writer.writerow(NAMES)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["样例市水利局行政处罚汇总表"])
    for row in (NAMES, *ROWS):
        sheet.append(list(row))
    book.save(path)


def parquet_of(path: Path) -> None:
    columns = ", ".join(f'? AS "{name}"' for name in NAMES)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {columns}) TO '{path}' (FORMAT parquet)",
            list(ROWS[0]),
        )


def test_new_package_holds_a_whole_drop(package: AuthorPackage) -> None:
    files = {path.name for path in (package.fixtures / "sample-drop").iterdir()}
    assert files == {"administrative_penalty.csv", "manifest.toml"}
    (entry,) = package.declared().manifest.entries
    assert (entry.lists, entry.changes, entry.json) == (True, True, False)


def test_workbook_read_back_is_the_same_declaration(package: AuthorPackage, tmp_path: Path) -> None:
    before = package.declared()
    write_workbook(package, tmp_path / "m.xlsx")
    write_sheets(package.module, read_workbook(tmp_path / "m.xlsx"))
    assert package.declared() == before


def drafted(place: Path) -> Coverage:
    (found,) = introspect(read_tables(str(place)), (PENALTY,), None, "水法 第六十五条")
    return found


@pytest.mark.parametrize("name", ["penalties.csv", "penalties.xlsx"])
def test_columns_below_a_title_are_read_and_drafted(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_bytes(csv_of(ROWS[:2]))
    else:
        xlsx_of(path)
    covered = drafted(path)
    options = {line.item.name: line.options for line in covered.draft.items}
    assert options["counterpartUscc"]["column"] == "统一社会信用代码"
    assert options["violationType"] == {"column": "案由", "form": "文本"}
    assert covered.draft.source == {
        "table": "penalties",
        "record_id": "编号",
        "organisation": "统一社会信用代码",
    }
    assert "facts" in {item.name for item in covered.missing}


def test_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "penalties.csv").write_bytes(csv_of(ROWS))
    (table,) = read_tables(str(tmp_path / "penalties.csv"))
    assert "gb18030" in table.comment


def test_column_that_holds_something_else_is_a_conflict(tmp_path: Path) -> None:
    """`三千元` is no amount, and 2026-13-11 looks like a day all the same."""
    (tmp_path / "penalties.csv").write_bytes(csv_of(ROWS))
    assert [match.item.name for match in drafted(tmp_path / "penalties.csv").conflicts] == [
        "fineAmount"
    ]
    (tmp_path / "good.csv").write_bytes(csv_of(ROWS[:2]))
    covered = drafted(tmp_path / "good.csv")
    (fine,) = [line for line in covered.draft.items if line.item.name == "fineAmount"]
    assert (fine.options["form"], fine.options["unit"]) == ("金额", "万元")


def test_parquet_names_its_columns(tmp_path: Path) -> None:
    parquet_of(tmp_path / "penalties.parquet")
    (table,) = read_tables(str(tmp_path / "penalties.parquet"))
    assert tuple(column.name for column in table.columns)[:5] == NAMES[:5]


@pytest.mark.parametrize(
    ("name", "content"), [("x.txt", b"a"), ("x.xlsx", b"no workbook"), ("x.csv", b"\n\n")]
)
def test_file_that_is_none_is_told(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScaffoldError):
        read_tables(str(tmp_path / name))


def test_author_gets_from_a_file_to_records_and_reasons(
    package: AuthorPackage, tmp_path: Path
) -> None:
    """Drafted from a file, tried over a drop of it: two rows are shown, two refused by name."""
    drop = tmp_path / "exchange" / "2026-11-02"
    drop.mkdir(parents=True)
    content = csv_of(ROWS)
    (drop / "penalties.csv").write_bytes(content)
    sample = tmp_path / "penalties.csv"
    sample.write_bytes(csv_of(ROWS[:2]))
    run = CliRunner().invoke
    arguments = ["adapter", "introspect", str(sample), "--package", str(package.root), "--write"]
    assert run(main, arguments).exit_code == 0
    (drop / "manifest.toml").write_text(
        'manifest_version = 1\nas_of = 2026-11-02\n[[files]]\nname = "penalties.csv"\n'
        f'table = "penalties"\nrows = 4\nsha256 = "{sha256(content).hexdigest()}"\n'
    )
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[adapters.water]\nexchange = "{tmp_path / "exchange"}"\n')
    tried = run(
        main,
        ["adapter", "try", FIRM, "--package", str(package.root), "--settings", str(settings)],
    )
    assert tried.exit_code == 1
    assert "2 records 条记录" in tried.output
    assert "! penalties.csv:5 BAD_NUMBER (rejected 拒收)" in tried.output
    assert "! penalties.csv:6 BAD_DATE (rejected 拒收)" in tried.output
    assert not (tmp_path / "exchange.index").exists()
