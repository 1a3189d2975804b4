"""Life cycles as Mermaid diagrams and tables, for the documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.lifecycle.machine import Machine, Statement
from gateway.lifecycle.terms import Terms

_NEEDS = {Statement.REASON: "reason", Statement.BASIS: "basis", Statement.EVIDENCE: "evidence"}


def draw(machine: Machine[Any]) -> str:
    """Return the state diagram."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state}: {state} {term}" for state, term in machine.states.items()]
    lines.append(f"    [*] --> {machine.initial}: {machine.opening}")
    lines += [f"    {each.source} --> {each.target}: {each.act}" for each in machine.transitions]
    lines += [f"    {state} --> [*]" for state in machine.states if state in machine.ends]
    return "\n".join(lines)


def tell(machine: Machine[Any], terms: Terms | None = None) -> str:
    """Return diagram, transitions and clocks as Markdown.

    Args:
        terms: by which the clocks are reckoned; None for a machine without any.
    """
    return "\n".join(_lines(machine, terms)) + "\n"


def _lines(machine: Machine[Any], terms: Terms | None) -> Iterator[str]:
    yield f"## {machine.title}"
    yield ""
    yield f"`{machine.name}`. Source: {machine.source}"
    yield ""
    yield "```mermaid"
    yield draw(machine)
    yield "```"
    yield ""
    yield "| 起 / from | 行为 / act | 止 / to | 由谁 / who | 须附 / needs | 条件 / conditions |"
    yield "|---|---|---|---|---|---|"
    opening = (machine.openers, machine.opening_needs, machine.opening_conditions)
    yield _row("–", machine.opening, machine.initial, *opening, None)
    for each in machine.transitions:
        yield _row(
            each.source,
            each.act,
            each.target,
            each.who,
            each.needs,
            each.conditions,
            each.other_person_than,
        )
    if terms is None:
        return
    yield ""
    yield "| 时限 / clock | 由谁 / whose | 起于 / begins in | 期限 / term | 届满后 / day after |"
    yield "|---|---|---|---|---|"
    for clock in machine.clocks:
        begins = ", ".join(state for state in machine.states if state in clock.starts)
        after = f"`{clock.act}`" if clock.act else "逾期 / overdue"
        term = _term(clock.term, terms)
        yield f"| `{clock.name}` | {clock.whose} | {begins} | {term} | {after} |"
    for each in machine.transitions:
        for name, term in each.extends:
            yield (
                f"| `{name}` | | `{each.act}` in {each.source} | "
                f"延长 / longer by {_term(term, terms)} | |"
            )


def _row(
    source: str, act: str, target: str, who: Any, needs: Any, conditions: Any, other: str | None
) -> str:
    statements = ", ".join(_NEEDS[each] for each in Statement if each in needs)
    found = [each.text for each in conditions]
    if other is not None:
        found.append(f"another person than at `{other}`")
    return (
        f"| {source} | `{act}` | {target} | {', '.join(sorted(who))} | {statements} | "
        f"{'; '.join(found)} |"
    )


def _term(name: str, terms: Terms) -> str:
    if not name:
        return "以决定所载日期为准 / the day that the case says"
    newest = terms.versions[-1].terms[name]
    reference = newest.reference
    return (
        f"{newest.span} (`{name}`, {reference.rule}: {reference.source};"
        f" {reference.confidence.value})"
    )
