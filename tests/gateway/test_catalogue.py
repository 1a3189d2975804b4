"""What the public catalogue and the state of the sources say."""

from __future__ import annotations

import asyncio

from gateway.catalogue import HEALTH_KEPT_S, CatalogueContext
from gateway.conformance import ReferenceAdapter
from gateway.contract import Health
from gateway.fetching.registry import Quarantined, Registry
from schema.catalogue import SourceState
from schema.records import MODEL
from tests.support.awkward_department import manifest_for


class _Asked(ReferenceAdapter):
    """A department that counts how often it is asked for its health."""

    def __init__(self, is_up: bool | None = True) -> None:
        super().__init__(manifest_for(), [])
        self.times_asked = 0
        self._is_up = is_up

    async def health(self) -> Health:
        self.times_asked += 1
        await asyncio.sleep(0)
        if self._is_up is None:
            raise OSError("away")
        return Health(self._is_up, None)


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _context(adapter: ReferenceAdapter, clock: _Clock) -> CatalogueContext:
    return CatalogueContext(Registry({"reference": adapter}, ()), MODEL, clock)


async def test_departments_are_asked_once_however_many_callers_want_to_know() -> None:
    adapter, clock = _Asked(), _Clock()
    context = _context(adapter, clock)
    answers = await asyncio.gather(*(context.sources() for _ in range(20)))
    assert {answer[0].state for answer in answers} == {SourceState.UP}
    assert adapter.times_asked == 1
    clock.now = HEALTH_KEPT_S
    await context.sources()
    assert adapter.times_asked == 2


async def test_a_department_that_fails_or_says_so_is_down() -> None:
    for is_up in (False, None):
        found = await _context(_Asked(is_up), _Clock()).sources()
        assert found[0].state is SourceState.DOWN


async def test_a_quarantined_department_is_shown_as_such() -> None:
    registry = Registry({}, (Quarantined("reference", "why", manifest_for()),))
    found = await CatalogueContext(registry, MODEL, _Clock()).sources()
    assert [(item.slug, item.state) for item in found] == [("reference", SourceState.QUARANTINED)]


def test_the_catalogue_lists_every_item_with_its_class_and_official_name() -> None:
    items = _context(_Asked(), _Clock()).catalogue()
    assert {item.kind for item in items} == set(MODEL.kinds)
    for item in items:
        fields = {field.name: field for field in item.fields}
        for name, field in fields.items():
            declared = MODEL.kinds[item.kind].by_name[name]
            assert field.coordinate == declared.coordinate
            assert field.name_zh == declared.declaration.name_zh
            assert field.protection_class.name == declared.declaration.field_class.name
