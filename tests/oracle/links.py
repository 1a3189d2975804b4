"""Which fields of a subject lead to which records, read off the schema's declarations."""

from __future__ import annotations

from collections.abc import Mapping

from schema.links import LINK, RecordsLink
from schema.subject import Organisation, Person


def _links(subject_type: type) -> dict[str, RecordsLink]:
    found = {}
    for field in subject_type.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        if LINK in field.metadata:
            first, *rest = field.python_name.split("_")
            found[first + "".join(map(str.capitalize, rest))] = field.metadata[LINK]
    return found


LINKS: Mapping[str, RecordsLink] = {**_links(Person), **_links(Organisation)}
"""Link by GraphQL name of the field; a person's fields are fields of an organisation too."""
