"""Authorization details of type `credit_query`: what they must look like, and what they become.

Source: RFC 9396 sections 2 and 5: an unknown type or member, or a wrong value, is refused; nothing
is left out silently, since the token is the data contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.entitlements.coordinates import kind_coordinate, may_be_number
from gateway.oauth.errors import OAuthError, invalid_details
from gateway.oauth.strict_object import MalformedError, StrictObject, read_json, wire_time
from gateway.oauth.types import (
    NO_MATTER,
    Access,
    ConsentRequest,
    ConsentWording,
    CreditQuery,
    Institution,
    LegalBasis,
    Matter,
    OAuthClient,
)
from policies.model import CallerClass, Purpose, Role
from schema.codes import RecordKind
from schema.identifiers.uscc import is_uscc
from schema.records import MODEL

CREDIT_QUERY = "credit_query"
MOST_FIELDS = 100
_MOST_CONSENTS = 50
_MOST_QUOTA = 1_000_000
_FIELDS = frozenset(name for name in MODEL.coordinates if "." in name)
_KINDS = {kind.value: kind for kind in RecordKind}
_KIND_OF = {MODEL.kinds[kind].type_name: kind for kind in MODEL.kinds}
_LENDERS = frozenset({CallerClass.INSTITUTION, CallerClass.PLATFORM})


@dataclass(frozen=True, slots=True)
class AskedDetails:
    """What one element of `authorization_details` asks for.

    Attributes:
        consent: what a firm is to be asked; None where no firm is asked.
    """

    query: CreditQuery
    matter: Matter = NO_MATTER
    consent: ConsentRequest | None = None


def read_details(text: str, client: OAuthClient) -> AskedDetails:
    """Read the details of a request in which no firm is asked.

    Raises:
        OAuthError: `invalid_authorization_details`.
    """
    try:
        members = _single(text)
        query = _query(members)
        matter = _matter(members)
        members.finish()
    except MalformedError as error:
        raise invalid_details(f"authorization_details: {error}") from error
    _check_agreed(query, client)
    if matter != NO_MATTER and client.caller_class is not CallerClass.DEPARTMENT:
        raise invalid_details("authorization_details: only departments act on matters")
    return AskedDetails(query, matter)


def read_consent_details(text: str, client: OAuthClient, now: datetime) -> AskedDetails:
    """Read the details of a request that a firm is to decide.

    Raises:
        OAuthError: `invalid_authorization_details`.
    """
    try:
        members = _single(text)
        query = _query(members)
        optional = members.texts("optional_fields", _FIELDS.__contains__, MOST_FIELDS)
        access = members.member("access", Access)
        wording = ConsentWording(members.required("processing"), members.required("retention"))
        institution = _institution(members, client)
        members.finish()
        _check_consent(query, optional, access, now)
    except MalformedError as error:
        raise invalid_details(f"authorization_details: {error}") from error
    _check_agreed(query, client)
    asked = ConsentRequest(query, institution, wording, access is Access.ONE_OFF, optional)
    return AskedDetails(query, NO_MATTER, asked)


def details_claim(query: CreditQuery) -> list[dict[str, object]]:
    """The value of `authorization_details` in tokens and responses."""
    element: dict[str, object] = {"type": CREDIT_QUERY, "purpose": query.purpose.value}
    lists: Mapping[str, tuple[str, ...]] = {
        "record_kinds": tuple(kind.value for kind in query.record_kinds),
        "fields": query.fields,
        "subjects": query.subjects,
        "consents": query.consents,
    }
    element.update({name: list(values) for name, values in lists.items() if values})
    if query.legal_basis is not None:
        element["legal_basis"] = query.legal_basis.value
    if query.valid_until is not None:
        element["valid_until"] = wire_time(query.valid_until)
    if query.quota is not None:
        element["quota"] = query.quota
    return [element]


def read_stored(value: object) -> CreditQuery:
    """Read what `details_claim` made.

    Raises:
        MalformedError: it made nothing like it.
    """
    if not isinstance(value, list) or len(value) != 1:
        raise MalformedError("it is no list of one object")
    members = StrictObject(value[0])
    members.required("type")
    query = _query(members)
    members.finish()
    return query


def narrowed(granted: CreditQuery, asked: CreditQuery) -> CreditQuery:
    """What was asked, if it is within what was granted.

    Raises:
        OAuthError: `invalid_authorization_details`, it is more.
    """
    fits = granted.purpose is asked.purpose
    for has, wants in (
        (granted.record_kinds, asked.record_kinds),
        (granted.fields, asked.fields),
        (granted.subjects, asked.subjects),
        (granted.consents, asked.consents),
    ):
        fits = fits and (not has or set(wants) <= set(has))
    if granted.quota is not None and asked.quota is not None:
        fits = fits and asked.quota <= granted.quota
    if asked.legal_basis is not None:
        fits = fits and asked.legal_basis is granted.legal_basis
    if not fits:
        raise invalid_details("authorization_details: more is asked for than was granted")
    ends = [time for time in (granted.valid_until, asked.valid_until) if time is not None]
    return CreditQuery(
        granted.purpose,
        asked.record_kinds or granted.record_kinds,
        asked.fields or granted.fields,
        asked.subjects or granted.subjects,
        asked.consents or granted.consents,
        granted.legal_basis,
        min(ends) if ends else None,
        granted.quota if asked.quota is None else asked.quota,
    )


def _single(text: str) -> StrictObject:
    value = read_json(text)
    if not isinstance(value, list) or len(value) != 1:
        raise MalformedError("it is no list of exactly one object: a token has one purpose")
    members = StrictObject(value[0])
    if members.required("type") != CREDIT_QUERY:
        raise MalformedError(f"the type is not {CREDIT_QUERY}")
    return members


def _query(members: StrictObject) -> CreditQuery:
    purpose = members.member("purpose", Purpose)
    if purpose is None:
        raise MalformedError("purpose is missing")
    kinds = tuple(_KINDS[code] for code in members.texts("record_kinds", _KINDS.__contains__))
    fields = members.texts("fields", _FIELDS.__contains__, MOST_FIELDS)
    if kinds and not {_KIND_OF[kind_coordinate(name)] for name in fields} <= set(kinds):
        raise MalformedError("fields lists fields of kinds that record_kinds does not")
    return CreditQuery(
        purpose,
        kinds,
        fields,
        members.texts("subjects", is_uscc),
        members.texts("consents", may_be_number, _MOST_CONSENTS),
        members.member("legal_basis", LegalBasis),
        members.time("valid_until"),
        members.number("quota", _MOST_QUOTA),
    )


def _matter(members: StrictObject) -> Matter:
    matter_no = members.text("matter_no", 100)
    return Matter(matter_no, members.text("user_ref", 100), members.member("role", Role))


def _institution(members: StrictObject, client: OAuthClient) -> Institution:
    """The bank that asks, or for which a platform asks; its own name is the registered one."""
    stated = members.object("institution")
    if stated is None:
        raise MalformedError("institution is missing")
    uscc, name = stated.text("uscc"), stated.text("name", 100)
    licence_no, contact = stated.required("licence_no", 100), stated.required("contact", 200)
    stated.finish()
    if client.caller_class is CallerClass.INSTITUTION:
        if name is not None or uscc not in (None, client.organisation):
            raise MalformedError("institution names another than the client's")
        return Institution(client.organisation, client.name, licence_no, contact)
    if uscc is None or uscc not in client.acts_for or name is None:
        raise MalformedError("institution names none that this client acts for")
    return Institution(uscc, name, licence_no, contact)


def _check_consent(
    query: CreditQuery, optional: tuple[str, ...], access: Access | None, now: datetime
) -> None:
    if access is None:
        raise MalformedError("access is missing")
    if not query.fields or not query.record_kinds:
        raise MalformedError("a firm consents to named record_kinds and fields")
    if {_KIND_OF[kind_coordinate(name)] for name in query.fields} != set(query.record_kinds):
        raise MalformedError("record_kinds lists a kind without a field")
    if not set(optional) < set(query.fields):
        raise MalformedError("optional_fields are some of fields, and not all")
    if query.consents or len(query.subjects) > 1 or query.quota is not None:
        raise MalformedError("a firm is asked for one consent of its own")
    if query.legal_basis not in (None, LegalBasis.CONSENT):
        raise MalformedError("legal_basis of what a firm is asked is CONSENT")
    if query.valid_until is None or query.valid_until <= now:
        raise MalformedError("valid_until is missing or over")


def _check_agreed(query: CreditQuery, client: OAuthClient) -> None:
    """Raise for what the client's contract does not name.

    Raises:
        OAuthError: `invalid_authorization_details`.
    """
    if client.purposes and query.purpose not in client.purposes:
        raise _not_agreed("purpose")
    kinds = set(query.record_kinds) | {_KIND_OF[kind_coordinate(name)] for name in query.fields}
    agreed = client.record_kinds
    if agreed is not None and (not kinds or not kinds <= agreed):
        raise _not_agreed("record_kinds")
    if client.caller_class in _LENDERS and query.legal_basis is LegalBasis.DUTY:
        raise _not_agreed("legal_basis")


def _not_agreed(member: str) -> OAuthError:
    return invalid_details(
        f"authorization_details: {member} is not what the client's contract names"
    )
