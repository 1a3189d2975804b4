"""What a declaration says, and what each defect of one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.contract import AdapterSettings
from gateway.sources.declared import DeclarationError, read_department
from gateway.sources.mapping import Amount, Code, Constant, DateColumn, Flag, KindMapping, Text
from schema.codes import Nature, RecordKind

DEPARTMENT = """
slug = "water"
department_code = "114101990050000186"
name_zh = "样例市水利局"
name_en = "Sample"
contact = "a@example.com"
version = "0.1.0"
source = "postgres"
"""
CODES = """
["处罚类别"]
"1" = "警告"
"2" = "P21"
"""
SHEET = """
kind = "行政处罚"
[catalogue]
code = "C03-41"
name = "水行政处罚"
format = "表"
subjects = ["法人"]
nature = "失信信息"
sharing = "无条件共享"
disclosure = "公开公示"
coverage = "全市"
update_cycle = "七个工作日"
legal_basis = "水法 第六十五条"
retention = "五年"
[source]
table = "sl.cf"
record_id = "bh"
organisation = "dm"
[items]
"元数据·决定日期" = { column = "jdrq", form = "日期" }
"元数据·披露状态" = { form = "固定值", value = "公示中" }
"行政相对人名称" = { code = "CF_XDR_MC", column = "mc" }
"罚款金额（元）" = { column = "fk", form = "金额", unit = "万元" }
"是否履行完毕" = { column = "lx", form = "是否", true = ["Y"] }
"效力状态" = { column = "xl", codes = { "1" = "有效" } }
"""


def write(folder: Path, sheet: str = SHEET, department: str = DEPARTMENT) -> Path:
    (folder / "mapping").mkdir()
    (folder / "department.toml").write_text(department, encoding="utf-8")
    (folder / "codes.toml").write_text(CODES, encoding="utf-8")
    (folder / "mapping" / "cf.toml").write_text(sheet, encoding="utf-8")
    return folder


def test_declaration_becomes_manifest_and_mapping(tmp_path: Path) -> None:
    declared = read_department(write(tmp_path))
    (sheet,) = declared.sheets
    assert sheet.mapping == KindMapping(
        kind=RecordKind.ADMINISTRATIVE_PENALTY,
        table="sl.cf",
        record_id="bh",
        organisation="dm",
        columns={
            "meta.recordId": Text("bh"),
            "meta.decidedOn": DateColumn("jdrq"),
            "meta.disclosureState": Constant("PUBLISHED"),
            "counterpartName": Text("mc"),
            "fineAmount": Amount("fk", 10_000),
            "performed": Flag("lx", ("Y",)),
            "legalStatus": Code("xl", {"1": "EFFECTIVE"}),
        },
    )
    (entry,) = declared.manifest.entries
    assert entry.items == tuple(sheet.mapping.columns)
    assert entry.nature is Nature.DISHONEST
    assert "处罚决定日期" in sheet.missing


def test_code_list_may_name_terms_and_members(tmp_path: Path) -> None:
    line = '"处罚类别" = { column = "lb", form = "代码数组", codes = "处罚类别" }\n'
    (sheet,) = read_department(write(tmp_path, SHEET + line)).sheets
    categories = sheet.mapping.columns["categories"]
    assert getattr(categories, "translation") == {"1": "P11", "2": "P21"}  # noqa: B009


DEFECTS = {
    "an item that is none": ('"不存在" = { column = "x" }', "item `不存在` is unknown"),
    "an item of the gateway": (
        '"信用主体标识" = { column = "x" }',
        "item `信用主体标识` is filled by the gateway",
    ),
    "another code": (
        '"违法事实" = { code = "CF_YJ", column = "x" }',
        "item `违法事实` has the code `CF_YJ`, expected `CF_SY`",
    ),
    "a class of its own": (
        '"违法事实" = { column = "x", class = "PUBLIC" }',
        "item `违法事实`: `class` is unknown",
    ),
    "a mask of its own": (
        '"违法事实" = { column = "x", mask = "NONE" }',
        "item `违法事实`: `mask` is unknown",
    ),
    "no unit": (
        '"没收违法所得、没收非法财物金额（元）" = { column = "x" }',
        "`unit` is missing, expected a text",
    ),
    "a unit that is none": (
        '"没收违法所得、没收非法财物金额（元）" = { column = "x", unit = "亿元" }',
        "`unit` is `亿元`, expected 元 or 万元",
    ),
    "no form of a date": ('"处罚决定日期" = { column = "x" }', "`form` is missing"),
    "a form of another type": (
        '"处罚决定日期" = { column = "x", form = "金额" }',
        "`form` is `金额`, which this item cannot have",
    ),
    "a code list that is not there": (
        '"行政相对人类别" = { column = "x", codes = "类别" }',
        "code list `类别` is not in codes.toml",
    ),
    "a term that is none": (
        '"行政相对人类别" = { column = "x", codes = { "1" = "外星人" } }',
        "code `1` means `外星人`, expected one of 自然人",
    ),
    "an item twice": (
        'documentNo = { column = "x" }\n"行政处罚决定书文号" = { column = "y" }',
        "is mapped twice",
    ),
    "true values that are none": (
        '"是否简易程序" = { column = "x", true = "Y" }',
        "`true` is missing, expected a list of texts",
    ),
    "a constant of another type": (
        '"是否简易程序" = { form = "固定值", value = "是" }',
        "`value` is missing or does not fit the item",
    ),
}


@pytest.mark.parametrize("name", list(DEFECTS))
def test_defect_of_a_line_is_told_with_file_and_item(name: str, tmp_path: Path) -> None:
    line, told = DEFECTS[name]
    with pytest.raises(DeclarationError) as raised:
        read_department(write(tmp_path, SHEET + line + "\n"))
    assert told in str(raised.value)
    assert str(raised.value).startswith("mapping/cf.toml: ")


REPLACED = {
    'kind = "行政处罚"': ('kind = "处罚"', "record kind `处罚` is unknown"),
    'nature = "失信信息"': ('nature = "坏"', "`nature` is `坏`, expected one of 基础信息"),
    'legal_basis = "水法 第六十五条"': ('legal_basis = "待填写"', "`legal_basis` is still 待填写"),
    'table = "sl.cf"': ('table = "待填写"', "a name is still 待填写"),
    '"元数据·决定日期" = { column = "jdrq", form = "日期" }': (
        "",
        "item `元数据·决定日期` is not mapped: lists are ordered by it",
    ),
    'retention = "五年"': ("", "[catalogue]: `retention` is missing"),
}


@pytest.mark.parametrize("good", list(REPLACED))
def test_defect_of_a_sheet_is_told(good: str, tmp_path: Path) -> None:
    bad, told = REPLACED[good]
    with pytest.raises(DeclarationError) as raised:
        read_department(write(tmp_path, SHEET.replace(good, bad)))
    assert told in str(raised.value)


def test_unknown_source_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    department = DEPARTMENT.replace('"postgres"', '"oracle"')
    with pytest.raises(DeclarationError, match="`source` is `oracle`, expected one of postgres"):
        read_department(write(tmp_path, department=department))


def test_file_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "mapping" / "cf.toml").write_bytes(SHEET.encode("gb18030"))
    with pytest.raises(DeclarationError, match=r"cf\.toml: the file is not in UTF-8"):
        read_department(folder)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "adapters.water.url is missing or no PostgreSQL URL"),
        ({"url": "mysql://host/db"}, "adapters.water.url is missing or no PostgreSQL URL"),
        ({"url": "postgresql://h/d", "pool_size": "0"}, "between 1 and 100"),
        ({"url": "postgresql://h/d", "password": "x"}, "has an unknown key `password`"),
    ],
)
def test_bad_settings_are_told_without_their_values(
    values: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=told) as raised:
        read_department(write(tmp_path)).adapter(AdapterSettings(values))
    assert "mysql://host" not in str(raised.value)
