"""Which rules the commands of `policy` read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.loader import RULES, load_policies
from schema.records import MODEL

_F = TypeVar("_F", bound=Callable[..., Any])


def folders_option(command: _F) -> _F:
    """Add `--rules FOLDER`, which may be given several times."""
    option = click.option(
        "--rules",
        "folders",
        multiple=True,
        metavar="FOLDER",
        type=click.Path(exists=True, file_okay=False),
        help="Folder of rules in place of those that are shipped; may be repeated.",
    )
    return option(command)


def read_policies(folders: Sequence[str] = ()) -> PolicySet:
    """Read the rules of the folders, or those that are shipped, for today.

    Raises:
        click.ClickException: what is wrong with them.
    """
    today = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    try:
        return load_policies(MODEL, today, [Path(each) for each in folders] or (RULES,))
    except PolicyLoadError as error:
        raise click.ClickException(str(error)) from error
