"""The command `quality`: how good departments' records are, measured now or as last measured."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from gateway.cli.config import config_option, installed_registry, read_config
from gateway.cli.store import run_on_store
from gateway.contract import Adapter
from gateway.quality.measure import PATIENCE_S, Moment, measure
from gateway.quality.register import QualityRegister
from gateway.quality.types import KindReport, Timeliness
from gateway.settings import Settings
from gateway.store.connect import StoreAddress
from policies.disclosure.loader import packaged_clock
from schema.records import MODEL


@click.command()
@config_option
@click.option("--adapter", "slugs", multiple=True, help="Only this department; may be repeated.")
@click.option("--stored", is_flag=True, help="Show the latest measurement; ask no department.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")
@click.option(
    "--patience-s",
    type=click.IntRange(1, 3_600),
    default=int(PATIENCE_S),
    show_default=True,
    help="Seconds that each department may take.",
)
def quality(
    config: Path, slugs: tuple[str, ...], stored: bool, as_json: bool, patience_s: int
) -> None:
    """Measure records, refused rows, missing items and terms of each department and kind.

    The measurement is kept in the gateway's own database, where `sources { quality }` finds it.
    Let a timer run this once a day. Exit code 1: a department could not be measured.
    """
    settings = read_config(config)
    store = StoreAddress(settings.store.url, application_name="credit-gateway-cli")
    if stored:
        reports = run_on_store(store, lambda pool: QualityRegister(pool).all())
    else:
        reports = asyncio.run(_measured(_chosen(settings, slugs), settings, float(patience_s)))
        run_on_store(store, lambda pool: QualityRegister(pool).put(reports))
    shown = [report for report in reports if not slugs or report.slug in slugs]
    if as_json:
        content = [report.as_json() for report in shown]
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(shown)
    if not stored and not all(report.is_measured for report in shown):
        raise SystemExit(1)


def _chosen(settings: Settings, slugs: Sequence[str]) -> Mapping[str, Adapter]:
    adapters = installed_registry(settings).adapters
    unknown = sorted(set(slugs) - adapters.keys())
    if unknown:
        known = ", ".join(adapters) or "none"
        raise click.ClickException(
            f"no adapter `{unknown[0]}` can be used, expected one of {known}"
        )
    return {slug: adapter for slug, adapter in adapters.items() if not slugs or slug in slugs}


async def _measured(
    adapters: Mapping[str, Adapter], settings: Settings, patience_s: float
) -> list[KindReport]:
    now = dt.datetime.now(dt.UTC)
    today = settings.server.today or dt.date.today()
    opened = []
    try:
        for adapter in adapters.values():
            await adapter.open()
            opened.append(adapter)
        moment = Moment(today, f"{now:%Y-%m-%dT%H:%M:%SZ}")
        return await measure(adapters, packaged_clock(), moment, patience_s)
    finally:
        for adapter in opened:
            await adapter.aclose()


def _print(reports: Sequence[KindReport]) -> None:
    console = Console()
    table = Table(title="数据质量 / quality", title_justify="left")
    for name in ("部门 adapter", "类别 kind"):
        table.add_column(name, overflow="fold")
    for name in ("记录 records", "退回 refused", "必填 complete", "最新 newest", "公示 published"):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("核查 checked", justify="right", overflow="fold")
    for report in reports:
        table.add_row(*_cells(report))
    console.print(table)
    for report in reports:
        name = f"{report.slug} {report.kind.value}"
        for rule, rows in report.refused.items():
            console.print(f"{name}: {rows:,} × {rule}", highlight=False)
        if report.trouble:
            console.print(f"{name}: {report.trouble}", style="red", markup=False, highlight=False)


def _cells(report: KindReport) -> tuple[str, ...]:
    name = MODEL.kinds[report.kind].declaration.name_zh
    if not report.is_measured:
        return (report.slug, name, "?", "?", "?", "?", "?", "?")
    complete = "–" if report.completeness is None else f"{report.completeness:.1%}"
    return (
        report.slug,
        name,
        f"{report.records:,}",
        f"{report.refused_rows:,}",
        complete,
        report.newest or "–",
        _term(report.publication),
        _term(report.check),
    )


def _term(found: Timeliness | None) -> str:
    """Share in time, and the clock of what waits."""
    if found is None:
        return "–"
    ended = found.in_time + found.late + found.overdue
    share = f"{found.in_time / ended:.0%}" if ended else "–"
    waiting = f", {found.waiting:,} 待办 by {found.next_due}" if found.waiting else ""
    overdue = f", {found.overdue:,} 逾期" if found.overdue else ""
    return f"{share} ≤{found.working_days}{waiting}{overdue}"
