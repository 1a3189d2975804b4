"""A natural person signs in for itself: sees its records and who looked, and nothing of firms."""

from __future__ import annotations

import re

import httpx
import pytest

from gateway.demo.city.cases import CASES
from tests.e2e.pages import Browser, Platform, hidden

PERSON = CASES.defaulter_person


@pytest.fixture
def browser(platform: Platform) -> Browser:
    found = platform.browser()
    found.sign_in("demo-person")
    return found


def counted(page: httpx.Response, field: str) -> int:
    found = re.search(rf"/my/records/{field}\".*?number\">(\d+)<", page.text, re.S)
    assert found, page.text
    return int(found[1])


def test_overview_counts_what_is_held_about_the_person(browser: Browser) -> None:
    page = browser.open("/my")
    assert page.status_code == 200
    assert counted(page, "judgmentDefaulters") == PERSON.counts.person_defaults
    assert counted(page, "consumptionRestrictions") == PERSON.counts.person_restrictions


def test_nothing_of_its_firm_is_on_the_pages_of_a_person(browser: Browser) -> None:
    page = browser.open("/my")
    assert PERSON.head_name in page.text
    assert PERSON.name not in page.text
    assert PERSON.code not in page.text
    assert "/my/records/registration" not in page.text
    assert browser.open("/my/records/registration").status_code == 404


def test_no_key_of_a_person_is_on_its_pages(browser: Browser) -> None:
    key = PERSON.head_key.removeprefix("P:")
    for path in ("/my", "/my/records/judgmentDefaulters", "/my/access-log?own=1"):
        assert key not in browser.open(path).text


def test_own_records_are_shown(browser: Browser) -> None:
    page = browser.open("/my/records/judgmentDefaulters")
    assert page.status_code == 200
    assert page.text.count("<article>") == PERSON.counts.person_defaults


def test_who_looked_is_shown(browser: Browser) -> None:
    browser.open("/my")
    page = browser.open("/my/access-log?own=1")
    assert page.status_code == 200
    assert "查询自身信息" in page.text


@pytest.mark.parametrize("path", ["/my/consents", "/my/consents/CO-1"])
def test_consents_are_the_firms(browser: Browser, path: str) -> None:
    assert browser.open(path).status_code == 404
    assert "/my/consents" not in browser.open("/my").text


def test_a_person_cannot_consent_for_a_firm(platform: Platform, browser: Browser) -> None:
    uri = platform.push()
    page = browser.http.get("/authorize", params={"client_id": "bank-1", "request_uri": uri})
    assert "您以个人身份登录" in page.text
    assert 'value="grant"' not in page.text
    forced = browser.http.post(
        "/authorize",
        data={
            "client_id": "bank-1",
            "request_uri": uri,
            "form_token": hidden(page, "/sign-out")["form_token"],
            "decision": "grant",
        },
    )
    assert forced.status_code == 400
