"""A generated operation, and the document text that it is written as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from policies.model import Caller


@dataclass(frozen=True)
class Operation:
    """One request."""

    document: str
    operation_name: str | None
    variables: Mapping[str, Any]
    caller: Caller

    def __str__(self) -> str:
        return f"{self.caller}\nvariables: {dict(self.variables)}\n{self.document}"


class EnumName(str):
    """Name of an enum member, written without quotes in a document."""

    __slots__ = ()


@dataclass
class Budget:
    """What may still be selected; below the limits of the gateway, which are tested elsewhere."""

    fields: int = 220
    aliases: int = 20


@dataclass
class Writing:
    """Variables, fragments and aliases of a document while it is written."""

    random: Random
    budget: Budget = field(default_factory=Budget)
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    _names: int = 0

    def value(self, type_name: str, value: Any) -> str:
        """The value as a literal, or as a variable of that type."""
        if self.random.random() < 0.3 and len(self.variables) < 40:
            return f"${self.variable(type_name, value)}"
        return literal(value)

    def variable(self, type_name: str, value: Any) -> str:
        """A new variable with this value."""
        name = f"v{len(self.variables)}"
        self.variables[name] = (type_name, value)
        return name

    def field(self, name: str, arguments: Mapping[str, str], below: str = "") -> str:
        """A field with a sometimes invented response key."""
        self.budget.fields -= 1
        alias = ""
        if self.budget.aliases > 0 and self.random.random() < 0.12:
            self.budget.aliases -= 1
            alias = f"{self._new_name('a')}: "
        return alias + self.plain_field(name, arguments, below)

    def plain_field(self, name: str, arguments: Mapping[str, str], below: str = "") -> str:
        """A field without a response key of its own."""
        given = ", ".join(f"{key}: {value}" for key, value in arguments.items())
        return f"{name}{f'({given})' if given else ''}{self._directive()}{below}"

    def selection(self, type_name: str, members: list[str], *, split: bool = True) -> str:
        """A selection set of the members, some of them moved into fragments on the type."""
        shown = members or ["__typename"]
        if split and len(shown) > 1 and self.random.random() < 0.3:
            cut = self.random.randrange(1, len(shown))
            shown = [*shown[:cut], self.fragment(type_name, shown[cut:])]
        return " { " + " ".join(shown) + " }"

    def fragment(self, type_name: str, members: list[str]) -> str:
        """The members inside a fragment: named or inline, with or without a type."""
        body = "{ " + " ".join(members) + " }"
        choice = self.random.random()
        if choice < 0.4:
            name = self._new_name("F")
            self.fragments.append(f"fragment {name} on {type_name} {body}")
            return f"...{name}{self._directive()}"
        if choice < 0.7:
            return f"... on {type_name}{self._directive()} {body}"
        return f"...{self._directive()} {body}"

    def document(self, name: str | None, members: list[str]) -> str:
        """The whole document."""
        body = self.selection("Query", members)
        declared = ", ".join(f"${key}: {kind}" for key, (kind, _) in self.variables.items())
        head = f"query {name or ''}{f'({declared})' if declared else ''}"
        is_short = name is None and not declared and self.random.random() < 0.5
        return "\n".join([body.strip() if is_short else f"{head}{body}", *self.fragments])

    def values(self) -> dict[str, Any]:
        """Values of the variables."""
        return {name: value for name, (_, value) in self.variables.items()}

    def _new_name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def _directive(self) -> str:
        choice = self.random.random()
        if choice > 0.06:
            return ""
        is_in = self.random.random() < 0.7
        name, condition = ("include", is_in) if choice < 0.03 else ("skip", not is_in)
        return f" @{name}(if: {self.value('Boolean!', condition)})"


def literal(value: Any) -> str:
    """A value as a GraphQL literal."""
    if isinstance(value, EnumName):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(member)}" for key, member in value.items()) + "}"
    return str(value)
