"""The check of the machine names what is missing in one sentence."""

import ast
import importlib
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from scripts import check_machine

_Version = namedtuple("_Version", "major minor micro")


def test_this_machine_lacks_nothing() -> None:
    assert check_machine.find_lack() is None
    assert check_machine.main() == 0


def test_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", _Version(3, 9, 2))
    lack = check_machine.find_lack()
    assert lack is not None
    assert lack.startswith("Python 3.9 is too old, 3.11 or newer is needed")


@pytest.mark.parametrize("version", ["glibc 2.17", "musl 1.2", ""])
def test_unfit_c_library_is_named(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr("os.confstr", lambda name: version)
    lack = check_machine.find_lack()
    assert lack is not None
    assert "glibc" in lack


def test_missing_ensurepip_names_the_debian_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    lack = check_machine.find_lack()
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert lack == f"{own} has no module `ensurepip`: install the Debian package `{own}-venv`"


def test_lack_ends_with_1_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert check_machine.main() == 1
    words = capsys.readouterr().err
    assert words.startswith("credit-gateway cannot be set up: ")
    assert words.count("\n") == 1


@pytest.mark.parametrize("module", ["scripts.check_machine", "scripts.set_up"])
def test_module_has_no_syntax_newer_than_the_oldest_python(module: str) -> None:
    path = importlib.import_module(module).__file__
    assert path is not None
    text = Path(path).read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 5))


def test_check_runs_as_a_program() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "scripts.check_machine"], capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
