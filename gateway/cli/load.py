"""The command group `load`: imports that the installed departments bring along.

A department registers a click command under the entry point group `credit_gateway.loaders`, named
after itself. The gateway knows none of them by name.

Where a demonstration has run in the current folder, its databases are the default for a loader's
option `--database`: after the command line and the environment, and only the owner's file is used.
"""

from collections.abc import Mapping
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click
import orjson

from gateway.settings import SettingsError, read_secret

LOADERS = "credit_gateway.loaders"
DEMO_DESCRIPTION = Path("build/demo.json")


def _loaders() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=LOADERS)}


class LoaderGroup(click.Group):
    """Finds its commands among the installed departments, and imports only the one called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the departments that bring an import, sorted."""
        return sorted(_loaders())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the import of a department, or None for an unknown one."""
        entry = _loaders().get(cmd_name)
        if entry is None:
            return None
        command = entry.load()
        if not isinstance(command, click.Command):
            raise click.ClickException(
                f"loader `{cmd_name}` is not a command, expected a click one"
            )
        return command


@click.group(cls=LoaderGroup)
@click.pass_context
def load(context: click.Context) -> None:
    """Import real extracts into a department's database."""
    context.default_map = {
        department: {"database": partial(_tell, department, url)}
        for department, url in demo_databases(DEMO_DESCRIPTION).items()
    }


def demo_databases(description: Path) -> Mapping[str, str]:
    """Database URL per department of the demonstration described in this file, if there is one."""
    try:
        found = orjson.loads(read_secret(description)).get("loaders", {})
    except (SettingsError, orjson.JSONDecodeError, AttributeError):
        return {}
    return {str(department): str(url) for department, url in found.items()}


def _tell(department: str, url: str) -> str:
    """The URL, and a word on where it comes from: nobody named it."""
    click.echo(f"database: that of the demonstration's department `{department}`", err=True)
    return url
