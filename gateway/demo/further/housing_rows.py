"""Records of the construction bureau about one subject, in its own codes and in 万元."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random

from gateway.demo.city.authorities import CONSTRUCTION_BUREAU
from gateway.demo.city.calendar import YEAR, Day, iso, year_of
from gateway.demo.city.copy_text import wan_cell
from gateway.demo.city.lifecycle import Publication, publication
from gateway.demo.city.market_rows import decided_on
from gateway.demo.city.subjects import Subject
from gateway.demo.city.texts import Offence, facts, legal_basis
from gateway.demo.further.amounts import amounts
from gateway.demo.further.promises import MATTERS, commitment_of, contract_of

LINES = ("E", "K", "C34")
STATES = {
    "RECEIVED": "10",
    "RETURNED": "11",
    "VERIFIED": "20",
    "PUBLISHED": "30",
    "SHARED": "40",
    "ENDED": "50",
    "WITHDRAWN": "60",
    "ARCHIVED": "90",
}
SEVERITIES = {"NONE": "0", "MINOR": "1", "GENERAL": "2", "SERIOUS": "3"}
COUNTERPARTS = {
    "LEGAL_PERSON": "1",
    "UNINCORPORATED": "2",
    "INDIVIDUAL_BUSINESS": "3",
    "NATURAL_PERSON": "4",
}
_OFFENCES = (
    Offence("未取得施工许可证擅自施工", "擅自开工建设{n}天", "建筑法"),
    Offence("违反工程质量标准", "{n}处混凝土构件强度不满足设计要求", "建筑法"),
    Offence("安全防护不到位", "临边洞口{n}处未设防护", "安全生产法"),
    Offence("拖欠工程款", "未按约支付{n}名工人工资", "劳动法"),
)
_LICENCES = (
    ("建筑工程施工许可决定书", "1"),
    ("建筑业企业资质证书", "3"),
    ("商品房预售许可决定书", "1"),
)
_AWARDS = ("市优质工程奖", "安全文明工地", "绿色施工示范工程")

Row = Mapping[str, str | None]


def housing_rows(subject: Subject, rng: Random, today: Day) -> Iterator[tuple[str, Row]]:
    """Everything that the bureau knows of a subject and of its head: table and row."""
    found = amounts(subject, rng, LINES)
    for number in range(found.licences):
        yield "jz_xk", _licence(subject, rng, today, number)
    for number in range(found.penalties + found.person_penalties):
        yield "jz_cf", _penalty(subject, rng, today, number, number >= found.penalties)
    for number in range(found.awards):
        yield "jz_jl", _award(subject, rng, today, number)
    for number in range(found.commitments):
        yield "jz_cn", _commitment(subject, rng, today, number)
    for number in range(found.contracts):
        yield "jz_ht", _contract(subject, rng, today, number)


def _life_cycle(record_id: str, made: Publication) -> dict[str, str | None]:
    return {
        "sxcd": SEVERITIES[made.severity],
        "gszt": STATES[made.state],
        "bssj": made.reported_at,
        "hcsj": made.verified_at,
        "gsrq": _date(made.published_on),
        "zdgsrq": _date(made.floor_until),
        "gsjzq": _date(made.until),
        "plqx": _date(made.disclosed_until),
        "yybz": "1" if made.is_objected else "0",
        "bbh": made.version,
        "ygz": f"{record_id}-1" if made.corrects else None,
    }


def _date(day: Day | None) -> str | None:
    return None if day is None else iso(day)


def _party(subject: Subject, is_person: bool) -> dict[str, str | None]:
    head = subject.head
    kind = "NATURAL_PERSON" if is_person else subject.kind.counterpart
    return {
        "tyshxydm": None if is_person else subject.code,
        "rybs": head.reference if is_person else None,
        "mc": head.name if is_person else subject.name,
        "lb": COUNTERPARTS[kind],
        "fddbr": None if is_person else head.name,
        "zjhm": head.id_no,
    }


def _authority() -> dict[str, str | None]:
    return {"jgmc": CONSTRUCTION_BUREAU.name, "jgdm": CONSTRUCTION_BUREAU.code}


def _licence(subject: Subject, rng: Random, today: Day, number: int) -> Row:
    decided = decided_on(rng, subject, today, 10)
    made = publication(rng, decided, today)
    document, category = rng.choice(_LICENCES)
    valid_to = decided + 3 * YEAR
    record_id = f"JZXK{subject.index:07d}{number:03d}"
    return {
        "bh": record_id,
        **_party(subject, is_person=False),
        "wsmc": document,
        "wsh": f"{CONSTRUCTION_BUREAU.short}许〔{year_of(decided)}〕{subject.index % 7901}号",
        "xklb": category,
        "zsbh": f"4101{subject.index:08d}{number:02d}",
        "nr": f"准予：{subject.industry.scope}",
        "jdrq": iso(decided),
        "yxqz": iso(decided),
        "yxqzi": iso(valid_to),
        "zt": "1" if valid_to >= today else "4",
        **_authority(),
        **_life_cycle(record_id, made),
    }


def _penalty(subject: Subject, rng: Random, today: Day, number: int, is_person: bool) -> Row:
    decided = decided_on(rng, subject, today)
    severity = rng.choices(("MINOR", "GENERAL", "SERIOUS"), (30, 60, 10))[0]
    made = publication(rng, decided, today, severity, subject.penalty_state)
    offence = rng.choice(_OFFENCES)
    cents = None if severity == "MINOR" else int(10 ** (5.5 + rng.random() * 2.5))
    categories = {"MINOR": ["1"], "GENERAL": ["2"], "SERIOUS": ["2", "5"]}[severity]
    is_performed = made.state == "ENDED" or rng.random() < 0.7
    record_id = f"JZCF{subject.index:07d}{number:03d}"
    return {
        "bh": record_id,
        **_party(subject, is_person),
        "wsh": f"{CONSTRUCTION_BUREAU.short}罚〔{year_of(decided)}〕{subject.index % 7883}号",
        "wfxw": offence.kind,
        "sy": facts(rng, subject, offence),
        "yj": legal_basis(rng, offence),
        "cflb": json.dumps(categories),
        "nr": "警告" if cents is None else f"罚款{cents / 100:.2f}元",
        "fk_wy": None if cents is None else wan_cell(cents),
        "jdrq": iso(decided),
        "lxwb": "1" if is_performed else "0",
        "lxrq": iso(min(decided + 30, today)) if is_performed else None,
        "xl": "1",
        **_authority(),
        **_life_cycle(record_id, made),
    }


def _award(subject: Subject, rng: Random, today: Day, number: int) -> Row:
    decided = decided_on(rng, subject, today)
    made = publication(rng, decided, today)
    record_id = f"JZJL{subject.index:07d}{number:03d}"
    return {
        "bh": record_id,
        "tyshxydm": subject.code,
        "mc": subject.name,
        "lb": COUNTERPARTS[subject.kind.counterpart],
        "wsh": f"{CONSTRUCTION_BUREAU.short}奖〔{year_of(decided)}〕{subject.index % 7877}号",
        "nr": rng.choice(_AWARDS),
        "yj": legal_basis(rng, _OFFENCES[0]),
        "je_wy": wan_cell(100_000 * int(1 + rng.random() * 50)),
        "jdrq": iso(decided),
        **_authority(),
        **_life_cycle(record_id, made),
    }


def _commitment(subject: Subject, rng: Random, today: Day, number: int) -> Row:
    made = commitment_of(subject, rng, today, MATTERS["housing"])
    record_id, year = f"JZCN{subject.index:07d}{number:03d}", year_of(made.committed)
    return {
        "bh": record_id,
        "tyshxydm": subject.code,
        "cnr": subject.name,
        "cnsbh": f"{CONSTRUCTION_BUREAU.short}承〔{year}〕{subject.index % 7873}号",
        "cnlx": {"APPROVAL": "1", "MISSING_DOC": "3"}[made.type],
        "sxbm": made.matter_code,
        "sxmc": made.matter,
        "cnnr": made.content,
        "wnzr": made.liability,
        "jdrq": iso(made.committed),
        "yxqz": iso(made.valid_until),
        "rqcl": json.dumps(
            [
                {"mc": name, "jzrq": iso(due), "bjrq": _date(supplied)}
                for name, due, supplied in made.missing
            ],
            ensure_ascii=False,
        ),
        "hcrq": _date(made.verified),
        "hcqk": {"NOT_CHECKED": "0", "TRUE_AND_KEPT": "1", "UNTRUE": "2"}[made.check],
        "lxzt": {"PENDING": "0", "OVERDUE": "1", "KEPT": "2", "BROKEN": "3"}[made.performance],
        "wjzy": made.file_hash,
        **_authority(),
        **_life_cycle(record_id, made.publication),
    }


def _contract(subject: Subject, rng: Random, today: Day, number: int) -> Row:
    made = contract_of(subject, rng, today, is_public=number % 2 == 0)
    record_id = f"JZHT{subject.index:07d}{number:03d}"
    return {
        "bh": record_id,
        "tyshxydm": subject.code,
        "lyf": subject.name,
        "htbh": f"ZJ{year_of(made.signed)}-{subject.index:06d}-{number}",
        "xmmc": made.project,
        "gght": "1" if made.is_public else "0",
        "xdf": made.counterparty,
        "qdrq": iso(made.signed),
        "je_wy": wan_cell(made.cents),
        "htlx": {"PROCUREMENT": "1", "CONCESSION": "2", "SALE": "5"}[made.kind],
        "lyzt": {"NORMAL": "0", "LATE": "1", "BREACHED": "2", "DONE": "3"}[made.state],
        "wyf": made.breach_party,
        "rdyj": made.evidence,
        "jdrq": iso(made.judged),
        **_authority(),
        **_life_cycle(record_id, made.publication),
    }
