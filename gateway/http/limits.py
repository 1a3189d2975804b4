"""How large a request may be before anything of it is parsed as GraphQL."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Limits of one request; each is the largest allowed value.

    Attributes:
        body_bytes: size of a body.
        query_string_bytes: size of the query string of a `GET`, still percent-encoded.
        json_depth: nesting of objects and arrays, the outermost being 1.
        variables: number of top-level variables.
        variables_bytes: size of the variables, written as compact JSON.
        body_s: seconds in which the body must arrive.
        query_s: seconds in which the answer must be ready.
    """

    body_bytes: int = 100_000
    query_string_bytes: int = 16_000
    json_depth: int = 32
    variables: int = 50
    variables_bytes: int = 32_000
    body_s: float = 10.0
    query_s: float = 5.0
