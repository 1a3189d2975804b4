"""Every case of every rule is decided as approved, and every rule has two."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.cases import Case, CaseError, failing_cases, read_cases, rules_without_cases
from policies.engine import PolicySet


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return read_cases()


def test_cases_are_decided_as_approved(policies: PolicySet, cases: list[Case]) -> None:
    assert failing_cases(policies, cases) == []


def test_cases_cover_every_rule_both_ways(policies: PolicySet, cases: list[Case]) -> None:
    assert rules_without_cases(policies, cases) == []


def test_failing_cases_names_the_case(policies: PolicySet, cases: list[Case]) -> None:
    wrong = Case(cases[0].rule, cases[0].request, cases[0].outcome, ("tax.other",))
    (problem,) = failing_cases(policies, [wrong])
    assert cases[0].rule in problem
    assert "tax.other" in problem


def test_rules_without_cases_names_the_rule(policies: PolicySet, cases: list[Case]) -> None:
    rule = cases[0].rule
    deciding = [case for case in cases if case.rule != rule or not case.is_contrary]
    assert any(
        f"`{rule}` has no contrary case" in p for p in rules_without_cases(policies, deciding)
    )
    others = [case for case in cases if case.rule != rule]
    assert any(f"`{rule}` has no case" in p for p in rules_without_cases(policies, others))


@pytest.mark.parametrize(
    "text",
    [
        "cases = [",
        "case = []",
        'cases = [{ rule = "a.b" }]',
        'cases = [{ rule = "a.b", caller = "king", purpose = "AUDIT", subject = "ORGANISATION", '
        'what = "TaxArrears", use = "read", is = "CLEAR", by = [] }]',
        'cases = [{ rule = "a.b", caller = "public", purpose = "AUDIT", subject = "ORGANISATION", '
        'what = "TaxArrears", use = "read", is = "CLEAR", by = [], with = ["love"] }]',
    ],
)
def test_read_cases_of_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tax.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=r"tax\.toml.*expected"):
        read_cases(tmp_path)
