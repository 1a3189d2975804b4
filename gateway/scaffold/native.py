"""A source as its owner made it: tables, columns and stored values, before any mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NativeRecord = Mapping[str, object]
"""Stored values by column, as text; None where there is none."""


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """
    Attributes:
        native: type as the source calls it.
        form: what kind of value that is: text, date, timestamp, local-time, number, integer,
            boolean, list, json or other; where everything is written as text, digits, written-day,
            written-number or blank, which may be texts as well.
        comment: what the source says about it.
        samples: distinct values, if there are few of them and they look like codes.
        is_written: everything in the source is text, in files and members of JSON.
    """

    name: str
    native: str
    form: str
    comment: str = ""
    is_key: bool = False
    samples: tuple[str, ...] = ()
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class NativeTable:
    """A table or view, named as a mapping names it.

    Attributes:
        source: what a sheet's `[source]` says beside table and keys, as far as the source tells it.
    """

    name: str
    columns: Sequence[NativeColumn]
    comment: str = ""
    source: Mapping[str, object] = field(default_factory=dict)
