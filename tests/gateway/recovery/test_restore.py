"""Restores, as an operator runs them: what ended stays ended, and the log says what was done."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.types import ConsentUse
from gateway.audit.within import TransactionRecorder
from gateway.cli import main
from gateway.effects import EffectAct, EffectOffice
from gateway.entitlements.acts import ActDone
from gateway.entitlements.client import Client
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.registers import ClientRegister, Effect
from gateway.entitlements.states import ConsentState
from gateway.identity.principal import Principal
from gateway.logkeeping import kept_log
from gateway.mutations.types import Acts
from gateway.onboarding import Acting, ClientOffice
from gateway.opaque import OpaqueCodec
from gateway.retention.erasure import Erasure, erase_subject
from gateway.settings import load_settings
from gateway.store.connect import StoreAddress, connector
from gateway.store.lending import OneConnection
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import Connection, LightPool
from gateway.translog.sequencer import Sequencer
from policies.model import Caller, CallerClass, Purpose
from policies.sharing.model import Act
from schema.codes import RecordKind
from tests.gateway.cli.test_audit_log import SETTINGS, private
from tests.support.consents import firm_consent
from tests.support.entries import BANK, FIRM, audit_entry
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

_T = TypeVar("_T")
NOW = datetime.now(UTC)
AT = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
CODEC = OpaqueCodec([bytes(64)])
RECORD = CODEC.record_id(RecordKind.ADMINISTRATIVE_PENALTY.value, "market", "r-1")
CENTRE = Principal(Caller(CallerClass.CREDIT_CENTRE, None, Purpose.AUDIT), "console")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@dataclass
class Site:
    """A gateway's settings with its store, and what an operator does there."""

    folder: Path
    address: StoreAddress

    @property
    def config(self) -> str:
        return str(self.folder / "gateway.toml")

    def on(self, work: Callable[[Connection], Awaitable[_T]]) -> _T:
        """Do something in one transaction of the store."""

        async def do() -> _T:
            connection = await connector(self.address)()
            try:
                async with connection.transaction():
                    return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(do())

    def keep(self) -> None:
        """Keep the log until everything is signed and copied."""
        settings = load_settings(Path(self.config), {}).audit_log
        assert settings is not None

        async def do() -> None:
            connection = await connector(self.address)()
            async with kept_log(settings, self.address), asyncio.timeout(60):
                while await connection.fetchval(
                    "SELECT count(*) > (SELECT tree_size FROM audit_log_head) FROM audit_entry"
                ):
                    pass
            await connection.close()

        asyncio.run(do())

    def value(self, statement: str, *arguments: object) -> Any:
        """Read one value."""
        return self.on(lambda connection: connection.fetchval(statement, *arguments))

    def backup(self) -> Path:
        """Make a backup; returns its folder."""
        done = run("backup", "--config", self.config, str(self.folder / "backups"))
        assert done.exit_code == 0, done.output
        return max(each for each in (self.folder / "backups").iterdir() if each.name != "segments")

    def restore(self, *arguments: str) -> Result:
        return run("restore", "--config", self.config, "--reason", "disk broken", *arguments)

    def verify(self, *arguments: str) -> Result:
        return run("audit", "verify", "--config", self.config, *arguments)

    def restored(self, backup: Path) -> Result:
        """Restore in place of what is there."""
        done = self.restore("--from", str(backup), "--set-aside")
        assert done.exit_code == 0, done.output
        return done


@pytest.fixture
def site(tmp_path: Path, store: StoreAddress) -> Site:
    private(tmp_path / "store", store.url.encode())
    private(tmp_path / "opaque", bytes(64))
    private(tmp_path / "audit", bytes(32))
    made = run("audit", "new-key", "--origin", "log.example/audit", str(tmp_path / "log.pem"))
    assert made.exit_code == 0
    (tmp_path / "gateway.toml").write_text(SETTINGS.format(hash="sha256"))
    return Site(tmp_path, store)


def recorder() -> TransactionRecorder:
    return TransactionRecorder(SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)))


