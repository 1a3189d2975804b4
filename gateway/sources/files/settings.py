"""What an operator writes about a department in files, checked; the same for every such package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.sources.files.source import FilesSource

_FOLDERS = ("exchange", "index", "returned")
_NUMBERS = {"poll_s": (1, 86_400), "threads": (1, 32), "memory_mb": (64, 65_536)}
_MORE = {
    "index_memory_mb": (64, 1_048_576),
    "max_file_mb": (1, 65_536),
    "index_timeout_s": (10, 86_400),
}


def files_source(section: str, values: Mapping[str, str]) -> FilesSource:
    """Read the keys of the kit: the folder `exchange`, and what has a default.

    `index` and `returned` are folders beside the exchange folder unless they are given.

    Args:
        section: name of the settings' section, for errors.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    bounds = {**_NUMBERS, **_MORE}
    unknown = sorted(values.keys() - bounds.keys() - set(_FOLDERS))
    if unknown:
        raise ValueError(f"{section} has an unknown key `{unknown[0]}`")
    if not values.get("exchange"):
        raise ValueError(f"{section}.exchange is missing, expected a folder")
    exchange = Path(values["exchange"])
    index = Path(values.get("index") or exchange.with_name(f"{exchange.name}.index"))
    returned = Path(values.get("returned") or exchange.with_name(f"{exchange.name}.returned"))
    if index in (exchange, returned):
        raise ValueError(f"{section}.index is a folder of the department, expected one of its own")
    usual = FilesSource(exchange, index, returned)
    numbers = {
        name: _number(section, name, values.get(name, str(int(getattr(usual, name)))), *bound)
        for name, bound in bounds.items()
    }
    return FilesSource(exchange, index, returned, **numbers)


def _number(section: str, name: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{section}.{name} is no whole number from {least} to {most}")
    return int(text)
