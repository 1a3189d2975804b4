"""Personal numbers in prose: found whatever their form, and nothing else hidden."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.answering.free_text import (
    has_find,
    has_suspect,
    is_card_number,
    is_resident_number,
    scrub,
)
from gateway.conformance import ReferenceAdapter, ReferenceRecord
from schema.codes import RecordKind
from schema.identifiers.uscc import is_uscc, make_uscc
from tests.support.awkward_department import FIRM, entry_for, manifest_for
from tests.support.small_gateway import SmallGateway

CARD = "6222021234567890128"
SEPARATORS = ("", " ", "-", "－", "\u3000", "\u00a0", "—", " - "[:2])
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def luhn_completed(digits: str) -> str:
    return next(digits + last for last in "0123456789" if is_card_number(digits + last))


def resident_completed(digits: str) -> str | None:
    return next((digits + c for c in "0123456789X" if is_resident_number(digits + c)), None)


RESIDENTS = st.builds(
    lambda division, year, month, day, sequence: resident_completed(
        f"{division}{year}{month:02d}{day:02d}{sequence:03d}"
    ),
    st.sampled_from(["410102", "410105", "110101", "540102"]),
    st.integers(2080, 2099),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(1, 999),
)
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
LANDLINES = st.from_regex(r"(010|02[0-9]|0[3-9][0-9]{2})-?[2-8][0-9]{6,7}", fullmatch=True)
# One number in many is a valid social credit code too, and left alone as one.
CARDS = (
    st.from_regex(r"62[0-9]{13,16}", fullmatch=True)
    .map(luhn_completed)
    .filter(lambda number: not is_uscc(number))
)
NUMBERS = st.one_of(RESIDENTS, MOBILES, CARDS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("身份证410102209901010014。", "身份证****。"),
        ("ID410181209912310026号", "ID****号"),
        ("电话13812345678", "电话****"),
        ("Tel13812345678x", "Tel****x"),
        ("+86 138 1234 5678", "****"),
        ("电话 86 138 1234 5678", "电话 ****"),
        ("电话- 86-138-1234-5678", "电话- ****"),
        ("电话 + 8 6 13812345678", "电话 ****"),
        ("138-1234-5678", "****"),
        ("１３８１２３４５６７８", "****"),
        ("0371-62345678转801", "****转801"),
        ("（0371）62345678", "****"),
        ("010-1234567", "****"),
        (f"卡号{CARD}", "卡号****"),
        ("6222 0212 3456 7890 128", "****"),
        ("写信到zhang.san@example.com。", "写信到****。"),
        ("zhang＠example．com", "****"),
        ("13812345678、13912345678", "****、****"),
        ("13812345678 410102209901010014", "**** ****"),
        ("", ""),
        ("没有号码", "没有号码"),
    ],
)
def test_scrub_hides_personal_numbers(text: str, shown: str) -> None:
    assert scrub(text) == shown
    assert has_find(text) == (text != shown)


@pytest.mark.parametrize(
    "text",
    [
        "91410199MA9DEM028G",
        "92410199MA9DEM0368",
        "114101990050000186",
        "52410199MJ00000349",
        "N2410199MF0000048Y",
        "统一社会信用代码：Y1410199MD0000059R，",
        "(2026)豫0105执123号",
        "（2026）豫0105民初13812号",
        "郑市监罚〔2026〕12号",
        "2026-01-15",
        "2026-01-15 2027-01-14",
        "2026年1月15日10时30分",
        "2026-09-22T08:00:00Z",
        "20260115",
        "罚款12000.00元，没收1234567.89元",
        "注册号410100000012345",
        "410102209901010015",
        "许可证编号JY14101020012345",
        "共12345678件",
    ],
)
def test_scrub_leaves_codes_and_dates_alone(text: str) -> None:
    assert scrub(text) == text
    assert not has_suspect(text.encode())


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8))
def test_scrub_leaves_social_credit_codes_alone(serial: str) -> None:
    code = make_uscc("9", "1", "410199", serial).code
    if resident_completed(code[:17]) != code:
        assert scrub(f"代码{code}。") == f"代码{code}。"


@given(NUMBERS, st.sampled_from(SEPARATORS), st.booleans(), st.data())
def test_scrub_finds_numbers_however_they_are_written(
    number: str, separator: str, is_wide: bool, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(number) - 1))
    written = number[:cut] + separator + number[cut:]
    written = written.translate(WIDE) if is_wide else written
    shown = scrub(f"联系人{written}，谢谢")
    assert shown == "联系人****，谢谢"


@given(LANDLINES)
def test_scrub_finds_landlines(number: str) -> None:
    assert scrub(f"座机{number}。") == "座机****。"


PROSE = st.text("0123456789０１２３-－— 　X()（）abc@.，。号年罚款〔〕", max_size=40)


@settings(max_examples=400)
@given(st.lists(st.one_of(PROSE, NUMBERS, LANDLINES), max_size=6))
def test_has_suspect_misses_nothing_that_scrub_hides(texts: list[str]) -> None:
    document = json.dumps(
        {"items": texts, "uscc": "114101990050000186", "no": "410100000012345"},
        ensure_ascii=False,
    ).encode()
    if any(scrub(text) != text for text in texts):
        assert has_suspect(document)


@given(st.one_of(PROSE, NUMBERS))
def test_scrub_twice_is_scrub_once(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


def test_has_suspect_of_a_usual_answer_is_false() -> None:
    record = {
        "uscc": "114101990050000186",
        "registrationNo": "410100000012345",
        "facts": "当事人于2026年3月5日销售过期食品，违反第三十四条（十）项——货值1200元",
        "documentNo": "郑市监罚〔2026〕1234号",
        "decidedOn": "2026-03-05",
        "fineAmount": "1200.00",
        "reportedAt": "2026-03-09T08:00:00Z",
    }
    assert not has_suspect(json.dumps([record] * 50, ensure_ascii=False).encode())


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"\xef\xbc", b"0" * 40])
def test_has_suspect_of_any_bytes_answers(data: bytes) -> None:
    assert not has_suspect(data)


def test_scrub_of_hostile_text_is_quick() -> None:
    """Long runs of digits, blanks and letters must not make the search quadratic."""
    for text in ("1 " * 20_000, "1" * 50_000, "a" * 50_000 + "@", "0-" * 20_000, "(" * 50_000):
        scrub(text)


async def test_prose_in_a_list_is_scrubbed_too() -> None:
    kind = RecordKind.TAXPAYER_CREDIT
    values = {"meta.decidedOn": "2026-04-09", "directReasons": ["逾期未申报，电话13812345678"]}
    adapter = ReferenceAdapter(
        replace(manifest_for(), entries=(entry_for(kind),)),
        [ReferenceRecord(kind, "r1", FIRM, values)],
    )
    document = f"""{{ subject(uscc: "{FIRM}") {{
        taxpayerCredits {{ nodes {{ directReasons }} }} }} }}"""
    answer = await SmallGateway({"reference": adapter}).ask(document)
    (node,) = answer["data"]["subject"]["taxpayerCredits"]["nodes"]
    assert node["directReasons"] == ["逾期未申报，电话****"]
