"""PostgreSQL kit: one statement per call, for PostgreSQL and what speaks its protocol."""

from __future__ import annotations

from gateway.sources.postgres.adapter import PostgresAdapter, PostgresSource

__all__ = ["PostgresAdapter", "PostgresSource"]
