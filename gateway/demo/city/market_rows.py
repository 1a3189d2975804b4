"""Records of the market regulator about one subject, in its own codes and in 万元."""

from __future__ import annotations

from random import Random
from typing import TypedDict

from gateway.demo.city.authorities import MARKET_BUREAU, MARKET_OFFICES, Authority
from gateway.demo.city.calendar import MONTH, YEAR, Day, iso, year_of
from gateway.demo.city.complaint_rows import add_complaints
from gateway.demo.city.copy_text import Cell, Sheets, array_cell, date_cell, flag_cell, wan_cell
from gateway.demo.city.lifecycle import Publication, publication
from gateway.demo.city.market_tables import (
    AbnormalEntry,
    Licence,
    MarketPenalty,
    OtherAct,
    SeriousEntry,
)
from gateway.demo.city.registration_rows import add_registration, old_registration_no
from gateway.demo.city.subjects import Subject
from gateway.demo.city.texts import MARKET_OFFENCES, facts, legal_basis, licence_content, remark

STATES = {
    "RECEIVED": "0",
    "RETURNED": "1",
    "VERIFIED": "2",
    "PUBLISHED": "3",
    "SHARED": "4",
    "ENDED": "5",
    "WITHDRAWN": "6",
    "ARCHIVED": "9",
}
SEVERITIES = {"NONE": "0", "MINOR": "1", "GENERAL": "2", "SERIOUS": "3"}
COUNTERPARTS = {
    "NATURAL_PERSON": "01",
    "LEGAL_PERSON": "02",
    "UNINCORPORATED": "03",
    "INDIVIDUAL_BUSINESS": "04",
}
_LICENCES = (
    ("食品经营许可决定书", "食品经营许可证", "01"),
    ("特种设备使用登记证书", "特种设备使用登记证", "05"),
    ("检验检测机构资质认定决定书", "检验检测机构资质认定证书", "03"),
    ("药品经营许可决定书", "药品经营许可证", "01"),
    ("计量标准考核决定书", "计量标准考核证书", "04"),
    ("烟草专卖零售许可决定书", "烟草专卖零售许可证", "02"),
)
_ACTS = (("JC", "年度双随机检查，未发现问题"), ("QR", "动产抵押登记确认"), ("JL", "质量管理奖励"),
         ("QZ", "查封经营场所内涉案物品"), ("ZS", "征收特种设备检验费"), ("JF", "发放扶持补贴"),
         ("BC", "征用物资补偿"), ("CJ", "商标使用争议裁决"))  # fmt: skip
_ACT_WEIGHTS = (50, 16, 8, 6, 8, 8, 2, 2)
_SEVERE = ("吊销许可证", "责令停产停业")


class _LifeCycle(TypedDict):
    gszt: str
    sxcd: str
    gsrq: Cell
    zdgsrq: Cell
    plqx: Cell
    yybz: str
    bssj: Cell
    hcsj: Cell
    bbh: str
    ygzjl: Cell


def _life_cycle(record_id: str, made: Publication) -> _LifeCycle:
    return {
        "gszt": STATES[made.state],
        "sxcd": SEVERITIES[made.severity],
        "gsrq": date_cell(made.published_on),
        "zdgsrq": date_cell(made.floor_until),
        "plqx": date_cell(made.disclosed_until),
        "yybz": flag_cell(made.is_objected),
        "bssj": f"{made.reported_at}+08",
        "hcsj": made.verified_at and f"{made.verified_at}+08",
        "bbh": made.version,
        "ygzjl": f"{record_id}-V1" if made.corrects else None,
    }


def add_market_records(sheets: Sheets, subject: Subject, rng: Random, today: Day) -> None:
    """Add everything that the market regulator knows of a subject and of its head."""
    add_registration(sheets, subject, rng, today)
    office = MARKET_OFFICES[subject.division]
    counts = subject.counts
    for number in range(counts.licences + counts.person_licences):
        _add_licence(sheets, subject, rng, today, office, number, number >= counts.licences)
    for number in range(counts.market_penalties + counts.person_penalties):
        is_person = number >= counts.market_penalties
        _add_penalty(sheets, subject, rng, today, office, number, is_person)
    for number in range(counts.other_acts):
        _add_act(sheets, subject, rng, today, office, number)
    for number in range(counts.abnormal):
        _add_abnormal(sheets, subject, rng, today, office, number)
    for number in range(counts.serious):
        _add_serious(sheets, subject, rng, today, number)
    add_complaints(sheets, subject, rng, today, office)


def decided_on(rng: Random, subject: Subject, today: Day, years: float = 6.5) -> Day:
    """A day in the life of the subject, recent days more often."""
    span = min(today - subject.founded - 20, int(years * YEAR))
    return today - 1 - int(rng.random() ** 1.3 * span)


def _institution_no(subject: Subject) -> str | None:
    """Number of the certificate of a public institution (事业单位证书号)."""
    return f"事证{subject.code[9:17]}" if subject.code.startswith("12") else None


def _society_no(subject: Subject) -> str | None:
    """Number of the registration of a social organisation (社会组织登记证号)."""
    return f"社证{subject.code[9:17]}" if subject.code.startswith("5") else None


