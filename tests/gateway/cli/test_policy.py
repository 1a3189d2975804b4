"""The command group `policy`."""

from __future__ import annotations

import csv
import io
import shutil
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gateway.cli.policy import policy
from gateway.cli.policy_words import (
    CALLERS,
    FACTS,
    GATES,
    MASKS,
    OUTCOMES,
    PURPOSES,
    ROLES,
    SUBJECTS,
    USES,
)
from policies.cases import CASES
from policies.loader import RULES
from policies.matrix import PROFILE_NAMES
from policies.model import CallerClass, Outcome, Purpose, Role, Use
from policies.reasons import Gate
from policies.situations import Facts
from schema.classification import MaskKind, SubjectKind
from schema.records import MODEL


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(policy, arguments)
    return result.exit_code, result.output


def explain(*arguments: str) -> list[str]:
    code, output = run("explain", "--lang", "en", *arguments)
    assert code == 0, output
    return output.splitlines()


def test_explain_tells_what_is_missing() -> None:
    lines = explain("--as", "institution", "--field", "TaxPayment", "--purpose", "PRE_LOAN")
    assert "read: DENIED" in lines
    assert "count: DENIED" in lines
    assert "  field: not open with what is given" in lines
    assert "  would do: the subject's consent for field and purpose" in lines


def test_explain_with_consent_tells_rule_law_and_limit_of_rows() -> None:
    lines = explain("--as", "bank-consent", "--field", "TaxPayment")
    (read,) = [line for line in lines if line.startswith("read:")]
    assert read.startswith("read: CLEAR (only records where: meta.")
    text = "\n".join(lines)
    assert "  tax.lending-payments-consented: " in text
    assert "税收征收管理法" in text
    assert (
        explain(
            *("--as", "institution", "--purpose", "PRE_LOAN", "--consent", "--field", "TaxPayment")
        )
        == lines
    )


def test_explain_takes_a_path_from_a_subject() -> None:
    lines = explain("--as", "public", "--field", "Organisation.taxArrears.balance")
    assert lines[0] == "TaxArrears.balance 欠税公告 欠税余额（元）"
    assert [line.partition(":")[0] for line in lines if not line.startswith(" ")][1:-1] == [
        "TaxArrears",
        "read",
        "filter",
        "order",
        "aggregate",
    ]
    person = explain("--as", "public", "--field", "Person.penalties", "--use", "read")
    assert "natural person" in person[1]
    assert "  subject: open for other subjects only" in person


def test_explain_names_the_mask() -> None:
    lines = explain(
        *("--as", "public", "--field", "Registration.address", "--use", "read"),
        *("--subject", "INDIVIDUAL_BUSINESS"),
    )
    assert "read: MASKED (ADDRESS)" in lines


def test_explain_names_other_callers_and_purposes() -> None:
    lines = explain("--as", "public", "--field", "TaxPayment", "--use", "read")
    assert "  caller: open to other classes only" in lines
    (open_to,) = [line for line in lines if line.startswith("  open to:")]
    assert "the subject itself" in open_to
    lines = explain("--as", "tender", "--field", "TaxPayment.paidAmount", "--use", "read")
    (purpose,) = [line for line in lines if line.startswith("  would do: purpose ")]
    assert "TAX_ADMIN (tax administration)" in purpose
    assert purpose.endswith("(MASKED)")


def test_explain_in_chinese_tells_the_same() -> None:
    asked = ("--as", "public", "--field", "TaxPayment", "--use", "read")
    code, output = run("explain", "--lang", "zh", *asked)
    assert code == 0
    lines = output.splitlines()
    assert lines[1] == "  社会公众；PUBLIC_DISPLAY（社会公示）；法人和非法人组织"
    assert "查看: 拒绝" in lines
    assert len(lines) == len(explain(*asked))


REFUSED = [
    (("--as", "public", "--field", "X.y"), 1, "field `X.y` is unknown, expected"),
    (("--as", "public", "--field", "X.y"), 1, "catalogue"),
    (("--as", "department", "--field", "TaxArrears"), 2, "needs --purpose"),
    (
        ("--as", "public", "--field", "Person.penalties", "--subject", "ORGANISATION"),
        2,
        "does not fit the path",
    ),
    (("--as", "king", "--field", "TaxArrears"), 2, "king"),
]


@pytest.mark.parametrize(("arguments", "status", "text"), REFUSED)
def test_explain_of_what_is_unknown_is_refused(
    arguments: tuple[str, ...], status: int, text: str
) -> None:
    code, output = run("explain", *arguments)
    assert code == status
    assert text in output


def test_every_word_of_the_rules_has_its_terms() -> None:
    assert set(CALLERS) == set(CallerClass)
    assert set(USES) == set(Use)
    assert set(OUTCOMES) == set(Outcome)
    assert set(GATES) == set(Gate)
    assert set(SUBJECTS) == set(SubjectKind)
    assert set(ROLES) == set(Role)
    assert set(MASKS) == set(MaskKind)
    assert set(PURPOSES) == set(Purpose)
    assert set(FACTS) == set(Facts.__slots__)


