"""A department whose source takes every question and answers none; its process is well."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from gateway.contract import (
    AdapterSettings,
    Batch,
    FetchContext,
    Health,
    Manifest,
    RecordRequest,
    hookimpl,
)

MANIFEST = Manifest("hanging", "-", "样例部门", "Sample", "1", "a@example.com")


class Hanging:
    """Never answers a question for records."""

    manifest = MANIFEST

    async def open(self) -> None:
        """Nothing to open."""

    async def aclose(self) -> None:
        """Nothing to close."""

    async def health(self) -> Health:
        """It is up."""
        return Health(is_up=True, as_of=None)

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        """Wait for ever."""
        await asyncio.Event().wait()
        return ()


@hookimpl
def register_adapter(settings: AdapterSettings) -> Any:
    """Make the adapter."""
    return Hanging()
