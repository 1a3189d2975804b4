"""Writes `docs/reference/faults.md` from the declarations that the tests of faults read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.declared import (
    FILES,
    MYSQL,
    POSTGRES,
    PROCESS,
    REST,
    STARTING,
    Case,
    DoesNotApply,
    Outcome,
    cases,
    code_faults,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "faults.md"
KITS = {
    "PostgreSQL kit": POSTGRES,
    "MySQL kit": MYSQL,
    "REST kit": REST,
    "Files kit": FILES,
}
_INTRODUCTION = """\
# What goes wrong at a department, and what comes of it

Every adapter stands behind the same guards, whatever its kind: a deadline, places for calls \
under way, a circuit for each capability, bounds of rows and bytes, and checks of everything that \
it returns.
Packages that did not come with the gateway run in a process of their own besides \
([settings.md](settings.md#adapters)), which contains what the guards cannot: code that takes the \
processor, the memory or the process itself.

This page is made by `make docs` from the declarations that the tests read, which cause each fault \
and compare the outcome.
An outcome is what `extensions.sources` says of the department; the departments beside it answer \
each time.

| Outcome | Meaning |
|---|---|
| `ANSWERED` | contained before it shows |
| `TIMED_OUT` | given up at the deadline |
| `DOWN` | failed at once, or is left alone |
| `MALFORMED` | answered, and nothing of the answer is used; an alarm is in the log |
| not contained | takes the gateway's worker with it, or holds it up: the reason to run such code \
in a process of its own |
"""
_PROCESS = """
## In the adapter's code

These are the same for every kind of source.
*Process* says what becomes of the adapter's process: it goes on, or is ended and started again: \
at once the first time, then after pauses that double up to a minute while it does not last.

| Fault | In the gateway's process | In its own process | Process |
|---|---|---|---|
"""
_STARTING = """
## While a package is loaded

In its own process; in the gateway's process a package is trusted with that, too.

| Fault | What comes of it |
|---|---|
"""


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    return 0


def render() -> str:
    """Return the page as Markdown."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield _INTRODUCTION
    for name, kind in KITS.items():
        yield f"\n## {name}\n\nThe kit runs in the gateway's process.\n\n"
        yield "| Fault | Outcome | How |\n|---|---|---|\n"
        for fault, case in cases(kind).items():
            yield f"| {fault} | {_shown(case.outcome)} | {case.remark} |\n"
        yield _left_out(kind)
    yield _PROCESS
    for fault, found in code_faults().items():
        process = "started again" if found.is_started_again else "goes on"
        yield f"| {fault} | {_shown(found.inside)} | {_shown(found.outside)} | {process} |\n"
    yield _left_out(PROCESS)
    yield _STARTING
    for fault, told in STARTING.items():
        yield f"| {fault} | {told} |\n"


def _left_out(kind: Mapping[str, Case | DoesNotApply] | Mapping[str, object]) -> str:
    reasons: dict[str, list[str]] = {}
    for fault, why in kind.items():
        if isinstance(why, DoesNotApply):
            reasons.setdefault(why.why, []).append(fault)
    if not reasons:
        return ""
    lines = [f"- {', '.join(faults)}: {why}.\n" for why, faults in reasons.items()]
    return "\nDoes not apply:\n\n" + "".join(lines)


def _shown(outcome: Outcome) -> str:
    word, _, rest = outcome.value.partition(",")
    return f"`{word}`" + (f",{rest}" if rest else "") if word.isupper() else outcome.value


if __name__ == "__main__":
    sys.exit(main())
