"""The public catalogue and the state of the sources, from manifests and the schema's model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from gateway.contract import CatalogueEntry, Manifest
from gateway.fetching.registry import Registry
from schema.catalogue import (
    CatalogueField,
    CatalogueItem,
    FieldOrigin,
    ProtectionClass,
    Source,
    SourceState,
)
from schema.classification import MaskKind, Origin, SubjectKind
from schema.model import CreditModel, FieldModel

HEALTH_TIMEOUT_S = 1.0
HEALTH_KEPT_S = 2.0
"""Departments are asked at most this often, however many callers want to know."""


class CatalogueContext:
    """What resolvers of fields that are not planned may ask."""

    def __init__(
        self,
        registry: Registry,
        model: CreditModel,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._asking = asyncio.Lock()
        self._known: list[Source] = []
        self._known_until = float("-inf")
        self._items = [
            _item(manifest, entry, model)
            for manifest in registry.manifests
            for entry in manifest.entries
        ]

    def catalogue(self) -> list[CatalogueItem]:
        return self._items

    async def sources(self) -> list[Source]:
        """Every department, asked at once whether it answers; one that is slow counts as down."""
        async with self._asking:
            if self._clock() >= self._known_until:
                self._known = await asyncio.gather(
                    *(self._source(manifest) for manifest in self._registry.manifests)
                )
                self._known_until = self._clock() + HEALTH_KEPT_S
        return self._known

    async def _source(self, manifest: Manifest) -> Source:
        adapter = self._registry.adapters.get(manifest.slug)
        state, as_of = SourceState.QUARANTINED, None
        if adapter is not None:
            state = SourceState.DOWN
            try:
                async with asyncio.timeout(HEALTH_TIMEOUT_S):
                    health = await adapter.health()
                if health.is_up:
                    state, as_of = SourceState.UP, health.as_of
            except Exception:  # noqa: S110 - whatever an adapter raises, it is down
                pass
        return Source(
            slug=manifest.slug,
            department_code=manifest.department_code,
            department_name=manifest.department_name_zh,
            department_name_en=manifest.department_name_en,
            adapter_version=manifest.adapter_version,
            state=state,
            as_of=as_of,
            kinds=[entry.kind for entry in manifest.entries],
        )


def _item(manifest: Manifest, entry: CatalogueEntry, model: CreditModel) -> CatalogueItem:
    kind = model.kinds[entry.kind]
    return CatalogueItem(
        department_code=manifest.department_code,
        department_name=manifest.department_name_zh,
        department_name_en=manifest.department_name_en,
        kind=entry.kind,
        catalogue_code=entry.catalogue_code,
        name=entry.name_zh,
        data_format=entry.data_format,
        subject_types=list(entry.subject_types),
        nature=entry.nature,
        sharing_attribute=entry.sharing_attribute,
        disclosure_way=entry.disclosure_way,
        coverage=entry.coverage,
        update_cycle=entry.update_cycle,
        legal_basis=entry.legal_basis,
        retention=entry.retention,
        fields=_fields([field for field in kind.fields if _is_filled(field, entry)]),
    )


def _is_filled(field: FieldModel, entry: CatalogueEntry) -> bool:
    return field.declaration.origin is not Origin.SOURCE or field.name in entry.items


def _fields(fields: Sequence[FieldModel]) -> list[CatalogueField]:
    return [
        CatalogueField(
            name=field.name,
            name_zh=field.declaration.name_zh,
            coordinate=field.coordinate,
            protection_class=ProtectionClass[field.declaration.field_class.name],
            person_class=ProtectionClass[field.class_for(SubjectKind.NATURAL_PERSON).name],
            mask=_mask(field.mask_for(SubjectKind.ORGANISATION)),
            person_mask=_mask(field.mask_for(SubjectKind.NATURAL_PERSON)),
            national_code=field.declaration.national_code,
            origin=FieldOrigin[field.declaration.origin.name],
        )
        for field in fields
    ]


def _mask(mask: MaskKind) -> str | None:
    return None if mask is MaskKind.NONE else mask.value
