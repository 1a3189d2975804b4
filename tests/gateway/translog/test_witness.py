"""A witness cosigns what is continued and nothing else; as a process of its own, it is asked."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import InternalError
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.merkle import consistency_ranges, root_of
from gateway.translog.mirror import Mirror
from gateway.translog.notes import (
    COSIGNATURE_TYPE,
    CheckpointText,
    NoteSignature,
    SignedNote,
    encode_hashes,
    parse_signature,
)
from gateway.translog.sequencer import LogDamagedError, Sequencer
from gateway.translog.signers import Ed25519Signer, holds, private_key_pem
from gateway.translog.suites import HashSuite
from gateway.translog.witness import Witness
from gateway.translog.witnessing import WitnessAddress, WitnessError, Witnessing
from tests.support.running_gateway import end, free_port
from tests.support.translog import ORIGIN, KnownLog, add_entries, new_log

NAME = "witness.example/w1"
NOW = 1_767_225_600


def new_witness_signer() -> Ed25519Signer:
    return Ed25519Signer(NAME, Ed25519PrivateKey.generate(), COSIGNATURE_TYPE)


def opened(folder: Path, known: KnownLog, signer: Ed25519Signer | None = None) -> Witness:
    return Witness(signer or new_witness_signer(), {ORIGIN: known.identity}, folder, lambda: NOW)


def hashes(suite: HashSuite, count: int, fork: str = "") -> list[bytes]:
    return [suite.leaf_hash(f"entry {number}{fork}".encode()) for number in range(count)]


def signed(known: KnownLog, size: int, fork: str = "", signer: Ed25519Signer | None = None) -> str:
    suite, signer = known.identity.suite, signer or known.signer
    text = CheckpointText(ORIGIN, size, root_of(suite, hashes(suite, size, fork))).encode()
    line = NoteSignature(ORIGIN, signer.key.key_id, signer.sign_now(text.encode()))
    return SignedNote(text, (line,)).encode()


def request(known: KnownLog, old: int, size: int, note: str | None = None) -> bytes:
    suite = known.identity.suite
    leaves = hashes(suite, size)
    proof = [root_of(suite, leaves[begin:end]) for begin, end in consistency_ranges(old, size)]
    lines = "".join(f"{each}\n" for each in encode_hashes(proof))
    return f"old {old}\n{lines}\n{note or signed(known, size)}".encode()


def test_witness_cosigns_what_continues_what_it_cosigned(tmp_path: Path, known: KnownLog) -> None:
    signer = new_witness_signer()
    witness = opened(tmp_path, known, signer)
    for old, size in ((0, 3), (3, 3), (3, 8), (8, 21)):
        answer = witness.add_checkpoint(request(known, old, size))
        assert answer.status == 200, answer.body
        text = signed(known, size).partition("\n\n")[0] + "\n"
        line = parse_signature(answer.body[:-1])
        assert holds(signer.key, SignedNote(text, (line,)))
        assert int.from_bytes(line.signature[:8]) == NOW
    witness.close()


def test_witness_remembers_over_a_restart(tmp_path: Path, known: KnownLog) -> None:
    witness = opened(tmp_path, known)
    witness.add_checkpoint(request(known, 0, 5))
    witness.close()
    witness = opened(tmp_path, known)
    answer = witness.add_checkpoint(request(known, 0, 9))
    assert (answer.status, answer.body, answer.content_type) == (409, "5\n", "text/x.tlog.size")
    assert witness.add_checkpoint(request(known, 5, 9)).status == 200
    witness.close()


def test_witness_refuses_what_is_no_continuation(tmp_path: Path, known: KnownLog) -> None:
    witness = opened(tmp_path, known)
    witness.add_checkpoint(request(known, 0, 5))
    stranger = Ed25519Signer(ORIGIN, Ed25519PrivateKey.generate())
    longer = request(known, 5, 9).replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1)
    other = signed(known, 9).replace(ORIGIN, "other.example/log")
    for body, status in (
        (request(known, 5, 9, signed(known, 9, "fork")), 422),
        (request(known, 5, 5, signed(known, 5, "fork")), 409),
        (longer, 422),
        (request(known, 5, 9, signed(known, 9, signer=stranger)), 403),
        (request(known, 5, 9, other), 404),
        (b"old 9\n\n" + signed(known, 5).encode(), 400),
        (b"old 05\n\n" + signed(known, 9).encode(), 400),
        (b"old 5\nAAAA\n\n" + signed(known, 9).encode(), 400),
        (b"old 5\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + signed(known, 9).encode(), 400),
        (b"\xff", 400),
        (b"", 400),
    ):
        assert witness.add_checkpoint(body).status == status, body
    assert witness.add_checkpoint(request(known, 5, 9)).status == 200
    witness.close()


def test_witness_folder_of_another_process_is_refused(tmp_path: Path, known: KnownLog) -> None:
    witness = opened(tmp_path, known)
    with pytest.raises(InternalError, match="another witness's"):
        opened(tmp_path, known)
    witness.close()


# The program, and the log that asks it -------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A witness that answers on loopback."""

    url: str
    signer: Ed25519Signer

    def of(self, pool: LightPool, known: KnownLog) -> Witnessing:
        address = WitnessAddress(self.url, self.signer.key)
        return Witnessing(pool, known.identity.suite, address)


