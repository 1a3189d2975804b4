"""Records of the tax bureau about one subject, in its own codes and in 元."""

from __future__ import annotations

import json
from random import Random
from typing import TypedDict

from gateway.demo.city.authorities import TAX_BUREAU, TAX_OFFICES, Authority
from gateway.demo.city.calendar import MONTH, YEAR, Day, day, iso, year_of
from gateway.demo.city.copy_text import Cell, Sheets, array_cell, date_cell, yuan_cell
from gateway.demo.city.lifecycle import Publication, publication
from gateway.demo.city.names import person_name, resident_number
from gateway.demo.city.settings import NETWORK_KEY
from gateway.demo.city.subjects import Subject
from gateway.demo.city.tax_tables import Arrears, Grade, MajorViolation, Payment, TaxPenalty
from gateway.demo.city.texts import TAX_OFFENCES, facts, legal_basis, remark
from schema.identifiers.network_reference import network_reference

STATES = {
    "RECEIVED": "JS",
    "RETURNED": "TH",
    "VERIFIED": "HC",
    "PUBLISHED": "GS",
    "SHARED": "GX",
    "ENDED": "XF",
    "WITHDRAWN": "CX",
    "ARCHIVED": "GD",
}
SEVERITIES = {"NONE": "W", "MINOR": "Q", "GENERAL": "Y", "SERIOUS": "Z"}
_TAXPAYER_TYPES = {"LEGAL_PERSON": "QY", "UNINCORPORATED": "QT", "INDIVIDUAL_BUSINESS": "GT"}
_TAXES = (
    ("10101", "商品销售"),
    ("10104", "应纳税所得额"),
    ("10106", "工资薪金所得"),
    ("10109", "市区（增值税附征）"),
    ("10111", "买卖合同"),
    ("30203", "增值税教育费附加"),
)
_TAX_WEIGHTS = (40, 14, 18, 12, 6, 10)
_LEVELS = {"A": "10", "B": "20", "M": "25", "C": "30", "D": "40"}
_FINANCE_STAFF = 2_000_000
"""Finance staff are numbered from here, apart from the heads of subjects."""


class _LifeCycle(TypedDict):
    fbzt_dm: str
    sxdj_dm: str
    fb_rq: Cell
    zdgs_rq: Cell
    gsjz_rq: Cell
    pljz_rq: Cell
    yy_bz: str
    bs_sj: Cell
    hc_sj: Cell
    bb: str
    gzlsh: Cell


def _life_cycle(record_id: str, made: Publication) -> _LifeCycle:
    return {
        "fbzt_dm": STATES[made.state],
        "sxdj_dm": SEVERITIES[made.severity],
        "fb_rq": date_cell(made.published_on),
        "zdgs_rq": date_cell(made.floor_until),
        "gsjz_rq": date_cell(made.until),
        "pljz_rq": date_cell(made.disclosed_until),
        "yy_bz": "Y" if made.is_objected else "N",
        "bs_sj": made.reported_at,
        "hc_sj": made.verified_at,
        "bb": made.version,
        "gzlsh": f"{record_id}-1" if made.corrects else None,
    }


def add_tax_records(sheets: Sheets, subject: Subject, rng: Random, today: Day) -> None:
    """Add everything that the tax bureau knows of a subject and of its head."""
    office = TAX_OFFICES[subject.division]
    counts = subject.counts
    for number in range(counts.grades):
        _add_grade(sheets, subject, rng, today, number)
    for number in range(counts.arrears + counts.person_arrears):
        _add_arrears(sheets, subject, rng, today, office, number, number >= counts.arrears)
    _add_payments(sheets, subject, rng, today)
    for number in range(counts.tax_penalties + counts.person_tax_penalties):
        is_person = number >= counts.tax_penalties
        _add_penalty(sheets, subject, rng, today, office, number, is_person)
    for number in range(counts.major_violations):
        _add_major_violation(sheets, subject, rng, today, number)


def _score(rng: Random, subject: Subject, level: str | None) -> tuple[str, float | None]:
    """Level and points of one year.

    Source: A from 90 points, B from 70, C from 40, D below or directly; M for new subjects.
    """
    if level == "D" or (level is None and rng.random() < 0.02 * subject.conduct):
        return "D", None
    if level is not None:
        return level, {"A": 94.0, "B": 81.0, "M": 74.0, "C": 55.0}[level] + rng.random() * 5
    points = max(5.0, min(100.0, 96 - 50 * subject.conduct + rng.gauss(0, 5)))
    if points >= 90:
        return "A", points
    if points >= 70:
        return ("M" if rng.random() < 0.15 else "B"), points
    return ("C" if points >= 40 else "D"), points


