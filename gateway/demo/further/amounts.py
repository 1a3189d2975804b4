"""How many records of the further departments a subject has."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.demo.city.cases import CASES
from gateway.demo.city.subjects import Subject


@dataclass(frozen=True, slots=True)
class Amounts:
    """Numbers of records; `person_penalties` are about the head personally."""

    licences: int = 0
    penalties: int = 0
    person_penalties: int = 0
    awards: int = 0
    commitments: int = 0
    contracts: int = 0


NAMED: dict[str, Amounts] = {
    CASES.clean_firm.code: Amounts(licences=2, awards=1, commitments=1, contracts=2),
    CASES.penalised_firm.code: Amounts(licences=1, penalties=1, commitments=1, contracts=1),
    CASES.defaulter_person.code: Amounts(licences=1, person_penalties=1),
}
"""The named cases have these and no others, in both departments."""


def amounts(subject: Subject, rng: Random, lines: tuple[str, ...]) -> Amounts:
    """Draw the numbers for a subject.

    Args:
        lines: beginnings of the industry codes that the department deals with most.
    """
    if subject.index < len(CASES.all()):
        return NAMED.get(subject.code, Amounts())
    is_theirs = subject.industry.code.startswith(lines)
    share = 1.0 if is_theirs else 0.06
    bad = subject.conduct if subject.conduct > 0.35 else 0.0
    return Amounts(
        licences=int(share * 1.4 + rng.random()),
        penalties=int(share * 1.1 * bad + rng.random()),
        person_penalties=int(share * 0.25 * bad + rng.random() * 0.99),
        awards=int(share * 0.3 * (1 - subject.conduct) + rng.random()),
        commitments=int(share * 0.5 + rng.random()),
        contracts=int(share * 0.8 + rng.random()),
    )
