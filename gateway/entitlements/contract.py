"""What a client's contract says: purposes, operations, pace. Data without behaviour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from policies.model import CallerClass, Purpose


class Pace(NamedTuple):
    """How fast a client may ask for one purpose: a token bucket.

    Attributes:
        requests_per_minute: what it may ask in the long run.
        burst: what it may ask at once.
    """

    requests_per_minute: int
    burst: int

    @property
    def per_second(self) -> float:
        return self.requests_per_minute / 60


@dataclass(frozen=True, slots=True)
class RegisteredOperation:
    """An operation that a client may run for a purpose.

    Attributes:
        normal_sha256: digest of the document without blanks, commas and comments, lower-case
            hexadecimal.
        document_sha256: digest of the document as registered, by which it is asked for without
            its text.
        quota_per_day: distinct subjects a day that are counted for it alone; None: they count
            against the client's quota.
    """

    name: str
    purpose: Purpose
    normal_sha256: str
    document_sha256: str
    document: str
    quota_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class ClientContract:
    """What was agreed with a registered client.

    Attributes:
        organisation: unified social credit code; None where the client serves several.
        purposes: those agreed on; empty: all that its tokens state.
        may_ask_anything: whether other operations than the registered ones are answered; None: as
            its class.
        pace: None: as all.
    """

    caller_class: CallerClass
    organisation: str | None
    purposes: frozenset[Purpose] = frozenset()
    may_ask_anything: bool | None = None
    pace: Pace | None = None
    operations: tuple[RegisteredOperation, ...] = ()
    _by_normal: Mapping[tuple[str, Purpose], RegisteredOperation] = field(
        init=False, compare=False, repr=False
    )
    _documents: Mapping[str, str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_normal = {(each.normal_sha256, each.purpose): each for each in self.operations}
        object.__setattr__(self, "_by_normal", by_normal)
        documents = {each.document_sha256: each.document for each in self.operations}
        object.__setattr__(self, "_documents", documents)

    def operation(self, normal_sha256: str, purpose: Purpose) -> RegisteredOperation | None:
        """The operation registered for a purpose."""
        return self._by_normal.get((normal_sha256, purpose))

    def document(self, document_sha256: str) -> str | None:
        """The text of a registered document."""
        return self._documents.get(document_sha256)


CONTRACT_COLUMNS = (
    "caller_class, organisation, purposes, may_ask_anything, requests_per_minute, burst"
)
"""Columns of `client` that `contract_of` reads."""

OPERATIONS = """
SELECT client_id, purpose, encode(normal_sha256, 'hex') AS normal_sha256,
    encode(document_sha256, 'hex') AS document_sha256, name, document, quota_per_day
FROM client_operation WHERE $1::text[] IS NULL OR client_id = ANY ($1)
ORDER BY client_id, purpose, name
"""


def contract_of(client: Any, operations: Iterable[Any]) -> ClientContract:
    """Read a contract from a row of `client` and its rows of `OPERATIONS`."""
    pace = None
    if client["requests_per_minute"] is not None:
        pace = Pace(client["requests_per_minute"], client["burst"])
    return ClientContract(
        CallerClass(client["caller_class"]),
        client["organisation"],
        frozenset(Purpose(each) for each in client["purposes"]),
        client["may_ask_anything"],
        pace,
        tuple(operation_of(row) for row in operations),
    )


def operation_of(row: Any) -> RegisteredOperation:
    """Read an operation from a row of `OPERATIONS`."""
    return RegisteredOperation(
        row["name"],
        Purpose(row["purpose"]),
        row["normal_sha256"],
        row["document_sha256"],
        row["document"],
        row["quota_per_day"],
    )
