"""Links lead somewhere, commands exist, and the project speaks only of itself."""

import re
from pathlib import Path

import pytest

from scripts.commands_page import commands
from tests.docs.sources import ROOT, pages, texts

_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HOST = re.compile(r"https?://([A-Za-z0-9.-]+)")
# Names that stand for nobody, names inside formats, and addresses of this machine.
_NAMES = re.compile(
    r"(.*\.)?(example|invalid|test|localhost|example\.(com|org|net))|hidden|127\.0\.0\.1|"
    r"www\.w3\.org|www\.apache\.org|specs\.apollo\.dev"
)
# Written apart, so that this file does not hold them.
_FOREIGN = [
    "".join(parts)
    for parts in (
        ("py", "pi.", "org"),
        ("python", "hosted"),
        ("npm", "js."),
        ("--index", "-url"),
        ("/wo", "rk/"),
        ("/tm", "p/"),
        ("work", "place"),
    )
]


def named(path: Path) -> str:
    """Return a file's name from the root of the project on."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", pages(), ids=named)
def test_links_of_a_page_lead_somewhere(path: Path) -> None:
    targets = [
        target.partition("#")[0]
        for target in _LINK.findall(path.read_text(encoding="utf-8"))
        if not target.startswith(("#", "http", "mailto:"))
    ]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    own_index = ("adr", "errors")
    missing = [
        named(path)
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name not in own_index
        and path.name != "README.md"
        and f"({path.relative_to(ROOT / 'docs')})" not in index
    ]
    assert missing == []


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("path", pages(), ids=named)
def test_make_targets_of_a_page_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named_targets = re.findall(r"(?:`|^\s*)make ([a-z][a-z-]*)", text, re.MULTILINE)
    assert set(named_targets) <= make_targets()


def test_readmes_name_the_two_commands() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        assert "```sh\nmake demo\nmake test\n```" in (ROOT / name).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"$({name})" in makefile for name in ("ONCE", "PORT", "SUBJECTS"))


def code_in(path: Path) -> str:
    """Return the lines of a page that stand in code blocks or spans."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return "\n".join((*blocks, *re.findall(r"`([^`\n]+)`", text)))


@pytest.mark.parametrize("path", pages(), ids=named)
def test_commands_of_a_page_exist(path: Path) -> None:
    known = {name for name, _ in commands()}
    groups = {name.rpartition(" ")[0] for name in known}
    for call in re.findall(
        r"^\s*(credit-gateway(?: [a-z]+(?:-[a-z]+)*)+)", code_in(path), re.MULTILINE
    ):
        words = call.split()
        command = " ".join(words[:2])
        if command in groups and len(words) > 2:
            command = " ".join(words[:3])
        assert command in known


def test_hosts_are_names_that_stand_for_nobody() -> None:
    found = {
        (named(path), host)
        for path in texts()
        if path.name != "package-lock.json"
        for host in _HOST.findall(path.read_text(encoding="utf-8"))
        if not _NAMES.fullmatch(host)
    }
    assert found == set()


def test_project_speaks_of_itself_only() -> None:
    found = {
        (named(path), word)
        for path in texts()
        for word in _FOREIGN
        if re.search(rf"(?<![\w.]){re.escape(word)}", path.read_text(encoding="utf-8"))
    }
    assert found == set()
