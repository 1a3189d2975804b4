"""Parts of the demonstration alone: options, databases by URL, consents, the tour's answers."""

import asyncio
import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.cli.demo import configured_urls
from gateway.cli.load import demo_databases
from gateway.demo.city.cases import CASES, DEMO_BANK
from gateway.demo.city.generate import SLUGS
from gateway.demo.city.settings import CitySettings
from gateway.demo.consents import CONSENTED, file_consents
from gateway.demo.databases import ConfiguredUrls, configured_databases
from gateway.demo.errors import DemoError
from gateway.demo.files import DemoFiles
from gateway.demo.profiles import PROFILES
from gateway.demo.serving import reserve_port
from gateway.demo.tour.client import read_answer
from gateway.entitlements.consent_register import ConsentLine, ConsentRegister
from gateway.entitlements.states import ConsentState
from gateway.identity.caller import principal_of_token
from gateway.identity.claims import facts_of
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.pool import LightPool
from policies.model import Missing, Outcome
from tests.support.postgres import DatabaseFactory

CITY = CitySettings(subjects=1_000)
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
LOCAL = os.environ.get(
    "CREDIT_GATEWAY_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres"
)


def no_report(_work: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def test_subjects_too_few_is_one_sentence() -> None:
    result = CliRunner().invoke(main, ["demo", "--subjects", "999"])
    assert result.exit_code == 1
    assert result.output == (
        "Error: --subjects: city has `999` subjects, expected between 1,000 and 900,000\n"
    )


def test_reserve_port_busy_names_the_port_and_the_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DemoError, match=rf"port `{port}` is used .* --port"):
            reserve_port(port)


def test_configured_urls_none_set_gives_none() -> None:
    assert configured_urls({}) is None


def test_configured_urls_all_set_gives_them() -> None:
    variables = {
        f"CREDIT_GATEWAY_DEMO_{name}_URL": f"postgresql://{name}"
        for name in ("MARKET", "TAX", "COURTS", "STORE")
    }
    urls = configured_urls(variables)
    assert urls is not None
    assert urls.departments["tax"] == "postgresql://TAX"
    assert urls.store == "postgresql://STORE"


def test_configured_urls_some_set_names_the_first_missing() -> None:
    with pytest.raises(DemoError, match="`CREDIT_GATEWAY_DEMO_MARKET_URL` is not set"):
        configured_urls({"CREDIT_GATEWAY_DEMO_TAX_URL": "postgresql://x"})


def test_profiles_tokens_name_callers_that_identity_accepts() -> None:
    for profile in PROFILES.by_name().values():
        if profile.request is None:
            continue
        request = profile.request
        claims: dict[str, object] = {
            "caller_class": request.caller.caller_class.value,
            "organisation": request.caller.organisation,
            "purpose": request.caller.purpose.value,
            "acting_for": request.caller.acting_for,
            "client_id": request.client_id,
            "matter_no": request.matter_no,
            "user_ref": request.user_ref,
            "jti": "t1",
            "iat": 0,
            "exp": 1,
        }
        found = principal_of_token(facts_of(claims, str), None, None, ())
        assert found.caller == request.caller


async def consent_lines(store: StoreAddress, *times: datetime) -> list[ConsentLine]:
    pool = LightPool(connector(store), 1)
    try:
        register = ConsentRegister(pool)
        for now in times:
            await file_consents(register, now)
        return list(await register.list_consents(None))
    finally:
        await pool.aclose()


def test_file_consents_twice_files_each_once(store: StoreAddress) -> None:
    lines = asyncio.run(consent_lines(store, NOW, NOW + timedelta(days=1)))
    consenting = {case.code for case in CASES.all() if case.is_consenting}
    assert {line.subject_key for line in lines} == consenting
    assert len(lines) == len(consenting)
    assert {(line.state, line.institution) for line in lines} == {(ConsentState.ACTIVE, DEMO_BANK)}


def test_file_consents_near_their_end_are_renewed(store: StoreAddress) -> None:
    lines = asyncio.run(consent_lines(store, NOW, NOW + timedelta(days=350)))
    states = [line.state for line in lines if line.subject_key == CASES.clean_firm.code]
    assert sorted(state.value for state in states) == ["ACTIVE", "REPLACED"]


def test_consents_leave_one_field_of_payments_out() -> None:
    assert "TaxPayment.paidAmount" in CONSENTED
    assert "TaxPayment.item" not in CONSENTED


def test_secret_bytes_are_made_once(tmp_path: Path) -> None:
    files = DemoFiles(tmp_path / "data", tmp_path / "build")
    files.make_folders()
    first = files.secret_bytes("some.key", 64).read_bytes()
    assert len(first) == 64
    assert files.secret_bytes("some.key", 64).read_bytes() == first


def test_demo_databases_of_a_file_open_to_others_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    path.write_text(json.dumps({"loaders": {"market": "postgresql://x"}}))
    path.chmod(0o644)
    assert demo_databases(path) == {}
    path.chmod(0o600)
    assert demo_databases(path) == {"market": "postgresql://x"}
    assert demo_databases(tmp_path / "none.json") == {}


