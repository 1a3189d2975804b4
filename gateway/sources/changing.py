"""Cursors of changes as every kit writes them: a position as a JSON array of texts."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from gateway.contract import MappingFailed


def cursor_of(*position: str) -> str:
    """The cursor that stands for a position."""
    return orjson.dumps(position).decode()


def position_of(cursor: str, lengths: Sequence[int] = (2,)) -> tuple[str, ...]:
    """The position that a cursor stands for.

    Args:
        lengths: how many texts it may have.

    Raises:
        MappingFailed: it is none of ours.
    """
    try:
        found = orjson.loads(cursor)
    except ValueError as error:
        raise MappingFailed("the cursor was not made by this adapter") from error
    if not isinstance(found, list) or len(found) not in lengths:
        raise MappingFailed("the cursor was not made by this adapter")
    if not all(isinstance(each, str) for each in found):
        raise MappingFailed("the cursor was not made by this adapter")
    return tuple(found)
