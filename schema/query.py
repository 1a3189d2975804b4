"""The query root. Planned fields have no resolver that runs; the others read the context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import strawberry

from schema.catalogue import CatalogueItem, Source
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.connections import FIRST_DEFAULT, RECORD_CONNECTION
from schema.filters import INPUTS, RecordFields, RecordFilter, RecordOrder, list_of
from schema.links import Node, not_resolved
from schema.requests import LoggedRequest
from schema.scalars import DateTime, PersonReference, Uscc
from schema.sharing import Consent, ConsentState, GrantState, Notification, SharingGrant
from schema.statistics import RecordStatistics
from schema.subject import ORGANISATION_CONNECTION, Organisation, Person
from schema.why import AccessExplanation, FieldUse

_REGISTRATION = INPUTS[RecordKind.REGISTRATION]


class ResolverContext(Protocol):
    """What the fields that are not planned may ask of the gateway."""

    def catalogue(self) -> list[CatalogueItem]: ...

    async def sources(self) -> list[Source]: ...


class ReasonsRoot(Protocol):
    """The value at the root, where something is asked about the caller's own permissions."""

    def why(
        self,
        coordinate: str,
        use: FieldUse,
        subject_kind: SubjectKind | None,
        consented: bool,
        about_self: bool | None,
    ) -> AccessExplanation: ...


class SharingContext(Protocol):
    """What the fields on grants and consents may ask, for one caller."""

    async def grants(
        self, state: GrantState | None, first: int, after: str | None
    ) -> list[SharingGrant]: ...

    async def consents(
        self, state: ConsentState | None, first: int, after: str | None
    ) -> list[Consent]: ...

    async def notifications(self, first: int) -> list[Notification]: ...


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """What is wanted of the log; None: whatever."""

    client_id: str | None
    organisation: str | None
    purpose: str | None
    coordinate: str | None
    since: DateTime | None
    until: DateTime | None


class RequestsContext(Protocol):
    """What the field on requests may ask, for one caller."""

    async def access_log(
        self, wanted: RequestFilter, first: int, after: str | None
    ) -> list[LoggedRequest]: ...


def _planned(signature: Callable[..., Any], description: str, **annotations: Any) -> Any:
    """Declare a root field that the planner answers.

    Args:
        signature: function whose parameter names and defaults become the arguments.
        annotations: type per parameter, and `returns`.
    """
    returns = annotations.pop("returns")
    signature.__annotations__ = {**annotations, "return": returns}
    return strawberry.field(resolver=signature, description=description)


def _subject(uscc: Any) -> Any:
    not_resolved()


def _subjects(usccs: Any) -> Any:
    not_resolved()


def _person(reference: Any) -> Any:
    not_resolved()


def _search_subjects(
    filter: Any = None,
    order_by: Any = None,
    first: int = FIRST_DEFAULT,
    after: Any = None,
) -> Any:
    not_resolved()


def _records(
    kind: Any,
    filter: Any = None,
    order_by: Any = None,
    first: int = FIRST_DEFAULT,
    after: Any = None,
) -> Any:
    not_resolved()


def _record_statistics(
    kind: Any,
    group_by: Any = None,
    sum: Any = None,
    filter: Any = None,
) -> Any:
    not_resolved()


def _node(id: Any) -> Any:
    not_resolved()


