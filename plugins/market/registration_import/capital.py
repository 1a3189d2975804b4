"""Registered capital (注册资金) as published: free text to an amount in 万元 and a currency."""

import re
from dataclasses import dataclass
from decimal import Decimal

#: ISO 4217 numeric code of the yuan; a unit that names no currency means it.
YUAN = "156"

# Only currencies of the department's own code list; any other leaves the capital unparsed.
_CURRENCIES = {
    "": YUAN,
    "人民币": YUAN,
    "RMB": YUAN,
    "CNY": YUAN,
    "美": "840",
    "USD": "840",
    "香港": "344",
    "港": "344",
    "港币": "344",
    "HKD": "344",
    "澳门": "446",
    "台": "901",
    "台币": "901",
    "新台币": "901",
    "日": "392",
    "JPY": "392",
    "欧": "978",
    "EUR": "978",
    "英镑": "826",
    "GBP": "826",
    "瑞士法郎": "756",
    "加拿大": "124",
    "加": "124",
    "澳大利亚": "036",
    "澳": "036",
    "新加坡": "702",
    "韩": "410",
    "韩国": "410",
}
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# At most 28 digits, which decimal arithmetic keeps exactly.
_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3}){1,5}|\d{1,18})(\.\d{1,10})?", re.ASCII)
# The amount in units of 万元. No unit at all says nothing about the size and is left unparsed.
_UNIT = re.compile(r"(亿|万|)(.*)")
_TEN_THOUSANDS = {"亿": Decimal(10_000), "万": Decimal(1), "": Decimal("0.0001")}
_LIMIT = Decimal(10) ** 14
_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Capital:
    """An amount in units of ten thousand (万), exact to six decimals, and its ISO 4217 number."""

    amount_wan: Decimal
    currency: str


def parse_capital(text: str) -> Capital | None:
    """Read an amount such as `26,853.6261(万元)`, `500万元人民币` or `111(万美元)`.

    Returns:
        None where amount, unit or currency is in doubt, or six decimals cannot hold the amount.
    """
    if len(text) > 100:
        return None
    dense = "".join(text.translate(_FULL_WIDTH).split())
    amount = _AMOUNT.match(dense)
    if amount is None:
        return None
    unit = re.sub("[()]", "", dense[amount.end() :]).upper()
    if not unit:
        return None
    match = _UNIT.fullmatch(unit)
    currency = _CURRENCIES.get(match[2].replace("元", "")) if match else None
    if match is None or currency is None:
        return None
    exact = Decimal(amount[0].replace(",", "")) * _TEN_THOUSANDS[match[1]]
    if exact >= _LIMIT or exact != exact.quantize(_STEP):
        return None
    return Capital(exact.quantize(_STEP), currency)
