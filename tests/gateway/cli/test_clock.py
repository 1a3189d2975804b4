"""The command `clock`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli.clock import clock
from policies.disclosure.loader import VERSIONS

PENALTY = ["--kind", "ADMINISTRATIVE_PENALTY", "--today", "2026-11-25"]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(clock, [*PENALTY, *arguments])
    return result.exit_code, result.output


def reckon(*arguments: str) -> Any:
    code, output = run("--json", *arguments)
    assert code == 0, output
    return json.loads(output)


@pytest.mark.parametrize(
    ("decided_on", "deadline"),
    [("2026-09-22", "2026-10-09"), ("2026-02-11", "2026-02-27"), ("2025-09-26", "2025-10-13")],
)
def test_deadline_of_publication(decided_on: str, deadline: str) -> None:
    found = reckon("--decided-on", decided_on)["publicationDeadline"]
    assert (found["date"], found["provisional"]) == (deadline, False)
    assert [rule["rule"] for rule in found["rules"]] == ["PUB-1"]


def test_all_dates_of_a_general_penalty() -> None:
    found = reckon(
        "--decided-on", "2026-09-22", "--severity", "general", "--changed-on", "2026-10-09"
    )
    assert found.pop("version") == "2026-04-01-levels"
    assert {name: answer["date"] for name, answer in found.items()} == {
        "publicationDeadline": "2026-10-09",
        "publicationFloor": "2026-12-22",
        "publicationEnd": "2027-09-22",
        "disclosureEnd": "2031-09-22",
        "archivingDemand": "2031-09-23",
        "withdrawalDeadline": "2026-10-13",
    }


def test_every_option_reaches_the_clock() -> None:
    plain = ["--decided-on", "2026-09-22", "--severity", "SERIOUS"]
    without = reckon(*plain)
    for name, options in {
        "disclosureEnd": ["--conduct-ended-on", "2026-01-05"],
        "publicationEnd": ["--repaired-on", "2027-12-01"],
        "publicationFloor": ["--regime", "MARKET_REGULATION"],
    }.items():
        assert reckon(*plain, *options)[name] != without[name], options
    warned = reckon(*plain, "--regime", "market_regulation", "--warning")
    assert warned["publicationEnd"]["bound"] == "NEVER_BEGINS"
    assert reckon(*plain, "--person")["publicationEnd"]["bound"] == "NEVER_BEGINS"
    assert reckon(*plain, "--listed")["disclosureEnd"]["bound"] == "UNTIL_REMOVAL"
    listed = reckon(*plain, "--listed-until", "2040-01-01")
    assert listed["disclosureEnd"]["date"] == "2040-01-01"
    assert reckon(*plain, "--nature", "GOOD")["publicationEnd"]["bound"] == "WITHOUT_LIMIT"
    corrected = reckon(*plain, "--corrected")["publicationEnd"]["rules"]
    assert corrected[-1]["rule"] == "PUB-7"


def test_text_says_dates_rules_and_laws_in_both_languages() -> None:
    code, output = run("--decided-on", "2026-09-22", "--severity", "MINOR")
    assert code == 0
    assert "公示期限届满日 / public display ends: 2026-12-22" in output
    assert "最短公示期届满日 / earliest end by repair: 随时 / at any time" in output
    assert "PUB-8  河南省社会信用条例 第十九条（已核原文 / text read）" in output


def test_deadline_in_a_year_that_is_not_announced_is_provisional(tmp_path: Path) -> None:
    decided = ["--decided-on", "2035-12-20"]
    assert "暂定，节假日安排未公布 / provisional" in run(*decided)[1]
    files = []
    for year in (2035, 2036):
        day = {"name": "国庆节", "date": f"{year}-10-01", "isOffDay": True}
        file = tmp_path / f"{year}.json"
        file.write_text(json.dumps({"year": year, "days": [day]}), encoding="utf-8")
        files += ["--schedule", str(file)]
    found = reckon(*decided, *files)["publicationDeadline"]
    assert (found["date"], found["provisional"]) == ("2035-12-31", False)


def test_versions_of_another_folder(tmp_path: Path) -> None:
    shutil.copytree(VERSIONS, tmp_path, dirs_exist_ok=True)
    latest = tmp_path / "2026-04-01-levels.toml"
    text = latest.read_text(encoding="utf-8")
    latest.write_text(text.replace('"7 working days"', '"5 working days"'), encoding="utf-8")
    found = reckon("--decided-on", "2026-09-22", "--versions", str(tmp_path))
    assert found["publicationDeadline"]["date"] == "2026-09-30"
    latest.write_text(text.replace('"7 working days"', '"soon"'), encoding="utf-8")
    code, output = run("--decided-on", "2026-09-22", "--versions", str(tmp_path))
    assert code == 1
    assert "2026-04-01-levels.toml: key `publish.value`: found `soon`" in output
