"""Where a department's drops lie, and how much they may cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FilesSource:
    """The exchange folder of one department, and the gateway's own folder beside it.

    Attributes:
        exchange: a drop is a folder in it; the gateway only reads there.
        index: the gateway's own folder; what is in it can be made again from the drops.
        returned: where rejected rows go back to the department, as `rejected-<drop>.csv`.
        poll_s: seconds between two looks into the exchange folder.
        threads: queries at a time, and threads of one indexing.
        memory_mb: most memory of DuckDB in a worker.
        index_memory_mb: most memory while indexing; a million rows of 25 columns need about 1,500.
        max_file_mb: largest file of a drop, and largest content of an Excel file, unpacked.
        index_timeout_s: an indexing that takes longer is ended, and the drop refused.
        statement_timeout_s: a query that takes longer is interrupted.
    """

    exchange: Path
    index: Path
    returned: Path
    poll_s: float = 30.0
    threads: int = 2
    memory_mb: int = 512
    index_memory_mb: int = 2_048
    max_file_mb: int = 4_096
    index_timeout_s: float = 900.0
    statement_timeout_s: float = 2.0

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_mb * 1024 * 1024
