"""The command group `policy`: asks the rules, shows the matrix, tells differences, runs the cases.

Decides by the rules alone: consents and grants are assumed, never looked up.
"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.policy_diff import diff
from gateway.cli.policy_explain import explain
from gateway.cli.policy_folders import folders_option, read_policies
from gateway.cli.policy_matrix import show_matrix
from gateway.cli.policy_reload import reload
from policies.cases import CASES, CaseError, failing_cases, read_cases, rules_without_cases
from policies.coverage import check_policies
from schema.records import MODEL


@click.group()
def policy() -> None:
    """Ask the rules, show who may read what, compare two sets, put changed ones in force."""


for command in (explain, show_matrix, diff, reload):
    policy.add_command(command)


@policy.command()
@folders_option
@click.option(
    "--cases",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CASES,
    show_default="the cases that are shipped",
    help="Folder of cases.",
)
def test(folders: tuple[str, ...], folder: Path) -> None:
    """Run the cases of all rules, and check that every field and rule is covered.

    Fails if a case is decided otherwise than it says, if a rule has no case in which it decides
    or no contrary one, or if a field is neither opened nor closed for some class of callers.
    """
    policies = read_policies(folders)
    try:
        cases = read_cases(folder)
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
