"""Variables of one operation: which shape the plan, and their values coerced.

Variables that are only codes are coerced here without the general machinery, which costs more
than a small query's whole plan; whatever is not plainly right goes to graphql-core, whose errors
the client gets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    GraphQLError,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    TypeNode,
)
from graphql.execution.values import VariableValues, get_variable_values

from gateway.operation.errors import RequestError, request_error
from gateway.operation.types import ValidatedOperation
from gateway.planning.relevance import relevant_variables
from schema.identifiers.uscc import is_uscc

MAX_VARIABLE_ERRORS = 5
CODE_LENGTH = 18
CODES_KEPT = 32_768
_CODE = "USCC!"
_CODES = "[USCC!]!"


class OperationVariables:
    """What is known of one operation's variables once for all requests."""

    def __init__(self, schema: GraphQLSchema, operation: ValidatedOperation) -> None:
        self._schema = schema
        self._definitions = operation.operation.variable_definitions or ()
        self._relevant = relevant_variables(operation.document)
        self._types = {
            definition.variable.name.value: _type_text(definition.type)
            for definition in self._definitions
        }
        self._is_quick = all(kind in (_CODE, _CODES) for kind in self._types.values())
        name = operation.operation.name
        self._base = f"{operation.document_hash}\0{name.value if name else ''}\0".encode()

    def shape(self, variables: Mapping[str, Any]) -> bytes:
        """Canonical bytes of the variables that shape the plan; empty if none do."""
        if not self._relevant:
            return b""
        shaping = {name: value for name, value in variables.items() if name in self._relevant}
        return orjson.dumps(shaping, option=orjson.OPT_SORT_KEYS) if shaping else b""

    def plan_key(self, variables: Mapping[str, Any]) -> bytes:
        """Canonical bytes of document, operation and the variables that shape the plan."""
        return self._base + hashlib.sha256(self.shape(variables)).digest()

    def coerce_quickly(self, variables: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The values, if all variables are codes in their normal form; else None."""
        if not self._is_quick or len(variables) != len(self._types):
            return None
        for name, kind in self._types.items():
            value = variables.get(name)
            if kind == _CODE:
                if not isinstance(value, str) or not _is_code(value):
                    return None
            elif not isinstance(value, list) or not all(
                isinstance(item, str) and _is_code(item) for item in value
            ):
                return None
        return variables

    def coerce(self, variables: Mapping[str, Any]) -> VariableValues:
        """The values by the GraphQL specification, section 6.1.2.

        Raises:
            RequestError: VARIABLE_INVALID.
        """
        values = get_variable_values(
            self._schema,
            self._definitions,
            dict(variables),
            MAX_VARIABLE_ERRORS,
            hide_suggestions=True,
        )
        if isinstance(values, VariableValues):
            return values
        raise RequestError(tuple(without_tree(error, "VARIABLE_INVALID") for error in values))


def _is_code(text: str) -> bool:
    return len(text) == CODE_LENGTH and _is_checked_code(text)


@lru_cache(maxsize=CODES_KEPT)
def _is_checked_code(text: str) -> bool:
    return is_uscc(text)


def _type_text(node: TypeNode) -> str:
    match node:
        case NonNullTypeNode():
            return f"{_type_text(node.type)}!"
        case ListTypeNode():
            return f"[{_type_text(node.type)}]"
        case NamedTypeNode():
            return node.name.value
        case _:
            return ""


def without_tree(error: GraphQLError, code: str) -> GraphQLError:
    """The error with text and places only, so that it keeps no syntax tree alive."""
    source = error.source
    positions = tuple(error.positions or ())
    given = (error.extensions or {}).get("code")
    return request_error(str(given or code), error.message, source, positions)
