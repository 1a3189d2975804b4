"""From a published row to a registration."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.sources.files.refusals import Refusal, Rule
from plugins.market.registration_import.records import PublishedRow
from plugins.market.registration_import.registration import Registration, judge_row
from schema.identifiers import make_uscc
from tests.plugins.market.registration_import.extracts import code_number, row_number


def registration(row: PublishedRow) -> Registration:
    judged = judge_row(row)
    assert isinstance(judged, Registration), judged
    return judged


def test_judge_plain_row_fills_every_field() -> None:
    assert registration(row_number(7)) == Registration(
        code=code_number(7),
        name="郑州样例7号商贸有限公司",
        established_on=date(2011, 3, 9),
        enterprise_type="有限责任公司",
        legal_representative="样某",
        capital_wan=Decimal(1000),
        currency="156",
        capital_as_published="1,000(万元)",
        scope="日用百货,文具；食品",
        address="郑州市金水区样例路7号",
        division="410105",
        flags=[],
    )


@pytest.mark.parametrize("nothing", ["N/A", "-", "", "  ", None])
def test_judge_unpublished_values_are_none(nothing: str | None) -> None:
    row = PublishedRow(*(nothing for _ in PublishedRow._fields))
    judged = registration(row._replace(name="样例", code=code_number(1)))
    assert judged[2:10] == (None,) * 8
    assert judged.flags == []


def test_judge_unreadable_capital_is_kept_as_text_and_flagged() -> None:
    judged = registration(row_number(1, capital="500()"))
    assert (judged.capital_wan, judged.currency) == (None, None)
    assert judged.capital_as_published == "500()"
    assert judged.flags == ["CAPITAL_UNPARSED"]


@pytest.mark.parametrize("text", ["2011/3/9", "2011年03月09日", "2011-3-9", "2011-03-09 00:00:00"])
def test_judge_other_date_form_is_rewritten_and_flagged(text: str) -> None:
    judged = registration(row_number(1, established_on=text))
    assert judged.established_on == date(2011, 3, 9)
    assert judged.flags == ["DATE_REWRITTEN"]


@pytest.mark.parametrize(
    "text", ["2011-02-29", "2011-13-01", "0000-01-01", "40611", "2011-03-09 10:00:00", "无", "9"]
)
def test_judge_wrong_date_is_refused(text: str) -> None:
    judged = judge_row(row_number(1, established_on=text))
    assert isinstance(judged, Refusal)
    assert judged.rule is Rule.BAD_DATE


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"name": "N/A"}, Rule.MISSING_NAME),
        ({"name": "样" * 501}, Rule.NAME_TOO_LONG),
        ({"code": "-"}, Rule.MISSING_CODE),
        ({"code": "410105000012345"}, Rule.OLD_REGISTRATION_NUMBER),
        ({"scope": "百货\0"}, Rule.BAD_CHARACTER),
        ({"address": "\ud800"}, Rule.BAD_CHARACTER),
    ],
)
def test_judge_row_that_cannot_be_loaded_names_its_rule(
    changes: dict[str, str], rule: Rule
) -> None:
    judged = judge_row(row_number(1, **changes))
    assert isinstance(judged, Refusal)
    assert judged.rule is rule


@pytest.mark.parametrize(
    ("division", "city", "expected", "flags"),
    [
        ("410105", "郑州", "410105", []),
        ("410105", "N/A", "410105", []),
        ("410100", "郑州", "410100", []),
        ("410105", "开封", None, ["DIVISION_DISAGREES"]),
        ("410121", "郑州", "410121", ["RETIRED_DIVISION"]),
        ("410199", "郑州", None, ["UNKNOWN_DIVISION"]),
        ("410000", "郑州", None, []),
        ("100000", "郑州", None, []),
        ("110105", "北京", "110105", []),
    ],
)
def test_judge_division_is_taken_where_the_city_agrees(
    division: str, city: str, expected: str | None, flags: list[str]
) -> None:
    code = make_uscc("9", "1", division, "MA000001").code
    judged = registration(row_number(1, code=code, city=city))
    assert judged.division == expected
    assert judged.flags == flags


def test_judge_flags_are_sorted() -> None:
    row = row_number(1, code=code_number(1).lower(), capital="5", established_on="2011/3/9")
    assert registration(row).flags == ["CAPITAL_UNPARSED", "DATE_REWRITTEN", "LOWER_CASE"]
