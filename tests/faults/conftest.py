"""What tests of the kits have, for their faults."""

from __future__ import annotations

from tests.gateway.sources.files.conftest import dropping

__all__ = ["dropping"]
