"""Writes `docs/reference/lifecycles.md`: every life cycle with diagram, acts, clocks and terms."""

import sys
from pathlib import Path

from gateway.entitlements.states import CONSENT, GRANT
from gateway.lifecycle.diagram import tell
from gateway.lifecycle.terms import load_terms
from plugins.creditcentre.adapter import TERMS
from plugins.creditcentre.listing.machines import PUNISH_LIST, REWARD_LIST

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "lifecycles.md"

INTRODUCTION = """\
# 办理流程 / Life cycles

本页由 `make docs` 根据程序中的流程定义生成。表中没有的转换，一律以 `ILLEGAL_TRANSITION` 拒绝；\
每一步都记录由谁、何时、为何、依据什么，并与其效果在同一事务中完成。

This page is made by `make docs` from the declarations. A transition that does not stand here is \
refused with `ILLEGAL_TRANSITION`; each step keeps who, when, why and on what, and is one \
transaction with its effects.
"""


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE}` does not match the life cycles: run `make docs`\n")
        return 1
    return 0


def render() -> str:
    """Return the page as Markdown."""
    terms = load_terms(TERMS)
    centre = [tell(machine, terms) for machine in (PUNISH_LIST, REWARD_LIST)]
    return "\n".join((INTRODUCTION, *centre, tell(CONSENT), tell(GRANT)))


if __name__ == "__main__":
    sys.exit(main())
