"""The tables of faults and outcomes in `docs/reference/faults.md`, as the tests read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"


@dataclass(frozen=True)
class FaultRow:
    """One line of a table."""

    fault: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return self.fault


def fault_table(section: str) -> tuple[FaultRow, ...]:
    """Lines of the table under a heading, without its head; code marks are taken off."""
    text = PAGE.read_text("utf-8").split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    return tuple(FaultRow(fault, tuple(rest)) for fault, *rest in cells)
