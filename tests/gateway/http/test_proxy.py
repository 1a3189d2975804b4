"""The certificate header: from the proxy alone, once, and never from a trailer."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gateway.errors import ClientError
from gateway.http.headers import read_headers
from gateway.http.proxy import NO_PROXY, TrustedProxy

HEADER = b"client-cert"
PROXY = TrustedProxy(HEADER, (ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
SENT = [(HEADER, b":AAAA:")]


@pytest.mark.parametrize(
    "peer", [("10.1.2.3", 1), ("fd00::1", 1), ("::ffff:10.1.2.3", 1), ["10.1.255.255", 9]]
)
def test_header_of_the_proxy_is_taken(peer: tuple[str, int]) -> None:
    assert read_headers(SENT, PROXY, peer).credentials.certificate == ":AAAA:"


@pytest.mark.parametrize(
    "peer", [("10.2.0.1", 1), ("127.0.0.1", 1), ("::1", 1), ("testclient", 1), None]
)
def test_header_of_anybody_else_is_refused(peer: tuple[str, int] | None) -> None:
    with pytest.raises(ClientError) as caught:
        read_headers(SENT, PROXY, peer)
    assert (caught.value.code, caught.value.status) == ("CERTIFICATE_NOT_TRUSTED", 403)


def test_unix_socket_is_the_proxy_where_settings_say_so() -> None:
    proxy = TrustedProxy(HEADER, (), is_unix=True)
    assert read_headers(SENT, proxy, None).credentials.certificate == ":AAAA:"
    with pytest.raises(ClientError):
        read_headers(SENT, proxy, ("10.1.2.3", 1))


def test_header_twice_is_refused() -> None:
    with pytest.raises(ClientError) as caught:
        read_headers([*SENT, (HEADER, b":BBBB:")], PROXY, ("10.1.2.3", 1))
    assert caught.value.code == "REPEATED_HEADER"


def test_empty_header_says_that_there_is_no_certificate() -> None:
    assert read_headers([(HEADER, b"")], PROXY, ("10.1.2.3", 1)).credentials.certificate is None


def test_header_means_nothing_where_none_is_configured() -> None:
    assert read_headers(SENT, NO_PROXY, ("10.1.2.3", 1)).credentials.certificate is None


@pytest.mark.parametrize("name", [b"client_cert", b"x-client-cert", b"client-cert-chain"])
def test_headers_of_other_names_mean_nothing(name: bytes) -> None:
    found = read_headers([(name, b":AAAA:")], PROXY, ("10.1.2.3", 1))
    assert found.credentials.certificate is None


def test_chunked_request_is_told_by_its_headers() -> None:
    """Its trailers stand among the headers; the endpoint refuses it before any is believed."""
    found = read_headers([(b"transfer-encoding", b"chunked"), *SENT], PROXY, ("10.1.2.3", 1))
    assert found.is_chunked


@pytest.mark.parametrize("name", [b"credit-request", b"dpop", b"authorization"])
def test_credentials_twice_are_refused(name: bytes) -> None:
    with pytest.raises(ClientError):
        read_headers([(name, b"a"), (name, b"a")])
