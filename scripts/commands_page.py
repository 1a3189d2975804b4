"""Writes `docs/reference/commands.md`: every command of `credit-gateway`, as its help says it.

Imports of departments are found by entry points, so those of the departments in this repository
stand here too.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli import main as credit_gateway

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "commands.md"
PROGRAM = "credit-gateway"
_WIDTH = 88

INTRODUCTION = """\
# Commands

What `credit-gateway` can do. This page is made from the program's own help by `make docs`.
"""


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE.name}` does not match the commands: run `make docs`\n")
        return 1
    return 0


def render() -> str:
    """Return the page as Markdown."""
    lines = [INTRODUCTION]
    for path, context in commands():
        lines += [f"## {path}", "", "```text", context.get_help(), "```", ""]
    return "\n".join(lines)


def commands() -> Iterator[tuple[str, click.Context]]:
    """Yield the program, its groups and their commands, depth first, each with its full name."""
    top = click.Context(
        credit_gateway,
        info_name=PROGRAM,
        terminal_width=_WIDTH,
        help_option_names=credit_gateway.context_settings["help_option_names"],
    )
    yield from _walk(top)


def _walk(context: click.Context) -> Iterator[tuple[str, click.Context]]:
    yield context.command_path, context
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield from _walk(click.Context(command, info_name=name, parent=context))


if __name__ == "__main__":
    sys.exit(main())
