"""The command group `policy`."""

from __future__ import annotations

from click.testing import CliRunner

from gateway.cli.policy import policy


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(policy, arguments)
    return result.exit_code, result.output


def test_explain_tells_rule_law_and_what_is_missing() -> None:
    code, output = run(
        "explain", "--as", "institution", "--field", "TaxPayment", "--purpose", "PRE_LOAN"
    )
    assert code == 0
    assert output.startswith("DENIED")
    assert "needs the subject's consent" in output


def test_explain_with_consent_tells_that_rows_are_limited() -> None:
    code, output = run(
        *("explain", "--as", "institution", "--field", "TaxPayment"),
        *("--purpose", "PRE_LOAN", "--consent"),
    )
    assert code == 0
    assert output.startswith("CLEAR (some records only)")
    assert "tax.lending-payments-consented" in output
    assert "税收征收管理法" in output


def test_explain_names_the_mask() -> None:
    code, output = run(
        *("explain", "--as", "public", "--field", "Registration.address"),
        *("--purpose", "PUBLIC_DISPLAY", "--subject", "INDIVIDUAL_BUSINESS"),
    )
    assert code == 0
    assert output.startswith("MASKED (ADDRESS)")


def test_explain_of_an_unknown_field_is_refused() -> None:
    code, output = run("explain", "--as", "public", "--field", "X.y", "--purpose", "AUDIT")
    assert code == 1
    assert "field `X.y` is unknown, expected" in output


def test_matrix_has_a_line_per_field() -> None:
    code, output = run("matrix", "--csv")
    assert code == 0
    heading, *lines = output.splitlines()
    assert heading.startswith("coordinate,public,")
    assert any(line.startswith("TaxArrears.balance,clear,") for line in lines)
    assert "Registration.legalRepresentativeIdNo" in run("matrix")[1]


def test_test_runs_all_cases() -> None:
    code, output = run("test")
    assert code == 0, output
    assert "rules," in output