def request(name: str, **changes: Any) -> Callable[[Connection], Awaitable[None]]:
    """Record an answered request."""
    return lambda connection: recorder().record(connection, audit_entry(name, **changes))


def acting() -> Acting:
    return Acting(CENTRE, secrets.token_hex(8), "console")


def office(connection: Connection) -> ClientOffice:
    return ClientOffice(OneConnection(connection), recorder())


def client(name: str = "bank-1") -> Client:
    return Client(name, CallerClass.INSTITUTION, BANK, "样例银行", None)


async def give(connection: Connection, number: str = "C-1", **changes: Any) -> None:
    """Let a consent be in force."""
    register = ConsentRegister(OneConnection(connection))
    given = replace(
        firm_consent(number, **changes),
        valid_from=NOW - timedelta(days=30),
        valid_to=NOW + timedelta(days=300),
    )
    await register.add(given, NOW, ConsentState.SIGNED)
    await register.activate(number, NOW)


def withdraw(number: str = "C-1") -> tuple[str, ...]:
    return ("consent", "withdraw", number, "--organisation", BANK, "--as", "credit-centre")


def consent_state(site: Site, number: str = "C-1") -> str:
    return str(site.value("SELECT state FROM consent WHERE consent_no = $1", number))


def test_withdrawn_consent_stays_withdrawn_after_a_restore(site: Site) -> None:
    site.on(give)
    site.on(request("before", at=AT, consents=(ConsentUse("C-1", 2),)))
    site.keep()
    backup = site.backup()
    done = run(*withdraw(), "--config", site.config)
    assert done.exit_code == 0, done.output
    site.on(request("after"))
    site.keep()
    restored = site.restored(backup)
    assert "2 are newer than what was put back" in restored.output
    assert consent_state(site) == "WITHDRAWN"
    assert site.value("SELECT count(*) FROM audit_entry WHERE request_id = 'after'") == 1
    site.keep()
    verified = site.verify()
    assert verified.exit_code == 0, verified.output
    assert verified.output.count("declared restore: entry 3:") == 2
    assert "(disk broken); 3 entries survived, put back were 1" in verified.output
    again = site.restore()
    assert (again.exit_code, "there is nothing to declare" in again.output) == (1, True)


def test_everything_that_ended_or_began_after_the_backup_holds_again(site: Site) -> None:
    async def before(connection: Connection) -> None:
        await ClientRegister(OneConnection(connection)).put(client("bank-1"))
        await ClientRegister(OneConnection(connection)).put(client("bank-2"))
        await give(connection, "C-1")
        await give(connection, "C-2", institution="91110108MA01TPD66C", is_one_off=True)
        await recorder().record(connection, audit_entry("r-1", subjects=("gone", FIRM)))

    site.on(before)
    site.keep()
    backup = site.backup()
    reference = site.value("SELECT encode(reference, 'hex') FROM subject_reference LIMIT 1")

    async def after(connection: Connection) -> None:
        clients = office(connection)
        await clients.suspend(acting(), "bank-1")
        await clients.register(acting(), replace(client("bank-2"), quota_per_day=1))
        await clients.register(acting(), client("bank-3"))
        effects = EffectOffice(OneConnection(connection), recorder(), CODEC)
        hidden = effects.effect(RECORD, Effect.HIDDEN, "R-1", (CallerClass.PUBLIC,))
        await effects.act(CENTRE, EffectAct.BEGIN, hidden, secrets.token_hex(8))

    site.on(after)
    used = ConsentUse("C-2", 2, delivered=(RecordKind.TAXPAYER_CREDIT.value,))
    site.on(request("r-2", at=AT, consents=(used,)))
    erased = site.value(
        "SELECT subject_key FROM subject_reference WHERE encode(reference, 'hex') = $1", reference
    )
    assert erased in ("gone", FIRM)
    site.on(lambda connection: _erase(connection, "gone"))
    site.keep()
    restored = site.restored(backup)
    assert "suspended, since its terms or keys were changed after the backup: bank-2" in (
        restored.output
    )
    assert "to be given again: client bank-3" in restored.output
    assert site.value("SELECT array_agg(client_id ORDER BY 1) FROM client WHERE is_suspended") == [
        "bank-1",
        "bank-2",
    ]
    assert consent_state(site, "C-2") == "USED_UP"
    assert consent_state(site, "C-1") == "ACTIVE"
    assert site.value("SELECT record_id FROM record_effect") == "r-1"
    assert site.value("SELECT count(*) FROM subject_reference WHERE subject_key = 'gone'") == 0
    assert site.value("SELECT count(*) FROM subject_reference WHERE subject_key = $1", FIRM) == 1
    assert site.value("SELECT bool_and(tokens_since IS NOT NULL) FROM client")
    assert site.verify().exit_code == 0


