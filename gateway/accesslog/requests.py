"""What `accessLog` at the root tells: organisations their own requests, auditors everybody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from gateway.accesslog.evidence import Evidence, GivesEvidence
from gateway.audit.log import StoredEntry
from gateway.audit.search import EntrySearch, search_entries
from gateway.errors import BadRequest, Refused
from gateway.store.lending import Lending
from policies.model import Caller, CallerClass
from policies.sharing.model import Act, ActRules, Party, acting_organisation
from schema.query import RequestFilter
from schema.requests import LoggedRequest, RequestedField
from schema.scalars import DateTime
from schema.why import AccessOutcome, FieldUse

MAX_SHOWN = 100
_LARGEST_NUMBER = 2**63 - 1
_DECISIONS = "SELECT sha256, json FROM audit_decisions WHERE sha256 = ANY ($1::bytea[])"


class RequestReader:
    """Reads the log for one caller; see `schema.query.RequestsContext`."""

    def __init__(
        self, lending: Lending, acts: ActRules, evidence: GivesEvidence, caller: Caller
    ) -> None:
        self._lending = lending
        self._acts = acts
        self._evidence = evidence
        self._caller = caller

    async def access_log(
        self, wanted: RequestFilter, first: int, after: str | None
    ) -> list[LoggedRequest]:
        """Requests that fit, the newest first.

        Raises:
            ClientError: ACT_NOT_PERMITTED, ARGUMENT_OUT_OF_RANGE or SEARCH_TOO_WIDE.
        """
        if not 0 <= first <= MAX_SHOWN:
            raise BadRequest(
                "ARGUMENT_OUT_OF_RANGE", f"`first` is {first}, expected 0 to {MAX_SHOWN}"
            )
        search = EntrySearch(
            client_id=_text(wanted.client_id),
            organisation=_text(wanted.organisation),
            purpose=_text(wanted.purpose),
            coordinate=_text(wanted.coordinate),
            begin=_time(wanted.since),
            end=_time(wanted.until),
            before=_number(after),
            most=first,
            is_request=True,
        )
        entries = await search_entries(self._lending, self._permitted(search))
        return await self._shown(entries)

    def _permitted(self, search: EntrySearch) -> EntrySearch:
        """The search, limited to what the caller may see.

        Raises:
            Refused: ACT_NOT_PERMITTED.
        """
        caller = self._caller
        parties = self._acts.parties(Act.READ_REQUESTS, caller)
        if Party.ANYBODY in parties:
            return search
        own = acting_organisation(caller)
        is_own = search.organisation in (None, own, caller.organisation)
        if Party.CALLER not in parties or own is None or not is_own:
            raise Refused(
                "ACT_NOT_PERMITTED",
                f"`{Act.READ_REQUESTS.value}` is not permitted to a caller of class "
                f"`{caller.caller_class.value}` for requests of others",
            )
        if caller.caller_class is CallerClass.PLATFORM:
            return replace(
                search,
                clients_of=caller.organisation,
                organisation=caller.organisation,
                acting_for=own,
            )
        return replace(search, clients_of=own, organisation=own)

    async def _shown(self, entries: Sequence[StoredEntry]) -> list[LoggedRequest]:
        members = [(entry.entry_no, entry.members()) for entry in entries]
        digests = {bytes.fromhex(each["decisions"]) for _, each in members}
        async with self._lending.connection() as connection:
            rows = await connection.fetch(_DECISIONS, list(digests))
        decisions = {row["sha256"].hex(): _fields(row["json"]) for row in rows}
        evidence = await self._evidence.of([number for number, _ in members])
        return [
            _line(number, each, decisions.get(each["decisions"], []), evidence[number])
            for number, each in members
        ]


def _line(
    number: int, entry: Mapping[str, Any], fields: list[RequestedField], evidence: Evidence
) -> LoggedRequest:
    return LoggedRequest(
        entry_no=str(number),
        at=DateTime(entry["at"]),
        request_id=entry["requestId"],
        organisation=entry["organisation"],
        acting_for=entry["actingFor"],
        client_id=entry["clientId"],
        user_ref=entry["userRef"],
        purpose=entry["purpose"],
        matter_no=entry["matterNo"],
        consent_nos=[consent["consentNo"] for consent in entry["consents"]],
        operation_name=entry["operationName"],
        outcome=entry["outcome"],
        subject_count=len(entry["subjects"]),
        row_count=sum(part["rows"] for part in entry["departments"]),
        fields=fields,
        warnings=list(entry["warnings"]),
        policy_version=entry["policyVersion"],
        entry_hash=evidence.entry_hash,
        proof=evidence.proof,
    )


def _fields(decisions: bytes) -> list[RequestedField]:
    """Decisions as the schema shows them; acts on grants and consents name no fields."""
    return [
        RequestedField(
            coordinate=each["coordinate"],
            use=FieldUse[each["use"].upper()],
            outcome=AccessOutcome[each["outcome"]],
        )
        for each in orjson.loads(decisions)
        if "coordinate" in each
    ]


def _text(value: str | None) -> str | None:
    """A text that cannot be stored is the text of nothing stored."""
    return None if value is None else value.replace("\0", "")


def _time(value: DateTime | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _number(after: str | None) -> int | None:
    """The number that `after` names.

    Raises:
        BadRequest: ARGUMENT_OUT_OF_RANGE, it is none.
    """
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and int(after[:20]) <= _LARGEST_NUMBER):
        raise BadRequest("ARGUMENT_OUT_OF_RANGE", "`after` is no number of an entry")
    return int(after)
