"""Types that cross between HTTP and the pipeline, and what is told about a finished request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gateway.operation.types import OperationAnswer, OperationRequest


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client sent to prove who it is, unchecked and exactly as received.

    Attributes:
        authorization: value of the only `Authorization` header; None without one.
        dpop: value of the only `DPoP` header; None without one.
    """

    authorization: str | None
    dpop: str | None = None

    def __repr__(self) -> str:
        """Return a text without the secret."""
        return "Credentials(…)"


@dataclass(slots=True)
class CallerNote:
    """Who the caller turned out to be, for the access log and the metrics.

    The pipeline writes it once after identity; nothing decides on it.
    """

    client_id: str | None = None
    caller_class: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What stages may know about the HTTP request besides its operation.

    Attributes:
        request_id: our own random identifier, also in the header `x-request-id`.
        method: `GET` or `POST`; a mutation must not run for `GET`.
        path: path of the request, without query.
        peer: network of the client's address, for budgets: an IPv4 address, the first 64 bits of
            an IPv6 address, or `local` for a unix socket. Not for records or logs.
        peer_class: `local`, `private` or `public`; all that a record may say about the address.
        received_at: `YYYY-MM-DDTHH:MM:SSZ`.
        deadline: monotonic second at which the answer must be ready.
        note: filled by the pipeline with what the log may say about the caller.
    """

    request_id: str
    method: str
    path: str
    peer: str
    peer_class: str
    received_at: str
    deadline: float
    note: CallerNote = field(default_factory=CallerNote)


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
