"""Settings of the adapter: section `[adapters.housing]` of the gateway's settings."""

from __future__ import annotations

from gateway.contract import AdapterSettings
from gateway.sources.mysql import MySqlSource, mysql_source


def parse_settings(settings: AdapterSettings) -> MySqlSource:
    """Check and convert what the operator wrote.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    return mysql_source("housing", settings)
