"""Records of the environment bureau about one subject, as its service gives them.

JSON with nested objects and English member names; amounts are numbers in 元, days of the life
cycle are `YYYYMMDD`, times carry their offset, codes are those of the bureau's own system.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from gateway.demo.city.authorities import ENVIRONMENT_BUREAU
from gateway.demo.city.calendar import YEAR, Day, iso, year_of
from gateway.demo.city.lifecycle import Publication, publication
from gateway.demo.city.market_rows import decided_on
from gateway.demo.city.subjects import Subject
from gateway.demo.city.texts import Offence, facts, legal_basis
from gateway.demo.further.amounts import amounts
from gateway.demo.further.promises import MATTERS, commitment_of

LINES = ("C", "E", "H", "O", "Q")
STATES = {
    "RECEIVED": "received",
    "RETURNED": "sent-back",
    "VERIFIED": "checked",
    "PUBLISHED": "public",
    "SHARED": "internal",
    "ENDED": "repaired",
    "WITHDRAWN": "withdrawn",
    "ARCHIVED": "archived",
}
LEVELS = {"NONE": 0, "MINOR": 1, "GENERAL": 2, "SERIOUS": 3}
PARTIES = {
    "NATURAL_PERSON": "person",
    "LEGAL_PERSON": "company",
    "UNINCORPORATED": "organisation",
    "INDIVIDUAL_BUSINESS": "shop",
}
MEASURES = {
    "MINOR": ("WARN",),
    "GENERAL": ("FINE",),
    "SERIOUS": ("FINE", "STOP"),
}
_OFFENCES = (
    Offence("超标排放水污染物", "外排废水化学需氧量超过排放限值{n}毫克每升", "水污染防治法"),
    Offence("未正常运行污染防治设施", "废气处理设施停运{n}小时", "大气污染防治法"),
    Offence("未按规定贮存危险废物", "露天堆放废矿物油{n}桶", "固体废物污染环境防治法"),
    Offence("噪声超标", "厂界噪声超过标准{n}分贝", "噪声污染防治法"),
)
_LICENCES = (
    ("排污许可证", "permit"),
    ("危险废物经营许可证", "permit"),
    ("辐射安全许可证", "permit"),
    ("建设项目环境影响评价批复", "approval"),
)


@dataclass(frozen=True, slots=True)
class EnvironmentRecord:
    """One record.

    Attributes:
        resource: `penalties`, `licences` or `commitments`.
    """

    resource: str
    content: dict[str, Any]


def environment_records(subject: Subject, rng: Random, today: Day) -> Iterator[EnvironmentRecord]:
    """Everything that the bureau knows of a subject and of its head."""
    found = amounts(subject, rng, LINES)
    for number in range(found.licences):
        yield EnvironmentRecord("licences", _licence(subject, rng, today, number))
    for number in range(found.penalties + found.person_penalties):
        is_person = number >= found.penalties
        yield EnvironmentRecord("penalties", _penalty(subject, rng, today, number, is_person))
    for number in range(found.commitments):
        yield EnvironmentRecord("commitments", _commitment(subject, rng, today, number))


def _party(subject: Subject, is_person: bool) -> dict[str, Any]:
    head = subject.head
    if is_person:
        return {
            "kind": PARTIES["NATURAL_PERSON"],
            "name": head.name,
            "code": None,
            "personRef": head.reference,
            "document": {"kind": "id", "no": head.id_no},
        }
    return {
        "kind": PARTIES[subject.kind.counterpart],
        "name": subject.name,
        "code": subject.code,
        "personRef": None,
        "head": {"name": head.name, "idNo": head.id_no},
    }


def _life_cycle(record_id: str, made: Publication) -> dict[str, Any]:
    return {
        "state": STATES[made.state],
        "level": LEVELS[made.severity],
        "objected": made.is_objected,
        "reportedAt": _moment(made.reported_at),
        "checkedAt": _moment(made.verified_at),
        "publishedOn": _compact(made.published_on),
        "notRepairedBefore": _compact(made.floor_until),
        "publicUntil": _compact(made.until),
        "shownUntil": _compact(made.disclosed_until),
        "revision": int(made.version),
        "corrects": f"{record_id}/1" if made.corrects else None,
    }


def _compact(day: Day | None) -> str | None:
    return None if day is None else iso(day).replace("-", "")


def _moment(local: str | None) -> str | None:
    return None if local is None else local.replace(" ", "T") + "+08:00"


def _licence(subject: Subject, rng: Random, today: Day, number: int) -> dict[str, Any]:
    decided = decided_on(rng, subject, today, 10)
    made = publication(rng, decided, today)
    title, kind = rng.choice(_LICENCES)
    valid_to = decided + 5 * YEAR
    record_id = f"HJXK-{subject.index:07d}-{number}"
    return {
        "id": record_id,
        "party": _party(subject, is_person=False),
        "licence": {
            "title": title,
            "no": f"{ENVIRONMENT_BUREAU.short}许〔{year_of(decided)}〕{subject.index % 7919}号",
            "certificateNo": f"{subject.code}{number:03d}P",
            "kind": kind,
            "allows": f"准予：{subject.industry.scope}（{title}）",
            "from": iso(decided),
            "to": iso(valid_to),
            "status": "valid" if valid_to >= today else "expired",
        },
        "decision": _decision(decided),
        "lifecycle": _life_cycle(record_id, made),
    }


def _decision(decided: Day) -> dict[str, Any]:
    return {
        "date": iso(decided),
        "organ": {"name": ENVIRONMENT_BUREAU.name, "code": ENVIRONMENT_BUREAU.code},
    }


def _penalty(
    subject: Subject, rng: Random, today: Day, number: int, is_person: bool
) -> dict[str, Any]:
    decided = decided_on(rng, subject, today)
    severity = rng.choices(("MINOR", "GENERAL", "SERIOUS"), (30, 60, 10))[0]
    made = publication(rng, decided, today, severity, subject.penalty_state)
    offence = rng.choice(_OFFENCES)
    yuan = None if severity == "MINOR" else round(10 ** (4 + rng.random() * 2), 2)
    record_id = f"HJCF-{subject.index:07d}-{number}"
    is_performed = made.state == "ENDED" or rng.random() < 0.7
    return {
        "id": record_id,
        "party": _party(subject, is_person),
        "penalty": {
            "no": f"{ENVIRONMENT_BUREAU.short}罚〔{year_of(decided)}〕{subject.index % 7907}号",
            "offence": offence.kind,
            "facts": facts(rng, subject, offence),
            "basis": legal_basis(rng, offence),
            "measures": list(MEASURES[severity]),
            "content": "警告，责令改正" if yuan is None else f"罚款{yuan:.2f}元，责令改正",
            "fineYuan": yuan,
            "performed": is_performed,
            "performedOn": iso(min(decided + 30, today)) if is_performed else None,
            "force": "in-force",
        },
        "decision": _decision(decided),
        "lifecycle": _life_cycle(record_id, made),
    }


def _commitment(subject: Subject, rng: Random, today: Day, number: int) -> dict[str, Any]:
    made = commitment_of(subject, rng, today, MATTERS["environment"])
    year = year_of(made.committed)
    record_id = f"HJCN-{subject.index:07d}-{number}"
    return {
        "id": record_id,
        "party": _party(subject, is_person=False),
        "promise": {
            "no": f"{ENVIRONMENT_BUREAU.short}承〔{year}〕{subject.index % 7901}号",
            "kind": {"APPROVAL": "approval", "REPAIR": "repair"}[made.type],
            "matter": {"code": made.matter_code, "name": made.matter},
            "text": made.content,
            "liability": made.liability,
            "until": iso(made.valid_until),
            "kept": made.performance.lower(),
            "check": {
                "result": made.check.lower().replace("_", "-"),
                "date": None if made.verified is None else iso(made.verified),
            },
            "sha256": made.file_hash,
        },
        "decision": _decision(made.committed),
        "lifecycle": _life_cycle(record_id, made.publication),
    }
