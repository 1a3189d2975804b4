"""What each login may do, asked of a running server through real connections."""

import asyncpg
import pytest

from gateway.demo.postgres import EmbeddedPostgresError, PostgresAddress, RunningPostgres


async def _run(address: PostgresAddress, *statements: str) -> None:
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _value(address: PostgresAddress, query: str) -> object:
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture
async def market_owner(embedded_postgres: RunningPostgres) -> PostgresAddress:
    return await embedded_postgres.administration.create_database("market", "market_owner")


@pytest.fixture
async def tax_owner(embedded_postgres: RunningPostgres) -> PostgresAddress:
    return await embedded_postgres.administration.create_database("tax", "tax_owner")


@pytest.fixture
async def tax_reader(
    embedded_postgres: RunningPostgres, tax_owner: PostgresAddress
) -> PostgresAddress:
    await _run(tax_owner, "CREATE TABLE IF NOT EXISTS before_reader (grade text)")
    return await embedded_postgres.administration.create_reader("tax_reader", "tax", "tax_owner")


@pytest.mark.parametrize("database", ["market", "postgres", "template1"])
@pytest.mark.parametrize("login", ["tax_reader", "tax_owner"])
async def test_tax_login_other_database_is_refused(
    embedded_postgres: RunningPostgres,
    market_owner: PostgresAddress,
    tax_reader: PostgresAddress,
    login: str,
    database: str,
) -> None:
    address = embedded_postgres.address(database, login)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(**address.connect_arguments())


async def test_reader_reads_tables_made_before_and_after_it(
    tax_owner: PostgresAddress, tax_reader: PostgresAddress
) -> None:
    await _run(
        tax_owner,
        "DROP TABLE IF EXISTS after_reader",
        "CREATE TABLE after_reader AS SELECT 'A' AS grade",
    )
    assert await _value(tax_reader, "SELECT count(*) FROM before_reader") == 0
    assert await _value(tax_reader, "SELECT grade FROM after_reader") == "A"


async def test_reader_write_is_refused(tax_reader: PostgresAddress) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await _run(tax_reader, "INSERT INTO before_reader VALUES ('B')")


async def test_reader_write_after_leaving_read_only_is_refused(tax_reader: PostgresAddress) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _run(
            tax_reader,
            "SET default_transaction_read_only = off",
            "INSERT INTO before_reader VALUES ('B')",
        )


async def test_reader_statement_time_is_limited(tax_reader: PostgresAddress) -> None:
    assert await _value(tax_reader, "SHOW statement_timeout") == "10s"


async def test_connect_wrong_password_is_refused(tax_reader: PostgresAddress) -> None:
    arguments = tax_reader.connect_arguments()
    arguments["password"] += "x"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**arguments)


async def test_connect_without_password_is_refused(embedded_postgres: RunningPostgres) -> None:
    address = embedded_postgres.superuser
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InternalClientError)):
        await asyncpg.connect(
            host=address.host, port=address.port, user=address.user, database=address.database
        )


async def test_passwords_are_stored_as_scram_verifiers(
    embedded_postgres: RunningPostgres, tax_reader: PostgresAddress
) -> None:
    others = "SELECT count(*) FROM pg_authid WHERE rolcanlogin AND rolpassword NOT LIKE 'SCRAM-%'"
    assert await _value(embedded_postgres.superuser, others) == 0


async def test_create_database_again_keeps_content(
    embedded_postgres: RunningPostgres, tax_owner: PostgresAddress
) -> None:
    await _run(tax_owner, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 7 AS number")
    again = await embedded_postgres.administration.create_database("tax", "tax_owner")
    assert await _value(again, "SELECT number FROM kept") == 7


async def test_create_database_from_template_copies_rows(
    embedded_postgres: RunningPostgres, fresh_database: PostgresAddress
) -> None:
    await _run(fresh_database, "CREATE TABLE city AS SELECT 3 AS number")
    copy = await embedded_postgres.administration.create_database(
        "copied_city", fresh_database.user, fresh_database.database
    )
    assert await _value(copy, "SELECT number FROM city") == 3
    await embedded_postgres.administration.drop_database("copied_city")


@pytest.mark.parametrize("name", ["", "Tax", "tax; drop", "../tax", "1tax", "t" * 64, "tax\n"])
async def test_create_login_odd_name_is_refused(
    embedded_postgres: RunningPostgres, name: str
) -> None:
    with pytest.raises(EmbeddedPostgresError, match="is not a name"):
        await embedded_postgres.administration.create_login(name)


def test_address_unknown_login_is_refused(embedded_postgres: RunningPostgres) -> None:
    with pytest.raises(EmbeddedPostgresError, match="`nobody_known` has not been created"):
        embedded_postgres.address("tax", "nobody_known")


def test_address_repr_hides_password(tax_reader: PostgresAddress) -> None:
    assert tax_reader.read_password() not in repr(tax_reader)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("password_encryption", "scram-sha-256"),
    ],
)
async def test_setting_of_server(
    embedded_postgres: RunningPostgres, setting: str, expected: str
) -> None:
    shown = await _value(embedded_postgres.superuser, f"SELECT current_setting('{setting}')")
    assert shown == expected


async def test_text_orders_by_code_point(fresh_database: PostgresAddress) -> None:
    query = "SELECT string_agg(t, '' ORDER BY t) FROM unnest(ARRAY['é','a','税','B','市']) AS t"
    assert await _value(fresh_database, query) == "".join(sorted("éa税B市"))


async def test_log_holds_no_value_of_a_refused_row(
    embedded_postgres: RunningPostgres, fresh_database: PostgresAddress
) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await _run(
            fresh_database,
            "CREATE TABLE firm (name text PRIMARY KEY)",
            "INSERT INTO firm VALUES ('secretname'), ('secretname')",
        )
    assert "secretname" not in embedded_postgres.log.read_text(encoding="utf-8")
