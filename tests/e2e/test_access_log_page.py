"""Who looked, as the firm's page shows it: by whom, for what, which items, with its proof."""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path

import httpx

from gateway.demo.city.cases import CASES, DEMO_BANK
from gateway.logkeeping import identity_of
from gateway.settings import require_audit_log
from gateway.translog import verify_audit_log
from tests.e2e.pages import Browser, Platform

FIRM = CASES.penalised_firm
PAGE = "/my/access-log"
LOOK = """query Look($u: [USCC!]!) { subjects(usccs: $u) {
    registration { name legalRepresentativePhone } taxpayerCredit { grade } } }"""


def look(platform: Platform, profile: str, code: str = FIRM.code) -> None:
    answer = platform.client.ask(LOOK, {"u": [code]}, profile)
    assert answer.status == 200, answer


def firm(platform: Platform, person: str = "demo-penalised-firm") -> Browser:
    browser = platform.browser()
    browser.sign_in(person)
    return browser


def lines(page: httpx.Response) -> list[str]:
    """The look-ups of a page as text, the newest first."""
    assert page.status_code == 200, page.text
    found = re.findall(r'<article class="look-up".*?</article>', page.text, re.S)
    return [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", each))) for each in found]


def requests(page: httpx.Response) -> list[str]:
    """The numbers of a page's requests, the newest first; their proofs change by the second."""
    assert page.status_code == 200, page.text
    return re.findall(r"<dt>请求编号.*?<code>([^<]+)</code>", page.text, re.S)


def test_a_look_up_of_an_authority_is_shown_with_its_matter(platform: Platform) -> None:
    look(platform, "licence-officer")
    line = lines(firm(platform).open(PAGE))[0]
    assert "政务部门" in line
    assert "行政许可审查" in line
    assert "许可-2026-3305" in line
    assert "明文" in line


def test_a_look_up_of_a_bank_names_it_and_tells_what_it_was_refused(platform: Platform) -> None:
    look(platform, "bank")
    line = lines(firm(platform).open(PAGE))[0]
    assert DEMO_BANK in line
    assert "贷前审查" in line
    assert "金融机构" in line
    clear, _, refused = line.partition("拒绝")
    assert "纳税缴费信用：信用级别" in clear
    assert "法定代表人联系电话" in refused
    # names of the schema are for programs
    assert "Registration" not in line


def test_what_may_be_kept_quiet_is_not_on_the_page(platform: Platform) -> None:
    browser = firm(platform)
    before = requests(browser.open(PAGE))
    look(platform, "inspector")
    assert requests(browser.open(PAGE)) == before


def test_own_look_ups_are_shown_only_if_asked_for(platform: Platform) -> None:
    browser = firm(platform)
    assert all("本单位" not in line for line in lines(browser.open(PAGE)))
    assert any("本单位" in line for line in lines(browser.open(f"{PAGE}?own=1")))


def test_pages_follow_each_other_without_gap(platform: Platform) -> None:
    browser = firm(platform, "demo-clean-firm")
    for _ in range(21):
        look(platform, "licence-officer", CASES.clean_firm.code)
    first = browser.open(PAGE)
    link = re.search(r'<a class="button" href="([^"]*after=[^"]*)"', first.text)
    assert link
    second = browser.open(html.unescape(link[1]))
    shown = [requests(page) for page in (first, second)]
    assert len(shown[0]) == 20
    assert shown[1]
    assert not set(shown[0]) & set(shown[1])
    assert browser.open(f"{PAGE}?after=nonsense").status_code == 400


def proof_path(browser: Browser) -> str:
    """Path of the newest look-up's proof, once a checkpoint covers it."""
    deadline = time.monotonic() + 20
    while True:
        text = browser.open(PAGE).text
        newest = text.partition("</article>")[0]
        link = re.search(rf'href="({PAGE}/\w+/proof)"', newest)
        if link:
            return link[1]
        assert time.monotonic() < deadline, "no checkpoint came"
        time.sleep(0.05)


def test_a_proof_holds_for_whoever_has_the_key_of_the_log(
    platform: Platform, tmp_path: Path
) -> None:
    look(platform, "licence-officer")
    browser = firm(platform)
    path = proof_path(browser)
    answer = browser.http.get(path)
    assert answer.headers["content-disposition"].startswith("attachment")
    file = tmp_path / "proof.json"
    file.write_bytes(answer.content)
    assert json.loads(answer.content)["leafHash"] in html.unescape(browser.open(PAGE).text)
    key = identity_of(require_audit_log(platform.settings)).key.verifier_key()
    assert verify_audit_log.main(["--proof", str(file), "--key", key]) == 0
    # another firm learns not even that there is such a look-up
    other = firm(platform, "demo-clean-firm").http.get(path)
    none = browser.http.get(f"{PAGE}/{'0' * 24}/proof")
    assert (other.status_code, none.status_code) == (404, 404)


def test_the_log_is_for_whoever_signed_in(platform: Platform) -> None:
    browser = platform.browser()
    assert browser.open(PAGE).url.path == "/sign-in"
    assert browser.open(f"{PAGE}/{'0' * 24}/proof").url.path == "/sign-in"


def test_the_log_is_no_kind_of_records(platform: Platform) -> None:
    assert firm(platform).open("/my/records/accessLog").status_code == 404
