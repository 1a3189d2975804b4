"""Who may do what at a glance: every field against callers that stand for the usual ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.engine import PolicySet
from policies.model import CallerClass, Decision, Outcome, Purpose, Use
from policies.situations import Facts, Situation, sample_caller
from schema.classification import SubjectKind


@dataclass(frozen=True, slots=True)
class Profile:
    """A situation under a name.

    Attributes:
        name_zh: the name in Chinese.
    """

    name: str
    name_zh: str
    situation: Situation


_STANDARD: tuple[tuple[str, str, CallerClass, Purpose, Facts], ...] = (
    ("public", "社会公众", CallerClass.PUBLIC, Purpose.PUBLIC_DISPLAY, Facts()),
    ("inspector", "部门（监督检查）", CallerClass.DEPARTMENT, Purpose.INSPECTION, Facts()),
    ("tender", "部门（招标投标）", CallerClass.DEPARTMENT, Purpose.TENDER, Facts()),
    (
        "granted",
        "部门（招标投标，有共享授权）",
        CallerClass.DEPARTMENT,
        Purpose.TENDER,
        Facts(grant=True),
    ),
    (
        "source",
        "来源部门（监督检查）",
        CallerClass.DEPARTMENT,
        Purpose.INSPECTION,
        Facts(is_source=True),
    ),
    ("bank", "银行（贷前审查）", CallerClass.INSTITUTION, Purpose.PRE_LOAN, Facts()),
    (
        "bank-consent",
        "银行（贷前审查，有授权）",
        CallerClass.INSTITUTION,
        Purpose.PRE_LOAN,
        Facts(consent=True),
    ),
    (
        "platform-consent",
        "融资平台（贷前审查，有授权）",
        CallerClass.PLATFORM,
        Purpose.PRE_LOAN,
        Facts(consent=True),
    ),
    (
        "credit-centre",
        "信用中心（信用评价）",
        CallerClass.CREDIT_CENTRE,
        Purpose.EVALUATION,
        Facts(),
    ),
    ("association", "行业协会（信用评价）", CallerClass.ASSOCIATION, Purpose.EVALUATION, Facts()),
    ("subject", "主体本人", CallerClass.SUBJECT, Purpose.SELF_QUERY, Facts(is_self=True)),
    ("auditor", "审计", CallerClass.AUDITOR, Purpose.AUDIT, Facts()),
)
PROFILE_NAMES: tuple[str, ...] = tuple(name for name, *_ in _STANDARD)


def standard_profiles(
    subject_kind: SubjectKind = SubjectKind.ORGANISATION,
) -> tuple[Profile, ...]:
    """One profile per kind of caller, more where consent, grant or the own department matters."""
    return tuple(
        Profile(
            name,
            name_zh,
            Situation(sample_caller(caller_class, purpose), subject_kind, facts, (purpose,)),
        )
        for name, name_zh, caller_class, purpose, facts in _STANDARD
    )


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """A coordinate and its decisions, one per profile."""

    coordinate: str
    decisions: tuple[Decision, ...]


def matrix(
    policies: PolicySet,
    profiles: Sequence[Profile],
    coordinates: Sequence[str],
    use: Use = Use.READ,
) -> list[MatrixLine]:
    """One line per coordinate, with one decision per profile."""
    tables = [profile.situation.table(policies) for profile in profiles]
    return [
        MatrixLine(coordinate, tuple(table.decide(coordinate, use) for table in tables))
        for coordinate in coordinates
    ]


def symbol(decision: Decision) -> str:
    """A decision as one word: `clear`, the mask, or `-`; with `(rows)` if not for all records."""
    word = "-"
    if decision.outcome is Outcome.CLEAR:
        word = "clear"
    elif decision.outcome is Outcome.MASKED:
        word = decision.mask.value
    return f"{word} (rows)" if decision.row is not None else word


def matrix_text(profiles: Sequence[Profile], lines: Sequence[MatrixLine]) -> str:
    """The matrix as text in columns, with a heading."""
    table = [
        ["coordinate", *(profile.name for profile in profiles)],
        *([line.coordinate, *map(symbol, line.decisions)] for line in lines),
    ]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )
