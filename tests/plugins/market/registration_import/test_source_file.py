"""What is decided of a file before anything is written."""

from pathlib import Path

import pytest

from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.refusals import Refusal
from plugins.market.registration_import.records import CSV_COLUMNS, PublishedRow
from plugins.market.registration_import.source_file import (
    Layout,
    SourceFile,
    inspect_file,
    records_of,
)
from tests.plugins.market.registration_import.extracts import HEADER, extract_of, row_number


def inspect(folder: Path, content: str) -> SourceFile:
    path = folder / "extract"
    path.write_text(content, encoding="utf-8")
    return inspect_file(path, "utf-8")


def test_inspect_tells_the_layout_from_the_content(tmp_path: Path) -> None:
    assert inspect(tmp_path, extract_of(1).csv_text()).layout is Layout.CSV
    assert inspect(tmp_path, "\n " + extract_of(1).json_text()).layout is Layout.JSON


def test_inspect_columns_in_other_order_and_more_of_them(tmp_path: Path) -> None:
    names = ["备注", *(str(column) for column in reversed(CSV_COLUMNS)), "来源"]
    values = ["x", *(str(value) for value in reversed(row_number(1))), "y"]
    text = ",".join(names) + "\n" + ",".join(f'"{value}"' for value in values)
    source = inspect(tmp_path, text)
    assert source.columns is not None
    assert source.columns.ignored == ("备注", "来源")
    (record,) = records_of(source)
    assert record.content == row_number(1)
    assert record.line == 2


def test_inspect_first_line_with_a_valid_code_is_data(tmp_path: Path) -> None:
    body = extract_of(2).csv_text().partition("\n")[2]
    source = inspect(tmp_path, body)
    assert source.columns is not None
    assert not source.columns.has_header
    records = list(records_of(source))
    assert [record.line for record in records] == [1, 2]
    assert isinstance(records[0].content, PublishedRow)


def test_inspect_broken_first_line_with_a_valid_code_is_data(tmp_path: Path) -> None:
    code = row_number(1).code
    (record,) = records_of(inspect(tmp_path, f'样例,{code},2011-03-09,5,000(万元),"a"b\n'))
    assert isinstance(record.content, Refusal)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("a,b,c\n1,2,3\n", "lacks the columns"),
        (HEADER.replace(",注册资金", ""), "lacks the column 注册资金"),
        (HEADER + ",地区", "one column twice"),
        ('"' + HEADER, "lacks the columns? "),
        ('{"data":[]}', "erDataList"),
    ],
)
def test_inspect_other_content_is_unusable(tmp_path: Path, content: str, match: str) -> None:
    with pytest.raises(UnusableInputError, match=match):
        inspect(tmp_path, content)


def test_inspect_missing_file_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="`none` cannot be read: no such file"):
        inspect_file(tmp_path / "none", "auto")
    with pytest.raises(UnusableInputError, match="cannot be read"):
        inspect_file(tmp_path, "auto")
