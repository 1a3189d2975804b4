"""Suites about an adapter at work: a source that hangs or restarts, round trips, leaks, load."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

from gateway.conformance.control import SourceControl
from gateway.conformance.department import LATEST, Department, ask, context, read, read_ids, whole
from gateway.conformance.ordering import position_of
from gateway.conformance.promises import proves
from gateway.contract import RECORD_ID, Adapter, AdapterError, After, RecordRequest
from schema.codes import RecordKind

HANGING_S = 0.3
GRACE_S = 1.0
"""Time that a call may take to end after it was given up."""
RESTARTS = 2
ATTEMPTS = 4
LOAD_CALLS, LOAD_AT_ONCE = 120, 12
LATEST_S = 2.0
"""Source: the gateway gives an adapter so long; later answers are not wanted."""
LEAK_ROUNDS = 3
_FILES = Path("/proc/self/fd")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert\s+into|update|delete\s+from|merge\s+into|replace\s+into|truncate|create|alter|drop"
    r"|grant|revoke|copy|call|do|lock|vacuum|nextval|setval|pg_advisory_\w+)\b|\bfor\s+(update|share)",
    re.IGNORECASE,
)
_REQUEST = re.compile(r"[A-Z]+ /")
_WRITING_METHODS = ("PUT ", "PATCH ", "DELETE ")


def writes(statement: str) -> bool:
    """Whether a statement would change or lock something; what stands in quotes does not count.

    Of HTTP requests the method tells: a question may well be put by POST.
    """
    if _REQUEST.match(statement):
        return statement.startswith(_WRITING_METHODS)
    return _WRITES.search(_QUOTED.sub("''", statement)) is not None


class RunningConformance:
    """What happens while the source hangs, restarts or is asked much."""

    @proves("STABLE_PAGING")
    def test_pages_stay_whole_while_records_are_added(self, department: Department) -> None:
        control = department.control
        if control is None:
            return

        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                await _pages_beside_inserts(adapter, department, control, kind)

        department.run(check)

    @proves("DEADLINE")
    def test_call_that_is_given_up_ends_though_the_source_hangs(
        self, department: Department
    ) -> None:
        control = department.control
        if control is None:
            return

        async def check(adapter: Adapter) -> None:
            request = RecordRequest("hang", whole(department.kinds()[0]), department.keys)
            before = await read(adapter, request)
            with control.stalled():
                call = asyncio.ensure_future(adapter.fetch([request], context()))
                await asyncio.wait({call}, timeout=HANGING_S)
                given_up = time.monotonic()
                call.cancel()
                await asyncio.wait({call}, timeout=GRACE_S)
                took = time.monotonic() - given_up
                has_ended = call.done()
            await asyncio.gather(call, return_exceptions=True)
            assert has_ended, f"a call that was given up goes on for more than {GRACE_S} s"
            assert took < 2 * GRACE_S, f"the event loop was held for {took:.1f} s"
            assert await read(adapter, request) == before

        department.run(check)

    @proves("RECONNECT")
    def test_reading_goes_on_after_the_source_restarted(self, department: Department) -> None:
        control = department.control
        if control is None:
            return

        async def check(adapter: Adapter) -> None:
            request = RecordRequest("restart", whole(department.kinds()[0]), department.keys)
            before = await read(adapter, request)
            for _ in range(RESTARTS):
                control.restart()
                assert await _read_again(adapter, request) == before

        department.run(check)

    @proves("READ_ONLY")
    def test_no_statement_writes(self, department: Department) -> None:
        control = department.control
        if control is None:
            return

        async def check(adapter: Adapter) -> None:
            start = len(control.statements())
            for kind in department.kinds():
                await read(adapter, RecordRequest("w", whole(kind), department.keys))
            written = [text for text in control.statements()[start:] if writes(text)]
            assert not written, f"the source was sent a statement that writes: {written[0][:60]}"

        department.run(check)

    @proves("ROUND_TRIPS")
    def test_round_trips_do_not_grow_with_the_keys(self, department: Department) -> None:
        control = department.control
        if control is None:
            return

        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                few = RecordRequest("one", whole(kind), department.keys[:1])
                many = RecordRequest("many", whole(kind), department.keys)
                for request in (few, many):  # what is prepared once is prepared now
                    await read(adapter, request)
                one, all_ = [await _trips(adapter, control, request) for request in (few, many)]
                count = len(department.keys)
                assert all_ <= one + 1, f"{kind.value}: {one} for one key, {all_} for {count}"

        department.run(check)

    @proves("LEAKS")
    def test_nothing_is_left_open_after_closing(self, department: Department) -> None:
        kind = department.kinds()[0]

        async def rounds() -> list[tuple[int, int, int]]:
            found = []
            for _ in range(LEAK_ROUNDS):
                adapter = department.make_adapter()
                await adapter.open()
                try:
                    for _ in range(5):
                        await ask(adapter, RecordRequest("l", whole(kind), department.keys[:2]))
                        await _give_up(adapter, RecordRequest("l", whole(kind), department.keys))
                finally:
                    await adapter.aclose()
                await asyncio.sleep(0.05)
                found.append((len(asyncio.all_tasks()), _open_files(), _connections(department)))
            return found

        first, *_, last = asyncio.run(rounds())
        names = ("tasks", "files", "connections")
        grown = [name for name, a, b in zip(names, first, last, strict=True) if b > a]
        assert last[0] == 1, "a task goes on after the adapter was closed"
        assert not grown, f"{grown[0]} stay open after the adapter was closed"

    @proves("LOAD")
    def test_answers_are_right_and_in_time_under_load(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            requests = [
                RecordRequest("load", whole(kind, first=20), (key,))
                for kind in department.kinds()
                for key in department.keys[:4]
            ]
            wanted = [await read(adapter, request) for request in requests]
            gate = asyncio.Semaphore(LOAD_AT_ONCE)
            late = 0

            async def one(number: int) -> None:
                nonlocal late
                async with gate:
                    start = time.monotonic()
                    found = await read(adapter, requests[number % len(requests)])
                    late += time.monotonic() - start > LATEST_S
                assert found == wanted[number % len(requests)], "an answer differs under load"

            async with asyncio.TaskGroup() as group:
                for number in range(LOAD_CALLS):
                    group.create_task(one(number))
            assert late * 20 <= LOAD_CALLS, f"{late} of {LOAD_CALLS} answers came too late"

        department.run(check)


async def _pages_beside_inserts(
    adapter: Adapter, department: Department, control: SourceControl, kind: RecordKind
) -> None:
    """Page through one subject while records come in: those there before come once each."""
    key = department.keys[0]
    code = adapter.manifest.department_code
    (before,) = await read_ids(adapter, RecordRequest("all", whole(kind), (key,)))
    seen: list[str] = []
    after = None
    while len(seen) <= len(before) * 4 + 50:
        selection = whole(kind, first=3)
        (rows,) = await read(adapter, RecordRequest("page", selection, (key,), after))
        if not rows:
            break
        seen += [str(row[RECORD_ID]) for row in rows]
        position = position_of(rows[-1], seen[-1], code, LATEST)
        after = After(position.values, code, position.record_id)  # type: ignore[arg-type]
        if len(seen) <= 6 and not await asyncio.to_thread(control.add_records, kind, 2):
            return
    assert len(seen) == len(set(seen)), f"{kind.value}: a record comes twice while others are added"
    assert set(before) <= set(seen), f"{kind.value}: a record is left out while others are added"


async def _read_again(adapter: Adapter, request: RecordRequest) -> object:
    """Read; a restart may cost the first calls, each with a reason of the contract."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await read(adapter, request)
        except AdapterError:
            await asyncio.sleep(0.1)
    return await read(adapter, request)


async def _trips(adapter: Adapter, control: SourceControl, request: RecordRequest) -> int:
    before = control.round_trips()
    await read(adapter, request)
    return control.round_trips() - before


async def _give_up(adapter: Adapter, request: RecordRequest) -> None:
    try:
        async with asyncio.timeout(0.001):
            await adapter.fetch([request], context())
    except (TimeoutError, AdapterError):
        pass


def _open_files() -> int:
    return len(os.listdir(_FILES)) if _FILES.is_dir() else 0


def _connections(department: Department) -> int:
    return department.control.connections() if department.control is not None else 0
