"""The data contract that a token carries: what its bearer gets at most, whatever rules permit.

It narrows and never widens: what rules, consents and grants deny stays denied under any contract.

Source: RFC 9396 section 2 (`authorization_details`); RFC 9068 section 2.2.3 (authorization claims).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.entitlements.coordinates import kind_coordinate, may_be_number
from policies.model import Limit, Purpose
from schema.codes import RecordKind
from schema.identifiers.uscc import is_uscc
from schema.records import MODEL

CREDIT_QUERY = "credit_query"
_MEMBERS = frozenset(
    (
        "type",
        "purpose",
        "record_kinds",
        "fields",
        "subjects",
        "consents",
        "legal_basis",
        "valid_until",
        "quota",
    )
)
_MOST_LISTED = 1_000
_KINDS = {kind.value: kind for kind in RecordKind}
_COORDINATES = frozenset(MODEL.coordinates)
NOTHING = Limit(frozenset(), frozenset())
"""What a contract about other subjects gives of this one."""


class MalformedContractError(Exception):
    """The details of a token are none; the text says what is wrong, without any of it."""


@dataclass(frozen=True, slots=True)
class DataContract:
    """What one token gives at most.

    Attributes:
        purpose: the only one it is for.
        limit: coordinates, for whomever it is about; None: any.
        subjects: keys of those it is about; None: anybody.
        consents: numbers of the consents it is about; None: any, or none.
        valid_until: seconds since the epoch; None: as long as the token.
        quota_per_day: distinct subjects of its client a day; None: as the client's.
    """

    purpose: Purpose | None = None
    limit: Limit | None = None
    subjects: frozenset[str] | None = None
    consents: frozenset[str] | None = None
    valid_until: float | None = None
    quota_per_day: int | None = None

    @property
    def names_subjects(self) -> bool:
        """Whether it is about some subjects only."""
        return self.subjects is not None or self.consents is not None

    @property
    def unnamed(self) -> Limit | None:
        """What it gives of subjects that a query does not name: lists, searches, statistics."""
        return NOTHING if self.names_subjects else self.limit

    def of(self, subject_key: str, consent_no: str | None) -> Limit | None:
        """What it gives of a subject.

        Args:
            consent_no: number of the subject's consent that the decision relies on; None without.
        """
        if self.subjects is not None and subject_key not in self.subjects:
            return NOTHING
        if self.consents is not None and consent_no not in self.consents:
            return NOTHING
        return self.limit


def read_contract(details: object) -> DataContract:
    """Read the claim `authorization_details`.

    Raises:
        MalformedContractError: it is no list of exactly one `credit_query`, or says what is not
            understood: what cannot be kept must not be taken for kept.
    """
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise MalformedContractError("is no list of exactly one object")
    members: Mapping[str, Any] = details[0]
    if members.get("type") != CREDIT_QUERY or not members.keys() <= _MEMBERS:
        raise MalformedContractError(f"is not of type `{CREDIT_QUERY}`, or has other members")
    return DataContract(
        _purpose(members.get("purpose")),
        _limit(members.get("record_kinds"), members.get("fields")),
        _listed(members, "subjects", is_uscc),
        _listed(members, "consents", may_be_number),
        _time(members.get("valid_until")),
        _quota(members.get("quota")),
    )


def scope_limit(scopes: Iterable[str]) -> Limit | None:
    """What scopes of the form `credit:<record kind>:<read|aggregate>` let through.

    Returns:
        None where none of them has this form: then nothing is limited by scope.
    """
    kinds: dict[str, set[str]] = {"read": set(), "aggregate": set()}
    found = False
    for scope in scopes:
        prefix, _, rest = scope.partition(":")
        code, _, use = rest.partition(":")
        if prefix == "credit":
            found = True
            if code in _KINDS and use in kinds:
                kinds[use] |= _of_kind(_KINDS[code])
    return Limit(frozenset(kinds["read"]), frozenset(kinds["aggregate"])) if found else None


def narrowed(first: Limit | None, second: Limit | None) -> Limit | None:
    """What both let through."""
    if first is None or second is None:
        return second if first is None else first
    return Limit(first.read & second.read, first.aggregate & second.aggregate)


def _limit(kinds: object, fields: object) -> Limit | None:
    if kinds is None and fields is None:
        return None
    allowed: set[str] | None = None
    if kinds is not None:
        codes = _texts(kinds, "record_kinds")
        if not codes <= _KINDS.keys():
            raise MalformedContractError("has an unknown record kind in `record_kinds`")
        allowed = set().union(*(_of_kind(_KINDS[code]) for code in codes))
    if fields is not None:
        named = _texts(fields, "fields")
        if not named <= _COORDINATES or not all("." in name for name in named):
            raise MalformedContractError("has an unknown field in `fields`")
        with_kinds = named | {kind_coordinate(name) for name in named}
        with_kinds |= {meta for name in named for meta in _meta_of(kind_coordinate(name))}
        allowed = with_kinds if allowed is None else allowed & with_kinds
    found = frozenset(allowed or ())
    return Limit(found, found)


def _of_kind(kind: RecordKind) -> frozenset[str]:
    model = MODEL.kinds[kind]
    return frozenset((model.type_name, *(field.coordinate for field in model.by_name.values())))


def _meta_of(type_name: str) -> Iterable[str]:
    """Where a record comes from and how old it is goes with any of its fields."""
    model = MODEL.by_type_name[type_name]
    return (field.coordinate for name, field in model.by_name.items() if name.startswith("meta."))


def _purpose(stated: object) -> Purpose | None:
    if stated is None:
        return None
    for member in Purpose:
        if member.value == stated:
            return member
    raise MalformedContractError("has an unknown `purpose`")


def _listed(members: Mapping[str, Any], name: str, is_one: Any) -> frozenset[str] | None:
    if name not in members:
        return None
    found = _texts(members[name], name)
    if not all(is_one(each) for each in found):
        raise MalformedContractError(f"has a malformed member of `{name}`")
    return frozenset(found)


def _texts(value: object, name: str) -> set[str]:
    if (
        not isinstance(value, list)
        or len(value) > _MOST_LISTED
        or not all(isinstance(each, str) for each in value)
    ):
        raise MalformedContractError(f"has no list of texts in `{name}`")
    return set(value)


def _time(stated: object) -> float | None:
    if stated is None:
        return None
    try:
        found = datetime.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise MalformedContractError("has no time with zone in `valid_until`")
    return found.timestamp()


def _quota(stated: object) -> int | None:
    if stated is None:
        return None
    if not isinstance(stated, int) or isinstance(stated, bool) or stated < 0:
        raise MalformedContractError("has no whole number from 0 in `quota`")
    return stated