@contextmanager
def running_witness(folder: Path, known: KnownLog) -> Iterator[Running]:
    folder.mkdir(exist_ok=True)
    private = Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(private_key_pem(private))
    (folder / "key.pem").chmod(0o600)
    port = free_port()
    (folder / "witness.toml").write_text(
        f'name = "{NAME}"\nkey_file = "key.pem"\nfolder = "state"\nport = {port}\n'
        f'[[logs]]\nkey = "{known.identity.key.verifier_key()}"\n'
        f'hash = "{known.identity.suite.name}"\n'
    )
    command = [sys.executable, "-m", "gateway", "audit", "witness", "--config"]
    errors = folder / "errors.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, str(folder / "witness.toml")], stdout=subprocess.DEVNULL, stderr=stderr
        )
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                assert httpx.get(f"{url}/add-checkpoint", trust_env=False).status_code == 405
                break
            except httpx.TransportError:
                continue
        assert process.poll() is None, errors.read_text()
        yield Running(url, Ed25519Signer(NAME, private, COSIGNATURE_TYPE))
    finally:
        end(process)


async def extend(pool: LightPool, known: KnownLog, names: list[str]) -> None:
    async with pool.connection() as connection:
        await add_entries(connection, names)
        sequencer = Sequencer(connection, known.identity, known.signer)
        await sequencer.resume()
        await sequencer.step()


async def test_witness_apart_cosigns_the_log_and_the_verifier_counts_it(
    store: StoreAddress, tmp_path: Path
) -> None:
    known = new_log()
    pool = LightPool(connector(store), 2)
    with running_witness(tmp_path / "witness", known) as witness:
        witnessing = witness.of(pool, known)
        assert await witnessing.ask() == 0
        for count, name in enumerate(["a", "b", "c"], 1):
            await extend(pool, known, [name])
            assert await witnessing.ask() == count
        async with pool.connection() as connection:
            # what this log believes of the witness is behind: the witness says where it is
            await connection.execute("DELETE FROM audit_cosignature WHERE tree_size > 1")
        await extend(pool, known, ["d"])
        assert await witnessing.ask() == 4
    await extend(pool, known, ["e"])
    with pytest.raises(WitnessError, match="ConnectError"):
        await witnessing.ask()
    mirror = Mirror(pool, known.identity, tmp_path / "segments")
    await mirror.open()
    await mirror.copy()
    await mirror.copy()
    mirror.close()
    await pool.aclose()
    key = alone.read_key(known.identity.key.verifier_key())
    cosigner = alone.read_key(witness.signer.key.verifier_key())
    report = alone.Report()
    trust = alone.Trust((key,), (cosigner,), quorum=1)
    alone.SegmentCheck(tmp_path / "segments", trust, report).run()
    assert report.problems == []
    assert report.witnessed[NAME][0] == 4
    report = alone.Report()
    alone.SegmentCheck(tmp_path / "segments", alone.Trust((key,), quorum=1), report).run()
    assert {problem.code for problem in report.problems} == {"UNKNOWN_KEY", "NOT_WITNESSED"}


@pytest.mark.long
async def test_witness_notices_a_log_that_was_put_back(store: StoreAddress, tmp_path: Path) -> None:
    known = new_log()
    pool = LightPool(connector(store), 2)
    with running_witness(tmp_path / "witness", known) as witness:
        await extend(pool, known, ["a", "b"])
        await witness.of(pool, known).ask()
        async with pool.connection() as connection:
            await connection.execute(
                "ALTER TABLE audit_run DISABLE TRIGGER USER;"
                "ALTER TABLE audit_checkpoint DISABLE TRIGGER USER;"
                "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_kept;"
                "DELETE FROM audit_cosignature; DELETE FROM audit_checkpoint;"
                "DELETE FROM audit_run; DELETE FROM audit_entry;"
                "UPDATE audit_log_head SET tree_size = 0, young_leaves = ''"
            )
        await extend(pool, known, ["x"])
        with pytest.raises(LogDamagedError, match="cosigned another log of this name at size 2"):
            await witness.of(pool, known).ask()
        await extend(pool, known, ["y", "z"])
        with pytest.raises(LogDamagedError, match="does not continue"):
            await witness.of(pool, known).ask()
    await pool.aclose()
