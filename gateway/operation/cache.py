"""A cache of what document texts turned out to be, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class TextCache(Generic[V]):
    """Values by text, least recently used first out.

    Args:
        capacity_bytes: how much all entries may take, as stated when they are stored.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._entries: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self._size_bytes = 0

    def get(self, text: str) -> V | None:
        """Return the value of a text, which becomes the most recently used; None without one."""
        entry = self._entries.get(text)
        if entry is None:
            return None
        self._entries.move_to_end(text)
        return entry[0]

    def put(self, text: str, value: V, size_bytes: int) -> None:
        """Keep a value, and forget others until all fit; one that never fits is not kept."""
        previous = self._entries.pop(text, None)
        if previous is not None:
            self._size_bytes -= previous[1]
        if size_bytes > self._capacity_bytes:
            return
        self._entries[text] = (value, size_bytes)
        self._size_bytes += size_bytes
        while self._size_bytes > self._capacity_bytes:
            _, (_, freed) = self._entries.popitem(last=False)
            self._size_bytes -= freed

    @property
    def size_bytes(self) -> int:
        """What all entries take."""
        return self._size_bytes

    def __len__(self) -> int:
        return len(self._entries)
