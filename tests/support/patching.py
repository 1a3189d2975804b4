"""Puts a wrong function in the place of one of the product's, for the length of a test."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

Patch = Callable[[pytest.MonkeyPatch], None]
Change = Callable[[Any], Any]
"""From what the product has to what it shall have."""


def function_patch(module: Any, name: str, change: Change) -> Patch:
    """Put `change(original)` in the place of a function, wherever modules hold it."""

    def put(patching: pytest.MonkeyPatch) -> None:
        original = getattr(module, name)
        wrong = change(original)
        holders = [
            holder
            for holder in list(sys.modules.values())
            if getattr(holder, "__name__", "").startswith(("gateway.", "policies."))
            and getattr(holder, name, None) is original
        ]
        assert holders, f"nothing of the product holds {name}"
        for holder in holders:
            patching.setattr(holder, name, wrong)

    return put


def method_patch(owner: type, name: str, change: Change) -> Patch:
    """Put `change(original)` in the place of a method."""

    def put(patching: pytest.MonkeyPatch) -> None:
        patching.setattr(owner, name, change(getattr(owner, name)))

    return put
