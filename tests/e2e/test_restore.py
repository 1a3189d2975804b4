"""A whole gateway restored to before a withdrawal: what was withdrawn is shown to nobody."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from gateway.demo.city.cases import DEMO_BANK
from gateway.demo.consents import CONSENTED
from gateway.demo.departments import Departments
from gateway.demo.files import DemoFiles
from gateway.entitlements.consent_register import ConsentRegister
from gateway.store.connect import StoreAddress, postgres_url
from gateway.store.pool import LightPool
from tests.e2e.conftest import provision_in
from tests.e2e.test_fence import FIRM, RATING, Query, Seen, Workers, is_ready, process, wait_until
from tests.support.consents import file_active, firm_consent
from tests.support.postgres import DatabaseFactory

CONSENT = "RESTORE-1"
BANK = Query("bank", RATING, "taxpayerCredit")


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words], capture_output=True, text=True, check=False
    )


async def give(pool: LightPool) -> None:
    """Let the firm consent to the bank."""
    consent = firm_consent(
        CONSENT,
        subject_key=FIRM,
        institution=DEMO_BANK,
        coordinates=tuple(item for item in CONSENTED if item.startswith("TaxpayerCredit.")),
        valid_to=datetime(2030, 1, 1, tzinfo=UTC),
    )
    await file_active(ConsentRegister(pool), consent)


async def accept_old_tokens(pool: LightPool) -> None:
    """A restore ends tokens; this test's are made once."""
    async with pool.connection() as connection:
        await connection.execute("UPDATE client SET tokens_since = NULL")


def ask(workers: Workers, config: Path, answers: int = 1) -> list[Seen]:
    """Serve, let the bank ask, and stop."""
    with process(config) as port, httpx.Client(timeout=30.0) as http:
        wait_until(partial(is_ready, http, port))
        return [BANK.ask(http, port, workers) for _ in range(answers)]


@pytest.mark.long
@pytest.mark.xdist_group("restore")
def test_consent_withdrawn_after_a_backup_is_shown_to_nobody_after_its_restore(
    databases: DatabaseFactory, departments: Departments, tmp_path: Path
) -> None:
    store = databases.create()
    url = postgres_url(**store.connect_arguments())
    provisioned = provision_in(tmp_path, departments, url)
    config = DemoFiles(tmp_path / "data", tmp_path / "build").settings
    workers = Workers(
        [], dict(provisioned.description.tokens), StoreAddress(url), provisioned.settings
    )
    settings, backups = ("--config", str(config)), tmp_path / "backups"
    workers.on_store(give)
    assert [seen.shown for seen in ask(workers, config)] != [None]
    made = command("backup", *settings, str(backups))
    assert made.returncode == 0, made.stderr
    (backup,) = [each for each in backups.iterdir() if each.name != "segments"]
    centre = ("--as", "credit-centre", "--organisation", DEMO_BANK)
    with process(config) as port, httpx.Client(timeout=30.0) as http:
        wait_until(partial(is_ready, http, port))
        assert BANK.ask(http, port, workers).shown is not None
        withdrawn = command("consent", "withdraw", CONSENT, *settings, *centre)
        assert withdrawn.returncode == 0, withdrawn.stderr
        assert BANK.ask(http, port, workers).shown is None
    restored = command(
        "restore", *settings, "--from", str(backup), "--set-aside", "--reason", "disk broken"
    )
    assert restored.returncode == 0, restored.stderr
    workers.on_store(accept_old_tokens)
    assert [seen.shown for seen in ask(workers, config, 3)] == [None] * 3
    verified = command("audit", "verify", *settings)
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.count("declared restore: ") == 2
    databases.drop(store.database)
