"""The command `audit replay`: decides anew what an entry says, under the rules of its time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from gateway.answering.replay import caller_of, replayed
from gateway.audit.log import AuditLog, StoredEntry
from gateway.cli.store import run_on_store, store_option
from gateway.errors import InternalError
from gateway.policy.archive import kept_rules
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool

_GROUNDS = "SELECT json FROM audit_decisions WHERE sha256 = $1"
_KEY = ("coordinate", "use")
_CALLER = ("actingFor", "callerClass", "organisation", "purpose", "role")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of the entry that the replay gives otherwise.

    Attributes:
        field: member of the entry, or `decisions` with coordinate and use.
    """

    field: str
    entry: object
    replay: object


@click.command()
@store_option
@click.argument("request_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def replay(store: StoreAddress, request_id: str, as_json: bool) -> None:
    """Decide anew what the entry of REQUEST_ID says, and compare; exit 1 if anything differs.

    Takes the stored facts of the request and the texts of the rules that were in force, and asks
    no department. Whether the entry itself is as it was signed, `audit verify` tells.
    """

    async def work(pool: LightPool) -> list[tuple[StoredEntry, list[Difference]]]:
        entries = await AuditLog(pool).of_request(request_id)
        return [(entry, [each async for each in _replay(pool, entry)]) for entry in entries]

    found = run_on_store(store, work)
    if not found:
        raise click.ClickException(f"no entry of a request `{request_id}`")
    for entry, differences in found:
        _tell(entry, differences, as_json)
    if any(differences for _, differences in found):
        raise SystemExit(1)


async def _replay(pool: LightPool, entry: StoredEntry) -> AsyncIterator[Difference]:
    members = entry.members()
    if members.get("grounds") is None or members.get("day") is None:
        raise InternalError(
            f"entry {entry.entry_no} tells of no decisions that can be made anew: it is no request "
            "that was answered, or older than format 3"
        )
    log = AuditLog(pool)
    async with pool.connection() as connection:
        grounds = await connection.fetchval(_GROUNDS, bytes.fromhex(members["grounds"]))
    if grounds is None:
        yield Difference("grounds", members["grounds"], None)
        return
    for difference in _facts(members, json.loads(grounds)):
        yield difference
    try:
        caller = caller_of(members)
        day = dt.date.fromisoformat(members["day"])
    except (KeyError, ValueError) as error:
        raise InternalError(f"entry {entry.entry_no} holds what no entry says: {error}") from error
    rules = await kept_rules(pool, members["policyVersion"], day)
    anew = replayed(bytes(grounds), rules, caller)
    for difference in _decisions(await log.decisions(members["decisions"]), anew):
        yield difference
    for number, share in enumerate(members.get("shares", ())):
        for decision in await log.decisions(share["decisions"]):
            if decision not in anew:
                yield Difference(f"shares[{number}] {_name(decision)}", decision, None)


def _facts(members: Mapping[str, Any], grounds: Mapping[str, Any]) -> Iterator[Difference]:
    """What the entry says of the caller and the rules, and what was decided on."""
    said = grounds["caller"]
    for name in _CALLER:
        if members[name] != said[name]:
            yield Difference(name, members[name], said[name])
    if members["policyVersion"] != grounds["policyVersion"]:
        yield Difference("policyVersion", members["policyVersion"], grounds["policyVersion"])


def _decisions(
    recorded: Sequence[Mapping[str, Any]], anew: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    names = dict.fromkeys(_name(each) for each in (*recorded, *anew))
    for name in names:
        before = [_outcome(each) for each in recorded if _name(each) == name]
        after = [_outcome(each) for each in anew if _name(each) == name]
        if before != after:
            yield Difference(f"decisions {name}", before, after)


def _name(decision: Mapping[str, Any]) -> str:
    return " ".join(str(decision[each]) for each in _KEY)


def _outcome(decision: Mapping[str, Any]) -> str:
    mask = "" if decision["mask"] == "NONE" else f" {decision['mask']}"
    return f"{decision['outcome']}{mask} by {', '.join(decision['rules'])}"


def _tell(entry: StoredEntry, differences: Sequence[Difference], as_json: bool) -> None:
    if as_json:
        told = [
            {"field": each.field, "entry": each.entry, "replay": each.replay}
            for each in differences
        ]
        line = {"entryNo": entry.entry_no, "isEqual": not differences, "differences": told}
        click.echo(json.dumps(line, ensure_ascii=False))
        return
    version = entry.members()["policyVersion"]
    if not differences:
        click.echo(f"entry {entry.entry_no}: equal, under rules {version}")
    for each in differences:
        click.echo(f"entry {entry.entry_no}: {each.field}: {each.entry}, replay {each.replay}")
