"""Settings of an adapter over this kit: section `[adapters.<slug>]` of the gateway's settings."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.contract import AdapterSettings
from gateway.sources.rest.source import ClientCredentials, RestSource

_KNOWN = frozenset(
    {
        "url",
        "timeout_s",
        "connections",
        "ca_file",
        "certificate_file",
        "key_file",
        "token_url",
        "client_id",
        "client_secret",
        "client_key",
        "client_key_id",
        "audience",
        "scope",
    }
)
_MOST_CONNECTIONS = 100
_LONGEST_S = 60.0


def rest_source(slug: str, settings: AdapterSettings) -> RestSource:
    """Check and convert what the operator wrote.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    values = settings.values
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise ValueError(f"adapters.{slug} has an unknown key `{unknown[0]}`")
    connections = values.get("connections", "16")
    if not connections.isdecimal() or not 1 <= int(connections) <= _MOST_CONNECTIONS:
        raise ValueError(f"adapters.{slug}.connections is no number from 1 to {_MOST_CONNECTIONS}")
    try:
        return RestSource(
            url=values.get("url", ""),
            timeout_s=_seconds(values.get("timeout_s", "2")),
            connections=int(connections),
            ca_file=values.get("ca_file", ""),
            certificate_file=values.get("certificate_file", ""),
            key_file=values.get("key_file", ""),
            credentials=_credentials(values),
        )
    except ValueError as error:
        raise ValueError(f"adapters.{slug}: {error}") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds <= _LONGEST_S:
        raise ValueError(f"`timeout_s` is no number of seconds up to {_LONGEST_S:g}")
    return seconds


def _credentials(values: Mapping[str, str]) -> ClientCredentials | None:
    if "token_url" not in values:
        if any(key.startswith("client_") for key in values):
            raise ValueError("`client_…` without `token_url`")
        return None
    if not values.get("client_id"):
        raise ValueError("`client_id` is missing")
    if ("client_secret" in values) == ("client_key" in values):
        raise ValueError("expected one of `client_secret` and `client_key`")
    return ClientCredentials(
        token_url=values["token_url"],
        client_id=values["client_id"],
        secret=values.get("client_secret", ""),
        private_key=values.get("client_key", ""),
        key_id=values.get("client_key_id", ""),
        audience=values.get("audience", ""),
        scope=values.get("scope", ""),
    )
