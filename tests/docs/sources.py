"""What the documents have to keep up with, read from the sources."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.audit.refusals import FENCE_REASONS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "http",
    "identity",
    "operation",
    "planning",
    "authorization",
    "fetching",
    "answering",
    "audit",
    "entitlements",
    "lifecycle",
    "mutations",
    "admission",
    "oauth",
    "pages",
    "administrators",
)
_CODE = re.compile(r"[A-Z]+(_[A-Z]+)+")
_LEFT_OUT = frozenset({".git", ".venv", "build", "data", "dist", "node_modules", "__pycache__"})
_SUFFIXES = (".md", ".py", ".toml", ".sql", ".js", ".html", ".css", ".json", ".yaml", ".txt")
_NAMES = ("Makefile", "run", "LICENSE", ".gitignore", ".npmrc", "requirements.lock")
# Codes of the log, the numbers, the audit or the recorder alone, and the word for errors that bring
# a code of their own.
NOT_SHOWN = frozenset(
    {
        "BAD_VALUE",
        "CLIENT_GONE",
        "CONSENT_BUSY",
        "LIST_CLIENTS",
        "QUERY_SWEEP",
        "REQUEST_ERROR",
    }
)


def texts() -> Iterator[Path]:
    """Yield every text file of the project that somebody wrote or generated."""
    waiting = [ROOT]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.name in _LEFT_OUT or path.name.endswith((".egg-info", "_cache")):
                continue
            if path.is_dir():
                waiting.append(path)
            elif path.suffix in _SUFFIXES or path.name in _NAMES:
                yield path


def pages() -> list[Path]:
    """Return every Markdown page."""
    return [path for path in texts() if path.suffix == ".md"]


def error_codes() -> set[str]:
    """Return the codes that the stages give to errors.

    A code is a text of capitals joined by underscores, but for the values of enums, which stand in
    class bodies, and lists of exported names.
    """
    sources = [path for room in ROOMS for path in (ROOT / "gateway" / room).glob("*.py")]
    found: set[str] = set()
    above = [
        ROOT / "gateway" / name
        for name in ("administration.py", "pipeline.py", "person_references.py")
    ]
    for path in (*sources, *above):
        found |= set(_codes(ast.parse(path.read_text(encoding="utf-8"))))
    return (found - NOT_SHOWN) | fence_reasons()


def fence_reasons() -> set[str]:
    """Return the codes with which an entry is recorded that the fence does not let pass."""
    return set(FENCE_REASONS)


def _codes(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        is_value_of_enum = isinstance(node, ast.ClassDef) and isinstance(child, ast.Assign)
        is_list_of_names = isinstance(child, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in child.targets
        )
        if is_value_of_enum or is_list_of_names:
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            if _CODE.fullmatch(child.value):
                yield child.value
        else:
            yield from _codes(child)