async def _erase(connection: Connection, key: str) -> None:
    await erase_subject(connection, Erasure(key, "e-1", "operator", "done", "order 1", NOW, NOW))


@pytest.mark.long
def test_consent_that_another_replaced_after_the_backup_stays_replaced(site: Site) -> None:
    site.on(give)
    site.keep()
    backup = site.backup()

    async def renew(connection: Connection) -> None:
        done = ActDone(Act.GRANT_CONSENT, "C-9", "ACTIVE", "acts.x", FIRM, ("C-1",))
        entry = audit_entry("renewed", decisions=Acts((done,), ()).digest().json)
        await recorder().record(connection, entry)

    site.on(renew)
    site.keep()
    restored = site.restored(backup)
    assert consent_state(site) == "REPLACED"
    assert "to be given again: consent C-9" in restored.output


@pytest.mark.long
def test_letter_accepted_after_the_backup_is_in_force_in_place_of_the_one_before(
    site: Site,
) -> None:
    async def filed(connection: Connection) -> None:
        await give(connection)
        letter = replace(firm_consent("C-9"), valid_from=NOW, valid_to=NOW + timedelta(days=300))
        register = ConsentRegister(OneConnection(connection))
        await register.add(letter, NOW, ConsentState.SIGNED)

    site.on(filed)
    site.keep()
    backup = site.backup()

    async def accept(connection: Connection) -> None:
        done = ActDone(Act.CHECK_LETTER, "C-9", "ACTIVE", "acts.x", FIRM)
        entry = audit_entry("accepted", decisions=Acts((done,), ()).digest().json)
        await recorder().record(connection, entry)

    site.on(accept)
    site.keep()
    site.restored(backup)
    assert (consent_state(site, "C-1"), consent_state(site, "C-9")) == ("REPLACED", "ACTIVE")


def test_store_that_was_put_back_serves_nobody_until_it_is_declared(site: Site) -> None:
    site.on(request("r-1"))
    site.keep()
    backup = site.backup()
    site.on(request("r-2"))
    site.keep()
    shutil.move(site.folder / "segments", site.folder / "elsewhere")
    (site.folder / "segments").mkdir()
    broken = site.folder / "segments" / f"checkpoints-{0:020}.txt"
    shutil.copy(site.folder / "elsewhere" / broken.name, broken)
    done = site.restore("--from", str(backup), "--set-aside")
    assert done.exit_code == 1
    assert "which no restore explains" in done.output
    served = run("serve", "--config", site.config)
    assert served.exit_code == 1
    assert "the store was restored on" in served.output
    assert "run `credit-gateway restore`" in served.output
    with pytest.raises(Exception, match="the store was restored, which is not declared yet"):
        site.on(request("r-3"))
    assert run("backup", "--config", site.config, str(site.folder / "other")).exit_code == 1
    shutil.rmtree(site.folder / "segments")
    shutil.move(site.folder / "elsewhere", site.folder / "segments")
    assert site.restore().exit_code == 0
    site.on(request("r-3"))
    site.keep()
    assert site.verify().exit_code == 0


class _Killed(Exception):
    """The run dies here."""


