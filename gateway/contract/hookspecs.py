"""The whole extension surface: one hook.

A department's package has an entry point in the group `credit_gateway.adapters` that names a
module with an implementation:

    from gateway.contract import AdapterSettings, hookimpl

    @hookimpl
    def register_adapter(settings: AdapterSettings) -> Adapter: ...

Where the module also has the manifest as `MANIFEST`, the department's record kinds are reported
as down if the hook fails; otherwise nobody could know which they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pluggy

from gateway.contract.adapter import Adapter

PROJECT = "credit_gateway"
ENTRY_POINT_GROUP = "credit_gateway.adapters"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """The section `[adapters.<slug>]` of the gateway's settings, handed to one adapter only.

    Attributes:
        values: keys and values as the operator wrote them; secrets do not print.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@hookspec(firstresult=True)
def register_adapter(settings: AdapterSettings) -> Adapter:  # type: ignore[empty-body]
    """Return this package's adapter. Called once at start; must not open connections."""
