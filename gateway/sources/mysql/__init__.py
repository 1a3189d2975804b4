"""MySQL kit: a statement per request, for MySQL 8 and MariaDB 10.6 and newer."""

from __future__ import annotations

from gateway.sources.mysql.adapter import MySqlAdapter
from gateway.sources.mysql.settings import mysql_source
from gateway.sources.mysql.source import MySqlSource

__all__ = ["MySqlAdapter", "MySqlSource", "mysql_source"]
