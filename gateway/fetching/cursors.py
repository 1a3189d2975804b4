"""What a cursor is bound to: subject, field, kind, filter, order and caller class."""

from __future__ import annotations

import orjson

from gateway.contract import PERSON_KEY_PREFIX
from gateway.planning.types import RecordPlace
from policies.model import Caller


def cursor_context(place: RecordPlace, key: str, caller: Caller) -> bytes:
    """Associated data of a cursor, see `docs/reference/answers.md`, section 11."""
    arguments = place.arguments
    order = [[item.field, "DESC" if item.descending else "ASC"] for item in arguments.order]
    return orjson.dumps(
        [
            "cursor",
            key,
            f"{_type_name(place, key)}.{place.field}",
            place.kind.value,
            orjson.Fragment(arguments.filter_canonical),
            order,
            caller.caller_class.value,
        ]
    )


def _type_name(place: RecordPlace, key: str) -> str:
    if not place.is_keyed:
        return "Query"
    return "Person" if key.startswith(PERSON_KEY_PREFIX) else "Organisation"
