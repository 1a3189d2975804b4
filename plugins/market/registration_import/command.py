"""The command `load market`: arguments, progress, report and exit code; no rule of the import."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.sources.files.encoding import DECLARABLE
from gateway.sources.files.errors import UnusableInputError
from plugins.market.registration_import.importer import BATCH_ROWS, ImportResult, import_files
from plugins.market.registration_import.ledger import quarantined_rows
from plugins.market.registration_import.report import ReportFile, tables
from plugins.market.registration_import.source_file import SourceFile, inspect_file

_EXIT_UNUSABLE = 2


@click.command("market")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--report", "report_path", required=True, type=click.Path(path_type=Path), metavar="REPORT.json"
)
@click.option(
    "--database",
    required=True,
    envvar="CREDIT_GATEWAY_MARKET_URL",
    metavar="URL",
    help="PostgreSQL address of the market department's database"
    " (or the environment variable CREDIT_GATEWAY_MARKET_URL).",
)
@click.option(
    "--encoding",
    type=click.Choice(DECLARABLE),
    default="auto",
    show_default=True,
    help="Encoding of all files; auto decides on evidence and refuses where there is none.",
)
@click.option(
    "--batch-rows", type=click.IntRange(1, 100_000), default=BATCH_ROWS, show_default=True
)
def load_market(
    files: tuple[Path, ...], report_path: Path, database: str, encoding: str, batch_rows: int
) -> None:
    """Import registration extracts (CSV or JSON) and account for every row.

    Exit code 0: every row is loaded, unchanged or quarantined. 2: an input cannot be used at all.
    """
    console = Console()
    try:
        sources = [inspect_file(path, encoding) for path in files]
        report = ReportFile(report_path)
        try:
            result = asyncio.run(_import(database, sources, report, batch_rows))
        finally:
            report.discard()
    except UnusableInputError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(_EXIT_UNUSABLE) from error
    console.print(tables(result))
    console.print(f"report: {report_path}", markup=False, highlight=False)


async def _import(
    database: str, sources: Sequence[SourceFile], report: ReportFile, batch_rows: int
) -> ImportResult:
    connection = await _connect(database)
    try:
        with _progress() as progress:
            tasks = {source.sha256: progress.add_task(source.name) for source in sources}

            def show(source: SourceFile, read: int) -> None:
                progress.update(tasks[source.sha256], completed=read)

            result = await import_files(connection, sources, batch_rows=batch_rows, on_batch=show)
        await report.write(result, quarantined_rows(connection, result.run_ids))
    except asyncpg.UndefinedTableError as error:
        raise UnusableInputError(
            "database has no table scjg.qy_djxx, expected that of the market department"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise UnusableInputError("database login may not import registrations") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise UnusableInputError(
            f"database stopped the import ({type(error).__name__}), call again to continue behind"
            " the last batch"
        ) from error
    finally:
        await connection.close(timeout=5)
    return result


async def _connect(database: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(database, timeout=10)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        # The text of the error can hold the address, and with it a password.
        raise UnusableInputError(
            f"database cannot be reached ({type(error).__name__}), expected a PostgreSQL URL of"
            " the market department"
        ) from error


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
