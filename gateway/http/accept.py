"""Which media type a response gets: content negotiation between the two JSON types.

Source: RFC 9110 section 12.5.1 (Accept); GraphQL over HTTP, sections "Accept" and "Body".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"

_LONGEST = 2_000
_LONGEST_CACHED = 256
_RANGE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+")++')
_PARAMETER = re.compile(r';\s*([^\s;=]+)\s*=\s*("(?:[^"\\]|\\.)*+"|[^\s;"]*)\s*')
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The media type of the response.

    Attributes:
        is_explicit: the client named this type itself, not through a wildcard or by silence.
            Browsers' own navigation and image requests never do.
    """

    media_type: str
    is_explicit: bool


_SILENT = Negotiated(JSON, False)


def negotiate(accept: bytes | None) -> Negotiated | None:
    """Return the media type to answer with; None if the client accepts neither.

    Args:
        accept: the value of the header, several joined by commas; None without one.
    """
    if accept is None:
        return _SILENT
    if len(accept) <= _LONGEST_CACHED:
        return _negotiate_cached(accept)
    return _negotiate(accept) if len(accept) <= _LONGEST else None


def _negotiate(accept: bytes) -> Negotiated | None:
    """Compare both types by quality, then by how precisely they were named."""
    best: tuple[tuple[float, int, bool], str] | None = None
    ranges = [found for part in _RANGE.findall(accept.decode("latin-1")) if (found := _read(part))]
    for media_type in (GRAPHQL_RESPONSE, JSON):
        precision, quality = max(
            ((_precision(name, media_type), quality) for name, quality in ranges),
            default=(0, 0.0),
        )
        if precision == 0 or quality == 0.0:
            continue
        # With equal claims the GraphQL type wins if it was named, else plain JSON.
        is_preferred = (media_type == GRAPHQL_RESPONSE) == (precision == _EXACT)
        rank = (quality, precision, is_preferred)
        if best is None or rank > best[0]:
            best = (rank, media_type)
    if best is None:
        return None
    return Negotiated(best[1], best[0][1] == _EXACT)


_negotiate_cached = lru_cache(maxsize=256)(_negotiate)

_EXACT = 3


def _precision(name: str, media_type: str) -> int:
    """Return how precisely a range names a type: 3 exactly, 2 `application/*`, 1 `*/*`, 0 not."""
    if name == media_type:
        return _EXACT
    if name == "application/*":
        return 2
    return 1 if name == "*/*" else 0


def _read(part: str) -> tuple[str, float] | None:
    """Return name and quality of a media range; None if no response of ours can match it."""
    name, semicolon, _ = part.partition(";")
    quality = 1.0
    for key, quoted in _PARAMETER.findall(part[len(name) :]) if semicolon else ():
        value = quoted.strip('"').lower()
        if key.lower() == "q":
            if not _QUALITY.fullmatch(value):
                return None
            quality = float(value)
        elif key.lower() != "charset" or value not in ("utf-8", "utf8"):
            return None
    return name.strip().lower(), quality
