"""The whole demonstration as a user starts it: one city, started twice, ended both ways."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.city.cases import CASES
from gateway.demo.city.organisations import case_code
from gateway.demo.profiles import PROFILES
from tests.support.postgres import temporary_folder
from tests.support.processes import processes_in, running

SUBJECTS = "1000"
ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CREDIT_GATEWAY_", "COLUMNS"))
    },
    "PYTHONUNBUFFERED": "1",
    "LC_ALL": "C.UTF-8",
}


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway", *arguments]


@dataclass(frozen=True)
class Shell:
    """A command that was run while the demonstration ran."""

    code: int
    output: str


@dataclass(frozen=True)
class Demonstration:
    """What two starts in one folder left behind.

    Attributes:
        first: output of the start that stays; second: of the one that ends after the tour.
        left_after_first, left_after_second: processes that still belonged to the folder.
        curl: what the printed lines answered.
        shells: other commands run meanwhile, by name.
    """

    folder: Path
    first: str
    first_code: int
    left_after_first: list[str]
    curl: list[Shell]
    shells: dict[str, Shell]
    second: str
    second_code: int
    left_after_second: list[str]


def run_shell(folder: Path, line: str | list[str]) -> Shell:
    done = subprocess.run(
        line,
        shell=isinstance(line, str),
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Shell(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def demonstration() -> Iterator[Demonstration]:
    with temporary_folder() as folder:
        arguments = ("--port", "0", "--subjects", SUBJECTS)
        with running(program("demo", *arguments), folder, ENVIRONMENT) as first:
            first.wait_for("Ctrl-C ends it")
            settings = ("--config", "data/gateway.toml")
            query = f'{{ subject(uscc: "{CASES.clean_firm.code}") {{ registration {{ name }} }} }}'
            port = json.loads((folder / "build/demo.json").read_text())["address"].rpartition(":")[
                2
            ]
            shells = {
                "check": run_shell(folder, program("check", *settings)),
                "explain": run_shell(
                    folder,
                    program("explain", *settings, "--token", "data/tokens/inspector", "-e", query),
                ),
                "busy": run_shell(folder, program("demo", "--port", port)),
                "same folder": run_shell(folder, program("demo", *arguments)),
                "load": load_market(folder),
                "audit show": run_shell(folder, printed_line(first.output, "audit show")),
            }
            curl = [
                run_shell(folder, line)
                for line in first.output.splitlines()
                if line.startswith("  curl ") or " client ask " in line
            ]
            first_code = first.end(signal.SIGTERM)
        left_after_first = processes_in(folder)
        with running(program("demo", "--once", *arguments), folder, ENVIRONMENT) as second:
            second_code = second.end()
        yield Demonstration(
            folder,
            first.output,
            first_code,
            left_after_first,
            curl,
            shells,
            second.output,
            second_code,
            processes_in(folder),
        )


def printed_line(output: str, words: str) -> str:
    """The line to copy that holds these words."""
    return next(line for line in output.splitlines() if f" {words} --" in line)


def load_market(folder: Path) -> Shell:
    """Load an extract with one invented firm, without naming a database."""
    extract = folder / "extract.csv"
    extract.write_text(EXTRACT.format(code=case_code("91", "MA9TE001")), encoding="utf-8")
    return run_shell(folder, program("load", "market", str(extract), "--report", "report.json"))


EXTRACT = """\
企业名称,统一社会信用代码,注册日期,企业类型,法人代表,注册资金,经营范围,所在省份,地区,注册地址
样例检测有限公司,{code},2020-05-06,有限责任公司,样*,100(万元),检测服务,河南省,郑州市,郑州市样例路1号
"""


def test_demo_stays_until_told_to_end_and_leaves_nothing(demonstration: Demonstration) -> None:
    assert demonstration.first_code == 0
    assert demonstration.left_after_first == []
    assert demonstration.first.rstrip().endswith("Stopped 已停止")


def test_demo_once_ends_with_zero_and_leaves_nothing(demonstration: Demonstration) -> None:
    assert demonstration.second_code == 0, demonstration.second
    assert demonstration.left_after_second == []


def test_demo_second_start_uses_the_data_again(demonstration: Demonstration) -> None:
    assert "records was made" in demonstration.first
    assert "The city is there already" in demonstration.second
    assert "records was made" not in demonstration.second


def test_demo_tells_where_its_data_are(demonstration: Demonstration) -> None:
    assert demonstration.first.startswith("PostgreSQL runs as `")


def test_demo_output_into_a_file_has_no_control_codes(demonstration: Demonstration) -> None:
    assert "\x1b" not in demonstration.first


def test_demo_output_fits_80_columns_but_for_lines_to_copy(demonstration: Demonstration) -> None:
    tour = demonstration.second.partition("1. One firm")[2]
    long = [line for line in tour.splitlines() if cells(line) > 80]
    assert long != []
    assert all(line.startswith(("  curl ", "  CREDIT_GATEWAY_", "  /")) for line in long), long


def cells(line: str) -> int:
    """Columns that a terminal needs: Chinese characters and their punctuation take two."""
    return sum(
        2 if re.match(r"[\u2e80-\u9fff\uff00-\uff60]", character) else 1 for character in line
    )


def test_demo_curl_lines_work_as_printed(demonstration: Demonstration) -> None:
    as_public, as_bank = demonstration.curl
    if as_public.code == 127:
        pytest.skip("this machine has no curl")
    assert json.loads(as_public.output)["data"]["subject"]["registration"]["name"] == (
        CASES.penalised_firm.name
    )
    answer = json.loads(as_bank.output)
    assert answer["data"]["subject"]["taxpayerCredit"]["score"] is not None
    assert "errors" not in answer


def test_demo_description_is_for_its_owner_and_complete(demonstration: Demonstration) -> None:
    path = demonstration.folder / "build" / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = json.loads(path.read_text())
    assert set(content["tokens"]) == set(PROFILES.by_name())
    assert content["tokens"]["public"] is None
    assert content["cases"]["clean_firm"] == CASES.clean_firm.code
    assert content["address"].startswith("http://127.0.0.1:")


def test_demo_secrets_and_tokens_are_for_their_owner(demonstration: Demonstration) -> None:
    data = demonstration.folder / "data"
    for folder in (data / "secrets", data / "tokens"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = list(folder.iterdir())
        assert files != []
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    settings = (data / "gateway.toml").read_text()
    assert "postgresql://" not in settings


def test_demo_tour_shows_every_outcome_and_its_reason(demonstration: Demonstration) -> None:
    tour = demonstration.first
    for words in ("clear", "masked", "denied", "明示", "脱敏", "拒绝"):
        assert words in tour
    assert "No rule opens it" in tour
    assert "caller: institution, purpose PRE_LOAN" in tour
    assert "FROM" in tour


def test_demo_tour_shows_the_department_away_and_back(demonstration: Demonstration) -> None:
    (line,) = [
        line for line in demonstration.first.splitlines() if line.startswith(" courts answered")
    ]
    assert line.split()[-3:] == ["ANSWERED", "DOWN", "ANSWERED"]
    assert "SOURCE_DOWN (courts)" in demonstration.first


def test_demo_tour_shows_the_audit_entries(demonstration: Demonstration) -> None:
    audit = demonstration.first.partition("6. What the audit log says")[2].partition("7. Your")[0]
    assert audit.count("ANSWERED") == 10
    assert "courts DOWN" in audit
    shown = demonstration.shells["audit show"]
    assert shown.code == 0, shown.output
    outcomes = {each["outcome"] for each in json.loads(shown.output)["departments"]}
    assert outcomes == {"ANSWERED"}
    assert CASES.penalised_firm.code not in audit


def test_demo_settings_serve_other_commands(demonstration: Demonstration) -> None:
    check = demonstration.shells["check"]
    assert check.code == 0, check.output
    explain = demonstration.shells["explain"]
    assert explain.code == 0, explain.output
    assert "caller: department, purpose INSPECTION" in explain.output


def test_demo_load_finds_the_database_by_itself(demonstration: Demonstration) -> None:
    load = demonstration.shells["load"]
    assert load.code == 0, load.output
    assert "database: that of the demonstration's department `market`" in load.output
    assert "postgresql://" not in load.output
    assert json.loads((demonstration.folder / "report.json").read_text())["totals"]["loaded"] == 1


def test_demo_busy_port_is_one_sentence(demonstration: Demonstration) -> None:
    busy = demonstration.shells["busy"]
    assert busy.code == 1
    assert re.fullmatch(r"Error: port `\d+` is used by another program, choose .*\n", busy.output)


def test_demo_twice_in_one_folder_is_one_sentence(demonstration: Demonstration) -> None:
    twice = demonstration.shells["same folder"]
    assert twice.code == 1
    assert re.fullmatch(r"Error: the data folder `.*` is in use .*\n", twice.output)
