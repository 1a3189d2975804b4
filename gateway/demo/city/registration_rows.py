"""Registration of one subject, with its shareholders, managers and beneficial owners."""

from __future__ import annotations

import json
from random import Random

from gateway.demo.city.authorities import MARKET_BUREAU, MARKET_OFFICES
from gateway.demo.city.calendar import YEAR, Day, iso, years_after
from gateway.demo.city.copy_text import Sheets
from gateway.demo.city.market_tables import Registration
from gateway.demo.city.names import person_name
from gateway.demo.city.subjects import Subject

_REFORM_YEARS = 11
"""Firms older than this still have the number of the old register."""


def old_registration_no(subject: Subject, today: Day) -> str | None:
    """Old 15-digit number (注册号), which firms registered before the reform have."""
    if subject.founded > today - _REFORM_YEARS * YEAR:
        return None
    return f"{subject.division}0{subject.index:08d}"


def add_registration(sheets: Sheets, subject: Subject, rng: Random, today: Day) -> None:
    """Add the registration; every subject has one."""
    approved = subject.founded + int(rng.random() * (today - subject.founded - 10))
    registrar = subject.kind.authority
    is_market = registrar == MARKET_BUREAU.name
    office = MARKET_OFFICES[subject.division]
    head = subject.head
    term = rng.choice((None, None, 20, 30))
    sheets.add(
        Registration(
            tyshxydm=subject.code,
            gxsj=f"{iso(approved)} 10:30:00+08",
            qymc=subject.name,
            clrq=iso(subject.founded),
            qylx=subject.kind.type_zh,
            fddbr=head.name,
            zczb_bz=subject.currency if subject.capital_wan is not None else None,
            zczb_wy=None if subject.capital_wan is None else f"{subject.capital_wan}.000000",
            jyfw=f"{subject.industry.scope}。（依法须经批准的项目，经批准后方可开展经营活动）",
            zs=subject.address,
            szd=subject.division,
            djzt=subject.status,
            hzrq=iso(approved),
            jyqx_q=iso(subject.founded),
            jyqx_z=None if term is None else iso(years_after(subject.founded, term)),
            djjg=office.name if is_market else registrar,
            djjgdm=office.code if is_market else None,
            hydm=subject.industry.code,
            hymc=subject.industry.name_zh,
            zch=old_registration_no(subject, today),
            zzjgdm=subject.code[8:17],
            nsrsbh=subject.code,
            fr_zjhm=head.id_no,
            fr_lxdh=head.phone,
            gdxx=_shareholders(rng, subject),
            zyry=_officers(rng, subject),
            syr=_owners(subject),
            gsrq=iso(min(approved + 5, today)),
            bssj=f"{iso(approved + 1)} 09:00:00+08",
            hcsj=f"{iso(approved + 2)} 09:00:00+08",
        )
    )


def _json(value: list[dict[str, str]]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shareholders(rng: Random, subject: Subject) -> str | None:
    if subject.capital_wan is None:
        return None
    share = rng.choice((100, 80, 60, 51))
    parts = [(subject.head.name, "1", share)]
    if share < 100:
        is_person = rng.random() < 0.7
        name = person_name(rng) if is_person else f"河南{subject.name[2:4]}投资控股有限公司"
        parts.append((name, "1" if is_person else "2", 100 - share))
    return _json(
        [
            {
                "xm": name,
                "lx": kind,
                "rjcze_wy": f"{subject.capital_wan * percent / 100:.6f}",
                "sjcze_wy": f"{subject.capital_wan * percent / 200:.6f}",
            }
            for name, kind, percent in parts
        ]
    )


def _officers(rng: Random, subject: Subject) -> str | None:
    if not subject.code.startswith("91"):
        return None
    officers = [{"xm": subject.head.name, "zw": "执行董事兼总经理"}]
    if rng.random() < 0.6:
        officers.append({"xm": person_name(rng), "zw": "监事"})
    return _json(officers)


def _owners(subject: Subject) -> str | None:
    if subject.capital_wan is None:
        return None
    return _json([{"xm": subject.head.name, "pdyj": "直接持有超过百分之二十五的股权"}])
