"""Single complaints about one subject; complainants are invented too, and stay in their schema."""

from __future__ import annotations

from random import Random

from gateway.demo.city.authorities import Authority
from gateway.demo.city.calendar import YEAR, Day, iso
from gateway.demo.city.copy_text import Sheets, yuan_cell
from gateway.demo.city.market_tables import Complaint
from gateway.demo.city.names import person_name, phone, resident_number
from gateway.demo.city.subjects import Subject

_COMPLAINANTS = 3_000_000
"""Complainants are numbered from here, apart from the heads of subjects."""

_CATEGORIES = ("商品质量", "售后服务", "价格", "广告宣传", "食品安全", "合同")


def add_complaints(
    sheets: Sheets, subject: Subject, rng: Random, today: Day, office: Authority
) -> None:
    """Add the complaints and reports of the last years."""
    span = min(today - subject.founded - 20, 4 * YEAR)
    for number in range(subject.counts.complaints):
        received = today - 1 - int(rng.random() * span)
        closed = received + 10 + int(rng.random() * 60)
        is_closed = closed < today and rng.random() < 0.93
        is_report = rng.random() < 0.2
        who = _COMPLAINANTS + (subject.index * 37 + number) % 900_000
        sheets.add(
            Complaint(
                djbh=f"TS{subject.index:07d}{number:04d}",
                lx="2" if is_report else "1",
                tsr_xm=person_name(rng),
                tsr_dh=phone(who),
                tsr_zjhm=resident_number(who),
                btsr_dm=subject.code,
                btsr_mc=subject.name,
                lb=rng.choice(_CATEGORIES),
                spfw=subject.industry.name_zh,
                nr=f"反映该单位{rng.choice(_CATEGORIES)}问题，要求处理",
                zyje_y=None if is_report else yuan_cell(int(10 ** (3 + rng.random() * 3))),
                sdrq=iso(received),
                slrq=iso(min(received + 5, today)),
                bjrq=iso(closed) if is_closed else None,
                jg=None if not is_closed else "立案" if is_report else "达成调解",
                bldw=office.name,
            )
        )
