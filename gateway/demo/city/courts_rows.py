"""Records of the courts about one subject and about its head personally, in their own words.

A firm on the list never puts its head on the list: entries about persons are drawn apart.
"""

from __future__ import annotations

from random import Random
from typing import TypedDict

from gateway.demo.city.authorities import CITY_COURT, COURTS, Authority
from gateway.demo.city.calendar import YEAR, Day, year_of
from gateway.demo.city.copy_text import Cell, Sheets, array_cell, compact_date_cell, date_cell
from gateway.demo.city.courts_tables import ConsumptionRestriction, Defaulter
from gateway.demo.city.lifecycle import Publication, publication
from gateway.demo.city.subjects import Subject
from gateway.demo.city.texts import duty

STATES = {
    "RECEIVED": "已接收",
    "RETURNED": "已退回",
    "VERIFIED": "已核查",
    "PUBLISHED": "公示中",
    "SHARED": "共享中",
    "ENDED": "已修复",
    "WITHDRAWN": "已撤回",
    "ARCHIVED": "已归档",
}
SEVERITIES = {"NONE": "无", "MINOR": "轻微", "GENERAL": "一般", "SERIOUS": "严重"}
_CIRCUMSTANCES = (["1"], ["4"], ["1", "5"], ["3"], ["6"], ["2", "4"], ["1", "4"])


class _LifeCycle(TypedDict):
    zt: str
    cd: str
    zdq: Cell
    gsq: Cell
    plq: Cell
    yy: str
    bssj: Cell
    hcsj: Cell
    bb: str
    ybh: Cell


class _Debtor(TypedDict):
    mc: str
    zzdm: Cell
    wlbs: Cell
    sfzh: Cell


def _life_cycle(record_id: str, made: Publication, until: Day | None) -> _LifeCycle:
    return {
        "zt": STATES[made.state],
        "cd": SEVERITIES[made.severity],
        "zdq": date_cell(made.floor_until),
        "gsq": date_cell(until),
        "plq": date_cell(made.disclosed_until),
        "yy": "异议中" if made.is_objected else "无",
        "bssj": f"{made.reported_at}+08",
        "hcsj": made.verified_at and f"{made.verified_at}+08",
        "bb": made.version,
        "ybh": f"{record_id}之一" if made.corrects else None,
    }


def add_court_records(sheets: Sheets, subject: Subject, rng: Random, today: Day) -> None:
    """Add everything that the courts know of a subject and of its head."""
    court = COURTS[subject.division]
    counts = subject.counts
    for number in range(counts.defaults + counts.person_defaults):
        _add_default(sheets, subject, rng, today, court, number, number >= counts.defaults)
    for number in range(counts.restrictions + counts.person_restrictions):
        is_person = number >= counts.restrictions
        _add_restriction(sheets, subject, rng, today, court, number, is_person)


def _debtor(subject: Subject, is_person: bool) -> _Debtor:
    head = subject.head
    if is_person:
        return {"mc": head.name, "zzdm": None, "wlbs": head.reference, "sfzh": head.id_no}
    return {"mc": subject.name, "zzdm": subject.code, "wlbs": None, "sfzh": None}


def _published_on(rng: Random, subject: Subject, today: Day) -> Day:
    span = min(today - subject.founded - 20, 5 * YEAR)
    return today - 1 - int(rng.random() ** 1.2 * span)


def _add_default(
    sheets: Sheets,
    subject: Subject,
    rng: Random,
    today: Day,
    court: Authority,
    number: int,
    is_person: bool,
) -> None:
    published = _published_on(rng, subject, today)
    made = publication(rng, published, today, "SERIOUS")
    circumstances = rng.choice(_CIRCUMSTANCES)
    # Refusing though able has no fixed end; the other circumstances two years.
    until = None if circumstances == ["1"] else published + 2 * YEAR
    filed = max(published - 90 - int(rng.random() * 300), subject.founded)
    cents = int(10 ** (6.3 + rng.random() * 3))
    performance = rng.choices(("全部未履行", "部分未履行", "全部已履行"), (70, 22, 8))[0]
    head = subject.head
    debtor = _debtor(subject, is_person)
    case = f"({year_of(filed)}){court.short}"
    serial = subject.index % 9000 + number + 1
    record_id = f"SX{subject.index:07d}{number:03d}"
    sheets.add(
        Defaulter(
            bh=record_id,
            xz="自然人" if is_person else "法人或其他组织",
            xb=("男" if head.gender == "MALE" else "女") if is_person else None,
            nl=str(25 + (subject.index * 7) % 40) if is_person else None,
            fzr=None if is_person else head.name,
            zxfy=court.name,
            fydm=court.short.removeprefix("豫"),
            fyxydm=court.code,
            ah=f"{case}执{serial}号",
            yjwh=f"{case}民初{serial + 300}号",
            yjdw=CITY_COURT.name if serial % 5 == 0 else court.name,
            larq=compact_date_cell(filed),
            yw=duty(rng, subject, debtor["mc"], cents),
            lxqk=performance,
            ylx=f"{cents / 400:.2f}元" if performance == "部分未履行" else None,
            wlx=f"{cents * 3 / 400:.2f}元" if performance == "部分未履行" else None,
            qx=array_cell(circumstances),
            fbrq=compact_date_cell(published),
            jzrq=compact_date_cell(until),
            **debtor,
            **_life_cycle(record_id, made, until),
        )
    )


def _add_restriction(
    sheets: Sheets,
    subject: Subject,
    rng: Random,
    today: Day,
    court: Authority,
    number: int,
    is_person: bool,
) -> None:
    issued = _published_on(rng, subject, today)
    made = publication(rng, issued, today, "GENERAL")
    lifted = issued + 60 + int(rng.random() * 2 * YEAR)
    is_lifted = lifted < today and rng.random() < 0.6
    record_id = f"XX{subject.index:07d}{number:03d}"
    sheets.add(
        ConsumptionRestriction(
            bh=record_id,
            ah=f"({year_of(issued)}){court.short}执{subject.index % 9000 + number + 1}号",
            zxfy=court.name,
            fyxydm=court.code,
            fbrq=compact_date_cell(issued),
            jcrq=compact_date_cell(lifted if is_lifted else None),
            **_debtor(subject, is_person),
            **_life_cycle(record_id, made, lifted if is_lifted else None),
        )
    )
