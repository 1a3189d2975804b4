"""The stage: operation and variables to a plan, remembered by everything that shapes it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues, get_variable_values

from gateway.opaque import OpaqueCodec
from gateway.operation.errors import RequestError, request_error
from gateway.operation.types import ValidatedOperation
from gateway.planning.planner import Planner
from gateway.planning.relevance import relevant_variables
from gateway.planning.types import FetchPlan

MAX_VARIABLE_ERRORS = 5


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """A plan, and the coerced variables to run it with."""

    plan: FetchPlan
    variables: Mapping[str, Any]


class Plans:
    """Makes plans and keeps the latest ones."""

    def __init__(self, schema: GraphQLSchema, opaque: OpaqueCodec, kept: int = 2_048) -> None:
        self._schema = schema
        self._planner = Planner(schema, opaque)
        self._kept = kept
        self._made: OrderedDict[bytes, FetchPlan] = OrderedDict()
        self._relevant: WeakKeyDictionary[DocumentNode, frozenset[str]] = WeakKeyDictionary()

    def plan(self, operation: ValidatedOperation, variables: Mapping[str, Any]) -> PlannedOperation:
        """Return the plan for an operation with these raw variables.

        Raises:
            RequestError: a variable is missing or of the wrong type (VARIABLE_INVALID), or an
                argument is out of its range or for another kind.
        """
        coerced = self._coerce(operation, variables)
        key = self._key(operation, variables)
        plan = self._made.get(key)
        if plan is None:
            plan = self._make(operation, coerced, key)
            self._made[key] = plan
            if len(self._made) > self._kept:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return PlannedOperation(plan, coerced.coerced)

    def _coerce(
        self, operation: ValidatedOperation, variables: Mapping[str, Any]
    ) -> VariableValues:
        definitions = operation.operation.variable_definitions or ()
        values = get_variable_values(
            self._schema, definitions, dict(variables), MAX_VARIABLE_ERRORS, hide_suggestions=True
        )
        if isinstance(values, VariableValues):
            return values
        raise RequestError(tuple(_without_tree(error, "VARIABLE_INVALID") for error in values))

    def _key(self, operation: ValidatedOperation, variables: Mapping[str, Any]) -> bytes:
        relevant = self._relevant.get(operation.document)
        if relevant is None:
            relevant = relevant_variables(operation.document)
            self._relevant[operation.document] = relevant
        name = operation.operation.name
        base = f"{operation.document_hash}\0{name.value if name else ''}\0".encode()
        if not relevant:
            return base
        shaping = {name: value for name, value in variables.items() if name in relevant}
        shaped = orjson.dumps(shaping, option=orjson.OPT_SORT_KEYS)
        return base + hashlib.sha256(shaped).digest()

    def _make(
        self, operation: ValidatedOperation, variables: VariableValues, key: bytes
    ) -> FetchPlan:
        try:
            return self._planner.plan(operation, variables, key)
        except GraphQLError as error:
            raise RequestError((_without_tree(error, "ARGUMENT_INVALID"),)) from error


def _without_tree(error: GraphQLError, code: str) -> GraphQLError:
    """The error with text and places only, so that it keeps no syntax tree alive."""
    source = error.source
    positions = tuple(error.positions or ())
    given = (error.extensions or {}).get("code")
    return request_error(str(given or code), error.message, source, positions)
