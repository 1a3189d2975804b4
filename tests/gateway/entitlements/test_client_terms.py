"""Terms of clients: what is entered, and what is refused with a sentence about why."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.entitlements.client import Client, check_client
from gateway.entitlements.credentials import GRANT_TYPES
from gateway.entitlements.errors import EntitlementRefusedError
from policies.model import CallerClass, Purpose
from tests.support.entries import BANK

PLATFORM = Client(
    "platform-1",
    CallerClass.PLATFORM,
    BANK,
    "样例平台",
    100,
    (Purpose.PRE_LOAN,),
    contract_no="郑信〔2026〕1号",
    scopes=("credit:TAXPAYER_CREDIT:read", "credit:TAX_PAYMENT:aggregate"),
    acts_for=(BANK,),
    certificate_subject="CN=platform-1,O=Sample,C=CN",
    redirect_uris=("https://platform.example/return",),
    grant_types=GRANT_TYPES,
)


def test_terms_that_are_complete_are_entered() -> None:
    check_client(PLATFORM)


def test_terms_of_a_sandbox_client_may_return_to_this_machine() -> None:
    uris = ("http://127.0.0.1:8080/return", "http://localhost/x", "http://[::1]:9/x")
    check_client(replace(PLATFORM, is_sandbox=True, redirect_uris=uris))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": ""}, "id of a client"),
        ({"client_id": "a b"}, "id of a client"),
        ({"client_id": "bank#PRE_LOAN"}, "id of a client"),
        ({"client_id": "x" * 101}, "id of a client"),
        ({"client_id": "public"}, "the gateway itself"),
        ({"client_id": "credit-gateway-console"}, "the gateway itself"),
        ({"client_id": "credit-gateway-oauth"}, "the gateway itself"),
        ({"caller_class": CallerClass.PUBLIC, "acts_for": ()}, "public"),
        ({"name": " "}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"contract_no": ""}, "contract number"),
        ({"contract_no": "a\nb"}, "contract number"),
        ({"certificate_subject": "CN=a\0"}, "certificate subject"),
        ({"quota_per_day": -1}, "quota"),
        ({"organisation": "123"}, "no unified social credit code"),
        ({"acts_for": ("123",)}, "no unified social credit code"),
        ({"acts_for": (BANK, BANK)}, "one twice"),
        ({"caller_class": CallerClass.INSTITUTION}, "only a platform"),
        ({"scopes": ("credit:*:read",)}, "scope"),
        ({"scopes": ("credit:TAX_PAYMENT:write",)}, "scope"),
        ({"scopes": ("credit:TAX_PAYMENT",)}, "scope"),
        ({"scopes": ("credit:NOTHING:read",)}, "scope"),
        ({"scopes": ("openid",)}, "scope"),
        ({"grant_types": ("password",)}, "grant type"),
        ({"grant_types": ("implicit",)}, "grant type"),
        ({"redirect_uris": ()}, "needs a redirect URI"),
    ],
)
def test_terms_that_are_not_possible_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EntitlementRefusedError, match=reason) as caught:
        check_client(replace(PLATFORM, **changes))
    assert caught.value.code == "TERMS_INVALID"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/return",
        "http://platform.example/return",
        "http://127.0.0.1/return",
        "ftp://platform.example/return",
        "javascript:alert(1)",
        "https://platform.example/return#part",
        "https://platform.example/return#",
        "https://" + "user@platform.example/",
        "https://*.platform.example/",
        "https://platform.example\\@evil.example/",
        "https://platform.example/a b",
        "https://platform.example/\u4fe1",
        "https:///return",
        "https://platform.example:port/",
        "https://[::1",
        "https://platform.example/" + "a" * 2000,
    ],
)
def test_terms_with_an_unsafe_redirect_are_refused(uri: str) -> None:
    with pytest.raises(EntitlementRefusedError, match="redirect"):
        check_client(replace(PLATFORM, redirect_uris=(uri,)))
