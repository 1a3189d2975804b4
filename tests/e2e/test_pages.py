"""The pages over a whole server: sign-in, my data, a bank's request granted, used, withdrawn."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from gateway.demo.city.cases import CASES
from tests.e2e.pages import BACK, Browser, Platform, hidden
from tests.support.oauth import (
    GRADE,
    SCORE,
    VERIFIER,
    claims_of,
    parameters_of,
)

FIRM = CASES.penalised_firm


def test_who_is_not_signed_in_is_asked_to_and_then_goes_on(platform: Platform) -> None:
    browser = platform.browser()
    page = browser.open("/my/consents")
    assert page.url.path == "/sign-in"
    page = browser.send(page, "/sign-in/demo", person="demo-penalised-firm")
    assert (page.status_code, page.url.path) == (200, "/my/consents")


def test_overview_counts_what_is_held(platform: Platform) -> None:
    page = platform.browser().sign_in("demo-penalised-firm")
    assert page.status_code == 200
    assert FIRM.name in page.text
    counted = re.search(r"/my/records/penalties.*?number\">(\d+|—)<", page.text, re.S)
    assert counted
    assert int(counted[1]) == FIRM.counts.market_penalties + FIRM.counts.tax_penalties


@pytest.mark.parametrize("field", ["registration", "penalties", "taxArrears", "licences"])
def test_records_are_shown_with_their_official_names(platform: Platform, field: str) -> None:
    browser = platform.browser()
    browser.sign_in("demo-penalised-firm")
    page = browser.open(f"/my/records/{field}")
    assert page.status_code == 200, page.text
    assert "<article>" in page.text
    assert "<dt>" in page.text


def test_pages_are_kept_from_frames_scripts_and_caches(platform: Platform) -> None:
    page = platform.browser().sign_in("demo-penalised-firm")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="(?![/#])', page.text)


def test_cookies_are_kept_from_scripts_and_other_sites(platform: Platform) -> None:
    browser = platform.browser()
    page = browser.open("/sign-in")
    answer = browser.http.post(
        "/sign-in/demo",
        data={**hidden(page, "/sign-in/demo"), "person": "demo-clean-firm"},
    )
    cookies = [*page.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


WRONG_FORMS: dict[str, dict[str, Any]] = {
    "without a token": {"data": {"person": "demo-clean-firm"}},
    "with another token": {"data": {"person": "demo-clean-firm", "form_token": "A" * 43}},
    "from another site": {"headers": {"sec-fetch-site": "cross-site"}},
    "from a sibling site": {"headers": {"sec-fetch-site": "same-site"}},
    "from another origin": {"headers": {"origin": "https://evil.example"}},
    "as JSON": {"headers": {"content-type": "application/json"}},
    "as multipart": {"headers": {"content-type": "multipart/form-data; boundary=x"}},
    "that is too large": {"data": {"person": "x" * 40_000}},
    "with an unknown person": {"data": {"person": "nobody"}},
}


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_forms_that_are_not_ours_sign_nobody_in(platform: Platform, name: str) -> None:
    browser, wrong = platform.browser(), WRONG_FORMS[name]
    page = browser.open("/sign-in")
    fields = {**hidden(page, "/sign-in/demo"), "person": "demo-clean-firm", **wrong.get("data", {})}
    if name == "without a token":
        del fields["form_token"]
    answer = browser.http.post("/sign-in/demo", data=fields, headers=wrong.get("headers"))
    assert answer.status_code in (400, 403)
    assert browser.open("/my").url.path == "/sign-in"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "a"]
)
def test_signing_in_leads_nowhere_else(platform: Platform, target: str) -> None:
    browser = platform.browser()
    page = browser.http.get("/sign-in", params={"next": target})
    answer = browser.http.post(
        "/sign-in/demo",
        data={**hidden(page, "/sign-in/demo"), "person": "demo-clean-firm"},
    )
    assert answer.headers["location"] == "/my"


def test_signing_in_makes_a_new_session_and_signing_out_ends_it(platform: Platform) -> None:
    browser = platform.browser()
    browser.http.cookies.set("session", "s" * 43, domain="127.0.0.1")
    page = browser.sign_in("demo-clean-firm")
    first = browser.http.cookies["session"]
    assert first != "s" * 43
    browser.send(page, "/sign-out")
    stolen = platform.browser()
    stolen.http.cookies.set("session", first, domain="127.0.0.1")
    assert stolen.open("/my").url.path == "/sign-in"


def decide(platform: Platform, browser: Browser, uri: str, **fields: Any) -> httpx.Response:
    page = browser.http.get("/authorize", params={"client_id": "bank-1", "request_uri": uri})
    assert page.status_code == 200, page.text
    return browser.send(page, "/authorize", **fields)


def test_a_request_shows_who_asks_for_what_and_how_long(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    page = browser.http.get(
        "/authorize", params={"client_id": "bank-1", "request_uri": platform.push()}
    )
    for shown in ("样例银行", "贷前审查", "贷前自动查询", "查询后保存九十日", "B0000S000000000"):
        assert shown in page.text
    assert f'name="field" value="{SCORE}" checked' in page.text
    assert f'value="{GRADE}"' not in page.text


def test_a_bank_gets_what_the_firm_granted_until_it_withdraws(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    receipt = decide(platform, browser, platform.push(), decision="grant")
    assert receipt.status_code == 200, receipt.text
    number = re.search(r"CO[\w-]+", receipt.text)
    assert number
    link = re.search(r'<a class="button" href="([^"]+)"', receipt.text)
    assert link
    back = html.unescape(link[1])
    assert back.startswith(BACK)
    assert parameters_of(back)["iss"] == platform.url
    issued = platform.token(
        grant_type="authorization_code",
        code=parameters_of(back)["code"],
        redirect_uri=BACK,
        code_verifier=VERIFIER,
    )
    assert issued.status_code == 200, issued.text
    (granted,) = claims_of(issued.json()["access_token"])["authorization_details"]
    # the score was not ticked, so it is in nothing that follows
    assert granted["fields"] == [GRADE]
    page = browser.open(f"/my/consents/{number[0]}")
    assert "有效" in page.text
    page = browser.send(page, f"/my/consents/{number[0]}/withdraw", reason="不再需要")
    assert "已撤回" in page.text
    refused = platform.token(
        grant_type="refresh_token", refresh_token=issued.json()["refresh_token"]
    )
    assert refused.json()["error"] == "invalid_grant"


def test_ticked_optional_fields_are_granted(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    receipt = decide(platform, browser, platform.push(), decision="grant", field=[SCORE])
    assert SCORE in html.unescape(receipt.text)


def test_a_refusal_goes_back_as_access_denied(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    uri = platform.push()
    page = decide(platform, browser, uri, decision="refuse")
    link = re.search(r'<a class="button" href="([^"]+)"', page.text)
    assert link
    assert parameters_of(html.unescape(link[1]))["error"] == "access_denied"
    again = browser.http.get("/authorize", params={"client_id": "bank-1", "request_uri": uri})
    assert again.status_code == 404


def test_another_firm_than_the_bank_named_cannot_grant(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-penalised-firm")
    uri = platform.push(subjects=[CASES.clean_firm.code])
    page = browser.http.get("/authorize", params={"client_id": "bank-1", "request_uri": uri})
    assert "另一家企业" in page.text
    assert 'value="grant"' not in page.text
    token = hidden(page, "/sign-out")["form_token"]
    forced = browser.http.post(
        "/authorize",
        data={
            "client_id": "bank-1",
            "request_uri": uri,
            "form_token": token,
            "decision": "grant",
        },
    )
    assert forced.status_code == 400


WRONG_REQUESTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a plain request": {"client_id": "bank-1", "response_type": "code"},
    "an unknown request": {"client_id": "bank-1", "request_uri": "urn:x"},
    "two clients": {"client_id": ["bank-1", "bank-2"], "request_uri": "urn:x"},
    "a very long one": {"client_id": "bank-1", "request_uri": "u" * 600},
}


@pytest.mark.parametrize("name", WRONG_REQUESTS)
def test_requests_that_were_not_pushed_are_refused_without_going_anywhere(
    platform: Platform, name: str
) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    answer = browser.http.get("/authorize", params=WRONG_REQUESTS[name])
    assert answer.status_code in (400, 404)
    assert "location" not in answer.headers


def test_another_client_cannot_show_the_request_of_a_bank(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    answer = browser.http.get(
        "/authorize", params={"client_id": "bank-2", "request_uri": platform.push()}
    )
    assert answer.status_code == 404


def test_others_consents_are_not_shown(platform: Platform) -> None:
    mine, other = platform.browser(), platform.browser()
    mine.sign_in("demo-clean-firm")
    receipt = decide(platform, mine, platform.push(), decision="grant")
    number = re.search(r"CO[\w-]+", receipt.text)
    assert number
    other.sign_in("demo-penalised-firm")
    assert other.open(f"/my/consents/{number[0]}").status_code == 404


def test_unknown_pages_and_kinds_are_not_there(platform: Platform) -> None:
    browser = platform.browser()
    browser.sign_in("demo-clean-firm")
    for path in ("/my/records/nothing", "/my/consents/none", "/sign-in/nowhere"):
        assert browser.open(path).status_code == 404
    assert browser.open("/my/records/penalties?after=nothing").status_code == 400
