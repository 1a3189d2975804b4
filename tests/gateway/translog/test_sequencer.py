"""Every committed entry becomes one leaf, whatever order commits take, and whoever sequences."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.errors import InternalError
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import Connection, LightPool
from gateway.translog import sequencer as sequencer_module
from gateway.translog.merkle import is_consistent, is_included, root_of
from gateway.translog.notes import parse_checkpoint, parse_note
from gateway.translog.proofs import Proofs
from gateway.translog.sequencer import LogDamagedError, Sequencer, runs_of
from gateway.translog.signers import holds
from gateway.translog.types import NOT_YET_COVERED, InclusionProof
from tests.support.translog import KnownLog, add_entries, entry_bytes, leaves, new_log


@pytest_asyncio.fixture
async def connection(store: StoreAddress) -> AsyncIterator[Connection]:
    connection = await connector(store)()
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def writer(store: StoreAddress) -> AsyncIterator[Connection]:
    connection = await connector(store)()
    yield connection
    await connection.close()


async def resumed(connection: Connection, known: KnownLog) -> Sequencer:
    sequencer = Sequencer(connection, known.identity, known.signer)
    await sequencer.resume()
    return sequencer


def names(first: int, past: int) -> list[str]:
    return [f"r-{number}" for number in range(first, past)]


async def test_step_gives_leaves_in_order_and_signs_the_root(
    connection: Connection, writer: Connection, known: KnownLog
) -> None:
    sequencer = await resumed(connection, known)
    assert (await sequencer.step()).leaves == 0
    await add_entries(writer, names(0, 3))
    assert (await sequencer.step()).leaves == 3
    await add_entries(writer, names(3, 5))
    await sequencer.step()
    assert await leaves(writer) == names(0, 5)
    suite = known.identity.suite
    rows = await writer.fetch("SELECT tree_size, root, note FROM audit_checkpoint ORDER BY 1")
    assert [row["tree_size"] for row in rows] == [3, 5]
    for row in rows:
        hashes = [suite.leaf_hash(entry_bytes(name)) for name in names(0, row["tree_size"])]
        note = parse_note(row["note"])
        checkpoint = parse_checkpoint(note.text)
        assert checkpoint.root == row["root"] == root_of(suite, hashes)
        assert checkpoint.origin == known.identity.origin
        assert holds(known.identity.key, note)


async def test_step_more_entries_than_one_checkpoint_takes_follow_in_the_next(
    connection: Connection, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencer_module, "MOST_LEAVES", 4)
    sequencer = await resumed(connection, new_log())
    await add_entries(writer, names(0, 10))
    steps = [await sequencer.step() for _ in range(4)]
    assert [step.leaves for step in steps] == [4, 4, 2, 0]
    assert [step.is_behind for step in steps] == [True, True, False, False]
    assert await leaves(writer) == names(0, 10)


async def test_step_entry_that_commits_late_becomes_a_leaf_late(
    connection: Connection, writer: Connection, store: StoreAddress
) -> None:
    sequencer = await resumed(connection, new_log())
    slow = await connector(store)()
    transaction = slow.transaction()
    await transaction.start()
    await add_entries(slow, ["slow-1", "slow-2"])
    await add_entries(writer, ["r-1"])
    await sequencer.step()
    assert await leaves(writer) == ["r-1"]
    assert (await sequencer.step()).leaves == 0
    await transaction.commit()
    await add_entries(writer, ["r-2"])
    await sequencer.step()
    assert await leaves(writer) == ["r-1", "slow-1", "slow-2", "r-2"]
    await slow.close()


async def test_step_number_that_never_commits_is_waited_for_no_longer_than_its_writer(
    connection: Connection, writer: Connection, store: StoreAddress
) -> None:
    sequencer = await resumed(connection, new_log())
    slow = await connector(store)()
    transaction = slow.transaction()
    await transaction.start()
    await add_entries(slow, ["undone"])
    await add_entries(writer, ["r-1"])
    await sequencer.step()
    await sequencer.step()
    assert await writer.fetchval("SELECT settled_entry_no FROM audit_log_head") == 0
    await transaction.rollback()
    await slow.close()
    await add_entries(writer, ["r-2"])
    await sequencer.step()
    assert await leaves(writer) == ["r-1", "r-2"]
    assert await writer.fetchval("SELECT settled_entry_no FROM audit_log_head") == 3


async def test_resume_with_a_gap_that_is_open_still_takes_it_up(
    connection: Connection, writer: Connection, store: StoreAddress
) -> None:
    known = new_log()
    sequencer = await resumed(connection, known)
    await add_entries(writer, ["r-0"])
    slow = await connector(store)()
    transaction = slow.transaction()
    await transaction.start()
    await add_entries(slow, ["slow"])
    await add_entries(writer, ["r-1"])
    await sequencer.step()
    next_one = await resumed(connection, known)
    await add_entries(writer, ["r-2"])
    await next_one.step()
    await transaction.commit()
    await (await resumed(connection, known)).step()
    assert await leaves(writer) == ["r-0", "r-1", "r-2", "slow"]
    await slow.close()


async def test_step_after_one_that_did_not_end_wants_to_be_resumed(
    connection: Connection, writer: Connection
) -> None:
    known = new_log()
    sequencer = await resumed(connection, known)
    await add_entries(writer, ["r-1"])
    async with writer.transaction():
        await writer.execute("LOCK TABLE audit_checkpoint")
        step = asyncio.create_task(sequencer.step())
        while not await writer.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
    with pytest.raises(InternalError, match="resume first"):
        await sequencer.step()
    await sequencer.resume()
    await sequencer.step()
    assert await leaves(writer) == ["r-1"]


async def test_step_where_another_extended_the_log_adds_nothing(
    connection: Connection, writer: Connection
) -> None:
    known = new_log()
    one, other = await resumed(connection, known), await resumed(connection, known)
    await add_entries(writer, ["r-1"])
    await one.step()
    with pytest.raises(LogDamagedError, match="does not stand at 0"):
        await other.step()
    assert await leaves(writer) == ["r-1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE audit_log_head SET young_leaves = set_byte(young_leaves, 5, 7)", "does not say"),
        (
            "UPDATE audit_checkpoint SET note = replace(note, E'\\n3\\n', E'\\n2\\n')",
            "does not say",
        ),
        ("UPDATE audit_checkpoint SET note = 'x'", "cannot be read"),
        ("DELETE FROM audit_checkpoint", "no checkpoint"),
        ("UPDATE audit_log_head SET tree_size = 700", "are missing"),
    ],
)
async def test_resume_log_that_contradicts_itself_is_refused(
    connection: Connection, writer: Connection, change: str, reason: str
) -> None:
    known = new_log()
    sequencer = await resumed(connection, known)
    await add_entries(writer, names(0, 3))
    await sequencer.step()
    await writer.execute("ALTER TABLE audit_checkpoint DISABLE TRIGGER USER")
    await writer.execute(change)
    with pytest.raises(LogDamagedError, match=reason):
        await resumed(connection, known)


async def test_resume_other_key_origin_or_suite_is_refused(
    connection: Connection, writer: Connection, known: KnownLog
) -> None:
    sequencer = await resumed(connection, known)
    await add_entries(writer, names(0, 3))
    await sequencer.step()
    with pytest.raises(LogDamagedError, match="not signed by a key"):
        await resumed(connection, new_log(known.identity.suite))
    with pytest.raises(LogDamagedError, match="expected `other"):
        await resumed(connection, new_log(known.identity.suite, "other.example/audit"))


async def test_record_stays_as_it_is(connection: Connection, writer: Connection) -> None:
    sequencer = await resumed(connection, new_log())
    await add_entries(writer, ["r-1"])
    await sequencer.step()
    for table in ("audit_entry", "audit_run", "audit_checkpoint"):
        column = await writer.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 3", table
        )
        with pytest.raises(Exception, match="never changed"):
            await writer.execute(f"UPDATE {table} SET {column} = {column}")


async def test_proofs_of_every_entry_and_every_earlier_size_hold(
    connection: Connection, store_pool: LightPool, known: KnownLog
) -> None:
    """Over two heights of stored subtrees, so that every way to a hash is taken."""
    suite, count = known.identity.suite, 700
    sequencer = await resumed(connection, known)
    sizes = [1, 255, 256, 257, 512, 600, count]
    for first, past in zip([0, *sizes], sizes, strict=False):
        await add_entries(connection, names(first, past))
        await sequencer.step()
    proofs = Proofs(store_pool, suite)
    rows = await connection.fetch("SELECT entry_no, entry FROM audit_entry ORDER BY entry_no")
    found = await proofs.proofs_of([row["entry_no"] for row in rows])
    hashes = [suite.leaf_hash(row["entry"]) for row in rows]
    root = root_of(suite, hashes)
    for row in rows:
        proof = found[row["entry_no"]]
        assert isinstance(proof, InclusionProof)
        leaf = suite.leaf_hash(row["entry"])
        assert is_included(suite, leaf, proof.leaf_index, proof.tree_size, proof.path, root)
        assert parse_checkpoint(parse_note(proof.checkpoint).text).root == root
    for size in sizes:
        for old in [0, *(each for each in sizes if each <= size)]:
            path = (await proofs.consistency(old, size)).path
            roots = root_of(suite, hashes[:old]), root_of(suite, hashes[:size])
            assert is_consistent(suite, old, roots[0], size, roots[1], path)
        assert await proofs.root(size) == root_of(suite, hashes[:size])


async def test_proof_of_a_younger_entry_is_not_yet_covered(
    connection: Connection, store_pool: LightPool
) -> None:
    known = new_log()
    proofs = Proofs(store_pool, known.identity.suite)
    await add_entries(connection, ["r-1"])
    assert await proofs.proof_of(1) is NOT_YET_COVERED
    await (await resumed(connection, known)).step()
    await add_entries(connection, ["r-2"])
    assert isinstance(await proofs.proof_of(1), InclusionProof)
    assert await proofs.proof_of(2) is NOT_YET_COVERED
    with pytest.raises(ValueError, match="less than 2"):
        await proofs.consistency(1, 2)


def test_runs_follow_numbers() -> None:
    assert runs_of(7, [3, 4, 6, 5, 8, 9, 10]) == [(7, 3, 2), (9, 6, 1), (10, 5, 1), (11, 8, 3)]
