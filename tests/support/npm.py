"""Tools from npm that tests run: each a folder of `tools/` with its own lock."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
_INSTALL_S = 400


@dataclass(frozen=True)
class NodeTool:
    """A tool whose packages are installed.

    Attributes:
        node: program that runs it.
        folder: where its own files are.
    """

    node: str
    folder: Path

    def command(self, file: str, *arguments: str) -> list[str]:
        """Return the command that runs one of its files."""
        return [self.node, str(self.folder / file), *arguments]

    def run(self, file: str, *arguments: str, text: str = "", seconds: float = 60) -> str:
        """Run one of its files to the end, with a text as its input, and return its output."""
        finished = subprocess.run(
            self.command(file, *arguments),
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr[-4_000:]
        return finished.stdout


def installed_tool(name: str, least_node: int = 18) -> NodeTool:
    """Return a tool, installed as its lock says; skips where that cannot be.

    Args:
        name: folder in `tools/`.
        least_node: oldest major version of Node.js that runs it.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip(f"`npm` and `node` are needed to run tools/{name}")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < least_node:
        pytest.skip(f"Node.js {least_node} or newer is needed to run tools/{name}")
    tool = NodeTool(node, TOOLS / name)
    with (tool.folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        wanted = hashlib.sha256(lock.read()).hexdigest()
        marker = tool.folder / "node_modules" / ".installed"
        if not marker.is_file() or marker.read_text(encoding="utf-8") != wanted:
            _install(npm, tool.folder)
            marker.write_text(wanted, encoding="utf-8")
    return tool


def _install(npm: str, folder: Path) -> None:
    finished = subprocess.run(
        [npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=_INSTALL_S, check=False
    )
    if finished.returncode != 0:
        pytest.skip(f"`npm ci` could not install tools/{folder.name}: no packages within reach")
