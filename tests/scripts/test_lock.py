"""The lock fits the project's metadata and names no place to fetch from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_DECLARED = [
    *_PROJECT["build-system"]["requires"],
    *_PROJECT["project"]["dependencies"],
    *_PROJECT["project"]["optional-dependencies"]["dev"],
]
_ENTRIES = re.split(r"\n(?=[a-z])", _LOCK)[1:]


def _locked_versions() -> dict[str, str]:
    heads = [Requirement(entry.split("\n", 1)[0].rstrip("\\ ")) for entry in _ENTRIES]
    return {canonicalize_name(head.name): next(iter(head.specifier)).version for head in heads}


@pytest.mark.parametrize("declared", _DECLARED)
def test_declared_requirement_is_locked_within_its_range(declared: str) -> None:
    requirement = Requirement(declared)
    version = _locked_versions()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), "run `make lock`"


def test_every_entry_has_hashes() -> None:
    assert len(_ENTRIES) > 40
    assert [entry for entry in _ENTRIES if "--hash=sha256:" not in entry] == []


def test_no_address_stands_in_the_locks() -> None:
    for path in ("requirements.lock", "tools/graphiql/package-lock.json"):
        text = (_ROOT / path).read_text(encoding="utf-8")
        assert '"resolved"' not in text
        # An option of pip, such as one that names a registry, would begin a line.
        assert not any(line.startswith("--") for line in text.splitlines())
    assert "://" not in _LOCK
