"""A bad package is quarantined, its kinds are down if they are known, and the others answer."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from gateway.catalogue import CatalogueContext
from gateway.contract import AdapterSettings, hookspecs
from gateway.fetching.registry import Registry, load_registry
from schema.catalogue import SourceState
from schema.records import MODEL
from tests.support.awkward_department import FIRM
from tests.support.small_gateway import SmallGateway, codes

PACKAGES = "tests.gateway.fetching.packages"


def loaded(*names: str) -> Registry:
    points = [EntryPoint(name, f"{PACKAGES}:{name}", hookspecs.ENTRY_POINT_GROUP) for name in names]
    return load_registry(points, {name: AdapterSettings() for name in names}, MODEL)


BAD = {
    "repeated": ("department code", True),
    "misnamed": ("the manifest's slug is `sound`", True),
    "raising": ("loading failed: ValueError", False),
    "raising_with_manifest": ("loading failed: ValueError", True),
    "nothing": ("returned no adapter", False),
    "no_adapter": ("returned no adapter", False),
    "without_hook": ("loading failed", False),
    "not_there": ("loading failed: AttributeError", False),
    "secretive": ("the manifest cannot be read: ValueError", False),
    "listing": ("the manifest cannot be read", False),
    "bad_code": ("the department code is not a valid", True),
    "twice": ("a record kind has two catalogue entries", True),
    "unknown_item": ("item `nope` is no field", True),
    "foreign_item": ("item `meta.adapter` is filled by the gateway", True),
    "no_basis": ("no legal basis", True),
    "lost_rules": ("rules `lost.toml` of the package cannot be read: FileNotFoundError", True),
    "far_rules": ("the manifest names rules `../own_rules.toml`", True),
    "odd_kind": ("the manifest cannot be read", True),
    "odd_entries": ("the manifest cannot be read", False),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_package_is_quarantined_with_a_reason_and_the_good_one_is_used(name: str) -> None:
    reason, is_known = BAD[name]
    registry = loaded("sound", name)
    assert list(registry.adapters) == ["sound"]
    (quarantined,) = registry.quarantined
    assert quarantined.slug == name
    assert reason in quarantined.reason
    assert (quarantined.manifest is not None) == is_known
    if quarantined.manifest is not None:
        assert quarantined.manifest.slug == name


@pytest.mark.parametrize("name", [name for name, (_, is_known) in BAD.items() if is_known])
async def test_kinds_of_a_quarantined_department_are_down_and_the_others_answer(name: str) -> None:
    registry = loaded("sound", name)
    bad = registry.quarantined[0].manifest
    assert bad is not None
    gateway = SmallGateway(registry.adapters, manifests=[bad])
    answer = await gateway.ask(f'{{subject(uscc:"{FIRM}"){{id registration{{name}}}}}}')
    has_registration = any(entry.kind.value == "REGISTRATION" for entry in bad.entries)
    assert codes(answer) == (["SOURCE_DOWN"] if has_registration else [])
    assert answer["data"]["subject"]["registration"] is not None


@pytest.mark.parametrize("name", list(BAD))
async def test_catalogue_and_sources_can_always_be_told(name: str) -> None:
    registry = loaded("sound", name)
    context = CatalogueContext(registry, MODEL)
    assert context.catalogue()
    states = {source.slug: source.state for source in await context.sources()}
    assert states["sound"] is SourceState.UP
    if BAD[name][1]:
        assert states[name] is SourceState.QUARANTINED


def test_section_without_a_package_is_told() -> None:
    registry = load_registry([], {"tax": AdapterSettings()}, MODEL)
    assert [(item.slug, item.reason) for item in registry.quarantined] == [
        ("tax", "no such adapter is installed")
    ]


def test_package_without_a_section_is_left_alone() -> None:
    point = EntryPoint("raising", f"{PACKAGES}:raising", hookspecs.ENTRY_POINT_GROUP)
    assert load_registry([point], {}, MODEL) == Registry({}, ())


def test_rules_of_a_package_are_read_from_beside_its_hook() -> None:
    registry = loaded("with_rules")
    assert registry.rules["with_rules"].read_text("utf-8").startswith("[[rule]]")
    assert registry.without("with_rules", "for a test").rules == {}
