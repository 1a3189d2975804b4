"""Offices that decide in the city, with invented codes under the unassigned division."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.city.names import DISTRICTS
from gateway.demo.city.organisations import case_code


@dataclass(frozen=True, slots=True)
class Authority:
    """An office: its name, its code, its abbreviation in document numbers."""

    name: str
    code: str
    short: str


def _offices(serial: str, suffix: str, short: str) -> dict[str, Authority]:
    return {
        division: Authority(
            f"{district}{suffix}",
            case_code("11", f"{serial}{number:02d}"),
            f"{district[0]}{short}",
        )
        for number, (division, district) in enumerate(DISTRICTS, start=1)
    }


MARKET_BUREAU = Authority("郑州市市场监督管理局", case_code("11", "MB0M0000"), "郑市监")
TAX_BUREAU = Authority("国家税务总局郑州市税务局", case_code("11", "MB0T0000"), "郑税")
CITY_COURT = Authority("郑州市中级人民法院", case_code("11", "MB0F0000"), "豫01")
ENVIRONMENT_BUREAU = Authority("郑州市生态环境局", case_code("11", "MB0H0000"), "郑环")
CONSTRUCTION_BUREAU = Authority("郑州市城乡建设局", case_code("11", "MB0J0000"), "郑建")

MARKET_OFFICES = _offices("MB0M00", "市场监督管理局", "市监")
TAX_OFFICES = _offices("MB0T00", "税务局", "税")
COURTS = {
    division: Authority(f"{district}人民法院", case_code("11", f"MB0F00{number:02d}"), f"豫{court}")
    for number, (division, district) in enumerate(DISTRICTS, start=1)
    for court in (f"01{division[4:]}",)
}
