"""The command `check`: validate settings, manifests, policies and schema without starting."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from rich.console import Console

from gateway.cli.acting import sharing_of
from gateway.cli.config import config_option, installed_registry, read_config
from gateway.errors import InternalError
from gateway.logkeeping import identity_of
from gateway.policy.load import load_admitting
from gateway.settings import SettingsError, require_audit_log
from policies.errors import PolicyLoadError
from schema.build import build_schema
from schema.records import MODEL


@click.command()
@config_option
def check(config: Path) -> None:
    """Validate settings, adapters, policies and schema; exit 1 if anything is wrong."""
    console = Console()
    settings = read_config(config)
    console.print("settings: good")
    try:
        log = identity_of(require_audit_log(settings))
    except (SettingsError, InternalError) as error:
        raise click.ClickException(f"audit log: {error}") from error
    console.print(f"audit log: good, `{log.origin}` with {log.suite.name}")
    registry = installed_registry(settings)
    try:
        policies, registry = load_admitting(registry, settings.policies, dt.date.today())
    except (PolicyLoadError, InternalError) as error:
        raise click.ClickException(f"policies: {error}") from error
    for slug, adapter in registry.adapters.items():
        kinds = len(adapter.manifest.entries)
        console.print(f"adapter {slug}: good, {kinds} record kinds")
    for item in registry.quarantined:
        console.print(f"adapter {item.slug}: quarantined, {item.reason}", style="red")
    console.print(f"policies: good, {len(policies.rules)} rules, version {policies.version}")
    rules = sharing_of(settings).acts.rules
    console.print(f"sharing: good, {len(rules)} rules on acts")
    build_schema()
    console.print(f"schema: good, {len(MODEL.kinds)} record kinds")
    if registry.quarantined:
        raise SystemExit(1)
