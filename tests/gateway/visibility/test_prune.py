"""What is not kept goes, with everything that then stands for nothing."""

from __future__ import annotations

from graphql import build_ast_schema, parse, print_ast, validate_schema

from gateway.visibility.prune import prune

SDL = """
schema @link(url: "https://specs.example/v1") { query: Query }
interface Thing { id: ID! part: Part }
type Box implements Thing @key(fields: "id") { id: ID! part: Part lid: Colour weight: Int }
type Bag implements Thing { id: ID! part: Part }
type Part { name: String }
enum Colour { RED BLUE }
enum Key { WEIGHT LID }
input Order { key: Key! back: Boolean! = false }
input Where { lid: Colour weight: Int }
input Wheres { box: Where }
union Any = Box | Bag
type Query {
  boxes(where: Wheres = null, order: [Order!] = null, first: Int! = 20): [Box!]!
  thing(id: ID!): Thing
  any: Any
  lone: Lone
}
type Lone { value: Int }
"""


def pruned(*gone: str) -> str:
    """The document without these types and members; it is a valid schema."""
    document = prune(parse(SDL), lambda place: place not in gone)
    text = print_ast(document)
    assert validate_schema(build_ast_schema(parse(text), assume_valid_sdl=True)) == []
    return text


def test_nothing_gone_leaves_the_document_as_it_is() -> None:
    assert pruned() == print_ast(parse(SDL))


def test_member_gone_takes_a_type_that_nothing_else_leads_to() -> None:
    text = pruned("Box.lid", "Where.lid")
    assert "enum Colour" not in text
    assert "weight: Int" in text


def test_type_goes_with_its_last_member_and_takes_the_arguments_of_its_type() -> None:
    text = pruned("Where.lid", "Where.weight")
    assert "input Where" not in text
    assert "boxes(order: [Order!] = null, first: Int! = 20)" in text


def test_input_goes_when_a_member_that_it_needs_goes() -> None:
    text = pruned("Key.WEIGHT", "Key.LID")
    assert "Key" not in text
    assert "Order" not in text
    assert "boxes(where: Wheres = null, first: Int! = 20)" in text


def test_field_goes_with_an_argument_that_it_needs() -> None:
    sdl = "input I { a: Int } type Query { x(i: I!): Int y: Int }"
    text = print_ast(prune(parse(sdl), lambda place: place != "I.a"))
    assert text == "type Query {\n  y: Int\n}"


def test_type_goes_from_unions_and_lists_of_interfaces() -> None:
    text = pruned("Bag")
    assert "Bag" not in text
    assert "union Any = Box" in text
    text = pruned("Thing")
    assert "type Box @key" in text
    assert "thing(" not in text


def test_types_of_an_interface_stay_though_no_field_names_them() -> None:
    text = pruned("Query.boxes", "Query.any")
    assert "type Box implements Thing" in text
    assert "type Bag implements Thing" in text


def test_root_goes_with_its_last_field_and_from_the_schema() -> None:
    sdl = "schema { query: Query mutation: Mutation } type Query { x: Int } "
    sdl += "type Mutation { act(input: Wish): Int } input Wish { a: Int }"
    document = prune(parse(sdl), lambda place: place != "Mutation.act")
    assert print_ast(document) == "schema {\n  query: Query\n}\n\ntype Query {\n  x: Int\n}"


def test_directives_of_a_subgraph_stay() -> None:
    text = pruned("Query.lone")
    assert "Lone" not in text
    assert text.startswith('schema @link(url: "https://specs.example/v1")')
    assert '@key(fields: "id")' in text
