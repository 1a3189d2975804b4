"""The command group `client operation`: what a client may run, and what that would get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from graphql import FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, parse, visit

from gateway.cli.policy_folders import folders_option, read_policies
from gateway.cli.policy_words import (
    FACTS,
    MASKS,
    OUTCOMES,
    USES,
    Language,
    Word,
    language_option,
)
from gateway.cli.store import run_on_store, store_option
from gateway.entitlements.client import Client
from gateway.entitlements.client_operations import OperationRegister
from gateway.entitlements.contract import RegisteredOperation
from gateway.entitlements.registers import ClientRegister
from gateway.operation.errors import RequestError
from gateway.operation.registration import Registration
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.engine import PolicySet
from policies.model import CallerClass, Decision, Outcome, Purpose, Use
from policies.situations import Facts, Situation, sample_caller
from schema.build import build_schema, core_schema
from schema.classification import SubjectKind
from schema.records import MODEL

_PURPOSES = click.Choice([member.value for member in Purpose])
_CONNECTION = "Connection"
_HELPED_BY = {
    CallerClass.INSTITUTION: Facts(consent=True),
    CallerClass.PLATFORM: Facts(consent=True),
    CallerClass.DEPARTMENT: Facts(grant=True),
    CallerClass.CREDIT_CENTRE: Facts(grant=True),
    CallerClass.SUBJECT: Facts(is_self=True),
}


@click.group()
def operation() -> None:
    """Register the operations of a client's contract, list them, take them out."""


@operation.command()
@store_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--client", "client_id", required=True, help="Who may run it.")
@click.option("--purpose", type=_PURPOSES, required=True, help="What for.")
@click.option(
    "--quota",
    type=click.IntRange(0),
    help="Distinct subjects a day, counted apart from the client's quota.",
)
@folders_option
@language_option
def add(
    store: StoreAddress,
    file: Path,
    client_id: str,
    purpose: str,
    quota: int | None,
    folders: tuple[str, ...],
    language: Language,
) -> None:
    """Register the operation in FILE, and tell what it would get.

    Decides by the rules alone: consents and grants are assumed or not, never looked up.
    """
    schema = core_schema(build_schema())
    registered = _read(schema, file, purpose, quota)
    policies = read_policies(folders)

    async def put(pool: LightPool) -> Client:
        line = await ClientRegister(pool).client(client_id, datetime.now(UTC).date())
        agreed = line.client.purposes
        if agreed and Purpose(purpose) not in agreed:
            raise click.ClickException(
                f"the contract of client `{client_id}` does not name the purpose `{purpose}`: "
                "add it with `client add` first"
            )
        await OperationRegister(pool).put(client_id, registered)
        return line.client

    client = run_on_store(store, put)
    click.echo(f"{client_id}  {purpose}  {registered.name}  sha256:{registered.document_sha256}")
    for line in _told(policies, schema, client, registered, language):
        click.echo(line)


@operation.command()
@store_option
@click.argument("name")
@click.option("--client", "client_id", required=True)
@click.option("--purpose", type=_PURPOSES, required=True)
def remove(store: StoreAddress, name: str, client_id: str, purpose: str) -> None:
    """Take the operation NAME out of a client's contract; it is refused within a second."""
    run_on_store(store, lambda pool: OperationRegister(pool).remove(client_id, purpose, name))
    click.echo(f"{client_id}  {purpose}  {name}  removed")


@operation.command("list")
@store_option
@click.option("--client", "client_id", required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, with documents.")
def list_operations(store: StoreAddress, client_id: str, as_json: bool) -> None:
    """List the operations of a client."""
    for each in run_on_store(store, lambda pool: OperationRegister(pool).operations(client_id)):
        if as_json:
            members = {
                "name": each.name,
                "purpose": each.purpose,
                "documentId": f"sha256:{each.document_sha256}",
                "quotaPerDay": each.quota_per_day,
                "document": each.document,
            }
            click.echo(json.dumps(members, ensure_ascii=False))
        else:
            quota = "quota of the client"
            if each.quota_per_day is not None:
                quota = f"{each.quota_per_day} subjects a day"
            click.echo(f"{each.purpose}  {each.name}  sha256:{each.document_sha256}  {quota}")


def _read(
    schema: GraphQLSchema, file: Path, purpose: str, quota: int | None
) -> RegisteredOperation:
    try:
        return Registration(schema).read(file.read_text("utf-8"), purpose, quota)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"`{file}` is not UTF-8") from error
    except RequestError as error:
        first = error.errors[0]
        place = f":{first.locations[0].line}" if first.locations else ""
        raise click.ClickException(f"`{file}`{place}: {first.message}") from error


class _Uses(Visitor):
    """Collects what a document reads and counts."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.found: dict[tuple[str, Use], None] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._types.get_parent_type()
        if parent is None:
            return
        owner, name = parent.name, node.name.value
        kind = MODEL.by_type_name.get(owner)
        if kind is not None and name in kind.by_name:
            self.found[f"{owner}.{name}", Use.READ] = None
        listed = owner.removesuffix(_CONNECTION)
        if name == "totalCount" and owner != listed and listed in MODEL.by_type_name:
            self.found[listed, Use.COUNT] = None


def uses_in(schema: GraphQLSchema, document: str) -> tuple[tuple[str, Use], ...]:
    """Coordinates that a valid document reads or counts, in its order, each once."""
    types = TypeInfo(schema)
    uses = _Uses(types)
    visit(parse(document), TypeInfoVisitor(types, uses))
    return tuple(uses.found)


def _told(
    policies: PolicySet,
    schema: GraphQLSchema,
    client: Client,
    registered: RegisteredOperation,
    language: Language,
) -> Iterator[str]:
    """Per coordinate how it is decided for an organisation, and with what may help."""
    caller = sample_caller(client.caller_class, Purpose(registered.purpose))
    if client.organisation is not None:
        caller = replace(caller, organisation=client.organisation)
    bare = Situation(caller, SubjectKind.ORGANISATION, Facts())
    facts = _HELPED_BY.get(client.caller_class)
    helped = None if facts is None else replace(bare, facts=facts)
    for coordinate, use in uses_in(schema, registered.document):
        usual = _outcome(bare.decide(policies, coordinate, use), language)
        text = f"  {coordinate} {USES[use].in_(language)}: {usual}"
        if helped is not None:
            given = FACTS[next(iter(helped.facts.names))].in_(language)
            better = _outcome(helped.decide(policies, coordinate, use), language)
            if better != usual:
                text += Word(f"；如有{given}：{better}", f"; with {given}: {better}").in_(language)
        yield text


def _outcome(decision: Decision, language: Language) -> str:
    text = OUTCOMES[decision.outcome].in_(language)
    if decision.outcome is Outcome.MASKED:
        text += f" ({MASKS[decision.mask].in_(language)})"
    return text
