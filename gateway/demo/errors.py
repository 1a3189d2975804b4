"""Why a demonstration cannot start: one sentence for the person who started it."""

from __future__ import annotations


class DemoError(Exception):
    """The demonstration cannot start or go on; the text says what to do."""
