"""Commands: acts that the unified schema declares and that the owning department carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schema.predicate import WireValue


@dataclass(frozen=True, slots=True)
class CommandActor:
    """Who acts, as the gateway verified it.

    Attributes:
        unit: code of the organisation, or key of the subject.
        person: officer, as the client names it; None where it names nobody.
        caller_class: as in the rules, such as `department`.
        purpose: code of the purpose. matter_no: number of the matter, None where there is none.
        request_id: of the request, also in the audit log.
    """

    unit: str
    person: str | None
    caller_class: str
    purpose: str
    matter_no: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Command:
    """An act on behalf of an identified caller.

    Attributes:
        name: name of the GraphQL mutation.
        arguments: coerced arguments in wire form.
        idempotency_key: the same key and arguments must have one effect only.
        expected_version: refuse with VERSION_CONFLICT if there is another; None: no check.
        actor: who acts.
    """

    name: str
    arguments: Mapping[str, WireValue]
    idempotency_key: str
    expected_version: int | None
    actor: CommandActor


@dataclass(frozen=True, slots=True)
class UserError:
    """A reason that the caller can act on: stable code, the argument it is about, a sentence."""

    code: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Record ids that the command made or changed, or the reasons why it did nothing."""

    record_ids: tuple[str, ...]
    errors: tuple[UserError, ...]
