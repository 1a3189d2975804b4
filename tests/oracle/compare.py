"""Compares two response bodies and says readably where they part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

_SHOWN = 12


def differences(expected: bytes, given: bytes) -> str:
    """Where the product's answer differs from the oracle's; empty if it does not."""
    if expected == given:
        return ""
    try:
        wanted, found = orjson.loads(expected), orjson.loads(given)
    except orjson.JSONDecodeError:
        return f"not JSON: {given[:500]!r}"
    lines = list(_parts(wanted, found, "$"))
    if not lines:
        at = next(
            (i for i, (a, b) in enumerate(zip(expected, given, strict=False)) if a != b),
            min(len(expected), len(given)),
        )
        near = slice(max(0, at - 60), at + 60)
        return f"equal values, other bytes: {expected[near]!r} expected, {given[near]!r} found"
    return "\n".join(lines[:_SHOWN])


def _parts(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        if list(wanted) != list(found):
            yield f"{path}: members {list(wanted)} expected, {list(found)} found"
        for key in wanted:
            if key in found:
                yield from _parts(wanted[key], found[key], f"{path}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{path}: {len(wanted)} members expected, {len(found)} found"
            yield from _missing(wanted, found, path)
            return
        for number, (mine, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _parts(mine, other, f"{path}[{number}]")
    elif wanted != found or type(wanted) is not type(found):
        yield f"{path}: {wanted!r} expected, {found!r} found"


def _missing(wanted: list[Any], found: list[Any], path: str) -> Iterator[str]:
    yield from (f"{path}: missing {member!r}" for member in wanted if member not in found)
    yield from (f"{path}: too much {member!r}" for member in found if member not in wanted)