def test_matrix_has_a_line_per_field() -> None:
    code, output = run("matrix", "--format", "csv")
    assert code == 0
    heading, *rows = csv.reader(io.StringIO(output))
    assert heading == ["coordinate", *PROFILE_NAMES]
    assert [row[0] for row in rows] == list(MODEL.coordinates)
    assert dict(zip(heading, rows[-1], strict=True))["auditor"] == "-"
    assert "Registration.legalRepresentativeIdNo" in run("matrix")[1]


class Page(HTMLParser):
    """Checks that every element is closed in order, and gathers what is in the cells."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def test_matrix_page_is_whole_and_needs_nothing_else() -> None:
    code, output = run("matrix", "--format", "html")
    assert code == 0
    assert output.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    page = Page()
    page.feed(output)
    page.close()
    assert page.open == []
    assert not {tag for tag, _ in page.attributes} & {"script", "link", "img", "iframe"}
    assert not any({"src", "href", "style"} & set(given) for _, given in page.attributes)
    assert all(given.get("scope") for tag, given in page.attributes if tag == "th")
    tables = [tag for tag, _ in page.attributes if tag in ("table", "caption")]
    assert tables == ["table", "caption"] * len(MODEL.kinds)
    assert len(page.rows) == len(MODEL.coordinates) + len(MODEL.kinds)
    assert {len(row) for row in page.rows} == {len(PROFILE_NAMES) + 2}
    balance = next(row for row in page.rows if "balance" in row[0])
    assert balance[0].startswith("欠税余额（元）")
    assert balance[2].startswith("允许")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Rules in which the public may no longer be told of tax arrears."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    path = folder / "tax.toml"
    text = path.read_text(encoding="utf-8")
    before = 'name = "public-arrears"\neffect = "permit"'
    assert before in text
    path.write_text(text.replace(before, before.replace("permit", "forbid")), encoding="utf-8")
    return folder


def test_diff_of_equal_rules_ends_with_0() -> None:
    code, output = run("diff", str(RULES), str(RULES))
    assert (code, output) == (0, "both decide alike\n")


def test_diff_tells_every_changed_cell_and_ends_with_1(changed: Path) -> None:
    code, output = run("diff", str(RULES), str(changed))
    assert code == 1
    lines = output.splitlines()
    assert lines[0] == "TaxArrears read"
    assert lines[1].startswith("  public; PUBLIC_DISPLAY; ORGANISATION: clear where meta.")
    assert lines[1].endswith(" -> -")
    assert "TaxArrears.balance filter" in lines
    code, output = run("diff", "--format", "json", str(RULES), str(changed))
    assert code == 1
    cells = orjson.loads(output)
    assert lines[-1] == f"{len(cells)} cells differ"
    assert cells[0]["rulesBefore"] == cells[0]["rulesAfter"] == "tax.public-arrears"
    assert {cell["caller"] for cell in cells} == {"public"}
    code, output = run("diff", "--format", "csv", str(RULES), str(changed))
    assert code == 1
    assert [dict(row) for row in csv.DictReader(io.StringIO(output))] == cells


def test_diff_of_rules_that_cannot_be_read_ends_with_2(tmp_path: Path) -> None:
    code, output = run("diff", str(RULES), str(tmp_path))
    assert code == 2
    assert "no rule file" in output
    assert run("diff", str(RULES), str(tmp_path / "gone"))[0] == 2


def test_test_runs_all_cases() -> None:
    code, output = run("test")
    assert code == 0, output
    assert "rules," in output


def test_test_fails_where_a_case_is_decided_otherwise(changed: Path) -> None:
    code, output = run("test", "--rules", str(changed))
    assert code == 1
    assert "case of `tax.public-arrears`" in output


BROKEN = [
    ("no case in which it decides", "tax.public-arrears"),
    ("no contrary case", "tax.public-arrears"),
]


@pytest.mark.parametrize(("problem", "rule"), BROKEN)
def test_test_fails_on_a_rule_without_a_case_for_and_against(
    tmp_path: Path, problem: str, rule: str
) -> None:
    is_contrary_dropped = "contrary" in problem
    folder = tmp_path / "cases"
    shutil.copytree(CASES, folder)
    path = folder / "tax.toml"
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        is_of_rule = f'rule = "{rule}"' in line
        is_contrary = f'"{rule}"' not in line.partition("by = ")[2]
        if not (is_of_rule and is_contrary is is_contrary_dropped):
            kept.append(line)
    path.write_text("\n".join(kept), encoding="utf-8")
    code, output = run("test", "--cases", str(folder))
    assert code == 1
    assert f"rule `{rule}` has {problem}" in output
