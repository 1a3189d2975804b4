"""The pages on compliance name commands that there are, and the runbook's commands work."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import shlex
import time
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.types import DecisionDigest
from gateway.cli import main
from gateway.cli.administered import COMMANDS
from gateway.cli.store import run_on_store
from gateway.entitlements.client import Client
from gateway.entitlements.registers import ClientRegister
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem
from policies.model import CallerClass
from tests.docs.sources import ROOT
from tests.support.entries import BANK, audit_entry
from tests.support.standings import followed
from tests.support.store import store, store_template

__all__ = ["store", "store_template"]
FOLDER = ROOT / "docs" / "compliance"
PEOPLE = {"--system": "zhang", "--security": "li", "--audit": "wang"}
GRADE = (
    b'[{"coordinate":"TaxpayerCredit.grade","mask":"NONE","outcome":"CLEAR",'
    b'"rules":["a.b"],"use":"read"}]'
)


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def lines(name: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text(name), re.DOTALL)
    return [line for block in blocks for line in block.split("\n") if line]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "leak.md", "leak.zh-CN.md"])
def test_commands_that_are_named_exist(name: str) -> None:
    named = {
        match[1]
        for match in re.finditer(r"`([a-z]+(?: [a-z][a-z-]*)*)(?: --[^`]*)?`", text(name))
        if match[1].split()[0] in {path.split()[0] for path in COMMANDS}
    }
    assert len(named) >= 4
    assert sorted(named - set(COMMANDS)) == []


def test_both_languages_say_the_same_of_commands() -> None:
    assert lines("leak.md") == lines("leak.zh-CN.md")
    command = re.compile(r"`[a-z]+(?: [a-z-]+)*`")
    for first, second in (("README.md", "README.zh-CN.md"), ("leak.md", "leak.zh-CN.md")):
        assert command.findall(text(first)) == command.findall(text(second))


def test_the_runbook_works(
    store: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write_settings(store)
    _record(store)
    _appoint()
    number, outputs = "", {}
    for line in lines("leak.md"):
        words = shlex.split(line.replace("NUMBER", number))[1:]
        done = CliRunner(env={"COLUMNS": "300"}).invoke(main, words)
        assert done.exit_code == 0, (line, done.output)
        outputs[line] = done.output
        if done.output.startswith("proposed as"):
            number = done.output.split()[2].rstrip(";")
    (named,) = [output for line, output in outputs.items() if "--name-subjects" in line]
    told = [json.loads(line) for line in named.splitlines()]
    assert [each["subject"] for each in told] == [audit_entry().subjects[0]]
    (by_field,) = [output for line, output in outputs.items() if "--field" in line]
    assert "1 subjects" in by_field


def _write_settings(store: StoreAddress) -> None:
    for name, content in (
        ("opaque", bytes(64)),
        ("audit", bytes(32)),
        ("seal", bytes(32)),
        ("log.pem", private_key_pem(Ed25519PrivateKey.generate())),
    ):
        Path(name).write_bytes(content)
        Path(name).chmod(0o600)
    Path("store.url").write_text(store.url)
    Path("gateway.toml").write_text(
        f"[store]\nurl = {json.dumps(store.url)}\n"
        '[identity]\nissuer = "https://i.example"\naudience = "a"\njwks = "jwks.json"\n'
        '[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"\n'
        '[audit_log]\norigin = "city.example/audit"\nkey_file = "log.pem"\n'
        '[oauth]\nissuer = "https://gateway.example"\nseal_file = "seal"\n'
    )


def _record(store: StoreAddress) -> None:
    """A bank that read one firm's grade, and was refused another time."""

    async def work(pool: LightPool) -> None:
        bank = Client("bank-1", CallerClass.INSTITUTION, BANK, "样例银行", None)
        await ClientRegister(pool).put(bank)
        async with followed(store) as standings:
            recorder = GroupCommitRecorder(
                pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings
            )
            await recorder.open()
            read = audit_entry("r-1", decisions=GRADE)
            refused = audit_entry("r-2", outcome="FIELD_DENIED", subjects=("91410199MA9DEM036A",))
            await asyncio.gather(recorder.commit(read), recorder.commit(refused))
            await recorder.aclose()

    assert DecisionDigest(GRADE).json == GRADE
    run_on_store(store, work)


def _appoint() -> None:
    def run(*words: str, typed: str | None = None) -> str:
        done = CliRunner().invoke(main, words, input=typed)
        assert done.exit_code == 0, done.output
        return done.output

    first = []
    for option, name in PEOPLE.items():
        run("admin", "new-key", f"{name}.pem")
        first += [option, name, f"no-{name}", f"{name}.pem.pub"]
    run("admin", "begin", "--config", "gateway.toml", *first)
    for name in PEOPLE.values():
        who = ("--config", "gateway.toml", name, "--key", f"{name}.pem")
        code = pyotp.TOTP(run("admin", "enrol", *who).split()[1]).at(int(time.time()))
        run("admin", "sign-in", *who, "--session", f"{name}.session", typed=f"{code}\n")
