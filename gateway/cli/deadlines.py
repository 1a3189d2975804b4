"""The commands `deadlines` and `calendar`: what departments have to do by when, and the calendar
by which that is reckoned."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from gateway.cli.config import config_option, installed_registry, read_config
from gateway.contract import (
    Adapter,
    AdapterError,
    ClockedAdapter,
    DeadlineChange,
    OpenDeadline,
    YearSchedule,
)
from gateway.due_work import clocked_adapters
from policies.disclosure.errors import DisclosureLoadError
from policies.disclosure.schedules import read_schedule

_T = TypeVar("_T")
_CHINA = dt.timezone(dt.timedelta(hours=8))
_MOST = 10_000
_HEADS = ("办件 case", "流程 life cycle", "时限 clock", "由谁 whose", "届满 due", "状况 state")


@click.command()
@config_option
@click.option("--days", type=click.IntRange(0, 3_650), default=30, show_default=True)
@click.option("--whose", metavar="PARTY", help="Only what this party has to do.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def deadlines(config: Path, days: int, whose: str | None, as_json: bool) -> None:
    """List open deadlines of the coming days, those that have passed first.

    Exit code 1: something is overdue, or could not be done when it was due.
    """
    settings = read_config(config)
    today = settings.server.today or dt.datetime.now(_CHINA).date()
    until = today + dt.timedelta(days=days)
    found = _of_each(
        installed_registry(settings).adapters,
        lambda adapter: adapter.deadlines(until, whose, _MOST),
    )
    lines = [_line(slug, each, today) for slug, told in found.items() for each in told]
    if as_json:
        for line in lines:
            click.echo(json.dumps(line, ensure_ascii=False))
    else:
        _print(lines)
    if any(line["state"] in ("OVERDUE", "FAILED") for line in lines):
        raise SystemExit(1)


@click.group()
def calendar() -> None:
    """The State's working days, by which deadlines are reckoned."""


@calendar.command("load")
@config_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def calendar_load(config: Path, file: Path) -> None:
    """Reckon by a year that the State Council has announced, and list every deadline that moved.

    The form of the file is that of policies/disclosure/years/README.md.
    """
    try:
        read = read_schedule(file)
    except DisclosureLoadError as error:
        raise click.ClickException(str(error)) from error
    if not read.is_announced:
        raise click.ClickException(f"`{file.name}` announces nothing: it has no days")
    schedule = YearSchedule(read.year, read.days)
    found = _of_each(
        installed_registry(read_config(config)).adapters,
        lambda adapter: adapter.take_schedule(schedule),
    )
    for slug, changes in found.items():
        for change in changes:
            click.echo(_told(slug, change))
        click.echo(f"{slug}: {read.year} is in force; {len(changes)} deadlines were reckoned anew")


def _told(slug: str, change: DeadlineChange) -> str:
    surety = "provisional" if change.is_provisional else "final"
    return (
        f"{slug} {change.case_no} {change.clock} ({change.whose}):"
        f" {change.before} -> {change.after}, {surety}"
    )


def _of_each(
    adapters: Mapping[str, Adapter], ask: Callable[[ClockedAdapter], Awaitable[_T]]
) -> dict[str, _T]:
    """Ask every department that keeps deadlines."""

    keeping = clocked_adapters(adapters)
    if not keeping:
        raise click.ClickException("no department that these settings name keeps deadlines")

    async def asked() -> dict[str, _T]:
        found = {}
        for slug, clocked in keeping.items():
            adapter = adapters[slug]
            await adapter.open()
            try:
                found[slug] = await ask(clocked)
            except AdapterError as error:
                raise click.ClickException(f"{slug}: {error}") from error
            finally:
                await adapter.aclose()
        return found

    return asyncio.run(asked())


def _line(slug: str, deadline: OpenDeadline, today: dt.date) -> dict[str, Any]:
    return {
        "department": slug,
        "case": deadline.case_no,
        "lifeCycle": deadline.machine,
        "clock": deadline.clock,
        "whose": deadline.whose,
        "dueOn": None if deadline.due_on is None else deadline.due_on.isoformat(),
        "isProvisional": deadline.is_provisional,
        "state": _state(deadline, today),
        "failure": deadline.failure,
    }


def _state(deadline: OpenDeadline, today: dt.date) -> str:
    if deadline.failure is not None:
        return "FAILED"
    if deadline.due_on is None:
        return "STOPPED"
    if deadline.due_on < today:
        return "OVERDUE"
    return "TODAY" if deadline.due_on == today else "RUNNING"


def _print(lines: Sequence[Mapping[str, Any]]) -> None:
    if not lines:
        click.echo("no deadline runs in these days")
        return
    table = Table(*_HEADS)
    for line in lines:
        due = (line["dueOn"] or "–") + (" 暂定 provisional" if line["isProvisional"] else "")
        state = line["failure"] or line["state"]
        table.add_row(line["case"], line["lifeCycle"], line["clock"], line["whose"], due, state)
    Console().print(table)
