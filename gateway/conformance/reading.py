"""Suites about reading at all: manifest, keys, types, several requests, deadlines, reopening."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.conformance.department import (
    Department,
    ask,
    context,
    read,
    read_ids,
    source_fields,
    whole,
)
from gateway.conformance.promises import proves
from gateway.contract import RECORD_ID, SUBJECT_KEY, Adapter, RecordRequest, RowBatch
from gateway.fetching.registry import manifest_defect
from gateway.rowcode import rows_check
from schema.classification import SubjectKind
from schema.records import MODEL

HURRY_S = 0.001


class ManifestConformance:
    """What the department says about itself."""

    @proves("MANIFEST")
    def test_manifest_has_no_defect(self, department: Department) -> None:
        manifest = department.make_adapter().manifest
        assert manifest_defect(manifest, manifest.slug, MODEL) is None
        assert manifest.entries, "a department supplies at least one record kind"

    @proves("FIELDS")
    def test_every_item_of_the_manifest_has_a_value_somewhere_or_is_at_least_asked_for(
        self, department: Department
    ) -> None:
        async def check(adapter: Adapter) -> None:
            for entry in adapter.manifest.entries:
                request = RecordRequest(
                    "items", replace(whole(entry.kind), fields=entry.items), department.keys
                )
                await read(adapter, request)

        department.run(check)

    @proves("HEALTH")
    def test_healthy_source_says_so(self, department: Department) -> None:
        assert department.run(lambda adapter: adapter.health()).is_up


class RowConformance:
    """Rows by key."""

    @proves("RECORDS")
    def test_known_keys_have_records_of_every_kind(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                groups = await read(adapter, RecordRequest("keys", whole(kind), department.keys))
                assert any(groups), f"no key has records of {kind.value}: give others"

        department.run(check)

    @proves("TYPES")
    def test_rows_fit_the_declared_types(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                selection = whole(kind)
                (batch,) = await ask(adapter, RecordRequest("types", selection, department.keys))
                assert isinstance(batch, RowBatch)
                fits = rows_check(MODEL.kinds[kind], selection.fields)
                assert all(fits(rows) for rows in batch.groups), kind.value

        department.run(check)

    @proves("KEYS")
    def test_each_group_holds_records_of_its_key_only(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            keys = (*department.keys[::-1], department.unknown_key)
            for kind in department.kinds():
                groups = await read(adapter, RecordRequest("keys", whole(kind), keys))
                for key, rows in zip(keys, groups, strict=True):
                    assert {row[SUBJECT_KEY] for row in rows} <= {key}
                assert groups[-1] == []

        department.run(check)

    @proves("FIELDS")
    def test_only_the_fields_asked_for_come_in_their_order(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                names = tuple(field.name for field in source_fields(kind))
                every = await read(adapter, RecordRequest("all", whole(kind), department.keys))
                some = (names[-1], RECORD_ID, names[len(names) // 2])
                few = replace(whole(kind), fields=some)
                found = await read(adapter, RecordRequest("few", few, department.keys))
                wanted = [[{name: row[name] for name in some} for row in rows] for rows in every]
                assert found == wanted

        department.run(check)

    @proves("RECORD_IDS")
    def test_record_ids_are_unique(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                groups = await read_ids(adapter, RecordRequest("i", whole(kind), department.keys))
                ids = [record_id for group in groups for record_id in group]
                assert len(ids) == len(set(ids))

        department.run(check)

    @proves("BATCHING")
    def test_requests_of_one_call_are_answered_as_each_alone(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            requests = [
                RecordRequest(f"r{number}", whole(kind, first=2), keys)
                for number, kind in enumerate(department.kinds())
                for keys in (department.keys, (department.unknown_key,), department.keys[:1])
            ]
            together = await ask(adapter, *requests)
            alone = [(await ask(adapter, request))[0] for request in requests]
            assert [_plain(batch) for batch in together] == [_plain(batch) for batch in alone]

        department.run(check)


class ListConformance:
    """Records over all subjects."""

    @proves("LISTS")
    def test_records_over_all_subjects_hold_those_of_each_key(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for entry in adapter.manifest.entries:
                if not entry.lists:
                    continue
                selection = whole(entry.kind, first=1_000_000, fields=(RECORD_ID, SUBJECT_KEY))
                (listed,) = await read_ids(adapter, RecordRequest("all", selection, None))
                keyed = await read_ids(adapter, RecordRequest("key", selection, department.keys))
                assert {found for group in keyed for found in group} <= set(listed)

        department.run(check)

    @proves("LISTS")
    def test_subject_kinds_part_the_records(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for entry in adapter.manifest.entries:
                if not entry.lists:
                    continue
                parts: list[str] = []
                for kind in SubjectKind:
                    selection = whole(entry.kind, first=1_000_000, subject_kinds=frozenset((kind,)))
                    (rows,) = await read(adapter, RecordRequest("part", selection, None))
                    parts += [str(row[RECORD_ID]) for row in rows]
                    assert {_kind(row[SUBJECT_KEY]) for row in rows} <= {kind}
                both = whole(entry.kind, first=1_000_000, subject_kinds=frozenset(SubjectKind))
                (every,) = await read(adapter, RecordRequest("all", both, None))
                named = [str(row[RECORD_ID]) for row in every if row[SUBJECT_KEY] is not None]
                assert sorted(parts) == sorted(named)

        department.run(check)


class LifeConformance:
    """What happens around the reading: hurry, company, reopening."""

    @proves("CANCELLATION")
    def test_adapter_works_on_after_a_call_was_given_up(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            kind = department.kinds()[0]
            request = RecordRequest("hurry", whole(kind), department.keys)
            before = await read(adapter, request)
            for _ in range(5):
                try:
                    async with asyncio.timeout(HURRY_S):
                        await adapter.fetch([request], context())
                except TimeoutError:
                    pass
            assert await read(adapter, request) == before

        department.run(check)

    @proves("CONCURRENCY")
    def test_calls_at_the_same_time_do_not_disturb_each_other(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            requests = [
                RecordRequest("c", whole(kind), (key,))
                for kind in department.kinds()
                for key in department.keys[:4]
            ]
            one_by_one = [await read(adapter, request) for request in requests]
            at_once = await asyncio.gather(*(read(adapter, request) for request in requests))
            assert at_once == one_by_one

        department.run(check)

    @proves("STABLE_IDS")
    def test_record_ids_survive_a_reopening(self, department: Department) -> None:
        async def ids(adapter: Adapter) -> list[list[list[str]]]:
            return [
                await read_ids(adapter, RecordRequest("i", whole(kind), department.keys))
                for kind in department.kinds()
            ]

        assert department.run(ids) == department.run(ids)

    @proves("MANIFEST")
    def test_more_keys_than_the_manifest_allows_are_never_needed(
        self, department: Department
    ) -> None:
        most = department.make_adapter().manifest.max_keys
        assert most >= 1
        count = len(department.keys)
        assert count <= most, f"`keys` has {count} keys, the manifest allows {most}"


def _plain(batch: object) -> object:
    assert isinstance(batch, RowBatch)
    return [[list(row) for row in rows] for rows in batch.groups]


def _kind(key: object) -> SubjectKind:
    text = str(key)
    if text.startswith("P:"):
        return SubjectKind.NATURAL_PERSON
    return SubjectKind.INDIVIDUAL_BUSINESS if text.startswith("92") else SubjectKind.ORGANISATION
