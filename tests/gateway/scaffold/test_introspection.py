"""A source's tables drafted into a sheet: what is found by what, and what is left to the author."""

from __future__ import annotations

import pytest

from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.initials import initials
from gateway.scaffold.introspection import Coverage, introspect
from gateway.scaffold.matching import Confidence
from gateway.scaffold.native import NativeColumn, NativeTable
from schema.codes import RecordKind
from schema.records import MODEL

PENALTY = RecordKind.ADMINISTRATIVE_PENALTY
TABLE = NativeTable(
    "sl.xzcf",
    (
        NativeColumn("id", "bigint", "integer", is_key=True),
        NativeColumn("cf_xdr_mc", "text", "text"),
        NativeColumn("dsrlx", "text", "text", samples=("01", "02", "09")),
        NativeColumn("shxydm", "text", "text", "统一社会信用代码"),
        NativeColumn("wh", "text", "text", "行政处罚决定书文号"),
        NativeColumn("wfss", "text", "text"),
        NativeColumn("fkje", "numeric(18,2)", "number", "罚款金额（万元）"),
        NativeColumn("cfjdrq", "date", "date"),
        NativeColumn("cfyj", "bytea", "other"),
        NativeColumn("nr", "text", "text", "处罚内容说明"),
        NativeColumn("cfjg", "text", "text"),
        NativeColumn("create_time", "timestamp without time zone", "local-time"),
    ),
    "行政处罚信息表",
)
OTHER = NativeTable("sl.users", (NativeColumn("name", "text", "text"),))


@pytest.fixture
def covered() -> Coverage:
    (found,) = introspect((OTHER, TABLE), tuple(MODEL.kinds), None, "水法 第六十五条")
    return found


def columns(covered: Coverage) -> dict[str, object]:
    return {line.item.name: line.options.get("column") for line in covered.draft.items}


def test_table_is_recognised_by_its_items(covered: Coverage) -> None:
    assert (covered.table, covered.draft.kind) == (TABLE, PENALTY)


def test_columns_are_found_by_code_name_synonym_and_initials(covered: Coverage) -> None:
    reasons = {match.item.name: match.reason for match in covered.mapped}
    assert reasons["counterpartName"] == "列名即国家编码 CF_XDR_MC"
    assert reasons["documentNo"] == "名称与官方名称相同"
    assert reasons["facts"] == "列名为常用缩写"
    assert reasons["decidedOn"] in ("列名为常用缩写", "列名为拼音首字母 cfjdrq")
    found = columns(covered)
    assert found["counterpartUscc"] == "shxydm"
    assert found["meta.decidedOn"] == "cfjdrq"


def test_keys_of_the_table_are_found(covered: Coverage) -> None:
    assert covered.draft.source == {
        "table": "sl.xzcf",
        "record_id": "id",
        "organisation": "shxydm",
        "record_id_form": "整数",
    }


def test_amount_in_wan_yuan_is_seen(covered: Coverage) -> None:
    (fine,) = [line for line in covered.draft.items if line.item.name == "fineAmount"]
    assert fine.options["unit"] == "万元"
    assert "请核对单位" in fine.remark


def test_column_of_another_type_is_a_conflict_and_not_written(covered: Coverage) -> None:
    assert [match.item.name for match in covered.conflicts] == ["basis"]
    assert "basis" not in columns(covered)


def test_guess_is_told_and_not_written(covered: Coverage) -> None:
    guessed = {match.item.name: match.confidence for match in covered.guesses}
    assert guessed["content"] is Confidence.GUESS
    assert "content" not in columns(covered)


def test_column_that_two_items_claim_is_a_guess() -> None:
    """`cfjg` is 处罚结果 as well as 处罚机关."""
    (found,) = introspect((TABLE,), (PENALTY,), None, "")
    assert "cfjg" not in columns(found).values()


def test_code_without_meaning_is_told(covered: Coverage) -> None:
    assert covered.unknown_codes == {"行政相对人类别": ("09",)}
    assert covered.draft.codes["行政相对人类别"] == {"01": "自然人", "02": "法人"}


def test_missing_required_items_are_told(covered: Coverage) -> None:
    missing = {item.name for item in covered.missing}
    assert {"violationType", "categories", "basis"} <= missing
    assert "counterpartName" not in missing


def test_state_of_a_source_without_one_is_a_constant_to_check(covered: Coverage) -> None:
    (state,) = [line for line in covered.draft.items if line.item.name == "meta.disclosureState"]
    assert state.options == {"form": "固定值", "value": "公示中"}
    assert "请核对" in state.remark


def test_own_columns_of_a_source_are_not_matched(covered: Coverage) -> None:
    assert "create_time" not in columns(covered).values()
    assert "create_time" in {column.name for column in covered.unused}


def test_tables_that_are_like_no_kind_are_told() -> None:
    with pytest.raises(ScaffoldError, match=r"none of the tables is like a record kind: sl\.users"):
        introspect((OTHER,), tuple(MODEL.kinds), None, "")


def test_table_that_is_not_there_is_told() -> None:
    with pytest.raises(ScaffoldError, match=r"table `sl\.cf` is not there"):
        introspect((TABLE,), (PENALTY,), "sl.cf", "")


@pytest.mark.parametrize(
    ("word", "letters"),
    [("处罚决定日期", "cfjdrq"), ("统一社会信用代码", "tyshxydm"), ("A类", "al"), ("𠮷", "")],
)
def test_initials_are_those_of_pinyin(word: str, letters: str) -> None:
    assert initials(word) == letters
