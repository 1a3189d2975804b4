"""Which permissions the types and members of the schema stand for.

What stands for no permission (subjects, their codes, pages, the catalogue) is seen by everybody,
as far as what it leads to is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import GraphQLInputObjectType, GraphQLSchema, get_named_type

from policies.model import Use
from policies.sharing.model import Act
from schema.codes import RecordKind
from schema.filters import enum_name
from schema.model import KindModel
from schema.records import MODEL

Permission = tuple[str, Use] | Act
"""A coordinate of the rules and a use of it, or an act on grants and consents."""

ACTS: Mapping[str, Act] = {
    "Query.grants": Act.READ_GRANT,
    "Query.consents": Act.READ_CONSENT,
    "Query.notifications": Act.READ_NOTIFICATION,
    "Query.accessLog": Act.READ_REQUESTS,
    "Mutation.requestGrant": Act.REQUEST_GRANT,
    "Mutation.extendGrant": Act.EXTEND_GRANT,
    "Mutation.decideGrant": Act.DECIDE_GRANT,
    "Mutation.suspendGrant": Act.SUSPEND_GRANT,
    "Mutation.resumeGrant": Act.RESUME_GRANT,
    "Mutation.revokeGrant": Act.REVOKE_GRANT,
    "Mutation.fileConsentLetter": Act.FILE_LETTER,
    "Mutation.checkConsentLetter": Act.CHECK_LETTER,
    "Mutation.withdrawConsent": Act.WITHDRAW_CONSENT,
}
"""Root fields that are acts."""

_OF_EVERY_KIND = ("meta", "subject")


def permissions(schema: GraphQLSchema) -> Mapping[str, frozenset[Permission]]:
    """Permissions by schema coordinate (`Type`, `Type.member`); any one of them opens it.

    Types and members that are not named need none.
    """
    found: dict[str, set[Permission]] = {}
    for place, permission in _all(schema):
        if place.partition(".")[0] in schema.type_map:
            found.setdefault(place, set()).add(permission)
    for member in _OF_EVERY_KIND:
        # An interface's field must stand on every type that has the interface.
        shared = set[Permission]().union(
            *(found.get(f"{kind.type_name}.{member}", ()) for kind in MODEL.kinds.values())
        )
        for name in ("CreditRecord", *MODEL.by_type_name):
            found[f"{name}.{member}"] = shared
    return {place: frozenset(those) for place, those in found.items()}


def _all(schema: GraphQLSchema) -> Iterator[tuple[str, Permission]]:
    for kind in MODEL.kinds.values():
        yield from _kind(kind)
        yield from _leaves(schema, kind)
        yield from _inputs(kind)
    yield from _fields_of_statistics(schema)
    yield from ACTS.items()


def _kind(kind: KindModel) -> Iterator[tuple[str, Permission]]:
    name = kind.type_name
    read, count = (name, Use.READ), (name, Use.COUNT)
    for place in ("CreditRecord", name):
        yield place, read
        yield f"{place}Connection", read
        yield f"{place}Edge", read
        yield f"{place}Connection.totalCount", count
    yield "Query.recordStatistics", count
    if kind.kind is RecordKind.REGISTRATION:
        yield "Query.searchSubjects", read
        yield "OrganisationConnection.totalCount", count
    yield f"{name}.subject", (f"{name}.meta.subjectId", Use.READ)


def _leaves(schema: GraphQLSchema, kind: KindModel) -> Iterator[tuple[str, Permission]]:
    for field in kind.fields:
        owner = kind.type_name
        for name in field.name.split("."):
            yield f"{owner}.{name}", (field.coordinate, Use.READ)
            declared = schema.type_map[owner].fields[name]  # type: ignore[attr-defined]
            owner = get_named_type(declared.type).name


def _inputs(kind: KindModel) -> Iterator[tuple[str, Permission]]:
    name = kind.type_name
    for field in kind.filterable:
        wanted = (field.coordinate, Use.FILTER)
        if field.is_meta:
            yield f"{name}Filter.meta", wanted
            yield f"RecordMetaFilter.{field.name.removeprefix('meta.')}", wanted
        else:
            yield f"{name}Filter.{field.name}", wanted
    for field in kind.comparable:
        value = f"{name}Field.{enum_name(field.name)}"
        for use in (Use.ORDER, Use.AGGREGATE):
            yield value, (field.coordinate, use)
        yield f"{name}Order", (field.coordinate, Use.ORDER)


def _fields_of_statistics(schema: GraphQLSchema) -> Iterator[tuple[str, Permission]]:
    inputs = schema.type_map["RecordFields"]
    assert isinstance(inputs, GraphQLInputObjectType)
    for name, member in inputs.fields.items():
        kind = MODEL.by_type_name[get_named_type(member.type).name.removesuffix("Field")]
        for field in kind.comparable:
            yield f"RecordFields.{name}", (field.coordinate, Use.AGGREGATE)
