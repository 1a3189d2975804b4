"""Files kit: drops on an exchange folder, indexed into DuckDB and answered from there."""

from __future__ import annotations

from gateway.sources.files.adapter import FilesAdapter
from gateway.sources.files.source import FilesSource

__all__ = ["FilesAdapter", "FilesSource"]