def _add_licence(
    sheets: Sheets,
    subject: Subject,
    rng: Random,
    today: Day,
    office: Authority,
    number: int,
    is_person: bool,
) -> None:
    decided = decided_on(rng, subject, today, 12)
    made = publication(rng, decided, today)
    document, certificate, category = rng.choice(_LICENCES)
    term = rng.choice((1, 3, 5, 5, 5, None))
    valid_to = None if term is None else decided + term * YEAR
    status = "1" if valid_to is None or valid_to >= today else "0"
    head = subject.head
    year = year_of(decided)
    record_id = f"XK{subject.index:07d}{number:04d}"
    sheets.add(
        Licence(
            jlbh=record_id,
            xk_xdr_mc=head.name if is_person else subject.name,
            xk_xdr_lb="01" if is_person else COUNTERPARTS[subject.kind.counterpart],
            xk_xdr_shxym=None if is_person else subject.code,
            xk_xdr_gszc=None if is_person else old_registration_no(subject, today),
            xk_xdr_zzjg=None if is_person else subject.code[8:17],
            xk_xdr_swdj=None if is_person else subject.code,
            xk_xdr_sydw=None if is_person else _institution_no(subject),
            xk_xdr_shzz=None if is_person else _society_no(subject),
            xk_frdb=None if is_person else head.name,
            xk_fr_zjhm=None if is_person else head.id_no,
            xk_xdr_zjlx="01" if is_person else None,
            xk_xdr_zjhm=head.id_no if is_person else None,
            zrrbs=head.reference if is_person else None,
            xk_xkws=document,
            xk_wsh=f"{office.short}许〔{year}〕{subject.index % 9973 + number}号",
            xk_xklb=category,
            xk_xkzs=certificate,
            xk_xkbh=f"JY{subject.division}{subject.index:07d}{number:02d}",
            xk_nr=licence_content(subject),
            xk_jdrq=iso(decided),
            xk_yxqz=iso(decided),
            xk_yxqzi=date_cell(valid_to),
            xk_xkjg=office.name,
            xk_xkjgdm=office.code,
            xk_lydw=MARKET_BUREAU.name,
            xk_lydwdm=MARKET_BUREAU.code,
            xk_zt=rng.choices((status, "2", "3"), (94, 4, 2))[0],
            bz=remark(rng, subject),
            **_life_cycle(record_id, made),
        )
    )


def _penalty_measures(rng: Random, severity: str, cents: int) -> tuple[list[str], str]:
    """Native categories and what the decision orders."""
    if severity == "MINOR":
        return ["01"], "警告，责令改正"
    if severity == "GENERAL":
        if rng.random() < 0.3:
            return ["03", "04"], f"没收违法所得，罚款{cents / 100:.2f}元"
        return ["03"], f"罚款{cents / 100:.2f}元"
    order = rng.choice(_SEVERE)
    return ["03", "08" if order == _SEVERE[0] else "10"], f"罚款{cents / 100:.2f}元，{order}"


