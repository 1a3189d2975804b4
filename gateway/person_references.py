"""Documents of persons to references, on record before they leave.

Nobody is looked up: a reference is computed from the document alone, so that known and unknown
persons are answered by the same work. What the reference then leads to is decided by the rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from gateway.admission.admit import Admission
from gateway.admission.types import QUERY_SWEEP
from gateway.audit.types import OutdatedDecisionError, Recorder
from gateway.contract import PERSON_KEY_PREFIX
from gateway.entitlements.types import POLICY_AREA, RulesInForce
from gateway.errors import BadRequest, ClientError, Refused, Unauthenticated, Unavailable
from gateway.identity.authenticate import Authenticator
from gateway.identity.principal import Principal, claiming
from gateway.persons.network import NetworkKeys
from gateway.persons.references import PersonReferences
from gateway.persons.types import StatedDocument
from gateway.request import Credentials, QuotaUse, RequestFacts
from gateway.trail import Trail
from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Outcome, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.codes import IdentityDocumentType
from schema.identifiers.person_document import (
    DocumentNumberError,
    PersonDocument,
    parse_document,
)
from schema.records import MODEL

MOST_PERSONS = 50
OPERATION_NAME = "person-references"
_DOCUMENT_TYPES = {member.name: member for member in IdentityDocumentType}
_ANY_PERSON = SubjectProfile(SubjectKind.NATURAL_PERSON, is_self=False, consented=frozenset())


@dataclass(frozen=True, slots=True)
class PersonDesk:
    """Gives references to whoever may have them; see `gateway.http.types.ReferringToPersons`.

    Attributes:
        rules: in force now.
        admission: whether a client is let in.
        network: keys of the network; None where departments keep no references.
        persons: references of one caller in one matter.
    """

    authenticator: Authenticator
    rules: Callable[[], RulesInForce]
    admission: Admission
    network: NetworkKeys | None
    persons: Callable[[Principal], PersonReferences]
    recorder: Recorder
    clock: Callable[[], float] = time.monotonic

    async def references(
        self, documents: Sequence[StatedDocument], credentials: Credentials, facts: RequestFacts
    ) -> Sequence[str]:
        """Return a reference per document, in order.

        Raises:
            ClientError: refused; if the token was genuine, the refusal is on record.
        """
        if credentials.is_empty:
            raise _without_token()
        rules = self.rules()
        try:
            principal = self.authenticator.authenticate(credentials, facts.method, facts.path)
            facts.note.next_nonce = self.authenticator.nonce_after(credentials)
        except ClientError as error:
            self.admission.failed(error, facts.peer)
            if error.claimant is not None:
                await self._refuse(Trail(facts, claiming(error.claimant), rules, self.clock), error)
            raise
        trail = Trail(facts, principal, rules, self.clock)
        try:
            admitted = self.admission.enter(principal, facts.note)
            self.admission.allow_persons(admitted)
            keys = self._keys(documents, principal.caller, rules.policies)
        except ClientError as error:
            await self._refuse(trail, error)
        facts.note.quota = await self._record(trail, tuple(dict.fromkeys(keys)), rules.epoch)
        reference = self.persons(principal).reference
        return [reference(key) for key in keys]

    async def _refuse(self, trail: Trail, error: ClientError) -> NoReturn:
        """Record a refusal and raise it."""
        trail.outcome = error.code
        await self.recorder.commit(replace(trail.entry(), operation_name=OPERATION_NAME))
        raise error

    async def _record(self, trail: Trail, keys: tuple[str, ...], epoch: int) -> QuotaUse | None:
        """Record that these persons were named, under rules that must still be in force.

        Returns:
            How much of the client's quota is used; None if nothing is counted for it.

        Raises:
            ClientError: not recorded, or the fence refused it and that is on record.
        """
        is_sweep = self.admission.is_sweep(trail.principal.client_id, keys)
        entry = replace(
            trail.entry(),
            operation_name=OPERATION_NAME,
            subjects=keys,
            warnings=(QUERY_SWEEP,) if is_sweep else (),
            units=len(keys),
            marks=((POLICY_AREA, epoch),),
        )
        try:
            return await self.recorder.commit(entry)
        except OutdatedDecisionError:
            await self._refuse(trail, _changed())

    def _keys(
        self, documents: Sequence[StatedDocument], caller: Caller, policies: PolicySet
    ) -> list[str]:
        """Subject keys of the persons, if the caller may name them."""
        _refuse_others(caller, policies)
        if len(documents) > MOST_PERSONS:
            raise BadRequest(
                "TOO_MANY_PERSONS",
                f"{len(documents)} persons were named, expected at most {MOST_PERSONS}",
            )
        if self.network is None:
            raise ClientError(
                "PERSON_REFERENCES_OFF",
                "the departments of this network keep no references of persons",
                status=404,
            )
        keys = [
            self.network.key_of_document(_document(stated, position))
            for position, stated in enumerate(documents)
        ]
        if caller.caller_class is CallerClass.SUBJECT and set(keys) != {caller.organisation}:
            raise Refused(
                "PERSON_NOT_YOURSELF",
                "a person asks for a reference of itself, by its own document",
            )
        return keys


def may_name_persons(caller: Caller, policies: PolicySet) -> bool:
    """Whether the rules let a department read records of natural persons for its purpose.

    Records of its own do not count: it knows these persons by itself.
    """
    table = policies.compile(caller, _ANY_PERSON, frozenset(), False)
    return any(
        table.decide(kind.type_name, Use.READ).outcome is Outcome.CLEAR
        for kind in MODEL.kinds.values()
    )


def _refuse_others(caller: Caller, policies: PolicySet) -> None:
    """Raise for callers that name nobody by a document.

    Raises:
        Refused: PERSONS_NOT_FOR_CALLER or PURPOSE_NOT_FOR_PERSONS.
    """
    is_person = (caller.organisation or "").startswith(PERSON_KEY_PREFIX)
    if caller.caller_class is CallerClass.SUBJECT and is_person:
        return
    if caller.caller_class is not CallerClass.DEPARTMENT:
        raise Refused(
            "PERSONS_NOT_FOR_CALLER",
            "references of persons are given to departments and to the person itself",
        )
    if not may_name_persons(caller, policies):
        raise Refused(
            "PURPOSE_NOT_FOR_PERSONS",
            f"purpose `{caller.purpose.value}` is about no natural person: the rules show this "
            "caller no such records for it",
        )


def _changed() -> Unavailable:
    return Unavailable(
        "ENTITLEMENTS_CHANGED",
        "the rules changed while the references were made: nothing is answered, try again",
        headers=(("Retry-After", "1"),),
    )


def _document(stated: StatedDocument, position: int) -> PersonDocument:
    """The document in its normal form.

    Raises:
        BadRequest: DOCUMENT_TYPE_UNKNOWN or DOCUMENT_NUMBER_MALFORMED; never with the number.
    """
    document_type = _DOCUMENT_TYPES.get(stated.type)
    if document_type is None:
        known = ", ".join(f"`{name}`" for name in _DOCUMENT_TYPES)
        raise BadRequest(
            "DOCUMENT_TYPE_UNKNOWN",
            f"person {position}: the document type is unknown, expected one of {known}",
        )
    try:
        return parse_document(document_type, stated.number)
    except DocumentNumberError as error:
        raise BadRequest("DOCUMENT_NUMBER_MALFORMED", f"person {position}: {error}") from error


def _without_token() -> Unauthenticated:
    """The 401 for a request that says nothing about who sent it.

    Source: RFC 6750 section 3.1: without authentication there is no error code in the challenge.
    """
    return Unauthenticated(
        "TOKEN_REQUIRED",
        "an access token is needed here, and none was sent",
        headers=(("WWW-Authenticate", 'Bearer realm="credit-gateway"'),),
    )
