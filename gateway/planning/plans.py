"""The stage: operation and variables to a plan, remembered by everything that shapes it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues

from gateway.opaque import OpaqueCodec
from gateway.operation.errors import RequestError
from gateway.operation.types import ValidatedOperation
from gateway.planning.planner import Planner
from gateway.planning.types import FetchPlan
from gateway.planning.variables import OperationVariables, without_tree


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """A plan, and the coerced variables to run it with."""

    plan: FetchPlan
    variables: Mapping[str, Any]


class Plans:
    """Makes plans and keeps the latest ones, and the latest operations' variables beside them."""

    def __init__(self, schema: GraphQLSchema, opaque: OpaqueCodec, kept: int = 2_048) -> None:
        self._schema = schema
        self._planner = Planner(schema, opaque)
        self._kept = kept
        self._made: OrderedDict[tuple[ValidatedOperation, bytes], FetchPlan] = OrderedDict()
        self._variables: OrderedDict[ValidatedOperation, OperationVariables] = OrderedDict()

    def plan(self, operation: ValidatedOperation, variables: Mapping[str, Any]) -> PlannedOperation:
        """Return the plan for an operation with these raw variables.

        Raises:
            RequestError: a variable is missing or of the wrong type (VARIABLE_INVALID), or an
                argument is out of its range or for another kind.
        """
        of_operation = self._variables_of(operation)
        key = operation, of_operation.shape(variables)
        plan = self._made.get(key)
        if plan is not None:
            self._made.move_to_end(key)
            quick = of_operation.coerce_quickly(variables)
            if quick is not None:
                return PlannedOperation(plan, quick)
            return PlannedOperation(plan, of_operation.coerce(variables).coerced)
        coerced = of_operation.coerce(variables)
        plan = self._make(operation, coerced, of_operation.plan_key(variables))
        self._made[key] = plan
        if len(self._made) > self._kept:
            self._made.popitem(last=False)
        return PlannedOperation(plan, coerced.coerced)

    def check_variables(self, operation: ValidatedOperation, variables: Mapping[str, Any]) -> None:
        """Check the variables of an operation that is not planned.

        Raises:
            RequestError: VARIABLE_INVALID.
        """
        self._variables_of(operation).coerce(variables)

    def _variables_of(self, operation: ValidatedOperation) -> OperationVariables:
        found = self._variables.get(operation)
        if found is None:
            found = self._variables[operation] = OperationVariables(self._schema, operation)
            if len(self._variables) > self._kept:
                self._variables.popitem(last=False)
        return found

    def _make(
        self, operation: ValidatedOperation, variables: VariableValues, key: bytes
    ) -> FetchPlan:
        try:
            return self._planner.plan(operation, variables, key)
        except GraphQLError as error:
            raise RequestError((without_tree(error, "ARGUMENT_INVALID"),)) from error
