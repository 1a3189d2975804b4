"""What is kept of an address."""

from __future__ import annotations

import pytest

from gateway.http.peer import is_loopback, peer_class, peer_network


@pytest.mark.parametrize(
    ("host", "network", "kind"),
    [
        ("127.0.0.1", "127.0.0.1", "local"),
        ("::1", "::/64", "local"),
        ("10.1.2.3", "10.1.2.3", "private"),
        ("fd00::1", "fd00::/64", "private"),
        ("8.8.4.4", "8.8.4.4", "public"),
        ("::ffff:8.8.4.4", "8.8.4.4", "public"),
        ("2400:1234:5678:9abc:def0::1", "2400:1234:5678:9abc::/64", "public"),
        ("not an address", "unknown", "public"),
    ],
)
def test_an_address_is_reduced(host: str, network: str, kind: str) -> None:
    assert (peer_network((host, 1)), peer_class((host, 1))) == (network, kind)


def test_a_unix_socket_is_local() -> None:
    assert (peer_network(None), peer_class(None), is_loopback(None)) == ("local", "local", True)
