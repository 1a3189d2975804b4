"""What a mapping says of a field, whatever language a kit asks its source in.

How a field is spelled in SQL is each kit's own business.
"""

from __future__ import annotations

from gateway.contract import RECORD_ID
from gateway.sources.mapping import Column, KindMapping, Part, Text

OBJECTION_MARK = "meta.objectionMark"


class MappedTable:
    """One mapping's fields, with record effects in place.

    Attributes:
        marked: ids of records under objection whatever the source says.
    """

    mapping: KindMapping
    marked: tuple[str, ...]

    def supplies(self, name: str) -> bool:
        """Whether the field has values at all."""
        return (
            name == RECORD_ID
            or name in self.mapping.columns
            or (name == OBJECTION_MARK and bool(self.marked))
        )

    def mapped(self, name: str) -> Column | None:
        """How the field is stored, if that alone says what it shows."""
        if name == OBJECTION_MARK and self.marked:
            return None
        if name == RECORD_ID:
            return Text(self.mapping.record_id) if self.mapping.has_text_id else None
        return self.mapping.columns.get(name)

    def missing_part(self, name: str) -> Part | None:
        """For a leaf of parts that is not mapped while others are: as many missing values."""
        beginning = name.rpartition(".")[0] + "."
        for other, column in self.mapping.columns.items():
            if isinstance(column, Part) and other.startswith(beginning):
                return Part(column.column, "")
        return None
