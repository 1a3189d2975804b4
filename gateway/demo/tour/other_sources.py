"""Part 4: departments whose data lie elsewhere answer in the same list."""

from __future__ import annotations

from rich.text import Text

from gateway.demo.city.cases import CASES
from gateway.demo.profiles import PROFILES
from gateway.demo.tour.context import TourContext, small_table
from gateway.demo.tour.questions import COMMITMENTS, LICENCES
from gateway.demo.tour.readings import value_text


async def show_other_sources(context: TourContext) -> None:
    """Ask for licences, which several departments grant, each from its own kind of source."""
    context.heading("4. Other kinds of sources", "其他数据源")
    further = {department.slug: department.source for department in context.further.departments}
    for left_out in context.further.left_out:
        context.text(f"Left out 未演示: {left_out.slug}. {left_out.reason}.")
    if not further:
        return
    context.text("Licences of one firm, from every department that grants any 各部门许可合并:")
    context.code(LICENCES)
    code = CASES.clean_firm.code
    answer = await context.ask("licences", PROFILES.inspector, LICENCES, {"uscc": code})
    table = small_table("")
    for heading in ("department\n部门", "source\n数据源", "outcome\n结果"):
        table.add_column(heading)
    for slug, outcome in answer.sources.items():
        table.add_row(Text(slug), Text(further.get(slug, "PostgreSQL")), Text(outcome))
    context.console.print(table)
    total = answer.value("subject.licences.totalCount")
    context.text(f"Together {value_text(total)} licences, in one order 合并排序.")
    if "associations" in further:
        await _show_commitments(context)


async def _show_commitments(context: TourContext) -> None:
    """Ask, as anybody may, what a firm promised its association and whether it kept its word."""
    context.text("What a firm promised its association, from a file that it dropped 行业信用承诺:")
    context.code(COMMITMENTS)
    code = CASES.penalised_firm.code
    answer = await context.ask("commitments", PROFILES.public, COMMITMENTS, {"uscc": code})
    table = small_table("")
    for heading in ("association\n协会", "decided on\n作出日期", "performance\n履行状态"):
        table.add_column(heading)
    for node in answer.value("subject.commitments.nodes"):
        decided = node["meta"]["decidedOn"]
        table.add_row(Text(node["receivingUnit"]), Text(decided), Text(node["performance"]))
    context.console.print(table)
    context.text(
        "Rows that its sheet got wrong went back to it, each with a rule: "
        "`credit-gateway quality --config data/gateway.toml` 数据质量."
    )
