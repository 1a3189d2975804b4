"""What a client's contract says: purposes, operations, pace. Data without behaviour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.entitlements.credentials import NO_CREDENTIALS, ClientCredentials, credentials_of
from gateway.entitlements.data_contract import scope_limit
from policies.model import Limit


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
        purpose: code of the purpose.
        quota_per_day: distinct subjects a day that are counted for it alone; None: they count
            against the client's quota.
    """

    name: str
    purpose: str
    normal_sha256: str
    document_sha256: str
    document: str
    quota_per_day: int | None = None

    def counted_as(self, client_id: str) -> str:
        """Name of the count of its subjects for a client; no client has such an id."""
        return f"{client_id}#{self.purpose}#{self.name}"


@dataclass(frozen=True, slots=True)
class ClientContract:
    """What was agreed with a registered client.

    Codes stay as the store has them: one that nothing here knows fits no token.

    Attributes:
        caller_class: code of the class.
        organisation: unified social credit code; None where the client serves several.
        purposes: codes of those agreed on; empty: all that its tokens state.
        may_ask_anything: whether other operations than the registered ones are answered; None: as
            its class.
        pace: None: as all.
        scopes: `credit:<record kind>:<read|aggregate>`; empty: all that its tokens state.
        acts_for: codes of the institutions that a platform may act for.
        may_name_persons: whether documents of persons become references; None: unless it runs
            registered operations only.
        is_sandbox: whether it is answered by a gateway over test data, and by no other.
        contract_no: number of the agreement; None where none was entered.
        tokens_since: seconds since the epoch; tokens issued before are not accepted.
        name: of the client, for people.
        revoked_tokens: `jti` of single tokens that are not accepted, until they have ended.
    """

    caller_class: str
    organisation: str | None
    purposes: frozenset[str] = frozenset()
    may_ask_anything: bool | None = None
    pace: Pace | None = None
    operations: tuple[RegisteredOperation, ...] = ()
    credentials: ClientCredentials = NO_CREDENTIALS
    scopes: frozenset[str] = frozenset()
    acts_for: frozenset[str] = frozenset()
    may_name_persons: bool | None = None
    is_sandbox: bool = False
    contract_no: str | None = None
    tokens_since: float = 0.0
    name: str = ""
    revoked_tokens: frozenset[str] = frozenset()
    _by_normal: Mapping[tuple[str, str], RegisteredOperation] = field(
        init=False, compare=False, repr=False
    )
    _documents: Mapping[str, str] = field(init=False, compare=False, repr=False)
    scope_limit: Limit | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_normal = {(each.normal_sha256, each.purpose): each for each in self.operations}
        object.__setattr__(self, "_by_normal", by_normal)
        documents = {each.document_sha256: each.document for each in self.operations}
        object.__setattr__(self, "_documents", documents)
        object.__setattr__(self, "scope_limit", scope_limit(self.scopes))

    def operation(self, normal_sha256: str, purpose: str) -> RegisteredOperation | None:
        """The operation registered for a purpose."""
        return self._by_normal.get((normal_sha256, purpose))

    def document(self, document_sha256: str) -> str | None:
        """The text of a registered document."""
        return self._documents.get(document_sha256)


OPERATIONS = """
SELECT client_id, purpose, encode(normal_sha256, 'hex') AS normal_sha256,
    encode(document_sha256, 'hex') AS document_sha256, name, document, quota_per_day
FROM client_operation WHERE $1::text[] IS NULL OR client_id = ANY ($1)
ORDER BY client_id, purpose, name
"""


REVOKED_TOKENS = """
SELECT client_id, jti FROM oauth_access_token
WHERE revoked_at IS NOT NULL AND expires_at > now() - interval '1 minute'
    AND ($1::text[] IS NULL OR client_id = ANY ($1))
"""


def contract_of(
    client: Any,
    operations: Iterable[Any],
    credentials: Iterable[Any] = (),
    revoked: Iterable[Any] = (),
) -> ClientContract:
    """Read a contract from a row of `client` and its rows of the other statements."""
    since = client["tokens_since"]
    pace = None
    if client["requests_per_minute"] is not None:
        pace = Pace(client["requests_per_minute"], client["burst"])
    return ClientContract(
        client["caller_class"],
        client["organisation"],
        frozenset(client["purposes"]),
        client["may_ask_anything"],
        pace,
        tuple(operation_of(row) for row in operations),
        credentials_of(client, credentials),
        frozenset(client["scopes"]),
        frozenset(client["acts_for"]),
        client["may_name_persons"],
        client["is_sandbox"],
        client["contract_no"],
        0.0 if since is None else since.timestamp(),
        client["name"],
        frozenset(row["jti"] for row in revoked),
    )


def operation_of(row: Any) -> RegisteredOperation:
    """Read an operation from a row of `OPERATIONS`."""
    return RegisteredOperation(
        row["name"],
        row["purpose"],
        row["normal_sha256"],
        row["document_sha256"],
        row["document"],
        row["quota_per_day"],
    )
