"""Relay connections of each record kind, generated from the record types."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from schema.codes import RecordKind
from schema.filters import INPUTS, list_of
from schema.links import LINK, RecordsLink, not_resolved
from schema.meta import CreditRecord
from schema.records import MODEL, RECORD_TYPES

FIRST_DEFAULT = 20


@strawberry.federation.type(shareable=True, description="分页信息 / Relay page information")
class PageInfo:
    """Shareable, so that other subgraphs of a supergraph may have connections of their own."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class ConnectionTypes:
    edge: Any
    connection: Any


def make_connection(name: str, node: Any, description: str) -> ConnectionTypes:
    """Make edge and connection types for a node type."""
    edge = _object(f"{name}Edge", {"cursor": str, "node": node}, description)
    connection = _object(
        f"{name}Connection",
        {
            "nodes": list_of(node),
            "edges": list_of(edge),
            "page_info": PageInfo,
            "total_count": int | None,
        },
        description,
    )
    return ConnectionTypes(edge, connection)


def _object(name: str, members: Mapping[str, Any], description: str) -> Any:
    body = {"__annotations__": dict(members), "__module__": __name__}
    made = types.new_class(name, (), exec_body=lambda namespace: namespace.update(body))
    return strawberry.type(made, description=description)


CONNECTIONS: Mapping[RecordKind, ConnectionTypes] = types.MappingProxyType(
    {
        record_type.__credit_kind__.kind: make_connection(  # type: ignore[attr-defined]
            record_type.__name__,
            record_type,
            MODEL.by_type_name[record_type.__name__].declaration.name_zh,
        )
        for record_type in RECORD_TYPES
    }
)
RECORD_CONNECTION = make_connection("CreditRecord", CreditRecord, "信用记录")
TYPE_OF: Mapping[RecordKind, Any] = types.MappingProxyType(
    {made.__credit_kind__.kind: made for made in RECORD_TYPES}  # type: ignore[attr-defined]
)


def record_list(kind: RecordKind) -> Any:
    """Declare the field that leads from a subject to the connection of its records."""
    inputs = INPUTS[kind]

    def resolver(
        first: int = FIRST_DEFAULT,
        after: str | None = None,
        filter: Any = None,
        order_by: Any = None,
    ) -> Any:
        not_resolved()

    resolver.__annotations__ = {
        "first": int,
        "after": str | None,
        "filter": inputs.filter | None,
        "order_by": list_of(inputs.order) | None,
        "return": CONNECTIONS[kind].connection | None,
    }
    return strawberry.field(
        resolver=resolver,
        description=f"{MODEL.kinds[kind].declaration.name_zh} / newest first unless ordered",
        metadata={LINK: RecordsLink(kind, is_list=True)},
    )


def one_record(kind: RecordKind, description: str) -> Any:
    """Declare the field that leads from a subject to one record: the first in default order."""

    def resolver() -> Any:
        not_resolved()

    resolver.__annotations__ = {"return": TYPE_OF[kind] | None}
    return strawberry.field(
        resolver=resolver,
        description=description,
        metadata={LINK: RecordsLink(kind, is_list=False)},
    )
