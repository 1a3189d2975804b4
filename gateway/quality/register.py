"""The latest measurement of each department and kind, kept in the gateway's own database."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from gateway.quality.types import KindReport, report_of
from gateway.store.lending import Lending

_PUT = """
INSERT INTO quality_measurement (adapter, kind, measured_at, content)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[]::timestamptz[], $4::text[]::jsonb[])
ON CONFLICT (adapter, kind) DO UPDATE
SET measured_at = excluded.measured_at, content = excluded.content
WHERE quality_measurement.measured_at <= excluded.measured_at
"""


class QualityRegister:
    """Reads and writes measurements."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def put(self, reports: Sequence[KindReport]) -> None:
        """Keep measurements in place of older ones of the same departments and kinds."""
        async with self._lending.connection() as connection:
            await connection.execute(
                _PUT,
                [report.slug for report in reports],
                [report.kind.value for report in reports],
                [report.measured_at for report in reports],
                [orjson.dumps(report.as_json()).decode() for report in reports],
            )

    async def all(self) -> list[KindReport]:
        """The latest measurements, by department and kind."""
        async with self._lending.connection() as connection:
            rows = await connection.fetch(
                "SELECT content::text FROM quality_measurement ORDER BY adapter, kind"
            )
        return [report_of(orjson.loads(row[0])) for row in rows]
