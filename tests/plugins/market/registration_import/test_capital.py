"""Registered capital: amounts in 万元 and currencies, exact or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.market.mapping import CURRENCY
from plugins.market.registration_import.capital import _CURRENCIES, Capital, parse_capital


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1,000(万元)", "1000", "156"),
        ("500万元人民币", "500", "156"),
        ("150(万)", "150", "156"),
        ("111(万美元)", "111", "840"),
        ("500(万香港元)", "500", "344"),
        ("60(万港币)", "60", "344"),
        ("26,853.6261(万元)", "26853.6261", "156"),
        ("30（万元）", "30", "156"),
        ("３０（万元）", "30", "156"),
        ("2,880,000(人民币元)", "288", "156"),
        ("2.5亿元", "25000", "156"),
        ("10(万元(人民币))", "10", "156"),
        ("8((万美元))", "8", "840"),
        ("12( 万人民币元)", "12", "156"),
        ("7(万元美元)", "7", "840"),
        ("9万英镑", "9", "826"),
        ("0(万元)", "0", "156"),
        ("0.01元", "0.000001", "156"),
    ],
)
def test_parse_published_form_is_exact(text: str, amount: str, currency: str) -> None:
    assert parse_capital(text) == Capital(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "500()",
        "50",
        "60(元/万元)",
        "万元",
        "-5万元",
        "1,00万元",
        "1,0000万元",
        "1.2.3万元",
        "5万贝壳",
        "五百万元",
        "5万元，其中货币3万元",
        "0.001元",
        "1234567.8901234万元",
        "100000000000000万元",
        "9" * 90 + "万元",
        "5" * 200,
        "",
    ],
)
def test_parse_doubtful_text_is_left_unparsed(text: str) -> None:
    assert parse_capital(text) is None


@given(st.decimals(min_value=0, max_value=10**13, places=6, allow_nan=False))
def test_parse_any_amount_of_six_decimals_is_exact(amount: Decimal) -> None:
    parsed = parse_capital(f"{amount:,f}(万元)")
    assert parsed is not None
    assert parsed.amount_wan == amount


@given(st.text(max_size=40))
def test_parse_any_text_is_answered(text: str) -> None:
    parsed = parse_capital(text)
    assert parsed is None or parsed.amount_wan >= 0


def test_every_currency_is_on_the_departments_list() -> None:
    assert set(_CURRENCIES.values()) <= set(CURRENCY)
