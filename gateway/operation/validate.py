"""Validation by the rules of the specification, within a bounded time and without values.

Differences from graphql-core's own list: literals of a wrong type are not repeated in the message,
literals that a scalar of ours refuses are reported with its reason and their own place, and the
search for conflicting fields, which is quadratic, has a budget.

Source: GraphQL specification (September 2025), section 5 "Validation".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationType,
    Source,
    ValueNode,
    get_named_type,
    specified_rules,
    validate,
)
from graphql.language import SKIP, VisitorAction
from graphql.utilities.validate_input_value import validate_input_literal
from graphql.validation import (
    ASTValidationRule,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValuesOfCorrectTypeRule,
)

from gateway.errors import ClientError
from gateway.operation.errors import RequestError, request_error
from gateway.operation.limits import Limits
from gateway.operation.types import ValidatedOperation

# Text of graphql-core when it stops; pinned by tests.
_ABORTED = "Validation aborted."
_LONGEST_MESSAGE = 400


class _ValuesWithoutEcho(ValuesOfCorrectTypeRule):
    """Values of correct type, reported by type and place; our scalars add their reason.

    The reasons of our scalars repeat no more than a character of what the client wrote.
    """

    def is_valid_value_node(
        self, node: ValueNode, input_type: GraphQLInputType | None
    ) -> VisitorAction:
        """Report each wrong part of a literal."""
        if input_type:
            name = get_named_type(input_type).name

            def report(error: GraphQLError, path: list[Any]) -> None:
                if error.nodes:
                    told = GraphQLError(f"value is not valid for type `{name}`", error.nodes)
                else:  # raised by a scalar of ours, which knows the value and not the place
                    told = GraphQLError(error.message, _part_of(node, path))
                self.report_error(told)

            validate_input_literal(
                node, input_type, report, None, None, self.context.hide_suggestions
            )
        return SKIP


def _part_of(node: ValueNode, path: Sequence[str | int]) -> ValueNode:
    """The part of a literal that a path of members and positions leads to."""
    for step in path:
        if isinstance(node, ObjectValueNode):
            node = next(field.value for field in node.fields if field.name.value == step)
        elif isinstance(node, ListValueNode) and isinstance(step, int):
            node = node.values[step]
    return node


def _bounded_overlap(comparisons: int) -> type[ASTValidationRule]:
    """Return the rule on conflicting fields with a budget of its own."""

    class BoundedOverlappingFields(OverlappingFieldsCanBeMergedRule):
        """Overlapping fields can be merged, found out in a bounded number of steps."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = comparisons

    return BoundedOverlappingFields


class Validator:
    """Validates documents against one schema.

    Args:
        schema: the full schema, the same for every caller.
        limits: of errors reported and comparisons made.
    """

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        replaced: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
            ValuesOfCorrectTypeRule: _ValuesWithoutEcho,
            OverlappingFieldsCanBeMergedRule: _bounded_overlap(limits.comparisons),
        }
        self._rules = tuple(replaced.get(rule, rule) for rule in specified_rules)

    def check(self, document: DocumentNode, source: Source) -> None:
        """Raise if the document breaks a rule.

        Raises:
            RequestError: VALIDATION_FAILED for each broken rule, or TOO_COMPLEX where finding
                out takes too long.
        """
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=self._limits.errors,
            hide_suggestions=True,
        )
        if errors:
            raise RequestError(tuple(_bare(error, source) for error in errors))


def _bare(error: GraphQLError, source: Source) -> GraphQLError:
    """Return the error without the syntax tree, which a cache would keep alive."""
    if error.message == _ABORTED:
        return request_error(
            "TOO_COMPLEX", "the document has too many fields that may conflict to compare them"
        )
    return request_error(
        "VALIDATION_FAILED",
        error.message[:_LONGEST_MESSAGE],
        source,
        tuple(error.positions or ()),
    )


def refuse_mutation_by_get(operation: ValidatedOperation, method: str) -> None:
    """Raise for a mutation that came by `GET`, which must change nothing.

    Source: GraphQL over HTTP, section "GET".

    Raises:
        ClientError: 405 METHOD_NOT_ALLOWED.
    """
    if method == "GET" and operation.operation.operation is not OperationType.QUERY:
        raise ClientError(
            "METHOD_NOT_ALLOWED",
            "only queries may be sent by `GET`, expected `POST`",
            status=405,
            headers=(("allow", "POST"),),
        )
