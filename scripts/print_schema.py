"""Writes `schema/schema.graphql`: the SDL of the subgraph, as `_service` gives it."""

from __future__ import annotations

from pathlib import Path

from schema.build import build_schema

PAGE = Path(__file__).resolve().parent.parent / "schema" / "schema.graphql"


def printed() -> str:
    """The SDL with a line end."""
    return build_schema().as_str().rstrip() + "\n"


def main() -> None:
    PAGE.write_text(printed(), encoding="utf-8")


if __name__ == "__main__":
    main()