def _add_grade(sheets: Sheets, subject: Subject, rng: Random, today: Day, number: int) -> None:
    year = year_of(today) - 1 - number
    announced = day(year + 1, 4, 8 + subject.index % 18)
    # Grades are valid for a year; older ones stay in the departments' exchange.
    made = publication(rng, announced, today, state="PUBLISHED" if number == 0 else "SHARED")
    level, points = _score(rng, subject, subject.grade)
    reasons = ["提供虚假申报材料" if rng.random() < 0.5 else "存在逃避缴纳税款行为"]
    record_id = f"XY{subject.index:07d}{year}"
    sheets.add(
        Grade(
            lsh=record_id,
            shxydm=subject.code,
            nsrsbh=subject.code,
            nsrmc=subject.name,
            pd_nd=str(year),
            xyjb_dm=_LEVELS[level],
            pd_fs=None if points is None else f"{points:.2f}",
            pdjg_mc=TAX_BUREAU.name,
            pdjg_dm=TAX_BUREAU.code,
            pd_rq=iso(announced),
            yxq_q=iso(announced),
            yxq_z=iso(day(year + 2, 3, 31)),
            zjpj_yy=array_cell(reasons) if points is None else None,
            **_life_cycle(record_id, made),
        )
    )


def _add_arrears(
    sheets: Sheets,
    subject: Subject,
    rng: Random,
    today: Day,
    office: Authority,
    number: int,
    is_person: bool,
) -> None:
    span = min(today - subject.founded - 20, 5 * YEAR)
    announced = today - 1 - int(rng.random() * span)
    made = publication(rng, announced, today, "GENERAL", subject.penalty_state)
    head = subject.head
    record_id = f"QS{subject.index:07d}{number:04d}"
    sheets.add(
        Arrears(
            lsh=record_id,
            shxydm=None if is_person else subject.code,
            zrr_bs=head.reference if is_person else None,
            nsrsbh=head.id_no if is_person else subject.code,
            nsrmc=head.name if is_person else subject.name,
            jydd=subject.address,
            sz_dm="10106" if is_person else rng.choice(("10101", "10104", "10110", "10112")),
            qs_ye=yuan_cell(int(10 ** (5.3 + rng.random() * 3.6))),
            fbdw_mc=office.name,
            fbdw_dm=office.code,
            gg_rq=iso(announced),
            **_life_cycle(record_id, made),
        )
    )


def _add_payments(sheets: Sheets, subject: Subject, rng: Random, today: Day) -> None:
    """Add payments month by month backwards; they are shared and never published."""
    year, month = year_of(today), int(iso(today)[5:7])
    typical = 4.5 + rng.random() * 3.2
    for number in range(subject.counts.payments):
        month -= 1
        if month == 0:
            year, month = year - 1, 12
        end = day(year + (month == 12), month % 12 + 1) - 1
        entered = end + 1 + int(rng.random() * 18)
        if end < subject.founded or entered > today:
            continue
        kind, item = rng.choices(_TAXES, _TAX_WEIGHTS)[0]
        cents = int(10 ** (typical + rng.random()))
        sheets.add(
            Payment(
                lsh=f"JK{subject.index:07d}{number:05d}",
                shxydm=subject.code,
                sssq_q=iso(day(year, month)),
                sssq_z=iso(end),
                sz_dm=kind,
                pm_mc=item,
                sj_je=yuan_cell(-cents if rng.random() < 0.02 else cents),
                rtk_rq=iso(entered),
                bs_sj=f"{iso(entered)} 18:{number % 60:02d}:00",
                hc_sj=f"{iso(entered)} 22:00:00",
            )
        )