@pytest.mark.long
def test_restore_that_was_broken_off_is_taken_up_and_comes_to_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.on(give)
    site.on(request("r-1"))
    site.keep()
    backup = site.backup()
    assert run(*withdraw(), "--config", site.config).exit_code == 0
    site.keep()
    site.on(request("r-2"))
    site.keep()

    async def dies(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["gateway.cli.backup"], "declare_restore", dies)
        assert isinstance(site.restore("--from", str(backup), "--set-aside").exception, _Killed)
    adopt = Sequencer.adopt
    adopted: list[tuple[Any, ...]] = []

    async def adopts_one(self: Sequencer, *given: Any) -> None:
        if adopted:
            raise _Killed
        adopted.append(given)
        await adopt(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Sequencer, "adopt", adopts_one)
        assert isinstance(site.restore().exception, _Killed)
    assert site.value("SELECT tree_size FROM audit_log_head") == 2
    with monkeypatch.context() as patched:
        patched.setattr("gateway.recovery.reapply.Reapplying.finish", dies)
        assert isinstance(site.restore().exception, _Killed)
    assert consent_state(site) == "ACTIVE"
    assert run("serve", "--config", site.config).exit_code == 1
    done = site.restore()
    assert done.exit_code == 0, done.output
    assert "of which 2 are newer" in done.output
    assert consent_state(site) == "WITHDRAWN"
    assert site.verify().exit_code == 0
    assert site.value("SELECT count(*) FROM audit_entry WHERE purpose = 'RESTORE'") == 1


@pytest.mark.long
def test_entry_that_had_no_leaf_in_the_backup_is_not_there_twice(site: Site) -> None:
    site.on(request("r-1"))
    site.keep()
    site.on(request("r-2"))
    site.on(request("r-3"))
    backup = site.backup()
    site.keep()
    site.on(request("r-4"))
    site.restored(backup)
    site.keep()
    ids = site.value(
        "SELECT array_agg(request_id ORDER BY 1) FROM audit_entry WHERE purpose <> 'RESTORE'"
    )
    assert ids == ["r-1", "r-2", "r-3"]
    assert site.verify().exit_code == 0