def _add_penalty(
    sheets: Sheets,
    subject: Subject,
    rng: Random,
    today: Day,
    office: Authority,
    number: int,
    is_person: bool,
) -> None:
    decided = decided_on(rng, subject, today)
    severity = rng.choices(("MINOR", "GENERAL", "SERIOUS"), (35, 55, 3 + 15 * subject.conduct))[0]
    made = publication(rng, decided, today, severity, subject.penalty_state)
    offence = rng.choice(MARKET_OFFENCES)
    cents = int(10 ** (4.6 + rng.random() * 3.2))
    categories, content = _penalty_measures(rng, severity, cents)
    is_performed = made.state == "ENDED" or rng.random() < 0.75
    head = subject.head
    record_id = f"CF{subject.index:07d}{number:04d}"
    sheets.add(
        MarketPenalty(
            jlbh=record_id,
            cf_xdr_mc=head.name if is_person else subject.name,
            cf_xdr_lb="01" if is_person else COUNTERPARTS[subject.kind.counterpart],
            cf_xdr_shxym=None if is_person else subject.code,
            cf_xdr_gszc=None if is_person else old_registration_no(subject, today),
            cf_xdr_zzjg=None if is_person else subject.code[8:17],
            cf_xdr_swdj=None if is_person else subject.code,
            cf_xdr_sydw=None if is_person else _institution_no(subject),
            cf_xdr_shzz=None if is_person else _society_no(subject),
            cf_frdb=None if is_person else head.name,
            cf_fr_zjhm=None if is_person else head.id_no,
            cf_xdr_zjlx="01" if is_person else None,
            cf_xdr_zjhm=head.id_no if is_person else None,
            zrrbs=head.reference if is_person else None,
            cf_wsh=f"{office.short}罚〔{year_of(decided)}〕{subject.index % 9973 + number}号",
            cf_wfxw=offence.kind,
            cf_sy=facts(rng, subject, offence),
            cf_yj=legal_basis(rng, offence),
            cf_cflb=array_cell(categories),
            cf_nr=content,
            cf_nr_fk=wan_cell(cents) if "03" in categories else None,
            cf_nr_wfff=wan_cell(cents // 3) if "04" in categories else None,
            cf_nr_zkdx=f"食品经营许可证JY{subject.index:07d}" if "08" in categories else None,
            cf_jdrq=iso(decided),
            cf_yxq=iso(decided + 3 * MONTH),
            cf_gsjzq=date_cell(made.until),
            cf_cfjg=office.name,
            cf_cfjgdm=office.code,
            cf_sjly=MARKET_BUREAU.name,
            cf_sjlydm=MARKET_BUREAU.code,
            # Simple decisions on natural persons are not reported at all.
            jycx=flag_cell(severity == "MINOR" and not is_person),
            lxwb=flag_cell(is_performed),
            lxrq=iso(min(decided + 15, today)) if is_performed else None,
            xlzt=rng.choices("1234", (94, 3, 2, 1))[0],
            bz=remark(rng, subject),
            **_life_cycle(record_id, made),
        )
    )


def _add_act(
    sheets: Sheets, subject: Subject, rng: Random, today: Day, office: Authority, number: int
) -> None:
    decided = decided_on(rng, subject, today, 5)
    made = publication(rng, decided, today)
    act, content = rng.choices(_ACTS, _ACT_WEIGHTS)[0]
    head = subject.head
    # Payments go to the head personally now and then; they are not for the public.
    is_person = act == "JF" and rng.random() < 0.3
    record_id = f"QT{subject.index:07d}{number:04d}"
    sheets.add(
        OtherAct(
            jlbh=record_id,
            xwlx=act,
            xdr_mc=head.name if is_person else subject.name,
            xdr_lb="01" if is_person else COUNTERPARTS[subject.kind.counterpart],
            xdr_shxym=None if is_person else subject.code,
            xdr_gszc=None if is_person else old_registration_no(subject, today),
            xdr_zzjg=None if is_person else subject.code[8:17],
            xdr_swdj=None if is_person else subject.code,
            xdr_sydw=None if is_person else _institution_no(subject),
            xdr_shzz=None if is_person else _society_no(subject),
            frdb=None if is_person else head.name,
            fr_zjhm=None if is_person else head.id_no,
            xdr_zjlx="01" if is_person else None,
            xdr_zjhm=head.id_no if is_person else None,
            zrrbs=head.reference if is_person else None,
            wsh=f"{office.short}行〔{year_of(decided)}〕{subject.index % 9973 + number}号",
            nr=f"{content}，经办联系电话{head.phone}" if subject.has_leaks else content,
            yj="《行政许可法》" if act == "QR" else "《行政强制法》" if act == "QZ" else None,
            jdrq=iso(decided),
            jgmc=office.name,
            jgdm=office.code,
            je_wy=wan_cell(int(10 ** (4 + rng.random() * 4)))
            if act in {"ZS", "JF", "BC"}
            else None,
            **_life_cycle(record_id, made),
        )
    )


def _add_abnormal(
    sheets: Sheets, subject: Subject, rng: Random, today: Day, office: Authority, number: int
) -> None:
    entered = decided_on(rng, subject, today)
    made = publication(rng, entered, today, "GENERAL")
    removed = entered + 40 + int(rng.random() * 2 * YEAR)
    is_removed = removed < today and (made.state == "ENDED" or rng.random() < 0.7)
    if not is_removed:
        made = made.while_listed()
    record_id = f"YC{subject.index:07d}{number:04d}"
    sheets.add(
        AbnormalEntry(
            jlbh=record_id,
            tyshxydm=subject.code,
            qymc=subject.name,
            zch=old_registration_no(subject, today),
            lrrq=iso(entered),
            lryy=rng.choices("1234", (55, 8, 12, 25))[0],
            lrjg=office.name,
            lrjgdm=office.code,
            ycrq=iso(removed) if is_removed else None,
            ycyy="已补报未报年份的年度报告并公示" if is_removed else None,
            ycjg=office.name if is_removed else None,
            bjzt=flag_cell(subject.code.startswith("92")),
            gsjzq=None if not is_removed else iso(removed),
            **_life_cycle(record_id, made),
        )
    )


def _add_serious(sheets: Sheets, subject: Subject, rng: Random, today: Day, number: int) -> None:
    entered = decided_on(rng, subject, today)
    made = publication(rng, entered, today, "SERIOUS")
    removed = entered + 3 * YEAR
    is_removed = removed < today
    record_id = f"YZ{subject.index:07d}{number:04d}"
    sheets.add(
        SeriousEntry(
            jlbh=record_id,
            tyshxydm=subject.code,
            qymc=subject.name,
            zch=old_registration_no(subject, today),
            lrrq=iso(entered),
            lryy=f"{rng.choice(MARKET_OFFENCES).kind}，情节严重，被处以较重行政处罚",
            lrjg=MARKET_BUREAU.name,
            lrjgdm=MARKET_BUREAU.code,
            ycrq=iso(removed) if is_removed else None,
            ycyy="列入满三年" if is_removed else None,
            ycjg=MARKET_BUREAU.name if is_removed else None,
            gsjzq=iso(removed),
            **_life_cycle(record_id, made),
        )
    )
