"""Matters that departments have closed: look-ups for them are kept quiet no more."""

from __future__ import annotations

import datetime as dt

from gateway.store.pool import Connection

ACT = "CLOSE_MATTER"

_CLOSE = """
INSERT INTO matter_closed AS m (organisation, matter_no, closed_on) VALUES ($1, $2, $3)
ON CONFLICT (organisation, matter_no) DO UPDATE SET closed_on = EXCLUDED.closed_on
    WHERE EXCLUDED.closed_on < m.closed_on
"""


async def close_matter(
    connection: Connection, organisation: str, matter_no: str, closed_on: dt.date
) -> None:
    """Note that a matter was closed on a day; an earlier day that is known stays."""
    await connection.execute(_CLOSE, organisation, matter_no, closed_on)
