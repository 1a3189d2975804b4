"""Settings of the adapter: section `[adapters.environment]` of the gateway's settings."""

from __future__ import annotations

from gateway.contract import AdapterSettings
from gateway.sources.rest import RestSource, rest_source


def parse_settings(settings: AdapterSettings) -> RestSource:
    """Check and convert what the operator wrote.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    return rest_source("environment", settings)
