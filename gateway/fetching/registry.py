"""Entry points to verified adapters. A bad one is quarantined and reported; the start goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from types import MappingProxyType

from gateway.contract import Adapter, AdapterSettings, CatalogueEntry, Manifest, hookspecs
from gateway.isolation.adapter import ProcessAdapter
from gateway.isolation.capabilities import start_adapter
from gateway.isolation.loading import (
    LoadingFailed,
    RulesUnreadable,
    find_rules,
    load_adapter,
)
from gateway.isolation.start import AdapterStart
from gateway.isolation.types import AdapterGuards, Isolation
from schema.classification import Origin
from schema.codes import RecordKind
from schema.identifiers.uscc import is_uscc
from schema.model import CreditModel

_OUR_DISTRIBUTION = "credit-gateway"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An adapter that cannot be used, and why. The text is for operators.

    Attributes:
        manifest: what it says about itself, if that much is readable.
    """

    slug: str
    reason: str
    manifest: Manifest | None


@dataclass(frozen=True, slots=True)
class Registry:
    """Adapters by slug, and those that are quarantined.

    Attributes:
        rules: the rule file that a department's package brings, by slug; read when it is needed,
            since rules may change while the gateway runs.
    """

    adapters: Mapping[str, Adapter]
    quarantined: tuple[Quarantined, ...]
    rules: Mapping[str, Traversable] = field(default_factory=dict)

    @property
    def manifests(self) -> Sequence[Manifest]:
        """Manifests of usable and of quarantined adapters, ordered by department code.

        A quarantined department's kinds are reported as down, not left out.
        """
        found = [adapter.manifest for adapter in self.adapters.values()]
        found += [item.manifest for item in self.quarantined if item.manifest is not None]
        return sorted(found, key=lambda manifest: manifest.department_code)

    def discard(self) -> None:
        """End the processes of adapters that were never opened."""
        for adapter in self.adapters.values():
            _discard(adapter)

    def without(self, slug: str, reason: str) -> Registry:
        """The same with one adapter quarantined."""
        _discard(self.adapters[slug])
        kept = {other: adapter for other, adapter in self.adapters.items() if other != slug}
        bad = Quarantined(slug, reason, self.adapters[slug].manifest)
        rules = {other: file for other, file in self.rules.items() if other != slug}
        return Registry(kept, (*self.quarantined, bad), rules)


def installed_adapters() -> Sequence[EntryPoint]:
    """Entry points of all installed adapter packages, ordered by name."""
    return sorted(entry_points(group=hookspecs.ENTRY_POINT_GROUP), key=lambda point: point.name)


def load_registry(
    points: Iterable[EntryPoint],
    settings: Mapping[str, AdapterSettings],
    model: CreditModel,
    guards: Mapping[str, AdapterGuards] = MappingProxyType({}),
) -> Registry:
    """Load, call and verify every adapter package that has a section in the settings.

    Packages that run in a process of their own are imported there only.
    """
    adapters: dict[str, Adapter] = {}
    quarantined: list[Quarantined] = []
    rules: dict[str, Traversable] = {}
    for point in points:
        if point.name not in settings:
            continue
        guard = guards.get(point.name, AdapterGuards())
        made = _load(point, settings[point.name], guard, model)
        if isinstance(made, Quarantined):
            quarantined.append(made)
            continue
        reason = _defect(made, point.name, adapters, model) or _find_rules(made, point, rules)
        if reason is None:
            adapters[point.name] = made
        else:
            manifest = _believed(made, point.name, model)
            _discard(made)
            quarantined.append(Quarantined(point.name, reason, manifest))
    missing = sorted(settings.keys() - adapters.keys() - {item.slug for item in quarantined})
    quarantined += [Quarantined(slug, "no such adapter is installed", None) for slug in missing]
    return Registry(adapters, tuple(quarantined), rules)


def _find_rules(made: Adapter, point: EntryPoint, rules: dict[str, Traversable]) -> str | None:
    """Add the rule file, if the manifest names one; why it cannot be read, or None."""
    try:
        if isinstance(made, ProcessAdapter):
            # Its package is not imported here; its process has told where the file is.
            file: Traversable | None = made.rules_file
        else:
            file = find_rules(made.manifest, point.module)
    except RulesUnreadable as error:
        return str(error)
    if file is not None:
        rules[point.name] = file
    return None


