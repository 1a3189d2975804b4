"""Part 3: a department is switched off, and the answer says so; then it comes back."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from gateway.demo.city.cases import CASES
from gateway.demo.profiles import PROFILES
from gateway.demo.tour.client import Answer
from gateway.demo.tour.context import TourContext, small_table
from gateway.demo.tour.questions import THREE_DEPARTMENTS
from gateway.demo.tour.readings import value_text

_ROWS: tuple[tuple[str, Callable[[Answer], str]], ...] = (
    ("market answered 市场监管", lambda answer: answer.sources["market"]),
    ("tax answered 税务", lambda answer: answer.sources["tax"]),
    ("courts answered 法院", lambda answer: answer.sources["courts"]),
    ("registration.status 登记状态", lambda answer: _value(answer, "registration.status")),
    ("taxpayerCredit.grade 信用级别", lambda answer: _value(answer, "taxpayerCredit.grade")),
    ("judgmentDefaulters 失信被执行人", lambda answer: _list(answer, "judgmentDefaulters")),
    ("consumptionRestrictions 限制消费令", lambda answer: _list(answer, "consumptionRestrictions")),
    ("errors 错误", lambda answer: _errors(answer)),
)


async def show_department_off(context: TourContext) -> None:
    """Ask with the courts there, away, and there again."""
    context.heading("3. A department is down", "一个部门中断")
    switch = context.courts_switch
    if switch is None:
        context.text(
            "Left out: the demonstration locks no login on servers that are not its own."
            " 未演示：不锁定外部服务器的账号。"
        )
        return
    context.text(
        "The courts' database refuses the gateway's login and ends its sessions (ALTER ROLE …"
        " NOLOGIN), then lets it in again. The inspector asks each time 法院数据库拒绝网关登录，"
        "随后恢复:"
    )
    before = await _ask(context, "courts there")
    await switch.off()
    try:
        without = await _ask(context, "courts away")
    finally:
        await switch.on()
    after = await _ask(context, "courts back")
    table = small_table("The same question three times 同一查询三次")
    table.add_column("", min_width=20)
    for heading in ("there\n正常", "switched off\n中断", "there again\n恢复"):
        table.add_column(heading)
    for title, cell in _ROWS:
        cells = [Text(cell(answer)) for answer in (before, without, after)]
        table.add_row(Text(title), *cells)
    context.console.print(table)
    context.text(
        "`null` with SOURCE_DOWN never reads like `none`: what a department did not say stays"
        " unsaid 部门未答复不等于没有记录."
    )


async def _ask(context: TourContext, what: str) -> Answer:
    code = CASES.defaulter_firm.code
    return await context.ask(what, PROFILES.inspector, THREE_DEPARTMENTS, {"uscc": code})


def _value(answer: Answer, path: str) -> str:
    value = answer.value(f"subject.{path}")
    return "null" if value is None else value_text(value)


def _list(answer: Answer, path: str) -> str:
    """What a list says: `null`, or how many there are."""
    if answer.value(f"subject.{path}") is None:
        return "null"
    count = answer.value(f"subject.{path}.totalCount")
    return "none" if count == 0 else f"{count} records"


def _errors(answer: Answer) -> str:
    found = dict.fromkeys(f"{error.code} ({error.source})" for error in answer.source_errors)
    return "\n".join(found) or "-"
