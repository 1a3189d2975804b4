"""References of subjects: drawn once, kept in bounded memory, found again in the store."""

import itertools

from gateway.audit.references import SubjectReferences
from gateway.store.pool import LightPool


def counting() -> SubjectReferences:
    """Return references that are numbered instead of random, with room for four."""
    numbers = itertools.count(1)
    return SubjectReferences(lambda size: next(numbers).to_bytes(size), capacity=4)


async def test_resolve_known_subject_needs_no_store(store_pool: LightPool) -> None:
    references = counting()
    references.remember({"A": "01"})
    async with store_pool.connection() as connection:
        await connection.execute("DROP TABLE subject_reference CASCADE")
        found = await references.resolve(connection, ["A"])
    assert (found.known, found.new) == ({"A": "01"}, {})


async def test_resolve_unknown_subject_is_new_until_remembered(store_pool: LightPool) -> None:
    references = counting()
    async with store_pool.connection() as connection:
        first = await references.resolve(connection, ["A", "B"])
        second = await references.resolve(connection, ["A"])
    assert first.new == {"A": f"{1:032x}", "B": f"{2:032x}"}
    assert second.new == {"A": f"{3:032x}"}


async def test_resolve_finds_what_another_worker_stored(store_pool: LightPool) -> None:
    async with store_pool.connection() as connection:
        await connection.execute(
            "INSERT INTO subject_reference VALUES ('A', decode(repeat('ab', 16), 'hex'))"
        )
        found = await counting().resolve(connection, ["A", "B"])
    assert found.known["A"] == "ab" * 16
    assert list(found.new) == ["B"]


async def test_resolve_memory_is_bounded_and_keeps_what_is_used(store_pool: LightPool) -> None:
    references = counting()
    async with store_pool.connection() as connection:
        for number in range(20):
            references.remember({f"S-{number}": f"{number:032x}", "often": "ff" * 16})
            await references.resolve(connection, ["often"])
            assert len(references) <= 4
        found = await references.resolve(connection, ["often", "S-0"])
    assert list(found.new) == ["S-0"]
