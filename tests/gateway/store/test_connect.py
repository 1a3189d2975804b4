"""How connections are opened."""

from gateway.store.connect import StoreAddress, connector, postgres_url


async def test_connector_sets_the_limits_of_the_session(store: StoreAddress) -> None:
    connection = await connector(
        StoreAddress(store.url, statement_timeout_ms=1_234, lock_timeout_ms=567)
    )()
    shown = [
        await connection.fetchval(f"SHOW {name}")
        for name in ("statement_timeout", "lock_timeout", "synchronous_commit", "timezone")
    ]
    await connection.close()
    assert shown == ["1234ms", "567ms", "on", "UTC"]


def test_store_address_never_prints_its_password() -> None:
    assert "secret" not in repr(StoreAddress("postgresql://a:secret@/x"))


def test_postgres_url_quotes_what_would_end_a_part() -> None:
    url = postgres_url(host="/run/a b", port=5433, database="d/b", user="u@x", password="p:/?#")
    assert url == "postgresql://u%40x:p%3A%2F%3F%23@/d%2Fb?host=%2Frun%2Fa+b&port=5433"
