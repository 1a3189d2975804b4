"""The page on routers prints what is tested."""

from __future__ import annotations

import re
import textwrap

from tests.peers.composers import SECOND_SDL
from tests.support.npm import TOOLS

PAGE = TOOLS.parent / "docs" / "how-to" / "federation.md"


def blocks(language: str) -> list[str]:
    """Return the page's code blocks in that language."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


def test_router_configuration_is_the_tested_one() -> None:
    tested = (TOOLS / "router" / "gateway.config.js").read_text(encoding="utf-8")
    assert blocks("js") == [tested]


def test_second_subgraph_is_a_part_of_the_tested_one() -> None:
    tested = {line.strip() for line in SECOND_SDL.read_text(encoding="utf-8").splitlines()}
    (printed,) = blocks("graphql")
    lines = {line.strip() for line in printed.splitlines()}
    assert {line for line in lines - tested if "@link" not in line} == set()
    assert "parkingPermits: Int" in lines
