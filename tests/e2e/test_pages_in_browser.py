"""The pages in a real browser: nothing is refused by their own policy, and they fit a telephone."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest

from gateway.demo.city.cases import CASES
from tests.e2e.pages import Platform
from tests.gateway.http.browser import Page, browsing

PICTURES = Path(__file__).parents[2] / "build" / "pages"
_SIZES = {"desk": (1200, 900), "telephone": (390, 844)}
_PATIENCE_S = 30.0
_TO_PICK = "document.querySelector('input[value=\"demo-clean-firm\"]')"


async def _until(page: Page, condition: str) -> None:
    """Wait until an expression is true, over as many pages as it takes."""
    deadline, seen = time.monotonic() + _PATIENCE_S, ""
    while time.monotonic() < deadline:
        try:
            if await page.evaluate(f"document.readyState === 'complete' && Boolean({condition})"):
                return
            seen = await page.evaluate("location.href + ' ' + document.body.innerText")
        except AssertionError:
            # the page was left while it was looked at
            pass
        await asyncio.sleep(0.05)
    pytest.fail(f"{condition} did not become true: {seen}")


async def _press(page: Page, selector: str, until: str) -> None:
    """Click what a person would click, and wait for the next page."""
    await page.evaluate(f"document.querySelector({selector!r}).click()")
    await _until(page, until)


async def _picture(page: Page, name: str) -> None:
    """Nothing is wider than the window, every field has a label; keeps a picture."""
    assert await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    ), f"{name} is wider than the window"
    assert await page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden])')].every(i => i.labels.length)"
    )
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    assert await page.evaluate("document.querySelectorAll('h1').length") == 1
    await page.screenshot(PICTURES / f"{name}.png")


async def test_a_person_sees_its_own_data(platform: Platform) -> None:
    size = "telephone"
    to_pick = "document.querySelector('input[value=\"demo-person\"]')"
    async with browsing() as page:
        await page.open(f"{platform.url}/sign-in", *_SIZES[size], "zh-CN")
        await _until(page, to_pick)
        await page.evaluate(f"{to_pick}.click()")
        await _press(page, "main button", "location.pathname === '/my'")
        await _picture(page, f"{size}-person-my")
        for path in ("/my/records/judgmentDefaulters", "/my/access-log"):
            await page.command("Page.navigate", url=platform.url + path)
            await _until(page, f"location.pathname === '{path}' && document.querySelector('h1')")
            await _picture(page, f"{size}-person-{path.rsplit('/', 1)[1]}")
        refused = [each for each in page.complaints if "404" not in each]
        assert not refused, refused


def _look(platform: Platform, profile: str) -> None:
    selection = "registration { name legalRepresentativePhone } taxpayerCredit { grade }"
    document = f"query($u: USCC!) {{ subject(uscc: $u) {{ {selection} }} }}"
    answer = platform.client.ask(document, {"u": CASES.clean_firm.code}, profile)
    assert answer.status == 200, answer


@pytest.mark.parametrize("size", list(_SIZES))
async def test_a_firm_signs_in_decides_and_withdraws(platform: Platform, size: str) -> None:
    uri = await asyncio.to_thread(platform.push)
    start = f"{platform.url}/authorize?client_id=bank-1&request_uri={uri}"
    async with browsing() as page:
        await page.open(start, *_SIZES[size], "zh-CN")
        await _until(page, _TO_PICK)
        await _picture(page, f"{size}-sign-in")
        await page.evaluate(f"{_TO_PICK}.click()")
        await _press(page, "main button", "document.querySelector('[value=grant]')")
        await _picture(page, f"{size}-decide")
        await _press(page, "[value=grant]", "document.querySelector('.done')")
        await _picture(page, f"{size}-receipt")
        await _press(page, "a[href^='/my/consents/']", "document.querySelector('.danger')")
        await _picture(page, f"{size}-consent")
        await _press(page, "button.danger", "document.body.innerText.includes('已撤回')")
        # every kind of outcome is on one of the look-ups
        for profile in ("licence-officer", "bank", "tax-officer"):
            await asyncio.to_thread(_look, platform, profile)
        for path in (
            "/my",
            "/my/records/penalties",
            "/my/consents",
            "/my/access-log",
            "/my/records/none",
        ):
            await page.command("Page.navigate", url=platform.url + path)
            await _until(page, f"location.pathname === '{path}' && document.querySelector('h1')")
            name = re.sub(r"\W+", "-", path).strip("-")
            await _picture(page, f"{size}-{name}")
        refused = [each for each in page.complaints if "404" not in each]
        assert not refused, refused
