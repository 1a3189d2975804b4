"""Entries of the log as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from gateway.audit.log import StoredEntry


def entries_table(entries: Sequence[StoredEntry]) -> Table:
    """Return entries as a table, one line each."""
    headings = ("no", "at", "request", "client", "purpose", "matter", "subjects", "outcome")
    table = Table(*headings)
    for entry in entries:
        members = entry.members()
        # what tells of no request has an actor and an event in place of client and purpose
        cells = (
            entry.entry_no,
            members["at"],
            members["requestId"],
            members.get("clientId", members.get("actor")),
            members.get("purpose", members.get("event")),
            members.get("matterNo") or "",
            len(members.get("subjects", ())),
            members["outcome"],
        )
        table.add_row(*(Text(str(cell)) for cell in cells))
    return table
