"""Whether a client is let in, and which operations it may run.

Decided from this worker's copy of the contracts, by look-ups in memory. The fence compares the
contract that let an operation through with the store, so that what was ended holds at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from gateway.admission.failures import UNPROVEN, FailureBudget
from gateway.admission.pace import Buckets
from gateway.admission.sweeps import Sweeps
from gateway.admission.types import AdmissionRules, Admitted
from gateway.entitlements.contract import ClientContract
from gateway.entitlements.errors import client_suspended, token_revoked
from gateway.entitlements.types import ClientTerms
from gateway.errors import BadRequest, ClientError, Refused
from gateway.identity.principal import Principal
from gateway.operation.types import OperationRequest, ValidatedOperation
from gateway.request import CallerNote
from policies.model import CallerClass

_SHA256_ID = re.compile(r"sha256:([0-9a-f]{64})")


class Admission:
    """Lets clients in.

    Args:
        client: what this worker knows of a client.
        buckets, sweeps, failures: of this worker.
    """

    def __init__(
        self,
        rules: AdmissionRules,
        client: Callable[[str], ClientTerms],
        buckets: Buckets,
        sweeps: Sweeps,
        failures: FailureBudget,
    ) -> None:
        self._rules = rules
        self._asks_anything = frozenset(
            each.value for each in CallerClass if each not in rules.runs_registered_only
        )
        self._client = client
        self._buckets = buckets
        self._sweeps = sweeps
        self._failures = failures

    def failed(self, error: ClientError, network: str) -> None:
        """Count a request that did not prove who sent it, and is to be refused for that.

        What a good client meets in its daily work, a token that has ended or the need of a nonce,
        is not counted.

        Args:
            network: where it came from.

        Raises:
            TooManyRequests: RATE_LIMITED: refuse it for this, and record nothing.
        """
        claimant = error.claimant
        if claimant is not None or error.code in UNPROVEN:
            self._failures.spend(network, "" if claimant is None else claimant.client_id)

    def enter(self, principal: Principal, note: CallerNote, *, counts: bool = True) -> Admitted:
        """Let a client in.

        Args:
            note: takes down what is left of its pace.
            counts: whether this is a request; False where one is run once more.

        Raises:
            Unauthenticated: CLIENT_SUSPENDED or TOKEN_REVOKED.
            Refused: CLIENT_UNKNOWN, CLIENT_OF_ANOTHER_ENVIRONMENT, ACTING_FOR_NOT_AGREED or
                PURPOSE_NOT_AGREED.
            TooManyRequests: RATE_LIMITED.
        """
        terms, caller = self._client(principal.client_id), principal.caller
        if terms.is_suspended:
            raise client_suspended()
        if terms.has_revoked(principal):
            raise token_revoked()
        if caller.caller_class is CallerClass.PUBLIC:
            return Admitted(terms)
        contract, purpose = terms.contract, caller.purpose.value
        if not _is_registered(principal, contract) and (
            caller.caller_class in self._rules.must_register
        ):
            raise _unknown(principal)
        pace = self._rules.pace
        if contract is not None:
            if contract.is_sandbox is not self._rules.is_sandbox:
                raise _of_another_environment(contract.is_sandbox)
            if caller.acting_for is not None and caller.acting_for not in contract.acts_for:
                raise _not_acting_for(principal)
            if contract.purposes and purpose not in contract.purposes:
                raise _purpose_not_agreed(principal)
            pace = contract.pace or pace
        if counts:
            key = (principal.client_id, purpose)
            try:
                note.pace = self._buckets.take(key, pace)
            except Exception:
                note.pace = self._buckets.left(key)
                raise
        return Admitted(terms)

    def with_document(self, request: OperationRequest, admitted: Admitted) -> OperationRequest:
        """The request with its document, where it names one of the client's contract instead.

        Raises:
            Refused: OPERATION_NOT_REGISTERED.
            BadRequest: PERSISTED_QUERY_NOT_SUPPORTED, to a client that may send the document.
        """
        if request.document_id is None:
            return request
        contract = admitted.terms.contract
        found = _SHA256_ID.fullmatch(request.document_id)
        document = contract.document(found[1]) if contract is not None and found else None
        if document is not None:
            return replace(request, document=document, document_id=None)
        if self._runs_registered_only(contract):
            raise _not_registered()
        raise BadRequest(
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "the request names a document that is not registered for this client, expected "
            "parameter `query`",
        )

    def allow(
        self, operation: ValidatedOperation, principal: Principal, admitted: Admitted
    ) -> Admitted:
        """Let a client run an operation.

        Raises:
            Refused: OPERATION_NOT_REGISTERED.
        """
        contract = admitted.terms.contract
        if contract is None:
            return admitted
        registered = contract.operation(operation.normal_hash, principal.caller.purpose.value)
        if registered is not None:
            return Admitted(admitted.terms, registered)
        if self._runs_registered_only(contract):
            raise _not_registered()
        return admitted

    def allow_persons(self, admitted: Admitted) -> None:
        """Let a client name persons by their documents.

        One that runs registered operations only may not, unless its contract says so: what it
        asks was agreed on beforehand, and documents of persons are no part of it.

        Raises:
            Refused: PERSONS_NOT_AGREED.
        """
        contract = admitted.terms.contract
        may = None if contract is None else contract.may_name_persons
        if may is False or (may is None and self._runs_registered_only(contract)):
            raise Refused(
                "PERSONS_NOT_AGREED",
                "the contract of this client does not let it name persons by their documents",
            )

    def is_sweep(self, client_id: str, subjects: tuple[str, ...]) -> bool:
        """Count the subjects that a client asks for; whether they are more than usual."""
        return self._sweeps.count(client_id, subjects)

    def _runs_registered_only(self, contract: ClientContract | None) -> bool:
        if contract is None:
            return False
        if contract.may_ask_anything is not None:
            return not contract.may_ask_anything
        return contract.caller_class not in self._asks_anything


def _is_registered(principal: Principal, contract: ClientContract | None) -> bool:
    """Whether a contract is about the organisation and class that a token states."""
    caller = principal.caller
    return (
        contract is not None
        and contract.organisation == caller.organisation
        and contract.caller_class == caller.caller_class.value
    )


def _unknown(principal: Principal) -> Refused:
    return Refused(
        "CLIENT_UNKNOWN",
        f"no client `{principal.client_id}` is registered for this organisation as "
        f"`{principal.caller.caller_class.value}`: ask the operator of the gateway to register it",
    )


def _of_another_environment(is_sandbox: bool) -> Refused:
    registered, other = ("sandbox", "real") if is_sandbox else ("real", "sandbox")
    return Refused(
        "CLIENT_OF_ANOTHER_ENVIRONMENT",
        f"the client is registered for {registered} use, and this is the gateway for {other} use",
    )


def _not_acting_for(principal: Principal) -> Refused:
    return Refused(
        "ACTING_FOR_NOT_AGREED",
        f"the contract of client `{principal.client_id}` does not name the institution that it "
        "acts for",
    )


def _purpose_not_agreed(principal: Principal) -> Refused:
    return Refused(
        "PURPOSE_NOT_AGREED",
        f"the contract of client `{principal.client_id}` does not name the purpose "
        f"`{principal.caller.purpose.value}`",
    )


def _not_registered() -> Refused:
    return Refused(
        "OPERATION_NOT_REGISTERED",
        "the operation is not registered for this client and purpose: only operations of its "
        "contract are answered",
    )
