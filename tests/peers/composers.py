"""Composition of subgraphs by npm's two composers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support.npm import TOOLS, installed_tool

COMPOSERS = ("apollo", "guild")
"""`@apollo/composition` and `@theguild/federation-composition`."""

SECOND_SDL = Path(TOOLS / "federation" / "second.graphql")


@dataclass(frozen=True)
class Subgraph:
    """A subgraph as a composer takes it."""

    name: str
    url: str
    sdl: str


@dataclass(frozen=True)
class Composition:
    """What a composer made of subgraphs.

    Attributes:
        supergraph: SDL for a router; None if they do not fit together.
        errors: why they do not.
    """

    supergraph: str | None
    errors: Sequence[str]


def compose(composer: str, subgraphs: Sequence[Subgraph]) -> Composition:
    """Compose the subgraphs; skips where npm is absent."""
    text = json.dumps([asdict(subgraph) for subgraph in subgraphs])
    made = json.loads(installed_tool("federation").run("compose.js", composer, text=text))
    return Composition(made["supergraph"], made["errors"])


def second_subgraph(url: str) -> Subgraph:
    """Return the subgraph of parking permits, which extends `Organisation`."""
    return Subgraph("parking", url, SECOND_SDL.read_text(encoding="utf-8"))
