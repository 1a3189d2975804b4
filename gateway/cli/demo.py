"""The command `demo`: a city, a server and a tour on one machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click
from rich.console import Console

from gateway.demo.city.settings import CitySettings
from gateway.demo.databases import ConfiguredUrls
from gateway.demo.errors import DemoError
from gateway.demo.postgres import EmbeddedPostgresError
from gateway.demo.run import DemoOptions, run_demo

_DEPARTMENTS = ("market", "tax", "courts")
_HOUSING = "CREDIT_GATEWAY_DEMO_HOUSING_URL"
_VARIABLE = "CREDIT_GATEWAY_DEMO_{}_URL"


class _TourConsole(Console):
    """A console whose reader may leave: the demonstration then ends in order."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # What is still in the buffer of the output goes nowhere, without another error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise DemoError("stopped, since nobody reads the output any more")


@click.command()
@click.option("--once", is_flag=True, help="End after the tour.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8480,
    show_default=True,
    help="Port on this machine; 0 takes any that is free.",
)
@click.option(
    "--subjects",
    type=int,
    default=CitySettings().subjects,
    show_default=True,
    help="Organisations in the generated city, 1,000 at least.",
)
def demo(once: bool, port: int, subjects: int) -> None:
    """Make a city with its departments, serve it, and show what who may read.

    Databases, secrets and tokens are kept in `data/`, address and tokens for scripts in
    `build/demo.json`, both in the current folder; a second start uses them again. To start
    afresh, delete `data/`.

    PostgreSQL comes along. To use servers of your own instead, set
    CREDIT_GATEWAY_DEMO_MARKET_URL, CREDIT_GATEWAY_DEMO_TAX_URL, CREDIT_GATEWAY_DEMO_COURTS_URL
    and CREDIT_GATEWAY_DEMO_STORE_URL, all four: URLs of databases (postgresql://user:password@
    host:port/name) whose logins may create tables. The departments' are empty or hold the same
    city already, the store's is empty or was used for this before.

    Further departments show other kinds of sources: the environment bureau's HTTP service and the
    files that industry associations drop come along; the construction bureau runs where MariaDB is
    installed, or in the empty database that CREDIT_GATEWAY_DEMO_HOUSING_URL names
    (mysql://user:password@host:port/name).
    """
    try:
        options = DemoOptions(
            _city(subjects),
            once,
            port,
            configured_urls(os.environ),
            housing_url=os.environ.get(_HOUSING) or None,
        )
        run_demo(options, _TourConsole(highlight=False))
    except (DemoError, EmbeddedPostgresError) as error:
        raise click.ClickException(str(error)) from error


def _city(subjects: int) -> CitySettings:
    try:
        return CitySettings(subjects=subjects)
    except ValueError as error:
        raise click.ClickException(f"--subjects: {error}") from error


def configured_urls(environment: Mapping[str, str]) -> ConfiguredUrls | None:
    """URLs of real servers; None where no variable is set.

    Raises:
        DemoError: some are set, and some are not.
    """
    variables = {name: _VARIABLE.format(name.upper()) for name in (*_DEPARTMENTS, "store")}
    missing = [variable for variable in variables.values() if not environment.get(variable)]
    if len(missing) == len(variables):
        return None
    if missing:
        raise DemoError(f"variable `{missing[0]}` is not set, expected all four or none")
    departments = {slug: environment[variables[slug]] for slug in _DEPARTMENTS}
    return ConfiguredUrls(departments, environment[variables["store"]])
