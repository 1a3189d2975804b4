"""The command `adapter sheet`: the mapping as a workbook, and back."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.adapter_try import package_option
from gateway.scaffold.create import write_sheets
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import open_package
from gateway.scaffold.workbook import kinds_of, read_workbook, write_workbook


@click.command()
@click.argument("workbook", type=click.Path(dir_okay=False, path_type=Path))
@package_option
@click.option("--read", "is_reading", is_flag=True, help="Bring the workbook into the package.")
def sheet(workbook: Path, folder: Path, is_reading: bool) -> None:
    """Write the mapping sheets to WORKBOOK (.xlsx), or read them back with --read.

    映射表导出为 Excel，填写后用 --read 读回。
    """
    try:
        package = open_package(folder)
        if not is_reading:
            write_workbook(package, workbook)
            click.echo(f"{workbook} written 已导出")
            return
        drafts = read_workbook(workbook)
        write_sheets(package.module, drafts)
        package.declared()
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{kinds_of(drafts)}: sheets read 已读入; next 下一步: credit-gateway adapter fixtures"
    )
