"""The archive installs and runs on a machine without any network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts.bundle import closure, locked, make_bundle

WITHOUT_NETWORK = Path(__file__).parent / "without_network.py"
AUTHOR = """set -eu
cd "$1"
./credit-gateway demo --once --port 0 --subjects 1000
./credit-gateway adapter new sample --slug sample --code 11410100MB0A00018Q \\
    --name-zh 样例局 --name-en Sample --contact a@example.com --legal-basis 样例 \\
    --source postgres --kinds 行政处罚
venv/bin/python -m pip --disable-pip-version-check install -qq --no-index --no-deps \\
    --no-build-isolation --editable sample
./credit-gateway adapter test sample
"""


def test_lock_is_read_package_by_package() -> None:
    text = "# a comment\n{}\n{}\n"
    first = "a-b==1 ; python_version < '3' \\\n    --hash=sha256:0"
    second = "C_d[x]==2 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2"
    blocks = locked(text.format(first, second))
    assert list(blocks) == ["a-b", "c-d"]
    assert [text.count("--hash") for text in blocks.values()] == [1, 2]


def test_what_a_package_needs_is_found() -> None:
    found = closure(["strawberry-graphql"])
    assert {"strawberry-graphql", "graphql-core"} <= found
    assert "pytest" not in found


def _may_take_the_network_away() -> bool:
    program = shutil.which("unshare")
    if program is None or os.geteuid() != 0:
        return False
    tried = [program, "-n", sys.executable, str(WITHOUT_NETWORK), "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.long
@pytest.mark.skipif(
    not _may_take_the_network_away(), reason="needs root and unshare, to take the network away"
)
def test_archive_installs_and_runs_without_a_network(tmp_path: Path) -> None:
    archive = make_bundle(tmp_path / "made")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    tmp_path.chmod(0o711)  # the embedded database runs as a user of its own
    (unpacked,) = tmp_path.glob("credit-gateway-*")
    installed = tmp_path / "installed"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHON": _system_python()}
    alone = ["unshare", "-n", sys.executable, str(WITHOUT_NETWORK)]
    for command in ([str(unpacked / "install"), str(installed)], ["sh", "-c", AUTHOR, "sh"]):
        arguments = [*alone, *command, *([str(installed)] if command[0] == "sh" else [])]
        ran = subprocess.run(
            arguments, capture_output=True, text=True, env=environment, check=False
        )
        assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr[-3_000:]
    assert re.search(r"^\d+ KEPT$", ran.stdout, re.MULTILINE), ran.stdout[-2_000:]


@pytest.mark.long
def test_archive_that_was_altered_is_not_installed(tmp_path: Path) -> None:
    files = ("install", "check_machine.py")
    source = Path(__file__).parents[2] / "scripts"
    shutil.copy(source / "bundled" / files[0], tmp_path)
    shutil.copy(source / files[1], tmp_path)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  check_machine.py\n")
    ran = subprocess.run(
        [str(tmp_path / "install"), str(tmp_path / "t")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "check_machine.py" in ran.stderr + ran.stdout
    assert not (tmp_path / "t").exists()


def _system_python() -> str:
    """The Python that the environment of the tests was made from."""
    return str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
