"""Document text to syntax tree, with limits while it is read and errors that hold no value."""

from __future__ import annotations

import re

from graphql import DocumentNode, GraphQLSyntaxError, Source, parse

from gateway.operation.errors import RequestError, refused
from gateway.operation.limits import Limits

# Errors of the lexer and parser that say which limit was passed; their texts are pinned by tests.
_LIMITS = (
    (re.compile(r"contains more than \d+ tokens"), "TOO_MANY_TOKENS", "tokens"),
    (re.compile(r"contains more than \d+ comments"), "TOO_MANY_TOKENS", "comments"),
    (re.compile(r"nested too deeply"), "TOO_DEEP", ""),
)
# What is expected is a word or sign of the grammar; what was found may be a value.
_EXPECTED = re.compile(r"Expected (Name|String|Int|Float|\'[^\']{1,12}\'|<EOF>), found ")
_FOUND = re.compile(
    r"(?:found|Unexpected) (Name|Int|Float|String|BlockString|<EOF>|\'[!$&()\.:=@\[\]{|}]{1,3}\')"
)


def parse_document(source: Source, limits: Limits) -> DocumentNode:
    """Return the syntax tree of a document.

    Raises:
        RequestError: SYNTAX_ERROR with the place, TOO_MANY_TOKENS or TOO_DEEP.
    """
    try:
        return parse(
            source,
            max_lexical_tokens=limits.tokens,
            max_comments=limits.comments,
            allow_empty_selection_sets=False,
        )
    except GraphQLSyntaxError as error:
        raise _without_values(error, source, limits) from None


def _without_values(error: GraphQLSyntaxError, source: Source, limits: Limits) -> RequestError:
    """Return the error in our own words."""
    positions = tuple(error.positions or ())
    for pattern, code, what in _LIMITS:
        if pattern.search(error.message):
            if code == "TOO_DEEP":
                return refused(code, "the document is nested too deeply", source, positions)
            allowed = limits.tokens if what == "tokens" else limits.comments
            message = f"the document has more than {allowed} {what}"
            return refused(code, message, source, positions)
    found = _FOUND.search(error.message)
    expected = _EXPECTED.search(error.message)
    message = "the document is not valid GraphQL"
    if found:
        message += f": unexpected {found[1]}"
    if expected:
        message += f", expected {expected[1]}"
    return refused("SYNTAX_ERROR", message, source, positions)
