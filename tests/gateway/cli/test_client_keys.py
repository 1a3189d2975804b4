"""Keys by command, what a client read, and the entries that commands leave."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey

from gateway.audit.entry import RecordHasher
from gateway.audit.log import AuditLog
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.cli.client import client
from gateway.cli.store import run_on_store
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.gateway.identity.binding import certificate
from tests.support.entries import BANK, FIRM, audit_entry
from tests.support.stages import SetStandings


@pytest.fixture
def option(store: StoreAddress, tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "store.url"
    path.write_text(store.url)
    return ("--store-url-file", str(path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(client, list(arguments))


def jwks(folder: Path, kid: str, *, private: bool = False) -> str:
    key = ECKey.generate_key("P-256", private=True)
    path = folder / f"{kid}.json"
    path.write_text(json.dumps({"keys": [{**key.as_dict(private=private), "kid": kid}]}))
    return str(path)


def add(option: tuple[str, str], *more: str) -> Result:
    named = ("--class", "institution", "--name", "样例银行", "--organisation", BANK)
    return run("add", *option, "bank-1", *named, *more)


def shown(option: tuple[str, str]) -> Any:
    return json.loads(run("show", *option, "bank-1").output)


def entries(store: StoreAddress) -> list[Any]:
    async def read(pool: LightPool) -> list[Any]:
        log = AuditLog(pool)
        return [
            {**each.members(), "acts": await log.decisions(each.members()["decisions"])}
            for each in await log.last(50)
        ]

    return run_on_store(store, read)


def test_add_enters_all_that_was_agreed(option: tuple[str, str], tmp_path: Path) -> None:
    pem = tmp_path / "bank.pem"
    pem.write_bytes(certificate("bank-1").made.public_bytes(Encoding.PEM))
    result = add(
        option,
        "--contract", "郑信〔2026〕1号",
        "--scope", "credit:TAX_PAYMENT:read",
        "--jwks", jwks(tmp_path, "one"),
        "--certificate", str(pem),
        "--certificate-subject", "CN=bank-1",
        "--redirect-uri", "https://bank.example/return",
        "--grant-type", "authorization_code",
        "--may-not-name-persons",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found = shown(option)
    assert found["contractNo"] == "郑信〔2026〕1号"
    assert found["scopes"] == ["credit:TAX_PAYMENT:read"]
    assert found["algorithm"] == "ES256"
    assert found["keys"] == [{"kid": "one", "goodUntil": None}]
    assert len(found["certificates"]) == 1
    assert found["grantTypes"] == ["authorization_code"]
    assert found["mayNamePersons"] is False
    assert found["environment"] == "LIVE"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--scope", "credit:NOTHING:read"), "scope"),
        (("--acts-for", BANK), "only a platform"),
        (("--redirect-uri", "http://bank.example/"), "redirect"),
        (("--grant-type", "authorization_code"), "needs a redirect URI"),
    ],
)
def test_add_of_impossible_terms_is_refused_on_record(
    option: tuple[str, str], store: StoreAddress, more: tuple[str, ...], reason: str
) -> None:
    result = add(option, *more)
    assert result.exit_code == 1
    assert reason in result.output
    (entry,) = entries(store)
    assert (entry["outcome"], entry["operationName"]) == ("TERMS_INVALID", "REGISTER_CLIENT")


def test_add_of_a_private_key_is_refused(option: tuple[str, str], tmp_path: Path) -> None:
    result = add(option, "--jwks", jwks(tmp_path, "lost", private=True))
    assert result.exit_code == 1
    assert "private" in result.output
    assert run("show", *option, "bank-1").exit_code == 1


def test_rotate_keeps_the_old_key_for_a_while_and_may_end_tokens(
    option: tuple[str, str], tmp_path: Path
) -> None:
    add(option, "--jwks", jwks(tmp_path, "one"))
    assert run("rotate", *option, "bank-1").exit_code == 2
    two = run("rotate", *option, "bank-1", "--jwks", jwks(tmp_path, "two"), "--overlap-hours", "24")
    assert two.output == "bank-1 ROTATED\n"
    assert {key["kid"]: key["goodUntil"] is None for key in shown(option)["keys"]} == {
        "one": False,
        "two": True,
    }
    three = run("rotate", *option, "bank-1", "--jwks", jwks(tmp_path, "three"), "--end-tokens")
    assert three.output == "bank-1 ROTATED, earlier tokens end\n"
    assert [key["kid"] for key in shown(option)["keys"]] == ["three"]
    assert shown(option)["tokensSince"] is not None


def test_commands_leave_entries(
    option: tuple[str, str], store: StoreAddress, tmp_path: Path
) -> None:
    add(option, "--user", "officer-7")
    run("rotate", *option, "bank-1", "--jwks", jwks(tmp_path, "one"), "--end-tokens")
    run("suspend", *option, "bank-1")
    run("resume", *option, "bank-1")
    run("suspend", *option, "nobody")
    found = entries(store)
    assert [(e["operationName"], e["outcome"]) for e in found] == [
        ("REGISTER_CLIENT", "ANSWERED"),
        ("ROTATE_CLIENT_KEYS", "ANSWERED"),
        ("SUSPEND_CLIENT", "ANSWERED"),
        ("RESUME_CLIENT", "ANSWERED"),
        ("SUSPEND_CLIENT", "TERMS_INVALID"),
    ]
    assert found[0]["userRef"] == "officer-7"
    assert {e["clientId"] for e in found} == {"credit-gateway-console"}
    assert found[1]["acts"] == [
        {
            "act": "ROTATE_CLIENT_KEYS",
            "object": "bank-1",
            "outcome": "ROTATED_TOKENS_ENDED",
            "rules": [],
        }
    ]


def record_readings(store: StoreAddress) -> None:
    async def record(pool: LightPool) -> None:
        recorder = GroupCommitRecorder(
            pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), SetStandings()
        )
        await recorder.open()
        denied = b'[{"coordinate":"TaxPayment","outcome":"DENIED"}]'
        await asyncio.gather(
            recorder.commit(audit_entry("r-0", at="2026-03-01T00:00:00Z")),
            recorder.commit(audit_entry("r-1", at="2026-03-02T01:00:00Z")),
            recorder.commit(audit_entry("r-2", at="2026-03-02T02:00:00Z", decisions=denied)),
            recorder.commit(audit_entry("r-3", at="2026-03-02T03:00:00Z", outcome="RATE_LIMITED")),
        )
        await recorder.aclose()

    run_on_store(store, record)


def test_report_lists_what_a_client_read_since_a_moment(
    option: tuple[str, str], store: StoreAddress
) -> None:
    record_readings(store)
    since = ("--since", "2026-03-02")
    text = run("report", *option, "bank-1", *since).output
    assert "       2  ANSWERED" in text
    assert "       1  RATE_LIMITED" in text
    assert "       1  TaxpayerCredit.grade" in text
    assert "TaxPayment" not in text
    assert FIRM not in text
    listed = run("report", *option, "bank-1", *since, "--json").output
    lines = [json.loads(line) for line in listed.splitlines()]
    assert [line["request_id"] for line in lines] == ["r-1", "r-2", "r-3"]
    assert lines[0]["coordinates"] == ["TaxpayerCredit.grade"]
    named = run("report", *option, "bank-1", *since, "--name-subjects").output
    assert f"subject {FIRM}" in named
    assert "0  distinct" in run("report", *option, "other", *since).output
    later = dt.date(2026, 3, 3).isoformat()
    assert "0  distinct" in run("report", *option, "bank-1", "--since", later).output
