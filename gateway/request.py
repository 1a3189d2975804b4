"""What HTTP tells the stages about one request besides its operation. Data without behaviour.

It lies below HTTP and below the stages, so that neither imports the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client sent to prove who it is, unchecked and exactly as received.

    Attributes:
        authorization: value of the only `Authorization` header; None without one.
        dpop: value of the only `DPoP` header; None without one.
        statement: value of the only `Credit-Request` header; None without one.
        certificate: value of the header in which a trusted proxy hands on the certificate of the
            client; None without one.
        content: body of the request, or its query string for `GET`; kept only where a statement
            is about it.
    """

    authorization: str | None
    dpop: str | None = None
    statement: str | None = None
    certificate: str | None = None
    content: bytes = b""

    def __repr__(self) -> str:
        """Return a text without the secret."""
        return "Credentials(…)"

    def about(self, content: bytes) -> Credentials:
        """These credentials with the content that the statement is about, if there is one."""
        return self if self.statement is None else replace(self, content=content)

    @property
    def is_empty(self) -> bool:
        """Whether the client says nothing about who it is."""
        return (
            self.authorization is None
            and self.dpop is None
            and self.statement is None
            and self.certificate is None
        )


class Peer(NamedTuple):
    """Where a request came from, as far as it may be known.

    Attributes:
        network: of its address, for budgets; not for records or logs.
        sort: `local`, `private` or `public`; all that a record may say about the address.
    """

    network: str
    sort: str


class QuotaUse(NamedTuple):
    """How much of a client's quota of subjects is used, as its worker knows after a commit.

    Attributes:
        limit: distinct subjects a day.
        used: of them so far today; at least, since other workers count too.
        resets_at: seconds since the epoch at which the next day begins, China Standard Time.
    """

    limit: int
    used: int
    resets_at: int

    @property
    def remaining(self) -> int:
        """Distinct subjects that may still be asked for today."""
        return max(0, self.limit - self.used)


class PaceUse(NamedTuple):
    """What is left of a token bucket of requests, as this worker knows.

    Attributes:
        limit: requests that fit into it.
        fills_in_s: seconds in which it fills from empty.
        remaining: requests that may be sent now.
        full_in_s: seconds until it is full again.
    """

    limit: int
    fills_in_s: int
    remaining: int
    full_in_s: int


@dataclass(slots=True)
class CallerNote:
    """Who the caller turned out to be, for the access log, the metrics and response headers.

    The pipeline writes it after identity and after the commit; nothing decides on it.

    Attributes:
        quota: None where nothing is counted for the client.
        pace: None where requests are not counted: for the public, and for a client that is
            answered nothing.
        next_nonce: for the next proof of a client that sent a good one; None for others.
    """

    client_id: str | None = None
    caller_class: str | None = None
    purpose: str | None = None
    quota: QuotaUse | None = None
    pace: PaceUse | None = None
    next_nonce: str | None = None


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
        idempotency_key: chosen by the client, 1 to 64 visible ASCII characters; the identical
            query with the same key repeats the earlier one. None without one.
    """

    request_id: str
    method: str
    path: str
    peer: str
    peer_class: str
    received_at: str
    deadline: float
    note: CallerNote = field(default_factory=CallerNote)
    idempotency_key: str | None = None
