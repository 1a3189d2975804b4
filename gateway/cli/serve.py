"""The command `serve`: run the gateway on an operator's settings."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.app import serve as run_server
from gateway.cli.config import config_option, read_config
from gateway.recovery.state import UndeclaredRestoreError
from gateway.settings import SettingsError


@click.command()
@config_option
@click.option(
    "--graphiql",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that `make graphiql` filled; offered under /graphiql.",
)
def serve(config: Path, graphiql: Path | None) -> None:
    """Serve until interrupted."""
    try:
        run_server(read_config(config), graphiql)
    except (SettingsError, UndeclaredRestoreError) as error:
        raise click.ClickException(str(error)) from error
