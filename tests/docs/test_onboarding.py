"""The tutorial works as it stands: every command, in an environment of its own, without network.

The outside package is built and installed beside a gateway that is itself installed from this
tree; its records then stand in `subject.penalties`, its entry in `catalogue`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from gateway.demo.postgres import PostgresAddress
from gateway.settings import load_settings
from gateway.store.connect import postgres_url
from tests.docs.sources import ROOT
from tests.gateway.cli.test_adapter import OWN_TABLES
from tests.support.postgres import DatabaseFactory
from tests.support.running_gateway import end, free_port

PAGES = ("onboard-your-department.md", "onboard-your-department.zh-CN.md")
SUBJECT = "91410199MA9FXT014G"
PATIENCE_S = 300
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "data", "dist", "node_modules", "*.egg-info", "*_cache", "tests"
)


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a page."""
    text = (ROOT / "docs" / "tutorials" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_both_languages_show_the_same_code() -> None:
    for language in ("sh", "toml", "text"):
        assert blocks(PAGES[0], language) == blocks(PAGES[1], language)
    assert len(blocks(PAGES[0], "sh")) == 11


def test_page_speaks_of_all_steps_within_thirty_minutes() -> None:
    for page, word in zip(PAGES, ("minutes?", "分钟"), strict=True):
        text = (ROOT / "docs" / "tutorials" / page).read_text(encoding="utf-8")
        minutes = re.findall(rf"^## \d\. .*[（(](\d+) {word}[)）]$", text, re.MULTILINE)
        assert len(minutes) == 7
        assert sum(map(int, minutes)) <= 30


class Newcomer:
    """Somebody who types what the page says, in a folder with an environment of their own."""

    def __init__(self, folder: Path, source_url: str) -> None:
        self.folder = folder
        self.commands = blocks(PAGES[0], "sh")
        self.environment = {
            "PATH": f"{folder / 'venv' / 'bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONUTF8": "1",
            "SOURCE_URL": source_url,
            "SUBJECT": SUBJECT,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "no_proxy": "*",
        }

    def type(self, part: str, **variables: str) -> str:
        """Run the block that holds a text; what it printed."""
        (command,) = [each for each in self.commands if part in each]
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        self.commands.remove(command)
        return done.stdout


@pytest.fixture(scope="module")
def own_source(databases: DatabaseFactory) -> Iterator[PostgresAddress]:
    """The department's own database, with one record of the subject of the page."""
    address = databases.create()

    async def fill() -> None:
        connection = await asyncpg.connect(**address.connect_arguments())
        try:
            await connection.execute(OWN_TABLES)
            await connection.execute("UPDATE sl.xzcf SET shxydm = $1 WHERE id = 1", SUBJECT)
        finally:
            await connection.close()

    asyncio.run(fill())
    yield address
    databases.drop(address.database)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory, own_source: PostgresAddress) -> Newcomer:
    """An environment with the gateway installed from this tree, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("newcomer")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    inside = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    site = Path(inside.stdout.strip())
    for old in site.glob("setuptools*"):
        shutil.rmtree(old)
    libraries = sysconfig.get_path("purelib")
    (site / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
    install = (python, "-m", "pip", "install", "-q", "--no-index", "--no-deps")
    subprocess.run(
        [*install, "--no-build-isolation", "--ignore-installed", folder / "tree"],
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        timeout=PATIENCE_S,
    )
    shutil.rmtree(folder / "tree")
    return Newcomer(folder, postgres_url(**own_source.connect_arguments()))


@pytest.mark.long
def test_newcomer_gets_from_nothing_to_records_in_the_network(newcomer: Newcomer) -> None:
    assert "13 files" in newcomer.type("adapter new")
    assert "8 records" in newcomer.type(f"adapter try {SUBJECT}")
    drafted = newcomer.type("adapter introspect")
    assert "罚款金额（元） ← fkje" in drafted
    for line in blocks(PAGES[0], "text")[0].splitlines():
        assert line in drafted
    newcomer.type("adapter sheet")
    assert "23 items, table sl.xzcf" in newcomer.type("adapter fixtures")
    assert "1 records" in newcomer.type("settings.toml")
    assert "28 KEPT" in newcomer.type("adapter test water\n")
    newcomer.type("pip install")
    newcomer.type("adapter key")
    _show(newcomer)
    _check(newcomer)
    assert newcomer.commands == []


def _show(newcomer: Newcomer) -> None:
    """The preview in one terminal, the query in another."""
    (preview,) = [each for each in newcomer.commands if "adapter preview" in each]
    (query,) = [each for each in newcomer.commands if "curl" in each]
    port = str(free_port())
    process = subprocess.Popen(
        ["bash", "-euc", "exec " + preview.replace("8490", port)],
        cwd=newcomer.folder,
        env=newcomer.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        answer = _answer(newcomer, query.replace("8490", port), process)
    finally:
        end(process)
    assert process.returncode == 0
    penalties = answer["data"]["subject"]["penalties"]
    assert penalties["totalCount"] > 0
    assert {node["meta"]["sourceDepartmentName"] for node in penalties["nodes"]} == {"样例市水利局"}
    assert {"name": "行政处罚"} in answer["data"]["catalogue"]
    newcomer.commands = [each for each in newcomer.commands if each not in (preview, query)]


def _answer(newcomer: Newcomer, query: str, process: subprocess.Popen[bytes]) -> dict:  # type: ignore[type-arg]
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        done = subprocess.run(
            ["bash", "-euc", query],
            cwd=newcomer.folder,
            env=newcomer.environment,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return dict(json.loads(done.stdout))
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    raise AssertionError(f"the preview did not answer, exit code {process.poll()}")


def _check(newcomer: Newcomer) -> None:
    """What the operator does with what they were handed."""
    folder = newcomer.folder
    for name, size in (("opaque.key", 64), ("audit.key", 32)):
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(os.urandom(size))
    newcomer.commands.append("credit-gateway adapter key log.pem")
    newcomer.type("key log.pem")
    (folder / "jwks.json").write_text('{"keys": []}', encoding="utf-8")
    settings = folder / "gateway.toml"
    settings.write_text(
        '[store]\nurl = "postgresql://store"\n'
        '[identity]\nissuer = "https://issuer.example"\naudience = "a"\njwks = "jwks.json"\n'
        '[keys]\nopaque_files = ["opaque.key"]\naudit_file = "audit.key"\n'
        '[audit_log]\norigin = "city.example/audit"\nkey_file = "log.pem"\n'
        + blocks(PAGES[0], "toml")[1],
        encoding="utf-8",
    )
    assert load_settings(settings, {}).conformance.required == {"water"}
    newcomer.commands.append(f"credit-gateway check --config {settings}")
    assert "adapter water: good, 1 record kinds" in newcomer.type("check --config")
    sheet = folder / "water" / "credit_adapter_water" / "department.toml"
    sheet.write_text(sheet.read_text("utf-8").replace("水利局", "水务局"), encoding="utf-8")
    again = "pip install -q --no-index --no-deps --no-build-isolation --force-reinstall ./water"
    newcomer.commands.append(f"{again}\n! credit-gateway check --config {settings}")
    assert "another manifest" in newcomer.type("--force-reinstall")
