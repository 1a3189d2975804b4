"""The command `adapter introspect`: a source's tables drafted into mapping sheets."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from gateway.scaffold.create import write_sheets
from gateway.scaffold.drafts import sheet_text
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.introspection import Coverage
from gateway.scaffold.introspection import introspect as draft_sheets
from gateway.scaffold.package import AuthorPackage, open_package
from gateway.scaffold.sources import tools_for
from gateway.settings import SettingsError, read_secret
from gateway.sources.declared.department import read_toml
from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.items import find_kind, item_name
from schema.codes import RecordKind
from schema.records import MODEL


@click.command()
@click.argument("source")
@click.option(
    "--package",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the adapter package; the current one if not given.",
)
@click.option("--kind", "kinds", multiple=True, help="Only this record kind; repeatable.")
@click.option("--table", help="Only this table, such as `public.cfxx`.")
@click.option("--write", is_flag=True, help="Replace the package's sheets and code lists.")
def introspect(
    source: str, folder: Path, kinds: tuple[str, ...], table: str | None, write: bool
) -> None:
    """Read the tables of SOURCE and draft the mapping, with a report of what is covered.

    SOURCE is a URL, or `@FILE` with the URL in a file that only its owner may read. Nothing is
    written to the source. Of columns that look like code lists the distinct values are read.
    """
    try:
        package = open_package(folder)
        basis, declared_kinds = _said(package)
        wanted = tuple(find_kind(word).kind for word in kinds) or declared_kinds
        tables = tools_for(_source_kind(package)).read_tables(_url(source))
        covered = draft_sheets(tables, wanted, table, basis)
    except (ScaffoldError, DeclarationError) as error:
        raise click.ClickException(str(error)) from error
    console = Console(highlight=False, soft_wrap=True)
    for each in covered:
        _report(console, each)
    if write:
        write_sheets(package.module, [each.draft for each in covered])
        console.print(f"sheets written to {package.module / 'mapping'} 映射表已写入，请核对")
    else:
        for each in covered:
            click.echo(sheet_text(each.draft))


def _url(source: str) -> str:
    if not source.startswith("@"):
        return source
    try:
        return read_secret(Path(source[1:])).decode().strip()
    except (SettingsError, UnicodeDecodeError) as error:
        raise ScaffoldError(str(error)) from error


def _source_kind(package: AuthorPackage) -> str:
    return str(read_toml(package.module, "department.toml").get("source"))


def _said(package: AuthorPackage) -> tuple[str, tuple[RecordKind, ...]]:
    """Legal basis and kinds of the sheets that the package has, whatever else is in them."""
    basis, kinds = "", []
    for path in sorted((package.module / "mapping").glob("*.toml")):
        document = read_toml(package.module / "mapping", path.name)
        kinds.append(find_kind(str(document.get("kind"))).kind)
        catalogue = document.get("catalogue")
        if isinstance(catalogue, dict):
            basis = basis or str(catalogue.get("legal_basis", ""))
    return basis, tuple(kinds) or tuple(MODEL.kinds)


def _report(console: Console, covered: Coverage) -> None:
    """What is mapped, guessed, in conflict, missing and unused."""
    kind = MODEL.kinds[covered.draft.kind]
    total = len(covered.draft.items) + len(covered.draft.unmapped)
    console.print(
        f"{covered.table.name} → {kind.declaration.name_zh}: "
        f"{len(covered.draft.items)} of {total} items mapped 已对应",
        style="bold",
    )
    for match in covered.mapped:
        console.print(
            f"  {item_name(match.item)} ← {match.column.name}  "
            f"[{match.confidence.zh} {match.confidence.name}] {match.reason}",
            markup=False,
        )
    for match in covered.guesses:
        console.print(
            f"  ? {item_name(match.item)} ← {match.column.name}  "
            f"not written, judge yourself 未写入，请自行判断: {match.reason}",
            markup=False,
        )
    for match in covered.conflicts:
        console.print(
            f"  ! {item_name(match.item)} ← {match.column.name}  type conflict 类型不符: "
            f"{match.column.native}, expected {match.item.value_type.value}",
            markup=False,
        )
    for name, codes in covered.unknown_codes.items():
        console.print(f"  ! {name}  codes without meaning 代码含义不明: {'、'.join(codes)}")
    if covered.missing:
        missing = "、".join(item_name(item) for item in covered.missing)
        console.print(f"  ! missing required items 缺少必填项: {missing}")
    if covered.unused:
        unused = ", ".join(column.name for column in covered.unused)
        console.print(f"  columns without an item 未使用的列: {unused}")
