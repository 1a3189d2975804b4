"""Content negotiation between the two JSON types."""

from __future__ import annotations

import pytest

from gateway.http.accept import GRAPHQL_RESPONSE, JSON, negotiate

G = GRAPHQL_RESPONSE


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("Application/JSON; charset=UTF-8", JSON),
        ('application/json; charset="utf-8"', JSON),
        (G, G),
        (f"{G}; charset=utf-8, application/json; charset=utf-8", G),
        (f"application/json, {G}", G),
        (f"{G};q=0.5, application/json", JSON),
        (f"application/json;q=0.4, {G};q=0.5", G),
        ("application/json;q=0.5, */*;q=0.9", G),
        (f"*/*, {G};q=0", JSON),
        (f"{G}, */*;q=0.1", G),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ('text/html;x="a, application/json", */*;q=0.1', JSON),
        ("application/json;q=1.000", JSON),
        ("text/html", None),
        ("", None),
        ("application/json;q=0", None),
        ("application/json;q=2", None),
        ("application/json;q=0.1234", None),
        ("application/json; charset=iso-8859-1", None),
        ("application/json; profile=x", None),
        ("application/json" + " " * 3_000, None),
        ('"' * 300, None),
    ],
)
def test_negotiate(accept: str | None, media_type: str | None) -> None:
    found = negotiate(None if accept is None else accept.encode())
    assert (found and found.media_type) == media_type


@pytest.mark.parametrize(
    ("accept", "is_explicit"),
    [(None, False), ("*/*", False), ("application/*", False), (JSON, True), (f"{G}, */*", True)],
)
def test_a_type_is_explicit_only_if_it_was_named(accept: str | None, is_explicit: bool) -> None:
    found = negotiate(None if accept is None else accept.encode())
    assert found is not None
    assert found.is_explicit is is_explicit
