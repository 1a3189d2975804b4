"""What resolvers are told of departments, whatever these do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway import catalogue
from gateway.catalogue import CatalogueContext
from gateway.conformance import ReferenceAdapter
from gateway.contract import Health
from gateway.fetching.registry import Quarantined, Registry
from schema.catalogue import FieldOrigin, SourceState
from schema.classification import SubjectKind
from schema.records import MODEL
from tests.support.awkward_department import manifest_for


class Patient(ReferenceAdapter):
    """Says of its health what the test gives: a value, or an error to raise."""

    said: Any = None

    async def health(self) -> Health:
        if isinstance(self.said, BaseException):
            raise self.said
        health: Health = self.said
        return health


class Silent(ReferenceAdapter):
    async def health(self) -> Health:
        await asyncio.Event().wait()
        raise AssertionError("never reached")


async def state_of(adapter: ReferenceAdapter) -> tuple[SourceState, str | None]:
    context = CatalogueContext(Registry({"reference": adapter}, ()), MODEL)
    (source,) = await context.sources()
    return source.state, source.as_of


SAID = [
    (Health(True, None), SourceState.UP, None),
    (Health(True, "2026-01-01T00:00:00Z"), SourceState.UP, "2026-01-01T00:00:00Z"),
    (Health(False, "2026-01-01T00:00:00Z"), SourceState.DOWN, None),
    (OSError("no route"), SourceState.DOWN, None),
    (None, SourceState.DOWN, None),
]


@pytest.mark.parametrize(("said", "state", "as_of"), SAID)
async def test_department_is_up_only_if_it_says_so(
    said: Any, state: SourceState, as_of: str | None
) -> None:
    adapter = Patient(manifest_for(), ())
    adapter.said = said
    assert await state_of(adapter) == (state, as_of)


async def test_silent_department_is_down_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "HEALTH_TIMEOUT_S", 0.01)
    assert await state_of(Silent(manifest_for(), ())) == (SourceState.DOWN, None)


async def test_quarantined_department_is_told_with_its_kinds() -> None:
    bad = Quarantined("bad", "no reason", manifest_for("bad"))
    context = CatalogueContext(Registry({}, (bad, Quarantined("worse", "none", None))), MODEL)
    (source,) = await context.sources()
    assert source.state is SourceState.QUARANTINED
    assert set(source.kinds) == set(MODEL.kinds)


def test_catalogue_has_the_ten_elements_of_every_entry() -> None:
    adapter = ReferenceAdapter(manifest_for(), ())
    items = CatalogueContext(Registry({"reference": adapter}, ()), MODEL).catalogue()
    assert [item.kind for item in items] == [entry.kind for entry in adapter.manifest.entries]
    for item in items:
        (entry,) = [entry for entry in adapter.manifest.entries if entry.kind is item.kind]
        supplied = {field.name for field in item.fields if field.origin is FieldOrigin.SOURCE}
        assert supplied == set(entry.items)
        assert item.legal_basis
        assert item.retention
        assert item.subject_types


def test_catalogue_has_every_field_with_what_is_declared_of_it() -> None:
    adapter = ReferenceAdapter(manifest_for(), ())
    items = CatalogueContext(Registry({"reference": adapter}, ()), MODEL).catalogue()
    told = {field.coordinate: field for item in items for field in item.fields}
    assert set(told) == {field.coordinate for field in MODEL.fields()}
    for field in MODEL.fields():
        found = told[field.coordinate]
        assert found.name_zh == field.declaration.name_zh
        assert found.national_code == field.declaration.national_code
        assert found.origin.name == field.declaration.origin.name
        for kind, level, mask in (
            (SubjectKind.ORGANISATION, found.protection_class, found.mask),
            (SubjectKind.NATURAL_PERSON, found.person_class, found.person_mask),
        ):
            assert level.value == field.class_for(kind).value
            assert (mask or "NONE") == field.mask_for(kind).value
    assert told["AdministrativePenalty.counterpartName"].person_mask == "NAME"


class Counted(ReferenceAdapter):
    """Counts how often it is asked for its health."""

    times_asked = 0

    async def health(self) -> Health:
        self.times_asked += 1
        await asyncio.sleep(0)
        return Health(is_up=True, as_of=None)


async def test_departments_are_asked_once_however_many_callers_want_to_know() -> None:
    adapter, now = Counted(manifest_for(), []), [0.0]
    context = CatalogueContext(Registry({"reference": adapter}, ()), MODEL, lambda: now[0])
    await asyncio.gather(*(context.sources() for _ in range(20)))
    assert adapter.times_asked == 1
    now[0] = catalogue.HEALTH_KEPT_S
    await context.sources()
    assert adapter.times_asked == 2
