"""Commitments and contracts of one subject, before any department writes them in its own codes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from gateway.demo.city.authorities import CONSTRUCTION_BUREAU
from gateway.demo.city.calendar import YEAR, Day
from gateway.demo.city.lifecycle import Publication, publication
from gateway.demo.city.market_rows import decided_on
from gateway.demo.city.subjects import Subject

Matter = tuple[str, str, str]
"""Type of commitment, code and name of the matter."""

MATTERS: Mapping[str, tuple[Matter, ...]] = {
    "housing": (
        ("APPROVAL", "000117001000", "建筑业企业资质认定（告知承诺）"),
        ("MISSING_DOC", "000117007000", "建筑工程施工许可（容缺受理）"),
    ),
    "environment": (
        ("APPROVAL", "000116001000", "建设项目环境影响评价审批（告知承诺）"),
        ("REPAIR", "000116901000", "行政处罚信用修复"),
    ),
}
_CONTENT = "承诺已知晓并满足办理条件，所提交材料真实有效，按期履行"
_LIABILITY = "违反承诺的，撤销决定并记入信用记录，依法承担责任"
_DOCUMENT = "项目负责人社会保险缴纳证明"
_DUE_DAYS = 14
"""Ten working days, as sample data need not count holidays."""
_PUBLIC = (
    ("PROCUREMENT", "政府办公用房维修改造工程"),
    ("PROCUREMENT", "老旧小区综合整治工程"),
    ("CONCESSION", "停车设施特许经营项目"),
)
_PRIVATE = (("SALE", "预拌混凝土买卖合同"), ("SALE", "建筑装饰材料买卖合同"))


@dataclass(frozen=True, slots=True)
class CommitmentMade:
    """One commitment.

    Attributes:
        type, performance, check: member names of the schema.
        missing: documents to be handed in later: name, day due, day supplied.
    """

    type: str
    matter_code: str
    matter: str
    content: str
    liability: str
    committed: Day
    valid_until: Day
    performance: str
    check: str
    verified: Day | None
    missing: tuple[tuple[str, Day, Day | None], ...]
    file_hash: str
    publication: Publication


@dataclass(frozen=True, slots=True)
class ContractMade:
    """One contract.

    Attributes:
        kind, state: member names of the schema.
        judged: day on which its performance was last recorded.
        breach_party: name of who broke it, None if nobody did.
    """

    kind: str
    project: str
    is_public: bool
    counterparty: str
    signed: Day
    judged: Day
    cents: int
    state: str
    breach_party: str | None
    evidence: str | None
    publication: Publication


def commitment_of(
    subject: Subject, rng: Random, today: Day, matters: tuple[Matter, ...]
) -> CommitmentMade:
    """Draw a commitment."""
    committed = decided_on(rng, subject, today)
    kind, code, matter = rng.choice(matters)
    is_bad = rng.random() < subject.conduct * 0.4
    performance = "BROKEN" if is_bad else rng.choice(("PENDING", "KEPT", "KEPT"))
    due = committed + _DUE_DAYS
    is_late = kind == "MISSING_DOC" and performance == "PENDING" and due < today
    if is_late:
        performance = "OVERDUE"
    supplied = min(due, today) if performance == "KEPT" else None
    return CommitmentMade(
        type=kind,
        matter_code=code,
        matter=matter,
        content=_CONTENT,
        liability=_LIABILITY,
        committed=committed,
        valid_until=committed + 3 * YEAR,
        performance=performance,
        check={"KEPT": "TRUE_AND_KEPT", "BROKEN": "UNTRUE"}.get(performance, "NOT_CHECKED"),
        verified=min(committed + 30, today) if performance in {"KEPT", "BROKEN"} else None,
        missing=((_DOCUMENT, due, supplied),) if kind == "MISSING_DOC" else (),
        file_hash=hashlib.sha256(f"{subject.code} {code} {committed}".encode()).hexdigest(),
        publication=publication(rng, committed, today),
    )


def contract_of(subject: Subject, rng: Random, today: Day, *, is_public: bool) -> ContractMade:
    """Draw a contract, with a public body or between firms."""
    signed = decided_on(rng, subject, today)
    kind, project = rng.choice(_PUBLIC if is_public else _PRIVATE)
    is_broken = rng.random() < subject.conduct * 0.4
    state = "BREACHED" if is_broken else rng.choice(("NORMAL", "DONE", "DONE", "LATE"))
    return ContractMade(
        kind=kind,
        project=f"{project}（{subject.index % 97 + 1}标段）",
        is_public=is_public,
        counterparty=CONSTRUCTION_BUREAU.name if is_public else "郑州样例建设发展有限公司",
        signed=signed,
        judged=min(signed + 90, today),
        cents=int(10 ** (7 + rng.random() * 3)),
        state=state,
        breach_party=subject.name if is_broken else None,
        evidence="逾期交付，经两次书面催告仍未履行" if is_broken else None,
        publication=publication(rng, min(signed + 90, today), today),
    )
