"""The stand-alone verifier over segments, and the same check over the store: what is altered is
found, and it is said where."""

import ast
import asyncio
import json
import random
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import InternalError
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.merkle import Frontier
from gateway.translog.mirror import Mirror
from gateway.translog.notes import CheckpointText, NoteSignature, SignedNote
from gateway.translog.proofs import Proofs
from gateway.translog.segments import RECORD, header
from gateway.translog.sequencer import LogDamagedError, Sequencer
from gateway.translog.signers import Ed25519Signer
from gateway.translog.storecheck import StoreCheck, check_store
from gateway.translog.suites import SUITES
from gateway.translog.types import InclusionProof
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address
from tests.support.translog import ORIGIN, KnownLog, add_entries, new_log

SIZES = (1, 3, 10, 255, 256, 300, 301, 520)
FLIPS, LONG_FLIPS = 130, 5_000
ALTERED = {"ALTERED_ENTRY", "ALTERED_HASH", "ALTERED"}


@dataclass(frozen=True)
class Written:
    """A log of 520 entries, and three younger ones, in store and segments."""

    known: KnownLog
    address: StoreAddress
    database: str
    folder: Path

    @property
    def trust(self) -> alone.Trust:
        return alone.Trust((alone.read_key(self.known.identity.key.verifier_key()),))


async def fill(address: StoreAddress, known: KnownLog, folder: Path) -> None:
    pool = LightPool(connector(address), 2)
    async with pool.connection() as connection:
        sequencer = Sequencer(connection, known.identity, known.signer)
        await sequencer.resume()
        for first, past in zip((0, *SIZES), SIZES, strict=False):
            await add_entries(connection, [f"r-{number}" for number in range(first, past)])
            await sequencer.step()
        await add_entries(connection, ["young-1", "young-2", "young-3"])
    mirror = Mirror(pool, known.identity, folder)
    await mirror.open()
    assert await mirror.copy() == SIZES[-1]
    mirror.close()
    await pool.aclose()


@pytest.fixture(scope="module", params=["sha256", pytest.param("sm3", marks=pytest.mark.long)])
def written(
    request: pytest.FixtureRequest,
    databases: DatabaseFactory,
    store_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Written]:
    address = databases.create(store_template)
    known = new_log(SUITES[request.param])
    folder = tmp_path_factory.mktemp("log") / "segments"
    asyncio.run(fill(store_address(address), known, folder))
    yield Written(known, store_address(address), address.database, folder)
    databases.drop(address.database)


def checked(folder: Path, trust: alone.Trust) -> alone.Report:
    report = alone.Report()
    alone.SegmentCheck(folder, trust, report).run()
    return report


def copied(written: Written, tmp_path: Path) -> Path:
    shutil.copytree(written.folder, tmp_path / "copy")
    return tmp_path / "copy"


def segment(folder: Path) -> Path:
    return folder / f"segment-{0:020}.log"


def notes_file(folder: Path) -> Path:
    return folder / f"checkpoints-{0:020}.txt"


def records(folder: Path, suite: str = "sha256") -> tuple[bytes, list[bytes]]:
    """Header and records of the segment."""
    content = segment(folder).read_bytes()
    begin = content[: content.index(b"\n\n") + 2]
    place, found = len(begin), []
    while place < len(content):
        end = place + RECORD.size + RECORD.unpack_from(content, place)[1]
        found.append(content[place:end])
        place = end
    return begin, found


def test_whole_log_holds(written: Written) -> None:
    report = checked(written.folder, written.trust)
    assert report.problems == []
    assert (report.covered, report.leaves, report.checkpoints) == (520, 520, len(SIZES))


