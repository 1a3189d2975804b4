"""`python -m bench.departments`: kits, file drops and isolation beside their bounds.

Short runs of `bench.kits`, `bench.files` and `bench.isolation`; the findings go into
build/bench.json beside those of `python -m bench`, as `departments`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
import uvloop
from rich.console import Console
from rich.table import Table

from bench.__main__ import BUILD, WIDTH
from bench.files import BOUND as LOOK_UP_BOUND
from bench.files import INDEX_BOUND_S, measure_files
from bench.isolation import ADDED_BOUND_MS, RATIO_BOUND, measure_isolation
from bench.kits import BOUND as KIT_BOUND
from bench.kits import measure_kits
from bench.machine import machine
from gateway.demo.city.settings import CitySettings

FILE = BUILD / "bench.json"
_KIT_ROUNDS, _KIT_CALLS, _KIT_SUBJECTS = 11, 200, 5_000
_FILE_ROWS, _FILE_ROUNDS, _FILE_CALLS = 1_000_000, 9, 200
_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure and its bound; less is better."""

    what: str
    found: float
    bound: float
    unit: str

    @property
    def is_within(self) -> bool:
        return self.found <= self.bound


@click.command()
@click.option("--subjects", default=20_000, show_default=True, help="Organisations in the city.")
@click.option("--rows", default=_FILE_ROWS, show_default=True, help="Rows of the file drop.")
def main(subjects: int, rows: int) -> None:
    """Measure what belongs to departments."""
    console = Console(width=WIDTH)
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    at_start = machine()
    found = list(_findings(console, subjects, rows))
    console.print(findings_table(found))
    document = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {"machine": at_start}
    document["departments"] = {
        "load_average": at_start["load_average"],
        "findings": [{**asdict(each), "is_within": each.is_within} for each in found],
    }
    FILE.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _findings(console: Console, subjects: int, rows: int) -> Iterator[Finding]:
    with console.status("kits"):
        for each in measure_kits(_KIT_SUBJECTS, _KIT_ROUNDS, _KIT_CALLS):
            yield Finding(f"{each.kit}: kit, times by hand", each.ratio, KIT_BOUND, "")
            yield Finding(f"{each.kit}: the same in CPU", each.cpu_ratio, KIT_BOUND, "")
    with console.status("file drops"):
        files = measure_files(rows, _FILE_ROUNDS, _FILE_CALLS)
    yield Finding("files kit, times by hand", files.ratio, LOOK_UP_BOUND, "")
    bound = INDEX_BOUND_S * rows / _FILE_ROWS
    yield Finding(f"{rows:,} rows indexed", files.index_s, bound, "s")
    yield Finding("indexing, CPU of all cores", files.index_cpu_s, bound * 2, "s")
    isolated = uvloop.run(measure_isolation(console, CitySettings(subjects=subjects), _ROUNDS))
    yield Finding(
        "processes of their own, added to W1 at p50", isolated.added_ms, ADDED_BOUND_MS, "ms"
    )
    yield Finding("five departments' p95 while a sixth hangs", isolated.ratio, RATIO_BOUND, "")


def findings_table(found: list[Finding]) -> Table:
    """One line per figure."""
    table = Table("departments", "found", "bound", "", title="what belongs to departments")
    for each in found:
        word = "within" if each.is_within else "over"
        table.add_row(
            each.what, f"{each.found:.2f} {each.unit}", f"{each.bound:g} {each.unit}", word
        )
    return table


if __name__ == "__main__":
    main(prog_name="python -m bench.departments")
