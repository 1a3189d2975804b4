"""Part 1: one firm, read by five callers: what each got clear, masked, denied, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from gateway.authorization.explain import NEEDS
from gateway.demo.city.cases import CASES, Case
from gateway.demo.profiles import PROFILES, Profile
from gateway.demo.tour.client import Access, Answer
from gateway.demo.tour.context import TourContext, small_table
from gateway.demo.tour.questions import ONE_FIRM, ONE_FIRM_LINES, Line
from policies.engine import DEFAULT_DENY
from policies.model import Outcome, Rule

_FIELD_WIDTH = 24
_VALUE_WIDTH, _WIDE_VALUE_WIDTH = 10, 18
_WIDE = 110
_WORDS = {
    Outcome.CLEAR: "clear 明示",
    Outcome.MASKED: "masked 脱敏",
    Outcome.DENIED: "denied 拒绝",
}
_STYLES = {Outcome.CLEAR: "green", Outcome.MASKED: "yellow", Outcome.DENIED: "red"}


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader of the tour.

    Attributes:
        heading: of its column, a few short lines.
        title: of its own table.
    """

    heading: str
    title: str
    profile: Profile
    case: Case


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader, what it got, and the decisions that the audit recorded."""

    reader: Reader
    answer: Answer
    decisions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Reason:
    """What explains one outcome: the same reason stands once, whatever the number of fields."""

    outcome: Outcome
    text: str


READERS = (
    Reader("public\n公众", "The public 社会公众", PROFILES.public, CASES.penalised_firm),
    Reader(
        "inspector\n执法人员",
        "A market inspector, for one inspection 市场监管执法人员（一次检查）",
        PROFILES.inspector,
        CASES.penalised_firm,
    ),
    Reader(
        "bank with\nconsent\n有授权",
        "A bank before a loan, with the firm's consent 银行（贷前审查，企业已授权）",
        PROFILES.bank,
        CASES.penalised_firm,
    ),
    Reader(
        "bank, no\nconsent\n无授权",
        "The same bank, about a firm that gave no consent 同一银行（另一企业，未授权）",
        PROFILES.bank,
        CASES.firm_without_consent,
    ),
    Reader("the firm\n企业本人", "The firm itself 企业本人", PROFILES.firm, CASES.penalised_firm),
)


async def show_readings(context: TourContext) -> None:
    """Ask the same question as each reader, and print the outcomes side by side."""
    context.heading("1. One firm, five readers", "同一企业，五种读者")
    context.text("Everybody asks this 各方提出同一查询:")
    context.code(ONE_FIRM)
    readings = []
    for reader in READERS:
        answer = await context.ask("one firm", reader.profile, ONE_FIRM, {"uscc": reader.case.code})
        readings.append(Reading(reader, answer, await _decisions(context, answer)))
    _print_values(context, readings)
    for reading in readings:
        _print_reasons(context, reading)


async def _decisions(context: TourContext, answer: Answer) -> Sequence[Mapping[str, Any]]:
    entries = await context.audit.of_request(answer.request_id)
    return [
        decision
        for entry in entries
        for decision in await context.audit.decisions(entry.members()["decisions"])
    ]


def _print_values(context: TourContext, readings: Sequence[Reading]) -> None:
    table = small_table("What each got 各方所得")
    table.add_column("field\n数据项", width=_FIELD_WIDTH, overflow="fold")
    width = _WIDE_VALUE_WIDTH if context.console.width >= _WIDE else _VALUE_WIDTH
    for reading in readings:
        table.add_column(reading.reader.heading, width=width, no_wrap=True, overflow="ellipsis")
    for line in ONE_FIRM_LINES:
        cells = [_value_cell(line, reading.answer) for reading in readings]
        table.add_row(Text(f"{line.label} {line.title_zh}"), *cells)
    context.console.print(table)
    context.text(
        "masked 脱敏: a part is hidden. denied 拒绝: not even fetched. -: nothing there for this"
        " reader 无可见记录; of taxpayer credit, for one, the public learns who has grade A and no"
        " more. The fourth reader asks about another firm, which gave no consent."
    )


def _value_cell(line: Line, answer: Answer) -> Text:
    outcomes = {entry.outcome for entry in answer.outcomes(line.path)}
    outcome = next(iter(outcomes)) if len(outcomes) == 1 else None
    if outcome is None:
        return Text("mixed" if outcomes else "-")
    value = answer.value(line.path)
    if outcome is Outcome.DENIED:
        return Text("denied", style=_STYLES[outcome])
    if value is None:
        return Text("-")
    if outcome is Outcome.MASKED:
        return Text("masked", style=_STYLES[outcome])
    return Text(value_text(value))


def value_text(value: Any) -> str:
    """A scalar as GraphQL writes it, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _print_reasons(context: TourContext, reading: Reading) -> None:
    reasons: dict[_Reason, list[str]] = {}
    for line in ONE_FIRM_LINES:
        for entry in reading.answer.outcomes(line.path):
            reason = _Reason(entry.outcome, _why(context.rules, entry, line, reading.decisions))
            shown = _shown(entry, line, reading.answer)
            if shown not in reasons.setdefault(reason, []):
                reasons[reason].append(shown)
    table = small_table(reading.reader.title)
    table.add_column("outcome\n结果", min_width=7)
    table.add_column("fields\n数据项", ratio=4, overflow="fold")
    table.add_column("why: intent and law\n理由与法律依据", ratio=6, overflow="fold")
    for reason in sorted(reasons, key=lambda found: list(Outcome).index(found.outcome)):
        table.add_row(
            Text(_WORDS[reason.outcome].replace(" ", "\n"), style=_STYLES[reason.outcome]),
            Text(", ".join(reasons[reason])),
            Text(reason.text),
        )
    context.console.print(table)


def _shown(entry: Access, line: Line, answer: Answer) -> str:
    """The field's label, what a mask left of it, or the place above where that is denied."""
    if entry.path != line.path:
        return entry.path.removeprefix("subject.")
    value = answer.value(line.path)
    if entry.outcome is Outcome.MASKED and value is not None:
        return f"{line.label} = {value}"
    return line.label


def _why(
    rules: Mapping[str, Rule],
    entry: Access,
    line: Line,
    decisions: Sequence[Mapping[str, Any]],
) -> str:
    """The intent of the rules that decided, and what would be needed."""
    ids = entry.rules or _recorded_rules(line, decisions)
    needs = f"{NEEDS[entry.missing].capitalize()}." if entry.missing is not None else ""
    if ids == (DEFAULT_DENY,):
        return f"No rule opens it to this caller. {needs} [{DEFAULT_DENY}]"
    texts = [rules[found].intent for found in ids]
    if entry.outcome is not Outcome.CLEAR:
        texts += [rules[found].legal_basis for found in ids]
    return " ".join((*texts, *([needs] if needs else []), f"[{', '.join(ids)}]"))


def _recorded_rules(line: Line, decisions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Rules that let a clear field through: the answer does not tell them, the audit does."""
    for decision in decisions:
        is_it = (decision["coordinate"], decision["use"]) == (line.coordinate, line.use.value)
        if is_it and decision["outcome"] == Outcome.CLEAR.value:
            return tuple(decision["rules"])
    return ()
