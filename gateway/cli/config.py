"""The option `--config`, and settings errors as one sentence."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.composition import registry_of
from gateway.fetching.registry import Registry
from gateway.settings import Settings, SettingsError, load_settings

config_option = click.option(
    "--config",
    "config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Settings file (TOML).",
)


def read_config(path: Path) -> Settings:
    """Read settings; a defect ends the command with one sentence."""
    try:
        return load_settings(path)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def installed_registry(settings: Settings) -> Registry:
    """The installed adapters that the settings use; a defect ends the command with one sentence."""
    try:
        return registry_of(settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
