"""How many new documents a client may bring: each costs a parse and a validation.

Documents seen before are free, so that a client with a fixed set of queries never notices.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

from gateway.errors import TooManyRequests


class NewDocumentBudget:
    """A token bucket for each client.

    Args:
        clock: monotonic seconds.
        per_second: new documents that a client earns each second.
        burst: new documents that a client may bring at once.
        max_clients: how many buckets are kept; a client that was forgotten starts afresh.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        per_second: float = 2.0,
        burst: int = 60,
        max_clients: int = 10_000,
    ) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._max_clients = max_clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client_key: str) -> None:
        """Take one new document from a client's bucket.

        Args:
            client_key: client id, or for the public the network of its address.

        Raises:
            TooManyRequests: TOO_MANY_NEW_DOCUMENTS, with the seconds until one more is allowed.
        """
        now = self._clock()
        left, at = self._buckets.pop(client_key, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._per_second)
        is_allowed = left >= 1.0
        self._buckets[client_key] = (left - 1.0 if is_allowed else left, now)
        if len(self._buckets) > self._max_clients:
            self._buckets.popitem(last=False)
        if not is_allowed:
            wait_s = math.ceil((1.0 - left) / self._per_second)
            raise TooManyRequests(
                "TOO_MANY_NEW_DOCUMENTS",
                "too many documents that were not seen before; use variables in place of values",
                headers=(("retry-after", str(wait_s)),),
            )
