"""Rules of departments' packages: used, or the department is quarantined and the others serve."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.conformance import ReferenceAdapter
from gateway.errors import InternalError
from gateway.fetching.registry import Registry
from gateway.policy.load import load_admitting, load_strictly, own_rules
from policies.errors import PolicyLoadError
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.policies.test_loader import rule_text
from tests.support.awkward_department import CODE, entry_for, manifest_for

TODAY = dt.date(2026, 9, 22)
OTHER = make_uscc("1", "1", "410199", "MB0R0009").code


def registry_with(folder: Path, rules: str) -> Registry:
    file = folder / "own.toml"
    file.write_text(rules, encoding="utf-8")
    entries = (entry_for(RecordKind.TAX_ARREARS),)
    adapters = {
        slug: ReferenceAdapter(replace(manifest_for(slug, code), entries=entries, rules=name), ())
        for slug, code, name in (("tax", CODE, "own.toml"), ("other", OTHER, ""))
    }
    return Registry(adapters, (), {"tax": file})


def test_rules_of_a_package_are_used_for_its_department(tmp_path: Path) -> None:
    forbid = rule_text(effect='"forbid"')
    policies, registry = load_admitting(registry_with(tmp_path, forbid), (), TODAY)
    assert registry.quarantined == ()
    assert [rule.id for rule in policies.own_rules[CODE]] == ["tax:arrears"]
    (own,) = own_rules(registry)
    assert (own.slug, own.code, own.type_names) == ("tax", CODE, frozenset({"TaxArrears"}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            rule_text(coordinates='["Registration"]'),
            "tax/own.toml: rule `arrears`: key `coordinates`: found `Registration`, which the "
            "department does not supply, expected coordinates of its own record kinds: TaxArrears",
        ),
        ("no rules", "tax/own.toml: rule `-`"),
    ],
)
def test_department_with_unusable_rules_is_quarantined_and_the_others_serve(
    tmp_path: Path, text: str, reason: str
) -> None:
    policies, registry = load_admitting(registry_with(tmp_path, text), (), TODAY)
    assert list(registry.adapters) == ["other"]
    assert registry.rules == {}
    (quarantined,) = registry.quarantined
    assert quarantined.reason.startswith(f"its rules cannot be used: {reason}")
    assert policies.own_rules == {}


def test_rules_for_all_that_cannot_be_used_refuse_the_load(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    registry = registry_with(tmp_path, "")
    (folder / "tax.toml").write_text(rule_text(colour='"red"'), encoding="utf-8")
    with pytest.raises(PolicyLoadError):
        load_admitting(registry, (folder,), TODAY)
    (folder / "tax.toml").write_text(rule_text(), encoding="utf-8")
    with pytest.raises(InternalError, match="policy defects, the first: coordinate"):
        load_admitting(registry, (folder,), TODAY)


def test_rules_of_a_package_are_read_anew_each_time_and_none_is_left_out(tmp_path: Path) -> None:
    registry = registry_with(tmp_path, rule_text(effect='"forbid"'))
    first = load_strictly(own_rules(registry), (), TODAY)
    (tmp_path / "own.toml").write_text(rule_text(effect='"forbid"', name='"b"'), encoding="utf-8")
    second = load_strictly(own_rules(registry), (), TODAY)
    assert [rule.id for rule in second.own_rules[CODE]] == ["tax:b"]
    assert first.version != second.version
    (tmp_path / "own.toml").unlink()
    with pytest.raises(PolicyLoadError, match=r"tax/own\.toml"):
        own_rules(registry)
