"""The commands `adapter try` and `adapter preview`: records as they are read, and shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from gateway.contract import AdapterSettings
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import AuthorPackage, open_package
from gateway.scaffold.preview import run_preview
from gateway.scaffold.sources import tools_for
from gateway.scaffold.trial import TrialOfKind, try_subject
from gateway.settings import SettingsError, read_adapter_section

package_option = click.option(
    "--package",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the adapter package; the current one if not given.",
)
settings_option = click.option(
    "--settings",
    "settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with `[adapters.<slug>]` of a real source; without it the fixture is read.",
)


@contextmanager
def source_of(package: AuthorPackage, settings: Path | None) -> Iterator[AdapterSettings]:
    """What reaches the real source, or one that holds the fixture while the block runs."""
    declared = package.declared()
    tools = tools_for(declared.source.name)
    if settings is None:
        with tools.stand(package) as stand:
            yield stand.settings
        return
    try:
        stated = read_adapter_section(settings, package.slug)
    except SettingsError as error:
        raise ScaffoldError(str(error)) from error
    with tools.ready(declared, stated) as made:
        yield made


@click.command(name="try")
@click.argument("subject")
@package_option
@settings_option
def trial(subject: str, folder: Path, settings: Path | None) -> None:
    """Print the records of SUBJECT, and a reason for each that is rejected.

    SUBJECT is a unified social credit code. Items of class SECRET stay hidden. Ends with 1 where
    a record is rejected.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        package = open_package(folder)
        declared = package.declared()
        with source_of(package, settings) as values:
            found = try_subject(declared, values, tools_for(declared.source.name), subject)
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    for each in found:
        _print(console, each)
    if any(complaint.is_rejected for each in found for complaint in each.complaints):
        raise SystemExit(1)


def _print(console: Console, found: TrialOfKind) -> None:
    declared = found.kind.declaration
    console.print(
        f"{declared.name_zh} {found.kind.type_name}: {len(found.records)} records 条记录, "
        f"{found.withheld} withheld 扣留",
        style="bold",
    )
    for number, record in enumerate(found.records, 1):
        console.print(f"  {number}.")
        for name, value in record:
            console.print(f"     {name}: {value}", markup=False)
    for complaint in found.complaints:
        word = "rejected 拒收" if complaint.is_rejected else "shown in part 部分展示"
        item = f" {complaint.item}:" if complaint.item else ""
        console.print(
            f"  ! {complaint.record_id} {complaint.rule} ({word}){item} {complaint.text}",
            markup=False,
        )


@click.command()
@package_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8490, show_default=True)
def preview(folder: Path, port: int) -> None:
    """Serve the installed package alone on this machine, over its fixture, until interrupted.

    The public needs no token: ask for what the law publishes at the address printed.
    """
    try:
        run_preview(open_package(folder), port, lambda text: click.echo(text))
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
