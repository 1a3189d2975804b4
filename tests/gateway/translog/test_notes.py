"""Notes, keys and signatures as others write and read them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import InternalError
from gateway.translog import sm2
from gateway.translog.notes import (
    COSIGNATURE_TYPE,
    ED25519_TYPE,
    SM2_TYPE,
    CheckpointText,
    KeyName,
    NoteError,
    NoteSignature,
    SignedNote,
    cosignature,
    cosigned_message,
    parse_checkpoint,
    parse_note,
    parse_signature,
    parse_verifier_key,
)
from gateway.translog.signers import DeviceSigner, Ed25519Signer, holds, sign_checkpoint
from tests.support import sm2_device

# The published key of the Go checksum database.
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
# Of the specification's example in C2SP tlog-checkpoint.
EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
TEXT = CheckpointText("log.example/a", 7, bytes(32)).encode()


def signer(kind: bytes = ED25519_TYPE) -> Ed25519Signer:
    return Ed25519Signer("log.example/a", Ed25519PrivateKey.from_private_bytes(bytes(32)), kind)


def test_key_id_is_that_of_a_published_key() -> None:
    key = parse_verifier_key(SUMDB_KEY)
    assert key.key_id.hex() == "033de0ae"
    assert key.verifier_key() == SUMDB_KEY


def test_checkpoint_of_the_specification_is_read_and_written_again() -> None:
    note = parse_note(EXAMPLE)
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert note.encode() == EXAMPLE
    assert checkpoint.encode() == note.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        TEXT.replace("7", "07"),
        TEXT.replace("7", "-7"),
        TEXT.replace("AAAA", "AAA", 1),
        TEXT + "extension\n",
        "\n7\n" + "A" * 43 + "=\n",
        TEXT.replace("A=", "B="),
    ],
)
def test_checkpoint_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "line",
    ["", "—", "— a", "- a AAAAAAA=", "— a b AAAAAAA=", "— a+b AAAAAAA=", "— a AAAA", "— a !"],
)
def test_signature_line_in_another_form_is_refused(line: str) -> None:
    with pytest.raises(NoteError):
        parse_signature(line)


@pytest.mark.parametrize("change", ["+0", "sum.golang.com", "Ac5"])
def test_verifier_key_that_is_damaged_is_refused(change: str) -> None:
    damaged = {
        "+0": SUMDB_KEY.replace("+0", "+1"),
        "Ac5": SUMDB_KEY.replace("Ac4", "Ac5"),
        "sum.golang.com": SUMDB_KEY.replace("sum.golang.org", change),
    }[change]
    with pytest.raises(NoteError):
        parse_verifier_key(damaged)


async def test_note_holds_for_its_key_only() -> None:
    note = await sign_checkpoint(signer(), TEXT)
    again = parse_note(note.encode())
    assert holds(signer().key, again)
    other = Ed25519Signer("log.example/a", Ed25519PrivateKey.generate())
    assert not holds(other.key, again)
    assert not holds(signer().key, SignedNote(TEXT.replace("7", "8"), again.signatures))


async def test_note_with_a_bad_line_of_the_same_key_does_not_hold() -> None:
    note = await sign_checkpoint(signer(), TEXT)
    bad = NoteSignature(signer().key.name, signer().key.key_id, bytes(64))
    assert not holds(signer().key, SignedNote(TEXT, (*note.signatures, bad)))


def test_cosignature_holds_for_text_and_time() -> None:
    witness = signer(COSIGNATURE_TYPE)
    assert witness.key.key_id != signer().key.key_id
    line = cosignature(
        witness.key, 1_700_000_000, witness.sign_now(cosigned_message(TEXT, 1_700_000_000))
    )
    assert holds(witness.key, SignedNote(TEXT, (parse_signature(line.line()[:-1]),)))
    later = cosignature(witness.key, 1_700_000_001, line.signature[8:])
    assert not holds(witness.key, SignedNote(TEXT, (later,)))
    short = NoteSignature(witness.key.name, witness.key.key_id, bytes(64))
    assert not holds(witness.key, SignedNote(TEXT, (short,)))


def device(tmp_path: Path, private: int = 0x1234567890ABCDEF) -> list[str]:
    key = tmp_path / "sm2.key"
    key.write_text(f"{private:x}")
    return [sys.executable, sm2_device.__file__, str(key)]


def sm2_key(private: int = 0x1234567890ABCDEF) -> KeyName:
    return KeyName("log.example/a", SM2_TYPE, sm2_device.public_key(private))


async def test_device_signs_with_sm2_and_its_note_holds(tmp_path: Path) -> None:
    note = await sign_checkpoint(DeviceSigner(sm2_key(), device(tmp_path)), TEXT)
    again = parse_note(note.encode())
    assert holds(parse_verifier_key(sm2_key().verifier_key()), again)
    assert not holds(sm2_key(), SignedNote(TEXT.replace("7", "8"), again.signatures))
    assert not holds(sm2_key(77), again)


@pytest.mark.parametrize(
    "command",
    [
        ["/nonexistent"],
        [sys.executable, "-c", "raise SystemExit(3)"],
        [sys.executable, "-c", "import sys; sys.stdout.buffer.write(bytes(64))"],
        [sys.executable, "-c", "import time; time.sleep(60)"],
    ],
    ids=["absent", "fails", "wrong", "hangs"],
)
async def test_device_that_does_not_sign_is_an_error(command: list[str]) -> None:
    with pytest.raises(InternalError, match="signing program"):
        await DeviceSigner(sm2_key(), command, timeout_s=0.5).sign(TEXT.encode())


def test_sm2_signature_of_openssl_holds(tmp_path: Path) -> None:
    """Another implementation signs, ours checks."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, message, signed = tmp_path / "key.pem", tmp_path / "message", tmp_path / "signed"
    message.write_bytes(TEXT.encode())

    def run(*arguments: str) -> bytes:
        return subprocess.run([openssl, *arguments], check=True, capture_output=True).stdout

    try:
        run("genpkey", "-algorithm", "SM2", "-out", str(key))
    except subprocess.CalledProcessError:
        pytest.skip("this openssl has no SM2")
    run(
        *("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-inkey", str(key)),
        *("-pkeyopt", "distid:1234567812345678", "-in", str(message), "-out", str(signed)),
    )
    public = run("pkey", "-in", str(key), "-pubout", "-outform", "DER")[-64:]
    signature = sm2_device.plain_signature(signed.read_bytes())
    assert sm2.is_signed(public, TEXT.encode(), signature)
    assert not sm2.is_signed(public, TEXT.encode() + b"x", signature)
    assert not sm2.is_signed(public, TEXT.encode(), signature[::-1])
