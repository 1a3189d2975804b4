"""Entry points to verified adapters. A bad one is quarantined and reported; the start goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pluggy

from gateway.contract import Adapter, AdapterSettings, CatalogueEntry, Manifest, hookspecs
from schema.classification import Origin
from schema.identifiers.uscc import is_uscc
from schema.model import CreditModel


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
    """Adapters by slug, and those that are quarantined."""

    adapters: Mapping[str, Adapter]
    quarantined: tuple[Quarantined, ...]

    @property
    def manifests(self) -> Sequence[Manifest]:
        """Manifests of usable and of quarantined adapters, ordered by department code.

        A quarantined department's kinds are reported as down, not left out.
        """
        found = [adapter.manifest for adapter in self.adapters.values()]
        found += [item.manifest for item in self.quarantined if item.manifest is not None]
        return sorted(found, key=lambda manifest: manifest.department_code)


def installed_adapters() -> Sequence[EntryPoint]:
    """Entry points of all installed adapter packages, ordered by name."""
    return sorted(entry_points(group=hookspecs.ENTRY_POINT_GROUP), key=lambda point: point.name)


def load_registry(
    points: Iterable[EntryPoint],
    settings: Mapping[str, AdapterSettings],
    model: CreditModel,
) -> Registry:
    """Load, call and verify every adapter package that has a section in the settings."""
    adapters: dict[str, Adapter] = {}
    quarantined: list[Quarantined] = []
    for point in points:
        if point.name not in settings:
            continue
        made = _load(point, settings[point.name])
        if isinstance(made, Quarantined):
            quarantined.append(made)
            continue
        reason = manifest_defect(made.manifest, point.name, model) or _repeated(made, adapters)
        if reason is None:
            adapters[point.name] = made
        else:
            quarantined.append(Quarantined(point.name, reason, None))
    missing = sorted(settings.keys() - adapters.keys() - {item.slug for item in quarantined})
    quarantined += [Quarantined(slug, "no such adapter is installed", None) for slug in missing]
    return Registry(adapters, tuple(quarantined))


def _load(point: EntryPoint, settings: AdapterSettings) -> Adapter | Quarantined:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(point.load(), name=point.name)
        manager.check_pending()
        adapter = manager.hook.register_adapter(settings=settings)
    except Exception as error:
        return Quarantined(point.name, f"loading failed: {type(error).__name__}: {error}", None)
    if not isinstance(adapter, Adapter):
        return Quarantined(point.name, "`register_adapter` returned no adapter", None)
    return adapter


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