def put_back(site: Site, size: int) -> None:
    """Put the store back behind what was signed, as a copy of its files from before would."""

    async def work(connection: Connection) -> None:
        for table in ("audit_entry", "audit_run", "audit_checkpoint"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        young = await connection.fetchval("SELECT young_leaves FROM audit_log_head")
        number = await connection.fetchval(
            "DELETE FROM audit_run WHERE first_leaf >= $1 RETURNING first_entry_no", size
        )
        await connection.execute("DELETE FROM audit_entry WHERE entry_no >= $1", number)
        await connection.execute("DELETE FROM audit_checkpoint WHERE tree_size > $1", size)
        await connection.execute(
            "UPDATE audit_log_head SET tree_size = $1, young_leaves = $2, settled_entry_no = $3",
            size,
            young[: 32 * size],
            number - 1,
        )
        for table in ("audit_entry", "audit_run", "audit_checkpoint"):
            await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    site.on(work)


def test_rollback_that_nobody_declared_is_tampering_and_a_declared_one_is_none(site: Site) -> None:
    site.on(request("r-1"))
    site.keep()
    site.on(request("r-2"))
    site.keep()
    put_back(site, 1)
    verified = site.verify()
    assert verified.exit_code == 1
    assert "PUT_BACK: the log has 1 leaves, a checkpoint of 2 was kept" in verified.output
    served = run("serve", "--config", site.config)
    assert "the store's log has 1 entries, its segments 2" in served.output
    assert site.restore().exit_code == 0
    verified = site.verify()
    assert verified.exit_code == 0, verified.output
    assert "2 entries survived, put back were 1" in verified.output


@pytest.mark.long
def test_loss_behind_a_kept_checkpoint_is_a_fork_unless_it_was_declared(site: Site) -> None:
    site.on(request("r-1"))
    site.keep()
    site.on(request("r-2"))
    site.keep()
    kept = site.folder / "kept.txt"
    notes = (site.folder / "segments" / f"checkpoints-{0:020}.txt").read_text()
    kept.write_text(notes[notes.index("log.example/audit\n2\n") :])
    put_back(site, 1)
    shutil.rmtree(site.folder / "segments")
    missing = site.verify("--trusted", str(kept))
    assert "PUT_BACK" in missing.output
    done = site.restore("--lost", str(kept))
    assert done.exit_code == 0, done.output
    assert "declared as lost: entries up to 2" in done.output
    site.on(request("r-3"))
    site.keep()
    declared = site.verify("--trusted", str(kept), "--json")
    assert declared.exit_code == 0, declared.output
    found = json.loads(declared.output.splitlines()[0])
    assert found["restores"] == [{"leaf": 1, "surviving": 1, "lost": 2}]
    other = kept.read_text().replace("\n2\n", "\n3\n")
    kept.write_text(other)
    forked = site.verify("--trusted", str(kept))
    assert forked.exit_code == 1
    assert "FORKED" in forked.output


def test_restore_into_what_is_not_empty_or_from_what_is_damaged_is_refused(site: Site) -> None:
    site.on(request("r-1"))
    site.keep()
    backup = site.backup()
    refused = site.restore("--from", str(backup))
    assert (refused.exit_code, "the database is not empty" in refused.output) == (1, True)
    with (backup / "audit_entry.copy").open("ab") as file:
        file.write(b"x")
    refused = site.restore("--from", str(backup), "--set-aside")
    assert (refused.exit_code, "is missing or was altered" in refused.output) == (1, True)
    (backup / "backup.json").unlink()
    refused = site.restore("--from", str(backup), "--set-aside")
    assert (refused.exit_code, "holds no whole backup" in refused.output) == (1, True)
    assert site.value("SELECT count(*) FROM audit_entry") == 1


@pytest.fixture
def empty(databases: DatabaseFactory) -> Iterator[StoreAddress]:
    address = databases.create()
    yield store_address(address)
    databases.drop(address.database)


@pytest.mark.long
def test_backup_makes_an_empty_database_what_the_store_was(site: Site, empty: StoreAddress) -> None:
    site.on(give)
    site.on(request("r-1"))
    site.on(request("r-2"))
    site.keep()
    backup = site.backup()
    before = asyncio.run(_rows(site.address))
    private(site.folder / "store", empty.url.encode())
    other = Site(site.folder, empty)
    done = other.restore("--from", str(backup))
    assert done.exit_code == 0, done.output
    after = asyncio.run(_rows(empty))
    changed = {name for name in before if before[name] != after[name]}
    # the entry RESTORE with its leaf and checkpoint, and epochs that only ever rise
    assert (
        changed
        == {
            "audit_checkpoint",
            "audit_entry",
            "audit_log_head",
            "audit_run",
            "entitlement_epoch",
            "store_restore",
        }
        & changed
    )
    assert other.verify().exit_code == 0
    assert other.value("SELECT max(entry_no) FROM audit_entry") == 3


async def _rows(address: StoreAddress) -> dict[str, list[str]]:
    """Every row of every table, as a text."""
    connection = await connector(address)()
    await migrate(connection, shipped_migrations())
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p'"
        " AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migration'"
    )
    found = {}
    for row in tables:
        rows = await connection.fetch(f'SELECT t::text FROM "{row[0]}" AS t ORDER BY 1')
        found[row[0]] = [each[0] for each in rows]
    await connection.close()
    return found


@pytest.mark.long
def test_store_in_use_is_not_restored(site: Site) -> None:
    site.on(request("r-1"))
    site.keep()
    backup = site.backup()

    async def work() -> Result:
        pool = LightPool(connector(site.address), 1)
        async with pool.connection():
            done = await asyncio.to_thread(site.restore, "--from", str(backup), "--set-aside")
        await pool.aclose()
        return done

    done = asyncio.run(work())
    assert (done.exit_code, "stop all workers" in done.output) == (1, True)
