"""What an author is told when a step cannot be done."""

from __future__ import annotations


class ScaffoldError(Exception):
    """A step cannot be done; one sentence says what was found and what was expected."""
