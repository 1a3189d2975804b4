"""Nothing is left unruled, and what is wrong is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from policies.coverage import check_policies
from policies.engine import PolicySet
from policies.loader import load_rules
from schema.classification import FieldClass
from schema.codes import Nature, RecordKind
from schema.errors import SchemaDeclarationError
from schema.fields import record_field, record_type
from schema.model import CreditModel, read_model
from schema.records import MODEL

TODAY = dt.date(2026, 9, 22)


def read_one(fields: dict[str, object]) -> CreditModel:
    made = type("Sample", (), {"__annotations__": {name: fields[name] for name in fields}})
    for name in fields:
        setattr(made, name, record_field("甲", FieldClass.PUBLIC))
    decorate = record_type(
        RecordKind.TAX_ARREARS,
        "甲",
        catalogue="C00",
        nature=Nature.OTHER,
        field_class=FieldClass.PUBLIC,
    )
    return read_model((decorate(made),))


def test_check_policies_of_the_project_finds_nothing(policies: PolicySet) -> None:
    assert check_policies(MODEL, policies) == []


def test_at_least_a_hundred_rules(policies: PolicySet) -> None:
    assert len(policies.rules) >= 100


def test_check_policies_without_a_rule_names_the_coordinate(policies: PolicySet) -> None:
    rules = tuple(rule for rule in load_rules(MODEL) if rule.id != "closed.secret")
    problems = check_policies(MODEL, PolicySet(rules, MODEL, TODAY))
    assert any("`Registration.legalRepresentativeIdNo`" in text for text in problems)
    assert all("expected" in text for text in problems)


def test_check_policies_unknown_coordinate_is_named(policies: PolicySet) -> None:
    stray = replace(policies.rules[0], id="tax.stray", coordinates=("TaxArrears.gone",))
    problems = check_policies(MODEL, PolicySet((*policies.rules, stray), MODEL, TODAY))
    assert problems == [
        "rule `tax.stray` names `TaxArrears.gone`, expected a coordinate of the schema"
    ]


def test_check_policies_unclassified_field_is_named(policies: PolicySet) -> None:
    kind = MODEL.kinds[RecordKind.TAX_ARREARS]
    field = kind.by_name["taxKind"]
    bare = replace(field, declaration=replace(field.declaration, field_class=None))  # type: ignore[arg-type]
    fields = tuple(bare if each is field else each for each in kind.fields)
    model = CreditModel({**MODEL.kinds, RecordKind.TAX_ARREARS: replace(kind, fields=fields)})
    problems = check_policies(model, PolicySet(policies.rules, MODEL, TODAY))
    assert any("field `TaxArrears.taxKind` has no class" in text for text in problems)


def test_read_model_refuses_a_field_that_a_rule_may_deny_and_is_not_nullable() -> None:
    assert read_one({"good": str | None}).coordinates == ("Sample", "Sample.good")
    with pytest.raises(SchemaDeclarationError, match=r"`Sample\.bad` is not nullable"):
        read_one({"bad": str})
