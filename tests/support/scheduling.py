"""Which tests one worker of pytest-xdist runs.

Groups that tests name by the mark `xdist_group` do not reach the scheduler with pytest 9.2 and
pytest-xdist 3.8, so they are told from the paths.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = (
    "tests/docs/",
    "tests/e2e/",
    "tests/gateway/demo/",
    "tests/oracle/",
    "tests/peers/",
    "tests/plugins/",
    "tests/twoworlds/",
)
"""Tests that share what takes long to prepare: cities, servers, answers."""


class TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]  # comes without types
    """Gives rooms above to one worker each, largest first, and other tests to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((room for room in _TOGETHER if nodeid.startswith(room)), nodeid)
