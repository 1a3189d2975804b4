"""The command group `load`: imports that the installed departments bring along.

A department registers a click command under the entry point group `credit_gateway.loaders`, named
after itself. The gateway knows none of them by name.
"""

from importlib.metadata import EntryPoint, entry_points

import click

LOADERS = "credit_gateway.loaders"


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
def load() -> None:
    """Import real extracts into a department's database."""
