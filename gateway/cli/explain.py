"""The command `explain`: what would happen to a query, without asking any department."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from gateway.cli.config import config_option, read_config
from gateway.composition import authenticator, token_rules
from gateway.entitlements.data_contract import DataContract
from gateway.errors import ClientError, GatewayError
from gateway.explanation import caller_text, open_explainer
from gateway.identity.caller import principal_of_token
from gateway.identity.principal import Principal
from gateway.operation.errors import RequestError
from gateway.operation.types import OperationRequest
from gateway.settings import Settings
from policies.model import Caller, CallerClass, Purpose
from schema.identifiers.uscc import is_uscc

_CLASSES = click.Choice([member.value for member in CallerClass])
_PURPOSES = click.Choice([member.value for member in Purpose])
_ONLY_PURPOSE = {
    CallerClass.PUBLIC: Purpose.PUBLIC_DISPLAY,
    CallerClass.SUBJECT: Purpose.SELF_QUERY,
    CallerClass.AUDITOR: Purpose.AUDIT,
}


@click.command()
@config_option
@click.argument(
    "query_file",
    required=False,
    metavar="[QUERYFILE]",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option("-e", "--query", help="The query itself, in place of a file.")
@click.option("--variables", default="{}", help="Variables of the query, as JSON.")
@click.option("--operation", help="Name of the operation, where the document has several.")
@click.option(
    "--token",
    "token_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the caller's access token.",
)
@click.option(
    "--as",
    "caller_class",
    type=_CLASSES,
    default=CallerClass.PUBLIC.value,
    show_default=True,
    help="Class of the caller, where there is no token.",
)
@click.option("--purpose", type=_PURPOSES, help="Purpose, where the class has more than one.")
@click.option("--organisation", metavar="CODE", help="Code of the caller's organisation.")
@click.option("--acting-for", metavar="CODE", help="Code of whom a platform acts for.")
def explain(
    config: Path,
    query_file: Path | None,
    query: str | None,
    variables: str,
    operation: str | None,
    token_file: Path | None,
    caller_class: str,
    purpose: str | None,
    organisation: str | None,
    acting_for: str | None,
) -> None:
    """Tell how a query would be answered: places, departments, rules, and the SQL.

    Nothing is fetched and nothing recorded. Consents are those of the gateway's own database.
    """
    settings = read_config(config)
    request = OperationRequest(_document(query_file, query), operation, _variables(variables))
    if token_file is None:
        caller = _caller(CallerClass(caller_class), purpose, organisation, acting_for)
        contract = None
    else:
        principal = _principal_of_token(settings, token_file)
        caller, contract = principal.caller, principal.contract
    click.echo(explanation_text(settings, request, caller, contract))


def explanation_text(
    settings: Settings,
    request: OperationRequest,
    caller: Caller,
    contract: DataContract | None = None,
) -> str:
    """Open the gateway, explain one operation, close it.

    Raises:
        click.ClickException: the operation is refused, or the gateway cannot be opened.
    """

    async def run() -> str:
        async with open_explainer(settings) as explainer:
            explained = explainer.explain(request, caller, contract)
        return "\n".join((caller_text(caller), "", explained.text))

    try:
        return asyncio.run(run())
    except RequestError as error:
        raise click.ClickException(f"query: {error.errors[0].message}") from error
    except ClientError as error:
        raise click.ClickException(f"query: {error.message}") from error
    except GatewayError as error:
        raise click.ClickException(str(error)) from error


def _document(query_file: Path | None, query: str | None) -> str:
    if (query_file is None) == (query is None):
        raise click.UsageError("give either QUERYFILE or -e QUERY")
    if query is not None:
        return query
    assert query_file is not None
    with click.open_file(str(query_file), encoding="utf-8") as file:
        try:
            text: str = file.read()
            return text
        except UnicodeDecodeError as error:
            raise click.ClickException(f"query `{query_file}` is not UTF-8") from error


def _variables(text: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"--variables is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise click.UsageError("--variables is no JSON object")
    return found


def _caller(
    caller_class: CallerClass,
    purpose: str | None,
    organisation: str | None,
    acting_for: str | None,
) -> Caller:
    stated = Purpose(purpose) if purpose else _ONLY_PURPOSE.get(caller_class)
    if stated is None:
        raise click.UsageError(f"a caller of class `{caller_class.value}` needs --purpose")
    is_public = caller_class is CallerClass.PUBLIC
    if is_public == (organisation is not None):
        needed = "has no" if is_public else "needs"
        raise click.UsageError(f"a caller of class `{caller_class.value}` {needed} --organisation")
    for code in (organisation, acting_for):
        if code is not None and not (is_uscc(code) or code.startswith("P:")):
            raise click.UsageError(f"`{code}` is no unified social credit code")
    return Caller(caller_class, organisation, stated, acting_for)


def _principal_of_token(settings: Settings, token_file: Path) -> Principal:
    """Who a genuine token names; by what it would be sent is not asked."""
    if settings.identity.jwks is None:
        raise click.ClickException(
            "the issuer's keys are fetched: say who asks by --as, --purpose and --organisation"
        )
    token = token_file.read_text(encoding="utf-8").strip()
    reader = authenticator(settings, token_rules(settings.identity))
    try:
        return principal_of_token(reader.read_token(token), None, None, ())
    except ClientError as error:
        raise click.ClickException(f"token `{token_file}`: {error.message}") from error