def answer_bytes(**members: object) -> bytes:
    return json.dumps({"data": {"subject": None}, **members}).encode()


def test_read_answer_finds_values_and_outcomes_of_what_stands_above() -> None:
    access = {
        "clear": ["subject.a", {"path": "subject.list.b", "sources": ["tax"]}],
        "masked": [{"path": "subject.m", "mask": "NAME", "rules": ["r.1"]}],
        "denied": [{"path": "subject.list", "rules": ["r.2"], "missing": "CONSENT", "use": "READ"}],
    }
    data = {"subject": {"a": 1, "list": [{"b": "x"}, {"b": "y"}]}}
    answer = read_answer(
        "r", 200, answer_bytes(data=data, extensions={"access": access, "sources": []})
    )
    assert answer.value("subject.list.b") == "x"
    assert answer.value("subject.a") == 1
    assert [entry.outcome for entry in answer.outcomes("subject.list.b")] == [Outcome.CLEAR]
    (above,) = answer.outcomes("subject.list.other")
    assert (above.outcome, above.rules, above.missing) == (
        Outcome.DENIED,
        ("r.2",),
        Missing.CONSENT,
    )
    (masked,) = answer.outcomes("subject.m")
    assert (masked.mask, masked.rules) == ("NAME", ("r.1",))


def test_read_answer_keeps_errors_of_departments() -> None:
    errors = [
        {"message": "x", "path": ["subject", "a"], "extensions": {"code": "FIELD_DENIED"}},
        {
            "message": "y",
            "path": ["subject", "b"],
            "extensions": {"code": "SOURCE_DOWN", "source": "courts"},
        },
    ]
    (error,) = read_answer("r", 200, answer_bytes(errors=errors)).source_errors
    assert (error.path, error.code, error.source) == ("subject.b", "SOURCE_DOWN", "courts")


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, b'{"errors": [{"message": "bad token"}]}'), (200, b'{"errors": [{"message": "no"}]}')],
)
def test_read_answer_refusal_is_an_error(status: int, body: bytes) -> None:
    with pytest.raises(DemoError, match=f"refused a question of the tour with {status}"):
        read_answer("r", status, body)


@pytest.fixture
def empty_urls(databases: DatabaseFactory) -> Iterator[ConfiguredUrls]:
    """Four empty databases of a server that is there already."""
    made = [databases.create() for _ in range(4)]
    urls = [postgres_url(**address.connect_arguments()) for address in made]
    yield ConfiguredUrls(dict(zip(SLUGS, urls[:3], strict=True)), urls[3])
    for address in made:
        databases.drop(address.database)


def test_configured_databases_load_once_and_refuse_what_is_not_theirs(
    empty_urls: ConfiguredUrls,
) -> None:
    first = asyncio.run(configured_databases(empty_urls, CITY, no_report))
    assert first.rows is not None
    assert first.access["tax"].reader_url == empty_urls.departments["tax"]
    assert first.courts_switch is None
    again = asyncio.run(configured_databases(empty_urls, CITY, no_report))
    assert again.rows is None
    with pytest.raises(DemoError, match="already has a schema `scjg`"):
        asyncio.run(configured_databases(empty_urls, CitySettings(subjects=1_001), no_report))
    mixed = ConfiguredUrls({**empty_urls.departments, "tax": empty_urls.store}, empty_urls.store)
    with pytest.raises(DemoError, match="hold this city, expected all or none"):
        asyncio.run(configured_databases(mixed, CITY, no_report))


def test_configured_databases_unreachable_tells_no_address() -> None:
    nowhere = "postgresql://someone:secret@127.0.0.1:9/none"
    urls = ConfiguredUrls(dict.fromkeys(SLUGS, nowhere), nowhere)
    with pytest.raises(DemoError, match="cannot be reached") as caught:
        asyncio.run(configured_databases(urls, CITY, no_report))
    assert "secret" not in str(caught.value)


@pytest.fixture
def local_urls() -> Iterator[dict[str, str]]:
    """Variables that name four new databases of a server of this machine."""
    prefix = f"credit_gateway_test_{secrets.token_hex(4)}"
    names = {name: f"{prefix}_{name}" for name in (*SLUGS, "store")}

    async def run(statements: list[str]) -> None:
        connection = await asyncpg.connect(LOCAL, timeout=5)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    try:
        asyncio.run(run([f"CREATE DATABASE {name}" for name in names.values()]))
    except (OSError, asyncpg.PostgresError) as error:
        pytest.skip(f"no local PostgreSQL server that lets us create databases: {error}")
    yield {
        f"CREDIT_GATEWAY_DEMO_{name.upper()}_URL": re.sub(r"/[^/]*$", f"/{database}", LOCAL)
        for name, database in names.items()
    }
    asyncio.run(run([f"DROP DATABASE {name} WITH (FORCE)" for name in names.values()]))


def test_demo_on_servers_of_our_own_shows_the_tour(
    local_urls: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--once", "--port", "0", "--subjects", "1000"],
        cwd=tmp_path,
        env={**os.environ, **local_urls},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Using the PostgreSQL servers configured" in done.stdout
    assert "locks no login on servers that are not its own" in done.stdout
    assert not (tmp_path / "data" / "postgres").exists()
