"""A department's own rules: about its own records, inside what the rules for all leave open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from policies.contradictions import ReadRule, check_rules, name_of
from policies.errors import PolicyLoadError
from policies.files import parse_toml
from policies.groups import GROUPS, Groups
from policies.model import CallerClass, Effect, Rule
from policies.reading_rules import RuleSource
from policies.rows import read_row
from policies.scope import Place, Scope
from schema.classification import FieldClass
from schema.predicate import Predicate, both


@dataclass(frozen=True, slots=True)
class OwnRules:
    """A department and the rule file that its package brings.

    Attributes:
        slug: its short name; every rule's id begins with it and a colon.
        code: its unified social credit code.
        type_names: type names of the record kinds that it supplies.
        file: name of the file, for errors. text: its content.
    """

    slug: str
    code: str
    type_names: frozenset[str]
    file: str
    text: str


def read_own_rules(
    own: OwnRules, common: Iterable[Rule], groups: Groups, scope: Scope
) -> tuple[Rule, ...]:
    """Read a department's rules, each bound to its provider and held to the gates.

    Args:
        common: rules for all, which the department's cannot overrule.

    Raises:
        PolicyLoadError: a file, rule or key that is wrong or not the department's business.
    """
    source = RuleSource(f"{own.slug}/{own.file}", f"{own.slug}:", groups, scope)
    tables = parse_toml(source.file, own.text)
    rules = [_Bounds(own, source, rule).bound() for rule in source.rules(tables)]
    check_rules([ReadRule(own.slug, source.file, rule) for rule in rules], common, scope)
    return tuple(rules)


class _Bounds:
    """Holds one rule to what its department may decide."""

    def __init__(self, own: OwnRules, source: RuleSource, rule: Rule) -> None:
        self._own = own
        self._source = source
        self._rule = rule

    def bound(self) -> Rule:
        rule = self._rule
        covered = list(self._source.scope.covered(rule))
        for place, _ in covered:
            if place.type_name not in self._own.type_names:
                kinds = ", ".join(sorted(self._own.type_names)) or "none"
                raise self._error(
                    "coordinates",
                    f"`{place.coordinate}`, which the department does not supply",
                    f"coordinates of its own record kinds: {kinds}",
                )
        bound = replace(rule, provider=self._own.code)
        if rule.effect is Effect.FORBID:
            return bound
        classes = {place.classes[subject]: place for place, subject in covered}
        if FieldClass.SECRET in classes:
            raise self._error(
                "coordinates",
                f"`{classes[FieldClass.SECRET].coordinate}` of class SECRET",
                "no SECRET field in a rule that opens; name `classes` without it",
            )
        if rule.condition.is_self or rule.condition.is_source:
            return bound  # the subject and the department see their records in any state
        self._check_needs(classes)
        opened = {place.type_name for place, _ in covered if place.is_kind}
        return self._gated(bound, opened) if opened else bound

    def _check_needs(self, classes: Mapping[FieldClass, Place]) -> None:
        when = self._rule.condition
        given = {
            "consent": when.consent,
            "grant": when.grant,
            "is-self": when.is_self,
            "is-source": when.is_source,
        }
        for field_class, place in classes.items():
            for caller_class in self._rule.who or CallerClass:
                need = self._source.groups.need(field_class, caller_class)
                if need is not None and not given[need]:
                    raise self._error(
                        "when",
                        f"`{place.coordinate}` of class {field_class.value} opened to "
                        f"`{caller_class.value}` without {need}",
                        f"`{need} = true`",
                    )

    def _gated(self, rule: Rule, type_names: set[str]) -> Rule:
        """The rule for records that are published or shared, as the callers need it."""
        gates = {
            self._source.groups.gate(type_name, caller_class, rule.condition.consent)
            for type_name in type_names
            for caller_class in rule.who or CallerClass
        }
        if None in gates:
            raise self._error("when", f"no gate for its callers in {GROUPS}", "`gates.others`")
        if len(gates) > 1 and len(type_names) > 1:
            found = f"kinds and callers with different gates: {', '.join(sorted(map(str, gates)))}"
            raise self._error("coordinates", found, "a rule for each kind")
        row = rule.condition.row
        for gate in sorted(map(str, gates)):
            predicate = self._gate(gate, type_names)
            row = predicate if row is None else both(predicate, row)
        return replace(rule, condition=replace(rule.condition, row=row))

    def _gate(self, gate: str, type_names: set[str]) -> Predicate:
        kinds = [self._source.scope.model.by_type_name[name] for name in sorted(type_names)]
        return read_row(
            self._source.groups.row(gate),
            kinds,
            lambda found, expected: PolicyLoadError(GROUPS, "-", f"rows.{gate}", found, expected),
        )

    def _error(self, key: str, found: str, expected: str) -> PolicyLoadError:
        return PolicyLoadError(self._source.file, name_of(self._rule), key, found, expected)
