"""Adapter packages as entry points find them, each with another defect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.conformance import ReferenceAdapter
from gateway.contract import Adapter, AdapterSettings, Manifest, hookimpl
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.support.awkward_department import CODE, awkward_records, manifest_for

SOUND = manifest_for("sound")
RECORDS = awkward_records(1)


@dataclass(frozen=True)
class Package:
    """A package whose hook does what it is given."""

    make: Callable[[], Any]

    @hookimpl
    def register_adapter(self, settings: AdapterSettings) -> Adapter:
        made: Adapter = self.make()
        return made


@dataclass(frozen=True)
class NamedPackage(Package):
    """The same, with the manifest beside the hook."""

    MANIFEST: Manifest


class WithoutHook:
    """A package that implements something else."""

    @hookimpl
    def register_adaptor(self, settings: AdapterSettings) -> None:
        raise AssertionError("never called")


class SecretiveAdapter(ReferenceAdapter):
    """Fails when asked for its manifest."""

    @property
    def manifest(self) -> Manifest:
        raise ValueError("no manifest today")


class ListingAdapter(ReferenceAdapter):
    """Has a manifest of another form."""

    @property
    def manifest(self) -> Any:
        return {"slug": "sound"}


def _refuse() -> Adapter:
    raise ValueError("`url` is missing")


def _with(manifest: Manifest) -> Package:
    return Package(lambda: ReferenceAdapter(manifest, RECORDS))


ENTRY = SOUND.entries[0]
OTHER = make_uscc("1", "1", "410199", "MB0R0009").code
sound = _with(SOUND)
repeated = _with(manifest_for("repeated", CODE))
misnamed = _with(manifest_for("sound"))
raising = Package(_refuse)
raising_with_manifest = NamedPackage(_refuse, manifest_for("raising_with_manifest"))
nothing = Package(lambda: None)
no_adapter = Package(lambda: 7)
without_hook = WithoutHook()
secretive = Package(lambda: SecretiveAdapter(SOUND, ()))
listing = Package(lambda: ListingAdapter(SOUND, ()))
bad_code = _with(replace(manifest_for("bad_code"), department_code="11410199MB0R00000X"))
twice = _with(replace(manifest_for("twice"), entries=(ENTRY, ENTRY)))
unknown_item = _with(
    replace(manifest_for("unknown_item"), entries=(replace(ENTRY, items=("nope", "name")),))
)
foreign_item = _with(
    replace(manifest_for("foreign_item"), entries=(replace(ENTRY, items=("meta.adapter",)),))
)
no_basis = _with(replace(manifest_for("no_basis"), entries=(replace(ENTRY, legal_basis=""),)))
odd_kind = _with(
    replace(manifest_for("odd_kind"), entries=(replace(ENTRY, kind="REGISTRATION"),))  # type: ignore[arg-type]
)
odd_entries = _with(replace(manifest_for("odd_entries"), entries=None))  # type: ignore[arg-type]
with_rules = _with(replace(manifest_for("with_rules"), rules="own_rules.toml"))
greedy = _with(replace(manifest_for("greedy", OTHER), entries=(ENTRY,), rules="own_rules.toml"))
lost_rules = _with(replace(manifest_for("lost_rules", OTHER), rules="lost.toml"))
far_rules = _with(replace(manifest_for("far_rules", OTHER), rules="../own_rules.toml"))
KIND = RecordKind.REGISTRATION
