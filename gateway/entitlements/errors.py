"""Why a register of entitlements refused a change."""

from __future__ import annotations

from gateway.errors import GatewayError


class EntitlementRefusedError(GatewayError):
    """The change is not possible; the text may be shown to whoever asked for it."""
