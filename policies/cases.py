"""Cases of rules: questions with expected answers, as data that a lawyer can read and correct.

One file per rule file. Each case names the rule it is for; a rule needs a case in which it is
among the deciding rules, and a contrary one in which it is not and the answer differs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.engine import PolicySet
from policies.model import AccessRequest, Caller, CallerClass, Outcome, Purpose, SubjectProfile, Use
from schema.classification import SubjectKind

CASES = Path(__file__).parent / "cases"

_SAMPLE_CODE = "91410199MA9DEM028G"
_KEYS = frozenset({"rule", "caller", "purpose", "subject", "what", "use", "is", "by"})
_WITH = frozenset({"consent", "grant", "self", "source"})


class CaseError(Exception):
    """A case file that cannot be read; the text says what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and the answer expected.

    Attributes:
        rule: id of the rule that the case is for.
        outcome: what is expected, and `decided_by` the ids of the rules that decide.
    """

    rule: str
    request: AccessRequest
    outcome: Outcome
    decided_by: tuple[str, ...]

    @property
    def is_contrary(self) -> bool:
        return self.rule not in self.decided_by


def read_cases(directory: Path = CASES) -> list[Case]:
    """Read the cases of all files.

    Raises:
        CaseError: a file or case that is wrong.
    """
    cases: list[Case] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8"))["cases"]
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise CaseError(f"{path.name}: `{error}`, expected a list `cases`") from error
        cases.extend(_read_case(path, entry) for entry in entries)
    return cases


def _read_case(path: Path, entry: dict[str, Any]) -> Case:
    place = f"{path.name}: case of `{entry.get('rule', '-')}`"
    given = frozenset(entry.get("with", ()))
    if entry.keys() - {"with"} != _KEYS or given - _WITH:
        raise CaseError(
            f"{place}: keys {', '.join(sorted(entry))}, expected {', '.join(sorted(_KEYS))} and "
            f"maybe `with` of {', '.join(sorted(_WITH))}"
        )
    try:
        request = _request(entry, given)
        outcome = Outcome(entry["is"])
    except ValueError as error:
        raise CaseError(f"{place}: {error}, expected a word of the rule language") from error
    return Case(entry["rule"], request, outcome, tuple(entry["by"]))


def _request(entry: dict[str, Any], given: frozenset[str]) -> AccessRequest:
    caller_class = CallerClass(entry["caller"])
    coordinate = entry["what"]
    named = frozenset({coordinate, coordinate.partition(".")[0]})
    is_public = caller_class is CallerClass.PUBLIC
    return AccessRequest(
        caller=Caller(
            caller_class,
            None if is_public else _SAMPLE_CODE,
            Purpose(entry["purpose"]),
            acting_for=_SAMPLE_CODE if caller_class is CallerClass.PLATFORM else None,
        ),
        coordinate=coordinate,
        use=Use(entry["use"]),
        subject=SubjectProfile(
            SubjectKind(entry["subject"]),
            "self" in given,
            named if "consent" in given else frozenset(),
        ),
        granted=named if "grant" in given else frozenset(),
        is_source="source" in given,
    )


def failing_cases(policies: PolicySet, cases: Iterable[Case]) -> list[str]:
    """Say which cases are decided otherwise than expected, one sentence each."""
    problems = []
    for case in cases:
        decision = policies.decide(case.request)
        found = (decision.outcome, decision.rule_ids)
        if found != (case.outcome, case.decided_by):
            asked = case.request
            problems.append(
                f"case of `{case.rule}`: {asked.caller.caller_class.value} "
                f"{asked.caller.purpose.value} {asked.use.value} `{asked.coordinate}`: found "
                f"{decision.outcome.value} by {', '.join(decision.rule_ids)}, expected "
                f"{case.outcome.value} by {', '.join(case.decided_by)}"
            )
    return problems


def rules_without_cases(policies: PolicySet, cases: Iterable[Case]) -> list[str]:
    """Say which rules lack a case in which they decide, or a contrary one with another outcome."""
    deciding: dict[str, set[Outcome]] = {}
    contrary: dict[str, set[Outcome]] = {}
    for case in cases:
        found = contrary if case.is_contrary else deciding
        found.setdefault(case.rule, set()).add(case.outcome)
    problems = []
    for rule in policies.rules:
        if rule.id not in deciding:
            problems.append(f"rule `{rule.id}` has no case in which it decides, expected one")
        elif not contrary.get(rule.id, set()) - deciding[rule.id]:
            problems.append(
                f"rule `{rule.id}` has no contrary case, expected one with another outcome"
            )
    known = {rule.id for rule in policies.rules}
    unknown = sorted((deciding.keys() | contrary.keys()) - known)
    return [*problems, *(f"case of `{rule}`, expected the id of a rule" for rule in unknown)]
