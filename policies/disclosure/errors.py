"""Errors of loading the clock's configuration."""

from __future__ import annotations


class DisclosureLoadError(Exception):
    """A configuration or schedule that cannot be used; nothing of it takes effect.

    Attributes:
        file: name of the file. key: what in it is wrong, or `-` for the file as a whole.
        found, expected: in words.
    """

    def __init__(self, file: str, key: str, found: str, expected: str) -> None:
        super().__init__(f"{file}: key `{key}`: found {found}, expected {expected}")
        self.file = file
        self.key = key
        self.found = found
        self.expected = expected
