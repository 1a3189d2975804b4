"""Part 2: the plan of a question and its SQL, as `credit-gateway explain` tells them."""

from __future__ import annotations

import asyncio

from gateway.demo.city.cases import CASES
from gateway.demo.profiles import PROFILES
from gateway.demo.tour.context import TourContext
from gateway.demo.tour.questions import GRADE_AND_PAYMENTS
from gateway.explanation import Explanation, caller_text, open_explainer
from gateway.operation.types import OperationRequest
from gateway.settings import Settings
from policies.model import Caller


async def show_plan(context: TourContext) -> None:
    """Explain the bank's question about the firm that consented."""
    context.heading("2. The plan and its SQL", "查询计划与 SQL")
    request = OperationRequest(GRADE_AND_PAYMENTS, None, {"uscc": CASES.penalised_firm.code})
    assert PROFILES.bank.request is not None
    caller = PROFILES.bank.request.caller
    # In a thread: opening a gateway takes long enough to make the running one stumble.
    explained = await asyncio.to_thread(
        lambda: asyncio.run(_explain(context.settings, request, caller))
    )
    context.text("The bank asks 银行查询:")
    context.code(GRADE_AND_PAYMENTS)
    context.text("Before anything is fetched, this is decided 取数之前的决定:")
    context.code("\n".join((caller_text(caller), "", *explained.plan)))
    context.text("What is not permitted is not in the SQL 未获许可的数据项不在 SQL 之中:")
    context.code("\n".join(explained.calls))
    context.text("The same for any query 任意查询均可:")
    settings, token = context.files.settings, context.files.tokens / PROFILES.bank.name
    context.to_copy(f"{context.program} explain --config {settings} --token {token} FILE.graphql")


async def _explain(settings: Settings, request: OperationRequest, caller: Caller) -> Explanation:
    async with open_explainer(settings) as explainer:
        return explainer.explain(request, caller)