def test_program_alone_verifies_and_says_so(written: Written, tmp_path: Path) -> None:
    program = tmp_path / "verify.py"
    shutil.copyfile(alone.__file__, program)
    key = written.known.identity.key.verifier_key()
    command = [sys.executable, "-I", str(program), str(written.folder), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "520 entries covered" in done.stdout
    assert "everything holds" in done.stdout


def test_program_alone_imports_the_standard_library_and_cryptography_only() -> None:
    names = set()
    for node in ast.walk(ast.parse(Path(alone.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
    assert names <= {*sys.stdlib_module_names, "cryptography"}


def flip(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def leaf_at(folder: Path, place: int) -> int | None:
    """The leaf whose record holds a byte of the segment; None in the header."""
    begin, found = records(folder)
    end = len(begin)
    if place < end:
        return None
    for leaf, record in enumerate(found):
        end += len(record)
        if place < end:
            return leaf
    raise AssertionError(place)


def flip_segments(written: Written, tmp_path: Path, count: int, seed: int) -> None:
    """Flip single bits of all files; each must be found, and located where it is a record's."""
    chance = random.Random(seed)
    folder = copied(written, tmp_path)
    rewrite(folder, records(folder)[1][:255])
    notes_file(folder).write_text(
        "".join(list(alone.split_notes(notes_file(folder).read_text()))[:4])
    )
    assert checked(folder, written.trust).problems == []
    files = {path: path.read_bytes() for path in (segment(folder), notes_file(folder))}
    for _ in range(count):
        path = chance.choice([segment(folder), segment(folder), notes_file(folder)])
        bit = chance.randrange(len(files[path]) * 8)
        path.write_bytes(flip(files[path], bit))
        said = f"seed {seed}, bit {bit} of {path.name}"
        report = checked(folder, written.trust)
        assert report.problems, said
        if path == segment(folder):
            expected = leaf_at(written.folder, bit // 8)
            where = {problem.place for problem in report.problems}
            assert (0 if expected is None else expected) in where, f"{said}: {report.problems}"
            located = [each for each in report.problems if each.place != expected]
            assert expected is None or not located, f"{said}: {report.problems}"
        path.write_bytes(files[path])


def test_bit_of_segments_flipped_is_found_and_located(written: Written, tmp_path: Path) -> None:
    flip_segments(written, tmp_path, FLIPS, seed=20_26)


@pytest.mark.long
def test_bits_of_segments_flipped_are_found_and_located(written: Written, tmp_path: Path) -> None:
    flip_segments(written, tmp_path, LONG_FLIPS, seed=20_27)


def rewrite(folder: Path, found: list[bytes]) -> None:
    begin, _ = records(folder)
    segment(folder).write_bytes(begin + b"".join(found))


def renumbered(found: list[bytes]) -> list[bytes]:
    return [leaf.to_bytes(8) + record[8:] for leaf, record in enumerate(found)]


def swapped(found: list[bytes]) -> list[bytes]:
    found[7], found[8] = found[8], found[7]
    return found


CHANGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], set[int]]] = {
    "deleted": (lambda found: found[:40] + found[41:], {40}),
    "deleted and renumbered": (lambda found: renumbered(found[:40] + found[41:]), {255}),
    "swapped": (swapped, {7}),
    "swapped and renumbered": (lambda found: renumbered(swapped(found)), {10}),
    "duplicated": (lambda found: [*found[:40], found[39], *found[40:]], {39}),
    "duplicated and renumbered": (
        lambda found: renumbered([*found[:40], found[39], *found[40:]]),
        {255},
    ),
    "cut off at the end": (lambda found: found[:500], {520}),
    "cut off within": (lambda found: [*found[:500], found[500][:50]], {500}),
    "emptied": (lambda found: [], {1}),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_records_changed_are_found_and_located(written: Written, tmp_path: Path, name: str) -> None:
    folder = copied(written, tmp_path)
    change, places = CHANGES[name]
    rewrite(folder, change(records(folder)[1]))
    report = checked(folder, written.trust)
    assert places <= {problem.place for problem in report.problems}, report.problems


def test_entry_rewritten_with_its_hash_is_found_before_its_checkpoint(
    written: Written, tmp_path: Path
) -> None:
    folder, suite = copied(written, tmp_path), written.known.identity.suite
    found = records(folder)[1]
    entry = found[280][RECORD.size :].replace(b"ANSWERED", b"CANCELED")
    found[280] = RECORD.pack(280, len(entry), suite.leaf_hash(entry)) + entry
    rewrite(folder, found)
    report = checked(folder, written.trust)
    codes = {(problem.code, problem.place) for problem in report.problems}
    assert ("WRONG_ROOT", 300) in codes
    assert report.covered == 256


def rebuilt(written: Written, folder: Path, signer: Ed25519Signer, entries: list[bytes]) -> None:
    """Write a whole other log, every hash and signature right."""
    suite = written.known.identity.suite
    tree, content = Frontier(suite), [header(ORIGIN, suite.name, 0)]
    for leaf, entry in enumerate(entries):
        tree.append(suite.leaf_hash(entry))
        content.append(RECORD.pack(leaf, len(entry), suite.leaf_hash(entry)) + entry)
    text = CheckpointText(ORIGIN, tree.size, tree.root()).encode()
    line = NoteSignature(ORIGIN, signer.key.key_id, signer.sign_now(text.encode()))
    segment(folder).write_bytes(b"".join(content))
    notes_file(folder).write_text(SignedNote(text, (line,)).encode())


def test_log_signed_again_with_another_key_is_found(written: Written, tmp_path: Path) -> None:
    folder = copied(written, tmp_path)
    entries = [record[RECORD.size :] for record in records(folder)[1]]
    rebuilt(written, folder, Ed25519Signer(ORIGIN, Ed25519PrivateKey.generate()), entries)
    codes = [problem.code for problem in checked(folder, written.trust).problems]
    assert codes == ["UNKNOWN_KEY", "NOT_SIGNED"]


def test_fork_by_whoever_has_the_key_is_found_by_a_kept_checkpoint(
    written: Written, tmp_path: Path
) -> None:
    folder = copied(written, tmp_path)
    kept = alone.read_checkpoint(list(alone.split_notes(notes_file(folder).read_text()))[5])
    entries = [record[RECORD.size :] for record in records(folder)[1]]
    entries[100] = entries[100].replace(b"r-100", b"r-999")
    rebuilt(written, folder, written.known.signer, entries)
    assert checked(folder, written.trust).problems == []
    trust = alone.Trust(written.trust.keys, trusted=(kept,))
    report = checked(folder, trust)
    assert [(each.code, each.place) for each in report.problems] == [("FORKED", 300)]


def test_log_put_back_is_found_by_a_kept_checkpoint(written: Written, tmp_path: Path) -> None:
    folder = copied(written, tmp_path)
    notes = list(alone.split_notes(notes_file(folder).read_text()))
    rewrite(folder, records(folder)[1][:300])
    notes_file(folder).write_text("".join(notes[:6]))
    assert checked(folder, written.trust).problems == []
    trust = alone.Trust(written.trust.keys, trusted=(alone.read_checkpoint(notes[-1]),))
    report = checked(folder, trust)
    assert [(each.code, each.place) for each in report.problems] == [("PUT_BACK", 520)]


def test_files_removed_are_found(written: Written, tmp_path: Path) -> None:
    folder = copied(written, tmp_path)
    notes_file(folder).unlink()
    assert {each.code for each in checked(folder, written.trust).problems} >= {"MISSING_FILE"}
    shutil.copy(notes_file(written.folder), notes_file(folder))
    segment(folder).unlink()
    shutil.copy(segment(written.folder), folder / f"segment-{65536:020}.log")
    assert {each.code for each in checked(folder, written.trust).problems} >= {"MISSING_FILE"}


# The store ------------------------------------------------------------------------------------


KEPT = ("audit_entry", "audit_run", "audit_subtree", "audit_checkpoint")


async def stored_report(written: Written, change: str) -> alone.Report:
    """Check the store after a change, which is undone again."""
    connection = await connector(written.address)()
    transaction = connection.transaction()
    await transaction.start()
    try:
        for table in KEPT:
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await connection.execute(change)
        suite = written.known.identity.suite.name
        return await StoreCheck(connection, suite, written.trust).run()
    finally:
        await transaction.rollback()
        await connection.close()


async def test_store_holds(written: Written) -> None:
    pool = LightPool(connector(written.address), 1)
    report = await check_store(pool, written.known.identity.suite.name, written.trust)
    await pool.aclose()
    assert report.problems == []
    assert (report.covered, report.leaves) == (520, 523)


STORE_CHANGES: dict[str, tuple[str, str, int | None]] = {
    "entry": (
        "UPDATE audit_entry SET entry = set_byte(entry, 40, get_byte(entry, 40) # 1)"
        " WHERE request_id = 'r-77'",
        "ALTERED_ENTRY",
        77,
    ),
    "column": ("UPDATE audit_entry SET client_id = 'x' WHERE entry_no = 78", "ALTERED_COLUMN", 77),
    "time": ("UPDATE audit_entry SET at = at + interval '1us'", "ALTERED_COLUMN", 0),
    "entry deleted": ("DELETE FROM audit_entry WHERE entry_no = 300", "MISSING_ENTRY", 299),
    "entry added": (
        "INSERT INTO audit_entry OVERRIDING SYSTEM VALUE"
        " SELECT 0, at, request_id, client_id, purpose, outcome, entry FROM audit_entry LIMIT 1",
        "ADDED_ENTRY",
        0,
    ),
    "entries swapped": (
        "UPDATE audit_entry AS e SET entry = o.entry FROM audit_entry AS o"
        " WHERE e.entry_no IN (8, 9) AND o.entry_no = 17 - e.entry_no",
        "ALTERED_ENTRY",
        7,
    ),
    "leaf hash": (
        "UPDATE audit_subtree SET leaves = set_byte(leaves, 32 * 77, 1) WHERE number = 0",
        "ALTERED_HASH",
        77,
    ),
    "young leaf hash": (
        "UPDATE audit_log_head SET young_leaves = set_byte(young_leaves, 32 * 3, 1)",
        "ALTERED_HASH",
        515,
    ),
    "root of a subtree": (
        "UPDATE audit_subtree SET root = set_byte(root, 3, 9) WHERE number = 1",
        "ALTERED_SUBTREE",
        1,
    ),
    "subtree deleted": ("DELETE FROM audit_subtree WHERE number = 1", "MISSING_SUBTREES", 8),
    "run": (
        "UPDATE audit_run SET length = length - 1 WHERE first_leaf = 10",
        "MISSING_LEAVES",
        254,
    ),
    "run moved": (
        "UPDATE audit_run SET first_entry_no = 9 WHERE first_leaf = 10",
        "ALTERED_ENTRY",
        10,
    ),
    "run deleted": ("DELETE FROM audit_run WHERE first_leaf = 10", "MISSING_LEAVES", 10),
    "last run deleted": ("DELETE FROM audit_run WHERE first_leaf = 301", "WRONG_HEAD", 520),
    "note": (
        "UPDATE audit_checkpoint SET note = replace(note, E'\\n300\\n', E'\\n299\\n')"
        " WHERE tree_size = 300",
        "FALSE_SIGNATURE",
        299,
    ),
    "root of a checkpoint": (
        "UPDATE audit_checkpoint SET root = set_byte(root, 3, 9) WHERE tree_size = 300",
        "ALTERED_COLUMN",
        300,
    ),
    "checkpoint of nobody": (
        "INSERT INTO audit_cosignature (tree_size, key_name, key_id, line)"
        " VALUES (300, 'w', '\\x01020304', E'— w AQIDBAU=\\n')",
        "UNKNOWN_KEY",
        300,
    ),
    "last checkpoint deleted": (
        "DELETE FROM audit_checkpoint WHERE tree_size = 520",
        "NOT_COVERED",
        520,
    ),
    "head set back": ("UPDATE audit_log_head SET tree_size = 301", "WRONG_HEAD", 301),
    "settled set back": ("UPDATE audit_log_head SET settled_entry_no = 7", "WRONG_HEAD", None),
    "other log": ("UPDATE audit_log_head SET origin = 'other'", "OTHER_LOG", None),
}


@pytest.mark.parametrize("name", list(STORE_CHANGES))
async def test_store_changed_is_found_and_located(written: Written, name: str) -> None:
    change, code, place = STORE_CHANGES[name]
    report = await stored_report(written, change)
    assert (code, place) in {(each.code, each.place) for each in report.problems}, report.problems


FLIPPED = (
    ("audit_entry", "entry"),
    ("audit_subtree", "leaves"),
    ("audit_subtree", "root"),
    ("audit_checkpoint", "root"),
    ("audit_checkpoint", "note"),
    ("audit_log_head", "young_leaves"),
)


async def flip_store(written: Written, count: int, seed: int) -> None:
    """Flip single bits of values of rows that are older than the last checkpoint."""
    chance = random.Random(seed)
    for _ in range(count):
        table, column = chance.choice([FLIPPED[0], *FLIPPED])
        where = "WHERE entry_no <= 520 " if table == "audit_entry" else ""
        bits = f"convert_to({column}, 'UTF8')" if column == "note" else column
        # the highest bit of a text's byte would make it no text, which PostgreSQL refuses itself
        changed = (
            f"set_byte(t.bits, x.byte, get_byte(t.bits, x.byte) # {1 << chance.randrange(8)})"
            if column != "note"
            else f"convert_from(set_byte(t.bits, x.byte, get_byte(t.bits, x.byte) # "
            f"{1 << chance.randrange(6)}), 'UTF8')"
        )
        changed = changed.replace("t.bits", bits.replace(column, f"t.{column}"))
        length = f"strpos({column}, '—') - 2" if column == "note" else f"length({column})"
        sql = (
            f"UPDATE {table} AS t SET {column} = {changed} FROM ("
            f"SELECT ctid, ({chance.random()} * ({length} - 1))::int AS byte FROM {table} {where}"
            f"ORDER BY md5('{chance.random()}' || ctid::text) LIMIT 1) AS x WHERE t.ctid = x.ctid"
        )
        report = await stored_report(written, sql)
        assert report.problems, f"seed {seed}: {sql}"


async def test_bit_of_the_store_flipped_is_found(written: Written) -> None:
    await flip_store(written, 20, seed=3)


@pytest.mark.long
async def test_bits_of_the_store_flipped_are_found(written: Written) -> None:
    await flip_store(written, 1_000, seed=4)


# The mirror, and single proofs -----------------------------------------------------------------


async def test_mirror_goes_on_where_it_was_and_cuts_off_what_was_half_written(
    written: Written, tmp_path: Path, store: StoreAddress
) -> None:
    known, folder = new_log(), tmp_path / "segments"
    await fill(store, known, folder)
    with segment(folder).open("ab") as file:
        file.write(RECORD.pack(520, 400, bytes(32)) + b"half")
    with notes_file(folder).open("a") as file:
        file.write(f"{ORIGIN}\n523\nAAAA")
    pool = LightPool(connector(store), 2)
    async with pool.connection() as connection:
        sequencer = Sequencer(connection, known.identity, known.signer)
        await sequencer.resume()
        await sequencer.step()
    mirror = Mirror(pool, known.identity, folder)
    await mirror.open()
    assert await mirror.copy() == 3
    mirror.close()
    await pool.aclose()
    trust = alone.Trust((alone.read_key(known.identity.key.verifier_key()),))
    report = checked(folder, trust)
    assert (report.problems, report.covered) == ([], 523)


async def test_mirror_of_a_store_that_was_put_back_is_refused(
    tmp_path: Path, store: StoreAddress
) -> None:
    known, folder = new_log(), tmp_path / "segments"
    await fill(store, known, folder)
    pool = LightPool(connector(store), 2)
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE audit_run DISABLE TRIGGER USER")
        await connection.execute("ALTER TABLE audit_subtree DISABLE TRIGGER USER")
        await connection.execute(
            "DELETE FROM audit_run WHERE first_leaf >= 300;"
            "UPDATE audit_log_head SET tree_size = 300"
        )
    with pytest.raises(LogDamagedError, match="the store less: it was put back"):
        await Mirror(pool, known.identity, folder).open()
    await pool.aclose()


async def test_mirror_writes_nothing_that_was_not_signed(
    tmp_path: Path, store: StoreAddress
) -> None:
    known, folder = new_log(), tmp_path / "segments"
    await fill(store, known, folder)
    pool = LightPool(connector(store), 2)
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        await connection.execute(
            "UPDATE audit_entry SET entry = replace(encode(entry, 'escape'), 'bank', 'bonk')::bytea"
            " WHERE request_id = 'young-1'"
        )
        sequencer = Sequencer(connection, known.identity, known.signer)
        await sequencer.resume()
        await sequencer.step()
        await connection.execute(
            "UPDATE audit_entry SET entry = replace(encode(entry, 'escape'), 'bonk', 'bank')::bytea"
            " WHERE request_id = 'young-1'"
        )
    mirror = Mirror(pool, known.identity, folder)
    await mirror.open()
    with pytest.raises(LogDamagedError, match="not those that were signed"):
        await mirror.copy()
    mirror.close()
    await pool.aclose()


async def test_proof_of_one_entry_is_checked_without_the_log(
    written: Written, tmp_path: Path
) -> None:
    pool = LightPool(connector(written.address), 1)
    proof = await Proofs(pool, written.known.identity.suite).proof_of(78)
    async with pool.connection() as connection:
        entry = await connection.fetchval("SELECT entry FROM audit_entry WHERE entry_no = 78")
    await pool.aclose()
    assert isinstance(proof, InclusionProof)
    file = tmp_path / "proof.json"
    document = {
        "entry": entry.decode(),
        "leafIndex": proof.leaf_index,
        "path": proof.path_texts(),
        "checkpoint": proof.checkpoint,
    }
    key = written.known.identity.key.verifier_key()
    command = ["--proof", str(file), "--key", key, "--hash", written.known.identity.suite.name]
    file.write_text(json.dumps(document))
    assert alone.main(command) == 0
    file.write_text(json.dumps({**document, "leafIndex": 78}))
    assert alone.main(command) == 1
    file.write_text(json.dumps({**document, "entry": entry.decode().replace("r-77", "r-78")}))
    assert alone.main(command) == 1
    leaf_hash = written.known.identity.suite.leaf_hash(entry)
    without = {name: each for name, each in document.items() if name != "entry"}
    of_hash = {**without, "leafHash": b64encode(leaf_hash).decode()}
    file.write_text(json.dumps(of_hash))
    assert alone.main(command) == 0
    file.write_text(json.dumps({**of_hash, "leafHash": b64encode(bytes(32)).decode()}))
    assert alone.main(command) == 1
    file.write_text("{}")
    assert alone.main(command) == 2


async def test_mirror_of_a_damaged_folder_is_refused_by_name(
    written: Written, tmp_path: Path
) -> None:
    folder = copied(written, tmp_path)
    content = notes_file(folder).read_text()
    notes_file(folder).write_text(content.replace("\n255\n", "\n2x5\n"))
    pool = LightPool(connector(written.address), 1)
    with pytest.raises(InternalError, match=r"checkpoints-0+\.txt` is damaged"):
        await Mirror(pool, written.known.identity, folder).open()
    await pool.aclose()
