"""Calls of one shape share statements, and each gets its own answer, failure or cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.contract import Batch, JsonBatch, RowBatch, SourceRejected, SourceUnavailable
from gateway.sources.postgres.sharing import MOST_SHARED_KEYS, SharedCalls

PATIENCE_S = 5.0


class Source:
    """Answers after a turn of the loop, or when it is let go; notes the keys of each statement."""

    def __init__(
        self, poison: str = "", error: type[Exception] = SourceRejected, odd: str = ""
    ) -> None:
        self.statements: list[tuple[str, ...]] = []
        self.poison = poison
        self.odd = odd
        self.error = error
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, keys: Sequence[str]) -> Sequence[Batch]:
        self.statements.append(tuple(keys))
        self.asked.set()
        await self.gate.wait()
        await asyncio.sleep(0)
        if self.poison and self.poison in keys:
            raise self.error("the statement failed")
        withheld = int(self.odd in keys)
        return [
            JsonBatch([key.encode() for key in keys], [1] * len(keys), None, {}, withheld),
            RowBatch([[[key]] for key in keys], list(range(len(keys)))),
        ]

    async def until_asked(self) -> None:
        await asyncio.wait_for(self.asked.wait(), PATIENCE_S)


def keys_of(answer: object) -> tuple[list[bytes], list[object]]:
    assert isinstance(answer, list)
    built, rows = answer
    assert isinstance(built, JsonBatch)
    assert isinstance(rows, RowBatch)
    return list(built.groups), [group[0][0] for group in rows.groups]


async def test_calls_that_come_together_share_one_statement() -> None:
    source, calls = Source(), SharedCalls(PATIENCE_S)
    asked = [(f"K{number}", f"L{number}") for number in range(5)]
    answers = await asyncio.gather(*(calls.fetch("shape", keys, source.run) for keys in asked))
    assert [keys_of(answer) for answer in answers] == [
        ([key.encode() for key in keys], list(keys)) for keys in asked
    ]
    assert source.statements == [tuple(key for keys in asked for key in keys)]


async def test_calls_that_come_while_one_is_under_way_share_the_next() -> None:
    source, calls = Source(), SharedCalls(PATIENCE_S)
    source.gate.clear()
    first = asyncio.create_task(calls.fetch("shape", ("A",), source.run))
    await source.until_asked()
    others = [asyncio.create_task(calls.fetch("shape", (key,), source.run)) for key in "BCD"]
    await asyncio.sleep(0)
    source.gate.set()
    answers = await asyncio.gather(first, *others)
    assert [keys_of(answer)[1] for answer in answers] == [["A"], ["B"], ["C"], ["D"]]
    assert source.statements == [("A",), ("B", "C", "D")]


async def test_calls_of_different_shapes_share_nothing() -> None:
    source, calls = Source(), SharedCalls(PATIENCE_S)
    await asyncio.gather(
        calls.fetch("one", ("A",), source.run), calls.fetch("other", ("B",), source.run)
    )
    assert sorted(source.statements) == [("A",), ("B",)]


async def test_a_subject_that_breaks_the_statement_fails_for_who_asked_for_it_alone() -> None:
    source, calls = Source(poison="B"), SharedCalls(PATIENCE_S)
    answers = await asyncio.gather(
        *(calls.fetch("shape", (key,), source.run) for key in "ABC"), return_exceptions=True
    )
    assert isinstance(answers[1], SourceRejected)
    assert [keys_of(answers[place])[1] for place in (0, 2)] == [["A"], ["C"]]


async def test_a_source_that_is_gone_is_not_asked_again_for_each() -> None:
    source, calls = Source(poison="B", error=SourceUnavailable), SharedCalls(PATIENCE_S)
    answers = await asyncio.gather(
        *(calls.fetch("shape", (key,), source.run) for key in "ABC"), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [SourceUnavailable] * 3
    assert len(source.statements) == 1


async def test_withheld_records_are_told_to_who_asked_for_them() -> None:
    source, calls = Source(odd="B"), SharedCalls(PATIENCE_S)
    answers = await asyncio.gather(*(calls.fetch("shape", (key,), source.run) for key in "ABC"))
    assert [[batch.withheld for batch in answer] for answer in answers] == [[0, 0], [1, 0], [0, 0]]


async def test_a_call_that_is_given_up_takes_nobody_with_it() -> None:
    source, calls = Source(), SharedCalls(PATIENCE_S)
    source.gate.clear()
    given_up, kept = (asyncio.create_task(calls.fetch("shape", (key,), source.run)) for key in "AB")
    await source.until_asked()
    given_up.cancel()
    source.gate.set()
    assert keys_of(await kept)[1] == ["B"]
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert keys_of(await calls.fetch("shape", ("C",), source.run))[1] == ["C"]


async def test_a_statement_that_hangs_is_given_up_and_the_next_one_runs() -> None:
    source, calls = Source(), SharedCalls(0.05)
    source.gate.clear()
    with pytest.raises(TimeoutError):
        await calls.fetch("shape", ("A",), source.run)
    source.gate.set()
    assert keys_of(await calls.fetch("shape", ("B",), source.run))[1] == ["B"]


async def test_a_statement_has_a_bounded_number_of_keys() -> None:
    source, calls = Source(), SharedCalls(PATIENCE_S)
    asked = [tuple(f"{number}-{place}" for place in range(7)) for number in range(20)]
    answers = await asyncio.gather(*(calls.fetch("shape", keys, source.run) for keys in asked))
    assert [keys_of(answer)[1] for answer in answers] == [list(keys) for keys in asked]
    assert max(map(len, source.statements)) <= MOST_SHARED_KEYS
    assert len(source.statements) == 3


async def test_nothing_is_kept_once_all_are_answered() -> None:
    source, calls = Source(), SharedCalls(PATIENCE_S)
    await asyncio.gather(*(calls.fetch("shape", (key,), source.run) for key in "ABC"))
    await asyncio.sleep(0)
    assert calls.under_way == 0
