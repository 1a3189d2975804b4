"""Each limit of a document, at its value and one above."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from gateway.operation.limits import Limits
from schema.build import build_schema, core_schema
from tests.gateway.operation.conftest import Loader

LIMITS = Limits()


def tokens(count: int) -> str:
    """Return a valid document of that many tokens."""
    return "{firm(code: [" + "1 " * (count - 12) + "]) {name}}"


def nested(depth: int) -> str:
    """Return a document whose fields nest that deep."""
    return "{firm{" + "parent{" * (depth - 2) + "name" + "}" * depth


def wide(fields: int) -> str:
    """Return a document with that many fields below a fragment that is used many times."""
    used, rest = divmod(fields - 1, 49)
    names = " ".join(["size"] * 49)
    return "{firm{" + "...F " * used + "name " * rest + f"}}}} fragment F on Firm {{ {names} }}"


class TestAtAndAboveEachLimit:
    def test_tokens(self, loader: Loader) -> None:
        assert loader.codes(tokens(LIMITS.tokens)) == []
        assert loader.codes(tokens(LIMITS.tokens + 1)) == ["TOO_MANY_TOKENS"]

    def test_comments(self, loader: Loader) -> None:
        assert loader.codes("#\n" * LIMITS.comments + "{a}") == []
        assert loader.codes("#\n" * (LIMITS.comments + 1) + "{a}") == ["TOO_MANY_TOKENS"]

    def test_depth(self, loader: Loader) -> None:
        assert loader.codes(nested(LIMITS.depth)) == []
        assert loader.codes(nested(LIMITS.depth + 1)) == ["TOO_DEEP"]

    def test_depth_through_fragments(self, loader: Loader) -> None:
        inner = "fragment F on Firm {parent{name}}"
        outer = "{firm{" + "parent{" * (LIMITS.depth - 3) + "...F" + "}" * (LIMITS.depth - 1)
        assert loader.codes(outer + inner) == []
        deeper = "{firm{" + "parent{" * (LIMITS.depth - 2) + "...F" + "}" * LIMITS.depth
        assert loader.codes(deeper + inner) == ["TOO_DEEP"]

    def test_aliases(self, loader: Loader) -> None:
        def aliased(count: int) -> str:
            return "{firm{" + " ".join(f"n{i}: name" for i in range(count)) + "}}"

        assert loader.codes(aliased(LIMITS.aliases)) == []
        assert loader.codes(aliased(LIMITS.aliases + 1)) == ["TOO_MANY_ALIASES"]

    def test_aliases_in_a_fragment_count_at_each_use(self, loader: Loader) -> None:
        fragment = "fragment F on Firm {" + " ".join(f"n{i}: name" for i in range(15)) + "}"
        assert loader.codes("{firm{...F parent{...F}}}" + fragment) == []
        thrice = "{firm{...F parent{...F parent{...F}}}}" + fragment
        assert loader.codes(thrice) == ["TOO_MANY_ALIASES"]

    def test_root_fields(self, loader: Loader) -> None:
        assert loader.codes("{a b c d ...{e}}") == []
        assert loader.codes("{a b c d ...{e f}}") == ["TOO_MANY_ROOT_FIELDS"]
        assert loader.codes("{...F} fragment F on Query {a b c d e f}") == ["TOO_MANY_ROOT_FIELDS"]

    def test_fields(self, loader: Loader) -> None:
        assert loader.codes(wide(LIMITS.fields)) == []
        assert loader.codes(wide(LIMITS.fields + 1)) == ["TOO_MANY_FIELDS"]

    def test_fields_of_all_operations_count(self, loader: Loader) -> None:
        both = "query A {firm{...F}} query B {firm{...F}} fragment F on Firm {...G ...G ...G ...G}"
        both += "fragment G on Firm {" + "size " * 70 + "}"
        assert loader.codes(both, "A") == ["TOO_MANY_FIELDS"]

    def test_introspection_depth(self, loader: Loader) -> None:
        def types(depth: int) -> str:
            return "{__schema{types{" + "ofType{" * (depth - 3) + "name" + "}" * depth

        assert loader.codes(types(LIMITS.introspection_depth)) == []
        assert loader.codes(types(LIMITS.introspection_depth + 1)) == ["TOO_DEEP"]

    def test_introspection_fields(self, loader: Loader) -> None:
        def names(count: int) -> str:
            groups, rest = divmod(count - 2, 31)
            uses = "".join(f"fields(includeDeprecated:true){{{'name ' * 30}}}" for _ in range(1))
            return (
                "{__schema{types{"
                + f"...F {'name ' * rest}"
                + "...F " * (groups - 1)
                + (f"}}}}}} fragment F on __Type {{ {uses} }}")
            )

        assert loader.codes(names(LIMITS.introspection_fields)) == []
        assert loader.codes(names(LIMITS.introspection_fields + 1)) == ["TOO_MANY_FIELDS"]


class TestFragments:
    def test_a_cycle_is_refused_by_validation(self, loader: Loader) -> None:
        text = "{firm{...F}} fragment F on Firm {name parent{...F}}"
        assert loader.codes(text) == ["VALIDATION_FAILED"]

    def test_an_unknown_fragment_is_refused_by_validation(self, loader: Loader) -> None:
        assert loader.codes("{firm{...Nowhere}}") == ["VALIDATION_FAILED"]

    def test_an_unused_fragment_counts(self, loader: Loader) -> None:
        bomb = "{a} fragment F0 on Firm {...F1 ...F1 ...F1 ...F1}" + "".join(
            f"fragment F{i} on Firm {{...F{i + 1} ...F{i + 1} ...F{i + 1} ...F{i + 1}}}"
            for i in range(1, 9)
        )
        assert loader.codes(bomb + "fragment F9 on Firm {name}") == ["TOO_MANY_FIELDS"]


@pytest.mark.parametrize("one_of", [False, True])
def test_the_standard_introspection_query_with_all_options_passes(one_of: bool) -> None:
    loader = Loader(core_schema(build_schema()))
    query = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=one_of,
    )
    assert loader.codes(query) == []
