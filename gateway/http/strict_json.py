"""JSON as we accept it: shallow, no repeated keys, no numbers that are none.

Two parsers must agree: orjson is strict about everything but repeated keys, and the standard
library's scanner reports the pairs of each object before they become a dict.

Source: RFC 8259; I-JSON (RFC 7493) section 2.3 for repeated keys.
"""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any

import orjson

from gateway.errors import BadRequest

# A string, also one that never ends, so that each byte is looked at once.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"{}[]")))
_OPENING = frozenset(b"{[")


class _RepeatedKeyError(ValueError):
    """An object names a member twice."""


def read_json(text: bytes, max_depth: int) -> Any:
    """Return the value of a JSON text.

    Args:
        text: UTF-8 bytes without byte order mark.
        max_depth: how deep objects and arrays may nest, the outermost being 1.

    Raises:
        BadRequest: JSON_TOO_DEEP, MALFORMED_JSON or DUPLICATE_KEY.
    """
    if text.count(b"{") + text.count(b"[") > max_depth:
        _check_depth(text, max_depth)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest("MALFORMED_JSON", "the text is not valid JSON in UTF-8") from None
    try:
        # The text is valid JSON, so the scanner starts at its first character that is not blank.
        _PAIRS.raw_decode(text.decode().lstrip(" \t\r\n"))
    except _RepeatedKeyError:
        raise BadRequest("DUPLICATE_KEY", "a JSON object names one of its keys twice") from None
    except ValueError:
        raise BadRequest("MALFORMED_JSON", "the text holds a number that is too long") from None
    return value


def _check_depth(text: bytes, max_depth: int) -> None:
    """Walk over the brackets outside strings."""
    depth = 0
    for bracket in _STRING.sub(b"", text).translate(None, _NOT_BRACKETS):
        if bracket in _OPENING:
            depth += 1
            if depth > max_depth:
                raise BadRequest(
                    "JSON_TOO_DEEP", f"objects and arrays nest deeper than {max_depth}"
                )
        else:
            depth -= 1


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    """Compare keys after their escapes were decoded; the values are not needed."""
    if len(pairs) > 1 and len({key for key, _ in pairs}) != len(pairs):
        raise _RepeatedKeyError


_PAIRS = JSONDecoder(object_pairs_hook=_refuse_repeated)
