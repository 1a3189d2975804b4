"""The command `policy matrix`: who may do what, as text, as values for a table, as a page."""

from __future__ import annotations

import csv
import io

import click

from gateway.cli.policy_folders import folders_option, read_policies
from gateway.cli.policy_page import matrix_page
from policies.matrix import matrix, matrix_text, standard_profiles, symbol
from policies.model import Use
from schema.classification import SubjectKind
from schema.records import MODEL


@click.command("matrix")
@click.option(
    "--subject",
    type=click.Choice([member.value for member in SubjectKind]),
    default=SubjectKind.ORGANISATION.value,
    show_default=True,
    help="Kind of subject.",
)
@click.option(
    "--use",
    type=click.Choice([member.value for member in Use]),
    default=Use.READ.value,
    show_default=True,
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "html"]),
    default="text",
    show_default=True,
    help="html is one page of its own, Chinese first.",
)
@folders_option
def show_matrix(subject: str, use: str, form: str, folders: tuple[str, ...]) -> None:
    """Show every field against the usual callers: clear, the mask, or `-`.

    `(rows)` stands where not all records are open; `policy explain` tells which are.
    """
    policies = read_policies(folders)
    subject_kind, asked = SubjectKind(subject), Use(use)
    profiles = standard_profiles(subject_kind)
    lines = matrix(policies, profiles, MODEL.coordinates, asked)
    if form == "text":
        click.echo(matrix_text(profiles, lines))
    elif form == "html":
        click.echo(matrix_page(policies, subject_kind, asked, profiles, lines), nl=False)
    else:
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(["coordinate", *(profile.name for profile in profiles)])
        writer.writerows([line.coordinate, *map(symbol, line.decisions)] for line in lines)
        click.echo(written.getvalue(), nl=False)