def _load(
    point: EntryPoint, settings: AdapterSettings, guards: AdapterGuards, model: CreditModel
) -> Adapter | Quarantined:
    try:
        if isolation_of(point, guards) is Isolation.PROCESS:
            return start_adapter(AdapterStart(point, settings, guards.process))
        made: Adapter = load_adapter(point, settings)
    except LoadingFailed as error:
        beside = error.manifest
        manifest = None if beside is None else _cleaned(beside, point.name, model)
        return Quarantined(point.name, str(error), manifest)
    return made


def isolation_of(point: EntryPoint, guards: AdapterGuards) -> Isolation:
    """Where a package runs: as the operator says, else outside unless it came with the gateway."""
    if guards.isolation is not None:
        return guards.isolation
    package = point.dist
    is_ours = package is None or package.name.replace("_", "-") == _OUR_DISTRIBUTION
    return Isolation.IN_PROCESS if is_ours else Isolation.PROCESS


def _discard(adapter: Adapter) -> None:
    if isinstance(adapter, ProcessAdapter):
        adapter.discard()


def _defect(
    made: Adapter, slug: str, adapters: Mapping[str, Adapter], model: CreditModel
) -> str | None:
    try:
        return manifest_defect(made.manifest, slug, model) or _repeated(made, adapters)
    except Exception as error:
        return f"the manifest cannot be read: {type(error).__name__}"


def _believed(made: Adapter, slug: str, model: CreditModel) -> Manifest | None:
    try:
        manifest = made.manifest
    except Exception:
        return None
    return _cleaned(manifest, slug, model) if isinstance(manifest, Manifest) else None


def _cleaned(manifest: Manifest, slug: str, model: CreditModel) -> Manifest | None:
    """What a bad manifest says about kinds, under the name that its package has here.

    Under another name it would speak for another department.
    """
    if not isinstance(manifest.entries, tuple) or not isinstance(manifest.department_code, str):
        return None
    entries: dict[RecordKind, CatalogueEntry] = {}
    for entry in manifest.entries:
        if isinstance(entry, CatalogueEntry) and entry.kind in model.kinds:
            names = model.kinds[entry.kind].by_name
            items = tuple(name for name in entry.items if name in names)
            entries.setdefault(entry.kind, replace(entry, items=items))
    return replace(manifest, slug=slug, entries=tuple(entries.values()))


def _repeated(adapter: Adapter, adapters: Mapping[str, Adapter]) -> str | None:
    code = adapter.manifest.department_code
    for slug, other in adapters.items():
        if other.manifest.department_code == code:
            return f"department code `{code}` is already that of `{slug}`"
    return None


def manifest_defect(manifest: Manifest, slug: str, model: CreditModel) -> str | None:
    """What is wrong with a manifest, or None."""
    if manifest.slug != slug:
        return f"the manifest's slug is `{manifest.slug}`, the entry point's name `{slug}`"
    if not is_uscc(manifest.department_code):
        return "the department code is not a valid unified social credit code"
    if len({entry.kind for entry in manifest.entries}) != len(manifest.entries):
        return "a record kind has two catalogue entries"
    for entry in manifest.entries:
        defect = _entry_defect(entry, model)
        if defect is not None:
            return f"catalogue entry `{entry.catalogue_code}`: {defect}"
    return None


def _entry_defect(entry: CatalogueEntry, model: CreditModel) -> str | None:
    kind = model.kinds[entry.kind]
    unknown = [name for name in entry.items if name not in kind.by_name]
    if unknown:
        return f"item `{unknown[0]}` is no field of `{kind.type_name}`"
    not_theirs = [
        name for name in entry.items if kind.by_name[name].declaration.origin is not Origin.SOURCE
    ]
    if not_theirs:
        return f"item `{not_theirs[0]}` is filled by the gateway, not by a department"
    if not entry.legal_basis:
        return "no legal basis is given"
    return None