@strawberry.type(description="查询 / what can be asked of the network")
class Query:
    subject = _planned(
        _subject,
        "按统一社会信用代码查询主体；未知代码返回 null / one organisation; null if unknown",
        uscc=Uscc,
        returns=Organisation | None,
    )
    subjects = _planned(
        _subjects,
        "批量查询主体，至多 200 个，保持顺序 / up to 200, order kept, unknown ones null",
        usccs=list[Uscc],
        returns=list[Organisation | None] | None,
    )
    person = _planned(
        _person,
        "按人员标识查询自然人 / one natural person, by a reference from `POST /person-references` "
        "or from a record; the same for known and unknown persons",
        reference=PersonReference,
        returns=Person | None,
    )
    search_subjects = _planned(
        _search_subjects,
        "按登记信息检索主体 / search by registration fields",
        filter=_REGISTRATION.filter | None,
        order_by=list_of(_REGISTRATION.order) | None,
        first=int,
        after=str | None,
        returns=ORGANISATION_CONNECTION.connection | None,
    )
    records = _planned(
        _records,
        "某一类别的全部记录 / records of one kind over all subjects",
        kind=RecordKind,
        filter=RecordFilter | None,
        order_by=RecordOrder | None,
        first=int,
        after=str | None,
        returns=RECORD_CONNECTION.connection | None,
    )
    record_statistics = _planned(
        _record_statistics,
        "记录统计；小组不予显示 / counts and sums; small groups are suppressed",
        kind=RecordKind,
        group_by=RecordFields | None,
        sum=RecordFields | None,
        filter=RecordFilter | None,
        returns=RecordStatistics | None,
    )
    node = _planned(
        _node,
        "按全局标识查询 / the subject or record with this id; null if unknown",
        id=strawberry.ID,
        returns=Node | None,
    )

    @strawberry.field(description="信息目录 / catalogue of everything that is shared")  # type: ignore[untyped-decorator]
    def catalogue(self, info: strawberry.Info) -> list[CatalogueItem]:
        context: ResolverContext = info.context
        return context.catalogue()

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="权限说明 / how a use of a field is decided for the caller; asks no department"
    )
    def why(
        self,
        coordinate: str,
        use: FieldUse = FieldUse.READ,
        subject_kind: SubjectKind | None = None,
        consented: bool = False,
        about_self: bool | None = None,
    ) -> AccessExplanation | None:
        root = cast(ReasonsRoot, self)
        return root.why(coordinate, use, subject_kind, consented, about_self)

    @strawberry.field(description="数据来源 / departments and whether they answer")  # type: ignore[untyped-decorator]
    async def sources(self, info: strawberry.Info) -> list[Source]:
        context: ResolverContext = info.context
        return await context.sources()

    @strawberry.field(description="共享授权 / sharing grants that concern the caller, newest first")  # type: ignore[untyped-decorator]
    async def grants(
        self,
        info: strawberry.Info,
        state: GrantState | None = None,
        first: int = FIRST_DEFAULT,
        after: str | None = None,
    ) -> list[SharingGrant] | None:
        context: SharingContext = info.context
        return await context.grants(state, first, after)

    @strawberry.field(description="授权书 / consents that concern the caller, newest first")  # type: ignore[untyped-decorator]
    async def consents(
        self,
        info: strawberry.Info,
        state: ConsentState | None = None,
        first: int = FIRST_DEFAULT,
        after: str | None = None,
    ) -> list[Consent] | None:
        context: SharingContext = info.context
        return await context.consents(state, first, after)

    @strawberry.field(description="通知 / what the caller, a subject, was told; newest first")  # type: ignore[untyped-decorator]
    async def notifications(
        self, info: strawberry.Info, first: int = FIRST_DEFAULT
    ) -> list[Notification] | None:
        context: SharingContext = info.context
        return await context.notifications(first)

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="访问请求记录 / requests of the caller's own organisation, newest first; "
        "auditors see everybody's"
    )
    async def access_log(
        self,
        info: strawberry.Info,
        client_id: str | None = None,
        organisation: str | None = None,
        purpose: str | None = None,
        coordinate: str | None = None,
        since: DateTime | None = None,
        until: DateTime | None = None,
        first: int = FIRST_DEFAULT,
        after: str | None = None,
    ) -> list[LoggedRequest] | None:
        context: RequestsContext = info.context
        wanted = RequestFilter(client_id, organisation, purpose, coordinate, since, until)
        return await context.access_log(wanted, first, after)
