"""What HTTP tells the stages about one request besides its operation. Data without behaviour.

It lies below HTTP and below the stages, so that neither imports the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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
