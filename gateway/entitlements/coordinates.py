"""What consents and grants have in common: fields that they list, texts, numbers."""

from __future__ import annotations

from gateway.entitlements.errors import EntitlementRefusedError
from schema.records import MODEL

MAX_COORDINATES = 500
MAX_TEXT = 2_000
MAX_NUMBER = 100


def check_coordinates(what: str, coordinates: tuple[str, ...]) -> None:
    """Check that each coordinate is a field of the schema, and that there is one.

    Raises:
        EntitlementRefusedError: names the first that is not.
    """
    if not coordinates:
        raise EntitlementRefusedError(f"{what} lists no field")
    if len(coordinates) > MAX_COORDINATES:
        raise EntitlementRefusedError(
            f"{what} lists {len(coordinates)} fields, expected at most {MAX_COORDINATES}"
        )
    known = set(MODEL.coordinates)
    for coordinate in coordinates:
        if coordinate not in known or "." not in coordinate:
            raise EntitlementRefusedError(
                f"{what} lists `{coordinate[:100]}`, which is no field: "
                "the query `catalogue` lists them"
            )


def kind_coordinate(coordinate: str) -> str:
    """Return the coordinate of the record kind that a field belongs to."""
    return coordinate.partition(".")[0]


def check_texts(what: str, items: dict[str, str]) -> None:
    """Check that each item says something and is plain text of a bounded length.

    Raises:
        EntitlementRefusedError: names the first that does not.
    """
    for name, text in items.items():
        if not text.strip() or "\0" in text:
            raise EntitlementRefusedError(f"{what} has an empty `{name}`, expected a text")
        if len(text) > MAX_TEXT:
            raise EntitlementRefusedError(
                f"{what} has {len(text)} characters in `{name}`, expected at most {MAX_TEXT}"
            )


def may_be_number(text: str) -> bool:
    """Whether a text can be the number of a grant or consent at all."""
    return 0 < len(text) <= MAX_NUMBER and text.isprintable()
