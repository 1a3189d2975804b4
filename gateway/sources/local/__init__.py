"""What a source cannot do itself, done in memory over the records that it gave: filters, orders,
pages, counts and sums, exactly as the contract says.

A kit asks its source for few records (those of some subjects, or a list within a bound) and lets
this room complete the request. It holds no records beyond one request.
"""

from __future__ import annotations

from gateway.sources.local.quality import LocalQuality
from gateway.sources.local.table import LocalTable
from gateway.sources.local.values import ODD, Getter, Odd, Read, reader

__all__ = ["ODD", "Getter", "LocalQuality", "LocalTable", "Odd", "Read", "reader"]
