"""What a client states to name a person."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StatedDocument:
    """An identity document as a client wrote it, unchecked.

    Attributes:
        type: member name of the code list of identity documents.
        number: never in a log, a message or a record of ours.
    """

    type: str
    number: str = field(repr=False)
