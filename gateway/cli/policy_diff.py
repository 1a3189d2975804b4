"""The command `policy diff`: every cell that another set of rules decides otherwise."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence

import click
import orjson

from gateway.cli.policy_folders import read_policies
from gateway.planning.explain import predicate_text
from policies.difference import Change, changes
from policies.matrix import symbol
from policies.model import Decision, Purpose
from policies.situations import SAMPLE_CODE

_FOLDER = click.Path(exists=True, file_okay=False)
_COLUMNS = (
    "coordinate",
    "use",
    "caller",
    "organisation",
    "role",
    "facts",
    "purpose",
    "subject",
    "before",
    "after",
    "rulesBefore",
    "rulesAfter",
)


class _CannotCompareError(click.ClickException):
    exit_code = 2


@click.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="csv and json have one line per changed cell.",
)
def diff(old: str, new: str, form: str) -> None:
    """Show every cell that the rules in NEW decide otherwise than those in OLD.

    A cell is a field, a use, a caller (class, and what it is given: consent, grant, being the
    subject or the source), a purpose and a kind of subject. Ends with 0 if the two decide alike,
    with 1 if they differ, and with 2 if they cannot be compared.
    """
    try:
        before, after = read_policies([old]), read_policies([new])
    except click.ClickException as error:
        raise _CannotCompareError(error.message) from error
    found = changes(before, after)
    if form == "text":
        for line in _text(found):
            click.echo(line)
    elif form == "csv":
        click.echo(_csv(found), nl=False)
    else:
        cells = [dict(zip(_COLUMNS, cell, strict=True)) for cell in _cells(found)]
        click.echo(orjson.dumps(cells, option=orjson.OPT_INDENT_2).decode())
    sys.exit(1 if found else 0)


def _text(found: Sequence[Change]) -> Iterator[str]:
    place = None
    for change in found:
        if place != (change.coordinate, change.use):
            place = (change.coordinate, change.use)
            yield f"{change.coordinate} {change.use.value}"
        situation = change.situation
        caller = ", ".join(
            (
                situation.caller.caller_class.value,
                *_organisation(change),
                *_role(change),
                *_facts(change),
            )
        )
        purposes = situation.purposes
        purpose = (
            "any purpose"
            if len(purposes) == len(Purpose)
            else " ".join(each.value for each in purposes)
        )
        yield (
            f"  {caller}; {purpose}; {situation.subject_kind.value}: "
            f"{_decided(change.before)} -> {_decided(change.after)}"
        )
    cells = sum(len(change.situation.purposes) for change in found)
    yield f"{cells} cells differ" if cells else "both decide alike"


def _csv(found: Sequence[Change]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(found))
    return written.getvalue()


def _cells(found: Sequence[Change]) -> Iterator[tuple[str, ...]]:
    for change in found:
        situation = change.situation
        for purpose in situation.purposes:
            yield (
                change.coordinate,
                change.use.value,
                situation.caller.caller_class.value,
                " ".join(_organisation(change)),
                " ".join(_role(change)),
                " ".join(_facts(change)),
                purpose.value,
                situation.subject_kind.value,
                _decided(change.before),
                _decided(change.after),
                " ".join(change.before.rule_ids),
                " ".join(change.after.rule_ids),
            )


def _organisation(change: Change) -> tuple[str, ...]:
    """The caller's code, if rules name it."""
    code = change.situation.caller.organisation
    return () if code is None or code == SAMPLE_CODE else (code,)


def _role(change: Change) -> tuple[str, ...]:
    role = change.situation.caller.role
    return () if role is None else (role.value,)


def _facts(change: Change) -> tuple[str, ...]:
    return tuple(name.replace("is_", "") for name in sorted(change.situation.facts.names))


def _decided(decision: Decision) -> str:
    if decision.row is None:
        return symbol(decision)
    return f"{symbol(decision).removesuffix(' (rows)')} where {predicate_text(decision.row)}"