def _add_penalty(
    sheets: Sheets,
    subject: Subject,
    rng: Random,
    today: Day,
    office: Authority,
    number: int,
    is_person: bool,
) -> None:
    span = min(today - subject.founded - 20, 6 * YEAR)
    decided = today - 1 - int(rng.random() ** 1.2 * span)
    severity = rng.choices(("MINOR", "GENERAL", "SERIOUS"), (40, 50, 10))[0]
    made = publication(rng, decided, today, severity, subject.penalty_state)
    offence = rng.choice(TAX_OFFENCES)
    cents = int(10 ** (4.7 + rng.random() * 3.4))
    has_fine = severity != "MINOR"
    is_confiscated = has_fine and rng.random() < 0.2
    is_performed = made.state == "ENDED" or rng.random() < 0.8
    head = subject.head
    record_id = f"SF{subject.index:07d}{number:04d}"
    sheets.add(
        TaxPenalty(
            lsh=record_id,
            shxydm=None if is_person else subject.code,
            zrr_bs=head.reference if is_person else None,
            nsrmc=head.name if is_person else subject.name,
            nsrlx_dm="ZRR" if is_person else _TAXPAYER_TYPES[subject.kind.counterpart],
            nsrsbh=None if is_person else subject.code,
            fr_xm=None if is_person else head.name,
            fr_zjhm=None if is_person else head.id_no,
            zjlx_dm="201" if is_person else None,
            zjhm=head.id_no if is_person else None,
            cfjds_wh=f"{office.short}稽罚〔{year_of(decided)}〕{subject.index % 9973 + number}号",
            wfxw_mc=offence.kind,
            wfss=facts(rng, subject, offence),
            cf_yj=legal_basis(rng, offence),
            cf_cflb1="FK" if has_fine else "JG",
            cf_cflb2="MS" if is_confiscated else None,
            cf_jg=f"罚款{cents / 100:.2f}元" if has_fine else "警告，责令限期改正",
            fk_je=yuan_cell(cents) if has_fine else None,
            ms_je=yuan_cell(cents // 2) if is_confiscated else None,
            cfjd_rq=iso(decided),
            cfyx_rq=iso(decided + 3 * MONTH),
            cfjg_mc=office.name,
            cfjg_dm=office.code,
            # Simple decisions on natural persons are not reported at all.
            jycx_bz="N" if has_fine or is_person else "Y",
            lx_rq=iso(min(decided + 15, today)) if is_performed else None,
            lx_bz="Y" if is_performed else "N",
            xl_dm=rng.choices(("YX", "FY", "BG", "CX"), (94, 3, 2, 1))[0],
            bz=remark(rng, subject),
            **_life_cycle(record_id, made),
        )
    )


def _add_major_violation(
    sheets: Sheets, subject: Subject, rng: Random, today: Day, number: int
) -> None:
    span = min(today - subject.founded - 20, 6 * YEAR)
    determined = today - 1 - int(rng.random() * span)
    made = publication(rng, determined, today, "SERIOUS")
    nature, words = rng.choice(
        (
            ("01", "少列收入"),
            ("05", "虚开增值税专用发票"),
            ("06", "虚开普通发票"),
            ("08", "走逃失联"),
        )
    )
    head = subject.head
    clerk_no = resident_number(_FINANCE_STAFF + subject.index)
    record_id = f"ZD{subject.index:07d}{number:02d}"
    clerk = {
        "xm": person_name(rng),
        "js": "CW",
        "zrr_bs": network_reference(NETWORK_KEY, "RESIDENT_ID", clerk_no),
        "zjlx": "201",
        "zjhm": clerk_no,
        "rd_lsh": record_id,
    }
    removed = determined + 3 * YEAR
    amount = 1_000_000 + rng.random() * 9_000_000
    text = f"经查，该单位{words}，涉及税款{amount:.2f}元。"
    if subject.has_leaks:
        text += f"其负责人{head.name}（身份证号码{head.id_no}）承认上述事实。"
    sheets.add(
        MajorViolation(
            lsh=record_id,
            shxydm=subject.code,
            nsrsbh=subject.code,
            nsrmc=subject.name,
            zcdz=subject.address,
            fr_xm=head.name,
            fr_xb="1" if head.gender == "MALE" else "2",
            fr_zjhm=head.id_no,
            cwry=json.dumps([clerk], ensure_ascii=False, separators=(",", ":")),
            ajxz_dm=nature,
            wfss=text,
            clcf="依照《中华人民共和国税收征收管理法》追缴税款，加收滞纳金，并处罚款",
            qdjg_mc=TAX_BUREAU.name,
            qdjg_dm=TAX_BUREAU.code,
            qd_rq=iso(determined),
            tzgb_rq=iso(removed) if removed < today else None,
            **_life_cycle(record_id, made),
        )
    )
