"""A query's path without its second half: planned and decided, then told instead of fetched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.authorization.explain import DecisionNotes, Standing
from gateway.composition import open_gateway
from gateway.contract import Adapter
from gateway.entitlements.data_contract import DataContract
from gateway.errors import InternalError
from gateway.fetching.explain import STANDS_FOR_A_PERSON, ExplainedCalls, explain_calls
from gateway.opaque import OpaqueCodec
from gateway.operation.types import OperationRequest
from gateway.pipeline import Stages
from gateway.planning.explain import INDENT, explain_plan
from gateway.planning.persons import with_persons
from gateway.planning.types import StatisticsRoot, SubjectPlace
from gateway.settings import Settings
from policies.model import Caller

_ASKED_BY = "explain"
_PATIENCE_S = 10.0
_LOOK_EVERY_S = 0.01


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would happen to an operation.

    Attributes:
        plan: places, decisions and what is asked for, as lines.
        calls: statements per department and level, as lines.
    """

    plan: tuple[str, ...]
    calls: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join((*self.plan, "", *self.calls))


class Explainer:
    """Runs the stages up to authorization and writes down what they made."""

    def __init__(
        self, stages: Stages, adapters: Mapping[str, Adapter], opaque: OpaqueCodec
    ) -> None:
        self._stages = stages
        self._adapters = adapters
        self._opaque = opaque

    def explain(
        self, request: OperationRequest, caller: Caller, contract: DataContract | None = None
    ) -> Explanation:
        """Tell what an operation would lead to for a caller; asks no department.

        Args:
            contract: what the caller's token gives at most.

        Raises:
            ClientError: the operation would be refused for its document or its variables.
        """
        stages = self._stages
        operation = stages.operations.load(request, _ASKED_BY)
        planned = with_persons(
            stages.plans.plan(operation, request.variables), lambda _: STANDS_FOR_A_PERSON
        )
        authorized = stages.authorizer.authorize(
            planned.plan, caller, stages.rules().policies, contract
        )
        explained = explain_calls(authorized, planned.variables, self._adapters, self._opaque)
        notes = DecisionNotes(authorized, _standing(explained))
        lines = explain_plan(planned.plan, notes)
        has_statistics = any(
            isinstance(root, StatisticsRoot) and authorized.statistics_streams(root)
            for root in planned.plan.roots.values()
        )
        return Explanation(tuple(lines), tuple(_call_lines(explained, has_statistics)))


@asynccontextmanager
async def open_explainer(settings: Settings) -> AsyncIterator[Explainer]:
    """Open a gateway for the length of the block, and explain with it.

    Raises:
        InternalError: the gateway's own database cannot be used.
    """
    # what only explains signs no log
    async with open_gateway(replace(settings, audit_log=None)) as gateway:
        # Consents count for nothing until the store has confirmed them lately.
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not gateway.is_ready():  # noqa: ASYNC110 - readiness is asked, never told
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError as error:
            raise InternalError("consents and grants cannot be read from the store") from error
        opaque = OpaqueCodec(settings.keys.opaque)
        yield Explainer(gateway.stages, gateway.registry.adapters, opaque)


def caller_text(caller: Caller) -> str:
    """The caller in one line."""
    parts = [f"caller: {caller.caller_class.value}, purpose {caller.purpose.value}"]
    if caller.organisation is not None:
        parts.append(f"organisation {caller.organisation}")
    if caller.acting_for is not None:
        parts.append(f"acting for {caller.acting_for}")
    if caller.role is not None:
        parts.append(f"role {caller.role.value}")
    return ", ".join(parts)


def _standing(explained: ExplainedCalls) -> dict[SubjectPlace, Standing]:
    return {
        place: Standing(
            {
                profile: None if place in explained.found else len(keys)
                for profile, keys in subjects.groups.items()
            }
        )
        for place, subjects in explained.subjects.items()
    }


def _call_lines(explained: ExplainedCalls, has_statistics: bool) -> Iterator[str]:
    if not explained.calls and not has_statistics:
        yield "no department is asked"
    for call in explained.calls:
        answered = "1 request" if call.requests == 1 else f"{call.requests} requests"
        yield f"level {call.level}, {call.slug}: one call for {answered}"
        if call.statement is None:
            yield f"{INDENT}the adapter does not tell"
        else:
            yield from (INDENT + line for line in call.statement.splitlines())
    if has_statistics:
        yield "statistics: one statement per department and stream, not shown"
