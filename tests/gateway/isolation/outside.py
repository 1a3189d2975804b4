"""A department's package as others write it: imported where the gateway runs it, and nowhere else.

The setting `fault` says what is wrong with it.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from typing import Any

from gateway.conformance import ReferenceAdapter
from gateway.contract import (
    AdapterSettings,
    ChangesBatch,
    ChangesRequest,
    Command,
    CommandResult,
    FetchContext,
    KindQuality,
    QualityRequest,
    RecordChange,
    RecordRequest,
    UserError,
    hookimpl,
)
from tests.gateway.isolation.faults import FAULTS
from tests.gateway.isolation.light import KIND, QUALITY
from tests.support.awkward_department import awkward_records, manifest_for

# The gateway says in this variable of its own who may not import this.
if os.environ.get("CREDIT_GATEWAY_TEST_PARENT"):
    raise ImportError("imported where it must not be")


class Outside(ReferenceAdapter):
    """An adapter in memory that does more, and has one fault."""

    def __init__(self, fault: str, settings: AdapterSettings) -> None:
        super().__init__(manifest_for("outside"), awkward_records(1))
        self._fault = fault
        self._settings = settings

    async def open(self) -> None:
        if self._fault == "refuses to open":
            raise ValueError("`url` is wrong")

    async def fetch(self, requests: Sequence[RecordRequest], context: FetchContext) -> Any:
        made = list(await super().fetch(requests, context))
        if self._fault in FAULTS:
            return await FAULTS[self._fault](made, requests)
        return made

    def explain(self, requests: Sequence[RecordRequest]) -> str:
        return "\n".join(request.selection.kind.value for request in requests)

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        made = [RecordChange(f"{request.since}-{n}", None) for n in range(request.most)]
        return ChangesBatch(made, "next", is_complete=False)

    async def quality(
        self, requests: Sequence[QualityRequest], context: FetchContext
    ) -> Sequence[KindQuality]:
        assert requests == [QualityRequest(KIND, ("documentNo",), "2026-01-01")]
        return [QUALITY]

    async def submit(self, command: Command, context: FetchContext) -> CommandResult:
        seen = {
            "environment": sorted(os.environ),
            "settings": sorted(self._settings.values),
            "memory": resource.getrlimit(resource.RLIMIT_AS),
            "files": resource.getrlimit(resource.RLIMIT_NOFILE),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "group": os.getpgid(0) == os.getpid() and os.getsid(0) == os.getpid(),
            "module": sys.modules[__name__].__name__,
        }
        return CommandResult((str(seen[command.name]),), (UserError("C", None, "m"),))


@hookimpl
def register_adapter(settings: AdapterSettings) -> Any:
    """Make the adapter."""
    return Outside(settings.values.get("fault", ""), settings)
