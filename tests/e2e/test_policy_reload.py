"""Changed rules are put in force on every worker at once, on one worker, or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.demo.departments import Departments
from gateway.demo.files import DemoFiles
from gateway.settings import load_settings
from gateway.store.connect import postgres_url
from policies.loader import RULES
from tests.e2e.conftest import provision_in
from tests.e2e.serving import Client, served
from tests.support.postgres import DatabaseFactory

PATIENCE_S = 120.0
ARREARS = "{ records(kind: TAX_ARREARS, first: 1) { nodes { id } } }"
CLOSING = """
[[rule]]
name = "closed-for-a-test"
effect = "forbid"
who = ["public"]
purposes = ["*"]
uses = ["read"]
coordinates = ["TaxArrears"]
basis = "样例"
intent = "A rule of a test."
"""


@dataclass(frozen=True)
class Place:
    """A gateway's settings file and its folder of rules."""

    config: Path
    rules: Path

    def close_arrears(self) -> None:
        """Forbid the public to read arrears."""
        with (self.rules / "tax.toml").open("a", encoding="utf-8") as file:
            file.write(CLOSING)

    def reload(self) -> tuple[int, str]:
        """Run the command."""
        done = CliRunner().invoke(main, ["policy", "reload", "--config", str(self.config)])
        return done.exit_code, done.output


@pytest.fixture
def place(tmp_path: Path, databases: DatabaseFactory, departments: Departments) -> Iterator[Place]:
    store = databases.create()
    provision_in(tmp_path, departments, postgres_url(**store.connect_arguments()))
    files = DemoFiles(tmp_path / "data", tmp_path / "build")
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    with files.settings.open("a", encoding="utf-8") as file:
        file.write(f'\n[policies]\nfolders = ["{rules}"]\n')
    yield Place(files.settings, rules)
    databases.drop(store.database)


@contextmanager
def worker(place: Place) -> Iterator[Client]:
    with served(load_settings(place.config, environment={}), {"public": None}) as client:
        yield client


def is_closed(client: Client) -> bool:
    answer = client.ask(ARREARS)
    return "FIELD_DENIED" in answer.codes and answer.body.get("data") == {"records": None}


def is_open(client: Client) -> bool:
    """Whether arrears are shown; a worker that is late to take rules up shows nothing."""
    return client.ask(ARREARS).status == 200 and not is_closed(client)


def eventually(holds: Callable[[], bool]) -> None:
    """Return once it holds; fail when patience ends."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "the rules were not taken up"
        time.sleep(0.05)


def test_reload_reaches_every_worker_and_bad_rules_reach_none(place: Place) -> None:
    with worker(place) as first, worker(place) as second:
        assert is_open(first)
        assert is_open(second)
        place.close_arrears()
        code, output = place.reload()
        assert code == 0, output
        assert "announced as release 1" in output
        eventually(lambda: is_closed(first) and is_closed(second))

        tax = place.rules / "tax.toml"
        good = tax.read_text("utf-8")
        tax.write_text(good.replace('who = ["public"]', 'who = ["king"]', 1), encoding="utf-8")
        code, output = place.reload()
        assert code == 1
        assert "nothing was changed: tax.toml: rule `public-credit`: key `who`" in output
        assert "found `king`, expected one of public" in output
        assert is_closed(first)
        checked = CliRunner().invoke(main, ["check", "--config", str(place.config)])
        assert checked.exit_code == 1
        assert "rule `public-credit`: key `who`" in checked.output

        tax.write_text(good.replace(CLOSING, ""), encoding="utf-8")
        code, output = place.reload()
        assert "announced as release 2" in output
        eventually(lambda: is_open(first) and is_open(second))


def test_signal_has_one_process_read_its_rules(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment = {**os.environ, "CREDIT_GATEWAY_SERVER_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--config", str(place.config)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(timeout=30.0) as http:
            client = Client(port, {"public": None}, load_settings(place.config, {}), http)

            def is_serving() -> bool:
                assert process.poll() is None, "the server ended"
                try:
                    return http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
                except httpx.TransportError:
                    return False

            eventually(is_serving)
            assert not is_closed(client)
            place.close_arrears()
            process.send_signal(signal.SIGHUP)
            eventually(lambda: is_closed(client))
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
