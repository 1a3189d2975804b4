"""A MariaDB server of our own for a demonstration or a test, where its programs are installed."""

from __future__ import annotations

from gateway.demo.mariadb.launcher import MariaDb, MariaDbError, find_programs

__all__ = ["MariaDb", "MariaDbError", "find_programs"]
