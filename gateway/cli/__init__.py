"""The command `credit-gateway`: one file per command."""

from __future__ import annotations

import click

from gateway.cli.adapter import adapter
from gateway.cli.admin import admin
from gateway.cli.administered import put_under_administration
from gateway.cli.audit import audit
from gateway.cli.backup import backup, restore
from gateway.cli.changes import changes
from gateway.cli.check import check
from gateway.cli.client import client
from gateway.cli.clock import clock
from gateway.cli.consent import consent
from gateway.cli.deadlines import calendar, deadlines
from gateway.cli.demo import demo
from gateway.cli.effect import effect
from gateway.cli.explain import explain
from gateway.cli.grant import grant
from gateway.cli.load import load
from gateway.cli.oauth import oauth
from gateway.cli.policy import policy
from gateway.cli.quality import quality
from gateway.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="credit-gateway")
def main() -> None:
    """Share public credit data between a city's departments as one network."""


for command in (
    adapter,
    admin,
    audit,
    backup,
    calendar,
    changes,
    check,
    client,
    clock,
    consent,
    deadlines,
    demo,
    effect,
    explain,
    grant,
    load,
    oauth,
    policy,
    quality,
    restore,
    serve,
):
    main.add_command(command)

put_under_administration(main)
