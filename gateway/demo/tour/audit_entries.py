"""Part 6: what the audit log says of the tour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from gateway.demo.tour.context import Asked, TourContext, small_table

_REFERENCE_CHARACTERS = 8


async def show_audit(context: TourContext) -> None:
    """Print the entry of each question of the tour."""
    context.heading("6. What the audit log says", "审计日志")
    context.text(
        "Each entry was on disk before the first byte of its answer left. Subjects stand as"
        " random references, values never 每条记录先于答复落盘；主体为随机标识，不记数据值:"
    )
    table = small_table("Entries of this tour 本次演示的审计记录")
    table.add_column("no\n序号", justify="right")
    table.add_column("caller, purpose, matter\n查询方、目的、办件编号", ratio=5, overflow="fold")
    table.add_column("question\n查询", ratio=3)
    table.add_column("subject\n主体", min_width=_REFERENCE_CHARACTERS)
    table.add_column("departments (rows)\n部门（条数）", ratio=4)
    table.add_column("outcome\n结果", min_width=8)
    for asked in context.asked:
        for entry in await context.audit.of_request(asked.answer.request_id):
            table.add_row(*_cells(entry.entry_no, entry.members(), asked))
    context.console.print(table)
    last = context.asked[-1].answer.request_id
    context.text("An entry with all its decisions 查看单条记录及其全部决定:")
    store = context.files.secrets / "store-url"
    context.to_copy(f"{context.program} audit show --store-url-file {store} {last}")


def _cells(entry_no: int, members: Mapping[str, Any], asked: Asked) -> Sequence[Text]:
    caller = [members["clientId"], members["purpose"]]
    if members["matterNo"]:
        caller.append(members["matterNo"])
    caller += [f"by consent {use['consentNo']}" for use in members["consents"]]
    departments = ", ".join(f"{part['slug']} {_outcome(part)}" for part in members["departments"])
    subjects = ", ".join(reference[:_REFERENCE_CHARACTERS] for reference in members["subjects"])
    cells = (str(entry_no), ", ".join(caller), asked.what, subjects, departments)
    return [Text(cell) for cell in (*cells, members["outcome"])]


def _outcome(part: Mapping[str, Any]) -> str:
    return f"({part['rows']})" if part["outcome"] == "ANSWERED" else str(part["outcome"])
