"""Writes `docs/rules.md`: the numbered rules of the mechanisms, and the tests that show each."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "docs" / "rules.toml"
PAGE = ROOT / "docs" / "rules.md"
_TEST = re.compile(r"test_([a-z]{2,4})_([0-9]+)_\w+\Z")
_KEYS = ({"id", "text", "source"}, {"id", "text", "source", "why_not"})

INTRODUCTION = """\
# 规则与测试 / Rules and what shows them

本页由 `make docs` 根据 `docs/rules.toml` 和测试名称生成。每条规则要么有以其编号命名的测试，\
要么写明为何没有。

This page is made by `make docs` from `docs/rules.toml` and the names of tests. Each rule has \
tests that bear its number, or says why it has none.

| 规则 / rule | 内容 / what it says | 来源 / source | 测试 / tests |
|---|---|---|---|
"""


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE}` does not match rules and tests: run `make docs`\n")
        return 1
    return 0


def render() -> str:
    """Return the page as Markdown."""
    tests = tests_by_rule()
    return INTRODUCTION + "".join(_row(rule, tests.get(rule["id"], ())) for rule in rules())


def rules() -> Sequence[Mapping[str, str]]:
    """Return the rules in the order of the file.

    Raises:
        ValueError: a rule with other keys.
    """
    found: list[dict[str, str]] = tomllib.loads(RULES.read_text(encoding="utf-8"))["rule"]
    for rule in found:
        if set(rule) not in _KEYS:
            raise ValueError(f"a rule has the keys {sorted(rule)}, expected one of {_KEYS}")
    return found


def tests_by_rule() -> Mapping[str, Sequence[str]]:
    """Return the names of tests by the number of the rule that they bear."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                match = _TEST.match(node.name)
                if match is not None:
                    found[f"{match[1].upper()}-{match[2]}"].append(node.name)
    return found


def _row(rule: Mapping[str, str], tests: Sequence[str]) -> str:
    shown = "<br>".join(f"`{name}`" for name in tests) or rule.get("why_not", "")
    return f"| {rule['id']} | {rule['text']} | {rule['source']} | {shown} |\n"


if __name__ == "__main__":
    sys.exit(main())
