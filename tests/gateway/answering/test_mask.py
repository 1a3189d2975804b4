"""Masks: what each shows, that it shows no more, and that it is total."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.answering.mask import (
    mask_account,
    mask_address,
    mask_amount,
    mask_date,
    mask_function,
    mask_id,
    mask_id_strict,
    mask_mail,
    mask_name,
    mask_phone,
)
from schema.classification import MaskKind

HIDING = [kind for kind in MaskKind if kind is not MaskKind.NONE]
GIVEN_NAMES = st.text("伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂", min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("张小三", "张**"),
        ("张小小三", "张**"),
        ("欧阳小三", "欧阳**"),
        ("欧阳三", "欧阳**"),
        ("欧阳", "欧*"),
        ("阿·卜拉", "阿·**"),
        ("阿卜杜拉·买买提", "阿·**"),
        ("阿卜杜拉•买买提", "阿·**"),
        ("John Smith", "J***"),
        ("Émile", "É***"),
        (" 张 三 ", "张*"),
        ("张", "*"),
        ("", "****"),
        ("  ", "****"),
        ("·", "·**"),
    ],
)
def test_mask_name_shows_the_surname_only(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@given(GIVEN_NAMES)
def test_mask_name_hides_the_given_name_and_its_length(given_name: str) -> None:
    masked = mask_name(f"周{given_name}")
    assert masked == "周**"


@given(st.text("abcdefghijk ", min_size=1, max_size=30))
def test_mask_name_of_latin_letters_shows_one_letter(rest: str) -> None:
    assert mask_name(f"Q{rest}") == "Q***"


@pytest.mark.parametrize(
    ("number", "wide", "strict"),
    [
        ("410102209901010014", "410102********0014", "4***************4"),
        ("41010220990101001x", "410102********001X", "4***************X"),
        ("４１０１０２２０９９０１０１００１４", "410102********0014", "4***************4"),
        ("E12345678", "E***************8", "E***************8"),
        ("410102990101001", "4***************1", "4***************1"),
        ("12345", "****", "****"),
        ("", "****", "****"),
    ],
)
def test_mask_id_shows_the_ends(number: str, wide: str, strict: str) -> None:
    assert mask_id(number) == wide
    assert mask_id_strict(number) == strict


@given(
    st.from_regex(r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-2][0-9][0-9]{4}", fullmatch=True)
)
def test_mask_id_never_shows_the_date_of_birth(number: str) -> None:
    for masked in (mask_id(number), mask_id_strict(number)):
        assert number[6:14] not in masked
        assert "".join(c for c in masked if c != "*") in (
            number[:6] + number[-4:],
            number[0] + number[-1],
        )


@given(st.text("0123456789ABC", min_size=6, max_size=24))
def test_mask_id_strict_has_one_length_whatever_it_hides(number: str) -> None:
    assert len(mask_id_strict(number)) == 17


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "138****5678"),
        ("138-1234-5678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("0371-12345678", "0371-****5678"),
        ("037112345678", "0371-****5678"),
        ("12345678", "****"),
        ("unknown", "****"),
        ("", "****"),
    ],
)
def test_mask_phone_shows_network_and_last_four(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("河南省郑州市金水区花园路1号", "河南省郑州市金水区****"),
        ("郑州市管城回族区东大街3号", "郑州市管城回族区****"),
        ("河南省郑州市上街区济源路5号", "河南省郑州市上街区****"),
        ("金水区花园路1号", "金水区****"),
        ("北京市朝阳区建国路9号", "北京市朝阳区****"),
        ("新疆维吾尔自治区乌鲁木齐市天山区1号", "新疆维吾尔自治区乌鲁木齐市天山区****"),
        ("郑州市阳光小区3号楼2单元", "郑州市****"),
        ("阳光小区3号楼", "****"),
        ("花园路市场1号", "****"),
        ("Room 5, Jinshui District", "****"),
        ("", "****"),
    ],
)
def test_mask_address_shows_nothing_below_the_district(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@given(
    st.sampled_from(["幸福路", "阳光小区", "建设街道", "和平村", "长城花园", "纺织厂家属院"]),
    st.integers(1, 999),
)
def test_mask_address_hides_road_and_number(road: str, number: int) -> None:
    for start in ("", "郑州市", "河南省郑州市二七区", "河南省", "开封市鼓楼区"):
        masked = mask_address(f"{start}{road}{number}号")
        assert road not in masked
        assert str(number) not in masked
        assert masked.endswith("****")


@given(st.from_regex(r"[0-9]{8,24}", fullmatch=True))
def test_mask_account_shows_the_last_four_in_one_length(account: str) -> None:
    assert mask_account(account) == f"****{account[-4:]}"


@pytest.mark.parametrize("account", ["1234567", "1234", ""])
def test_mask_account_of_a_short_number_shows_nothing(account: str) -> None:
    assert mask_account(account) == "****"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("alice@example.com", "a***@example.com"),
        ("al@example.com", "a***@example.com"),
        ("a@example.com", "***@example.com"),
        ("@example.com", "***@example.com"),
        ("alice", "****"),
        ("a@b@c", "****"),
        ("", "****"),
    ],
)
def test_mask_mail_shows_first_letter_and_domain(address: str, shown: str) -> None:
    assert mask_mail(address) == shown


@pytest.mark.parametrize(
    ("amount", "band"),
    [
        ("0.00", "0"),
        ("0.01", "0-1万"),
        ("10000.00", "0-1万"),
        ("10000.01", "1-10万"),
        ("100000.00", "1-10万"),
        ("500000.00", "10-50万"),
        ("1000000.00", "50-100万"),
        ("5000000.00", "100-500万"),
        ("5000000.01", ">500万"),
        ("-1.00", "<0"),
        ("NaN", "****"),
        ("sNaN", "****"),
        ("Infinity", "****"),
        ("much", "****"),
        ("", "****"),
    ],
)
def test_mask_amount_shows_the_band_with_its_upper_bound(amount: str, band: str) -> None:
    assert mask_amount(amount) == band


@given(st.integers(10_001_00, 100_000_00))
def test_mask_amount_is_equal_within_a_band(cents: int) -> None:
    assert mask_amount(f"{cents // 100}.{cents % 100:02d}") == "1-10万"


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1990-05-06", "1990"),
        ("2026-09-22T08:00:00Z", "2026"),
        ("1990", "****"),
        ("", "****"),
    ],
)
def test_mask_date_shows_the_year(date: str, year: str) -> None:
    assert mask_date(date) == year


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "当事人销售过期食品，住郑州市某路1号，货值二百元。",
            "当事人销售过期食品，****，货值二百元。",
        ),
        ("当事人住所为某路1号", "当事人住所为某路1号"),
        ("张某家住和平村；联系电话13812345678。罚款二百元。", "****；****。罚款二百元。"),
        ("患有高血压，罚款二百元", "****，罚款二百元"),
        ("泄露客户名单", "****"),
        ("罚款二百元", "罚款二百元"),
        ("", ""),
    ],
)
def test_mask_document_leaves_out_clauses_that_tell_personal_data(text: str, shown: str) -> None:
    assert mask_function(MaskKind.DOCUMENT)(text) == shown


@given(
    st.lists(
        st.sampled_from(
            ["罚款二百元", "家住和平村", "身份证号不详", "患有糖尿病", "电话13812345678"]
        )
    )
)
def test_mask_document_never_shows_a_clause_that_announces_personal_data(
    clauses: list[str],
) -> None:
    masked = str(mask_function(MaskKind.DOCUMENT)("，".join(clauses)))
    for clause in ("家住和平村", "身份证号不详", "患有糖尿病", "13812345678"):
        assert clause not in masked
    assert masked.count("罚款二百元") == clauses.count("罚款二百元")


@pytest.mark.parametrize("kind", HIDING)
@given(
    value=st.none() | st.text() | st.integers() | st.booleans() | st.lists(st.none() | st.text())
)
def test_mask_is_total_and_keeps_the_shape(
    kind: MaskKind, value: str | int | bool | list[str | None] | None
) -> None:
    masked = mask_function(kind)(value)
    if value is None:
        assert masked is None
    elif isinstance(value, list):
        assert isinstance(masked, list)
        assert [m is None for m in masked] == [v is None for v in value]
    else:
        assert isinstance(masked, str)


@pytest.mark.parametrize("kind", [kind for kind in HIDING if kind is not MaskKind.DOCUMENT])
@pytest.mark.parametrize("value", ["张三", "1234", "12.34a", "ab", "7号楼"])
def test_mask_never_returns_a_short_value_unchanged(kind: MaskKind, value: str) -> None:
    assert mask_function(kind)(value) != value


def test_mask_none_returns_the_value_itself() -> None:
    value = ["a", None]
    assert mask_function(MaskKind.NONE)(value) is value


def test_mask_function_masks_lists_element_by_element() -> None:
    assert mask_function(MaskKind.NAME)(["张三", None, "李四光"]) == ["张*", None, "李**"]
