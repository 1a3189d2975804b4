"""Errors of loading rules. Deciding raises none: what is unknown is denied."""

from __future__ import annotations


class PolicyLoadError(Exception):
    """A rule file that cannot be used; nothing of it takes effect.

    Attributes:
        file: name of the rule file. rule: name of the rule, or `-` for the file as a whole.
        key: key of the rule that is wrong. found, expected: in words.
    """

    def __init__(self, file: str, rule: str, key: str, found: str, expected: str) -> None:
        super().__init__(f"{file}: rule `{rule}`: key `{key}`: found {found}, expected {expected}")
        self.file = file
        self.rule = rule
        self.key = key
        self.found = found
        self.expected = expected
