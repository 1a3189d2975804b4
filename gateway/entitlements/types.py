"""What the authorization stage learns from entitlements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from gateway.entitlements.contract import ClientContract
from policies.engine import PolicySet
from policies.model import Caller
from schema.codes import RecordKind

Mark: TypeAlias = tuple[str, int]
"""An area of entitlements and the epoch at which an answer relies on it; compared by the fence."""

POLICY_AREA = "policy"


_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OneOff:
    """What is left of a one-off consent.

    Attributes:
        subject_key: whose records it is about.
        kinds: record kinds that may be delivered, each once.
        repeat_key: digest of the query that asks, if it may be repeated; see `RepeatableQuery`.
    """

    subject_key: str
    kinds: frozenset[RecordKind]
    repeat_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What one active consent gives.

    Attributes:
        consent_no: number of the consent.
        version: raised by every change of state; compared by the fence when the audit entry
            is committed.
        coordinates: fields consented to, and the coordinates of kinds whose records they let be
            shown.
        one_off: what is left of it; None for a consent that lasts.
    """

    consent_no: str
    version: int
    coordinates: frozenset[str]
    one_off: OneOff | None = None


class TokenRef(Protocol):
    """The token by which somebody came; both are None where there was none."""

    @property
    def token_id(self) -> str | None:
        """`jti`."""
        ...

    @property
    def issued_at(self) -> int | None:
        """Seconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """What is known of a client; one that is not registered has no quota.

    Attributes:
        mark: its area and epoch, by which versions of its contract are told apart.
        quota_per_day: distinct subjects a day; None: no limit, nothing is counted.
        contract: None for a client that is not registered.
    """

    mark: Mark
    is_suspended: bool = False
    quota_per_day: int | None = None
    contract: ClientContract | None = field(default=None, compare=False)

    def has_revoked(self, token: TokenRef) -> bool:
        """Whether a token of this client counts no more.

        Args:
            token: by which somebody came; a principal is one.
        """
        issued_at, contract = token.issued_at, self.contract
        if issued_at is None or contract is None:
            return False
        return issued_at < contract.tokens_since or token.token_id in contract.revoked_tokens


@dataclass(frozen=True, slots=True)
class RecordEffects:
    """What was decided elsewhere about records of one (provider, kind).

    Attributes:
        hidden: record ids that this caller may not see at all.
        marked: record ids under objection.
        ended: record ids that only those see who see records in every state (repaired).
    """

    hidden: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyRelease:
    """The change of rules that is in force, or about to be.

    Attributes:
        epoch: raised by every change; 0 before the first.
        version: version of the rules that was announced; empty before the first.
    """

    epoch: int = 0
    version: str = ""


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The rules that decide now. Each request takes them once, so that no answer mixes two sets.

    Attributes:
        epoch: of the release that put them in force; the fence refuses answers of older ones.
    """

    policies: PolicySet
    epoch: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What active sharing grants give a caller for its purpose, by who gave it.

    A grant opens records of its provider alone, whoever else supplies the same fields.

    Attributes:
        by_provider: code of a provider and the coordinates that it granted, each provider once.
    """

    by_provider: tuple[tuple[str, frozenset[str]], ...] = ()

    def of(self, provider: str) -> frozenset[str]:
        """Coordinates that this provider granted."""
        for code, coordinates in self.by_provider:
            if code == provider:
                return coordinates
        return _NOTHING


NOTHING_GRANTED = Granted()


class Entitlements(Protocol):
    """Answers from this worker's fresh copy, without touching the database."""

    def consents(self, caller: Caller, subject_keys: Sequence[str]) -> Mapping[str, ConsentTerms]:
        """Active consents of these subjects for this caller and purpose, by subject key."""
        ...

    def granted(self, caller: Caller) -> Granted:
        """What active sharing grants give this caller for this purpose."""
        ...

    def effects(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """Effects on the records of one department and kind, for this caller."""
        ...

    def marks(self, caller: Caller, kinds: Iterable[RecordKind]) -> tuple[Mark, ...]:
        """What a decision on records of these kinds relies on beside consents, as of now."""
        ...

    @property
    def version(self) -> int:
        """Raised by every change to grants or effects; part of the decision cache key."""
        ...


class Standings(Protocol):
    """What the pipeline asks of this worker's copy, once per request."""

    def client(self, client_id: str) -> ClientTerms:
        """The client as this worker knows it."""
        ...

    def repeating(self, repeat_key: bytes) -> Entitlements:
        """Entitlements of one query that carries an idempotency key."""
        ...

    async def refresh(self, areas: Collection[str]) -> None:
        """Return when these areas have been read anew."""
        ...
