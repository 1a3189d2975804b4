"""The command group `adapter`: what a department's developer works with."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from rich.console import Console

from gateway.cli.adapter_introspect import introspect
from gateway.cli.adapter_register import register
from gateway.cli.adapter_sheet import sheet
from gateway.cli.adapter_test import key, test
from gateway.cli.adapter_try import preview, trial
from gateway.scaffold.create import NewDepartment, create_package
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import open_package
from gateway.scaffold.refresh import refresh
from gateway.sources.declared import SOURCE_KINDS, DeclarationError
from gateway.sources.declared.items import find_kind
from schema.codes import RecordKind
from schema.records import MODEL


@click.group()
def adapter() -> None:
    """Join with a department: make, draft, try and test an adapter package.

    加入网络：生成、起草、试用并检验本单位的适配器。
    """


def record_kinds(words: tuple[str, ...]) -> tuple[RecordKind, ...]:
    """Kinds by official name or name in the schema; an unknown one ends the command."""
    try:
        return tuple(find_kind(word.strip()).kind for word in words)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from error


@adapter.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--slug", prompt="短名 slug（小写字母）", help="Short name: lower case letters.")
@click.option(
    "--code",
    prompt="本单位统一社会信用代码 code",
    help="Unified social credit code of the department.",
)
@click.option("--name-zh", prompt="本单位名称", help="Official Chinese name.")
@click.option("--name-en", prompt="English name", help="English name.")
@click.option("--contact", prompt="联系邮箱 contact", help="Whom to ask about the data.")
@click.option(
    "--source",
    prompt="数据源类型 source",
    type=click.Choice(list(SOURCE_KINDS)),
    default="postgres",
    show_default=True,
    help="Kind of source.",
)
@click.option(
    "--kinds",
    prompt="信息类别（逗号分隔）record kinds",
    default="行政处罚",
    show_default=True,
    help="Record kinds by official name, joined by commas.",
)
@click.option(
    "--legal-basis",
    prompt="法律依据（法律名称和条款）legal basis",
    help="Law and article under which the department holds the records.",
)
def new(folder: Path, kinds: str, **said: str) -> None:
    """Write a complete adapter package into FOLDER; asks for what no option says."""
    words = tuple(kinds.replace("，", ",").replace("、", ",").split(","))
    department = NewDepartment(kinds=record_kinds(words), **said)
    try:
        package = create_package(department, folder, dt.date.today())
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    console = Console(highlight=False, soft_wrap=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        console.print(f"  {path.relative_to(folder)}")
    console.print(f"adapter package `{package.slug}` written: {len(files)} files")
    console.print(f"next 下一步: credit-gateway adapter test {folder}")


@adapter.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def fixtures(folder: Path) -> None:
    """Write invented data and catalogue page anew after a change of the mapping."""
    try:
        package = open_package(folder)
        refresh(package, dt.date.today())
        declared = package.declared()
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from error
    console = Console(highlight=False, soft_wrap=True)
    for each in declared.sheets:
        name = MODEL.kinds[each.mapping.kind].declaration.name_zh
        console.print(f"{name}: {len(each.mapping.columns)} items, table {each.mapping.table}")
        if each.missing:
            missing = "、".join(each.missing)
            console.print(f"  missing required items 缺少必填项: {missing}", style="yellow")
    console.print("fixtures and catalogue page written 样例数据与目录已更新")


for command in (introspect, trial, test, key, preview, sheet, register):
    adapter.add_command(command)
