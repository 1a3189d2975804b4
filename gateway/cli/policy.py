"""The command group `policy`: asks the rules, shows the matrix, runs the cases.

Decides by the rules alone: consents and grants are assumed with the options, never looked up.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

import click

from gateway.cli.policy_reload import reload
from policies.cases import CaseError, failing_cases, read_cases, rules_without_cases
from policies.coverage import check_policies, matrix, matrix_text, standard_profiles
from policies.engine import DEFAULT_DENY, PolicySet
from policies.errors import PolicyLoadError
from policies.loader import load_policies
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Decision,
    Missing,
    Outcome,
    Purpose,
    SubjectProfile,
    Use,
)
from schema.classification import SubjectKind
from schema.records import MODEL

_SAMPLE_CODE = "91410199MA9DEM028G"
_NEEDS = {
    Missing.NOTHING_HELPS: "nothing would change this",
    Missing.ANOTHER_CALLER: "open to other callers only",
    Missing.ANOTHER_SUBJECT: "open for other subjects only",
    Missing.ANOTHER_PURPOSE: "open for other purposes only",
    Missing.CONSENT: "needs the subject's consent for this item and purpose",
    Missing.GRANT: "needs a sharing grant for this item and purpose",
}

_CALLERS = click.Choice([member.value for member in CallerClass])
_PURPOSES = click.Choice([member.value for member in Purpose])
_SUBJECTS = click.Choice([member.value for member in SubjectKind])
_USES = click.Choice([member.value for member in Use])


def _load() -> PolicySet:
    try:
        return load_policies(MODEL, dt.datetime.now(ZoneInfo("Asia/Shanghai")).date())
    except PolicyLoadError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def policy() -> None:
    """Ask the rules, show who may read what, run the cases, put changed rules in force."""


policy.add_command(reload)


@policy.command()
@click.option("--as", "caller_class", type=_CALLERS, required=True, help="Class of the caller.")
@click.option("--field", "coordinate", required=True, help="Such as TaxArrears.balance.")
@click.option("--purpose", type=_PURPOSES, required=True)
@click.option("--use", type=_USES, default=Use.READ.value, show_default=True)
@click.option("--subject", type=_SUBJECTS, default=SubjectKind.ORGANISATION.value)
@click.option("--consent", is_flag=True, help="The subject has consented to the field.")
@click.option("--grant", is_flag=True, help="A sharing grant names the field.")
@click.option("--self", "is_self", is_flag=True, help="The subject is the caller itself.")
@click.option("--source", "is_source", is_flag=True, help="The record is the caller's own.")
def explain(
    caller_class: str,
    coordinate: str,
    purpose: str,
    use: str,
    subject: str,
    consent: bool,
    grant: bool,
    is_self: bool,
    is_source: bool,
) -> None:
    """Tell how one use of one field is decided, by which rules, and what is missing."""
    if coordinate not in MODEL.coordinates:
        raise click.ClickException(
            f"field `{coordinate}` is unknown, expected a coordinate such as `TaxArrears.balance`"
        )
    policies = _load()
    named = frozenset({coordinate, coordinate.partition(".")[0]})
    is_public = caller_class == CallerClass.PUBLIC.value
    caller = Caller(
        CallerClass(caller_class),
        None if is_public else _SAMPLE_CODE,
        Purpose(purpose),
        acting_for=_SAMPLE_CODE if caller_class == CallerClass.PLATFORM.value else None,
    )
    whose = SubjectProfile(SubjectKind(subject), is_self, named if consent else frozenset())
    granted = named if grant else frozenset()
    asked = AccessRequest(caller, coordinate, Use(use), whose, granted, is_source)
    for line in _explanation(policies, policies.decide(asked)):
        click.echo(line)


def _explanation(policies: PolicySet, decision: Decision) -> list[str]:
    lines = [decision.outcome.value]
    if decision.outcome is Outcome.MASKED:
        lines[0] += f" ({decision.mask.value})"
    if decision.row is not None:
        lines[0] += " (some records only)"
    if decision.missing is not None:
        lines.append(f"  {_NEEDS[decision.missing]}")
    by_id = {rule.id: rule for rule in policies.rules}
    for rule_id in decision.rule_ids:
        if rule_id == DEFAULT_DENY:
            lines.append(f"  {DEFAULT_DENY}: no rule permits it")
            continue
        rule = by_id[rule_id]
        lines.append(f"  {rule.id}: {rule.intent}")
        lines.append(f"    {rule.legal_basis}")
    return [*lines, f"  policy version {policies.version}"]


@policy.command("matrix")
@click.option("--subject", type=_SUBJECTS, default=SubjectKind.ORGANISATION.value)
@click.option("--use", type=_USES, default=Use.READ.value, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Values separated by commas.")
def show_matrix(subject: str, use: str, as_csv: bool) -> None:
    """Show every field against the usual callers: clear, mask, or `-`."""
    profiles = standard_profiles(MODEL, SubjectKind(subject))
    lines = matrix(_load(), profiles, MODEL.coordinates, Use(use))
    if not as_csv:
        click.echo(matrix_text(profiles, lines))
        return
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["coordinate", *(profile.name for profile in profiles)])
    writer.writerows(lines)
    click.echo(written.getvalue(), nl=False)


@policy.command()
def test() -> None:
    """Run the cases of all rules, and check that every field and rule is covered."""
    policies = _load()
    try:
        cases = read_cases()
    except CaseError as error:
        raise click.ClickException(str(error)) from error
    problems = [
        *check_policies(MODEL, policies),
        *failing_cases(policies, cases),
        *rules_without_cases(policies, cases),
    ]
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(f"{len(problems)} problems in {len(policies.rules)} rules")
    click.echo(f"{len(policies.rules)} rules, {len(cases)} cases, version {policies.version}")
