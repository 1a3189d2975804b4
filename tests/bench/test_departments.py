"""Figures of departments stand beside their bounds."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from bench.departments import Finding, findings_table


def test_figure_is_told_whether_it_keeps_its_bound() -> None:
    console = Console(width=100, file=StringIO())
    console.print(findings_table([Finding("a", 1.25, 1.25, ""), Finding("b", 20.5, 20, "s")]))
    assert isinstance(console.file, StringIO)
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert [line[-2] for line in lines if line[1:2] in (["a"], ["b"])] == ["within", "over"]
