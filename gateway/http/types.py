"""What HTTP asks of whoever answers operations, and what it tells about a finished request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.operation.types import OperationAnswer, OperationRequest
from gateway.persons.types import StatedDocument
from gateway.request import CallerNote, Credentials, RequestFacts

__all__ = [
    "AdministeringClients",
    "Answering",
    "CallerNote",
    "Credentials",
    "ReferringToPersons",
    "RequestFacts",
    "RequestObserver",
    "RequestRecord",
    "SigningAdministratorsIn",
]


class Answering(Protocol):
    """What answers an operation: the pipeline."""

    async def answer(
        self, request: OperationRequest, credentials: Credentials, facts: RequestFacts
    ) -> OperationAnswer:
        """Return the GraphQL response.

        Raises:
            ClientError: the caller gets its status, code and headers instead of an answer.
        """
        ...


class ReferringToPersons(Protocol):
    """What turns documents of persons into references."""

    async def references(
        self, documents: Sequence[StatedDocument], credentials: Credentials, facts: RequestFacts
    ) -> Sequence[str]:
        """Return a reference per document, in order, alike for known and unknown persons.

        Raises:
            ClientError: the caller gets its status, code and headers instead.
        """
        ...


class AdministeringClients(Protocol):
    """What registers and lists clients for administrators."""

    async def act(
        self, asked: object, credentials: Credentials, session: str | None, facts: RequestFacts
    ) -> Mapping[str, object]:
        """Do one act and return the client afterwards.

        Args:
            session: of the administrator who acts.

        Raises:
            ClientError: the caller gets its status, code and headers instead.
        """
        ...

    async def list_clients(
        self, credentials: Credentials, facts: RequestFacts
    ) -> Sequence[Mapping[str, object]]:
        """Return all clients.

        Raises:
            ClientError: the caller gets its status, code and headers instead.
        """
        ...


class SigningAdministratorsIn(Protocol):
    """Where administrators prove who they are."""

    async def sign(
        self, asked: object, credentials: Credentials, session: str | None, facts: RequestFacts
    ) -> Mapping[str, object]:
        """Give a challenge, sign in, or sign out; returns what the administrator needs next.

        Raises:
            ClientError: the caller gets its status, code and headers instead.
        """
        ...


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One finished request, without anything that the client sent or received.

    Attributes:
        status: HTTP status; 499 where the client left before the answer.
        code: stable error code; None for an answer.
        duration_s: seconds from the request's headers to the answer.
        request_bytes: size of the body, or of the query string for `GET`.
    """

    request_id: str
    method: str
    route: str
    status: int
    code: str | None
    duration_s: float
    request_bytes: int
    response_bytes: int
    note: CallerNote


class RequestObserver(Protocol):
    """Is told of each finished request; must not raise and must not wait."""

    def finished(self, record: RequestRecord) -> None:
        """Take note of one finished request."""
        ...

    def failed(self, request_id: str, error: BaseException) -> None:
        """Take note of a defect that made the request end with 500."""
        ...
