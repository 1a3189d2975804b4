"""The part of the schema that a caller class sees, made when first asked for and kept."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    build_ast_schema,
    graphql_sync,
    parse,
    print_ast,
)

from gateway.visibility.members import Permission, permissions
from gateway.visibility.prune import prune
from policies.engine import PolicySet
from policies.model import CallerClass
from policies.sharing.model import ActRules
from policies.situations import reach

NOBODY_ACTS = ActRules(())
KEPT = 4 * len(CallerClass)
"""A few versions of the rules, and the day's turn."""


@dataclass(frozen=True, slots=True, eq=False)
class SchemaPart:
    """A valid schema of its own; compared by identity.

    Attributes:
        schema: for introspection only; nothing in it resolves.
        sdl: the same as text, with the directives of a federation subgraph.
    """

    schema: GraphQLSchema
    sdl: str


class SchemaParts:
    """Parts of one full schema, by caller class and by the rules of the day.

    Args:
        schema: the full schema, a federation subgraph.
        acts: who may act on grants and consents.
    """

    def __init__(self, schema: GraphQLSchema, acts: ActRules = NOBODY_ACTS) -> None:
        self._schema = schema
        self._acts = acts
        self._made: OrderedDict[tuple[str, dt.date, CallerClass], SchemaPart] = OrderedDict()
        self._making = asyncio.Lock()

    async def part(self, policies: PolicySet, caller_class: CallerClass) -> SchemaPart:
        """What a class sees under these rules; the first time, made beside the event loop."""
        key = (policies.version, policies.today, caller_class)
        found = self._made.get(key)
        if found is not None:
            return found
        async with self._making:
            found = self._made.get(key)
            if found is None:
                found = await asyncio.to_thread(self.make, policies, caller_class)
                self._made[key] = found
                if len(self._made) > KEPT:
                    self._made.popitem(last=False)
        return found

    @cached_property
    def _document(self) -> DocumentNode:
        """The full schema as it prints itself, with the directives of a subgraph."""
        told = graphql_sync(self._schema, "{ _service { sdl } }").data
        assert told is not None
        return parse(told["_service"]["sdl"], no_location=True)

    @cached_property
    def _permissions(self) -> Mapping[str, frozenset[Permission]]:
        return permissions(self._schema)

    def make(self, policies: PolicySet, caller_class: CallerClass) -> SchemaPart:
        """Make a part; takes up to a second."""
        opened: frozenset[Permission] = reach(policies, caller_class) | {
            rule.act for rule in self._acts.rules if rule.who is caller_class
        }

        def keeps(place: str) -> bool:
            needed = self._permissions.get(place)
            return needed is None or not needed.isdisjoint(opened)

        pruned = prune(self._document, keeps)
        bare = build_ast_schema(pruned, assume_valid_sdl=True)
        parts: dict[str, Any] = {**bare.to_kwargs(), "directives": self._schema.directives}
        return SchemaPart(GraphQLSchema(**parts), print_ast(pruned))
