"""Every page that a link leads to, for everybody, at both widths, in both languages, light and dark."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import ALL_RULES, COLOURS, DESKTOP, PHONE, House, faults_of

pytestmark = pytest.mark.browser

ROLES = ("", "member", "board", "municipality")
NAMELESS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d|#.*")
NOT_PAGES = re.compile(r"\.(pdf|atom|json)|lang=|at=|year=")


def links_of(page: Page) -> list[str]:
    """Addresses inside the installation that a page leads to."""
    found: list[str] = page.eval_on_selector_all(
        "a[href^='/']", "links => links.map(link => link.getAttribute('href'))"
    )
    return found


@pytest.mark.parametrize(
    ("width_px", "lang", "scheme", "rules"),
    [(PHONE, "nl", "light", ALL_RULES), (DESKTOP, "en", "dark", COLOURS)],
    ids=["phone", "desktop"],
)
def test_every_page_is_sound_for_every_reader(
    house: House, browser: Browser, width_px: int, lang: str, scheme: Any, rules: dict[str, Any]
) -> None:
    """One page of each kind: two bills differ in their numbers only. What two roles both see is looked at once."""
    faults: dict[str, list[str]] = {}
    looked: set[str] = set()
    for role in ROLES:
        with house.visit(browser, role, width_px, lang, scheme) as page:
            waiting = ["/"]
            while waiting:
                path = waiting.pop()
                answer = page.goto(path)
                assert answer is not None
                found = faults_of(page, rules) + ([f"status {answer.status}"] if answer.status >= 400 else [])
                if page.locator("html").get_attribute("lang") != lang:
                    found.append("another language")
                if found:
                    faults[f"{role}: {path}"] = found
                for href in links_of(page):
                    kind = NAMELESS.sub("*", href)
                    if kind not in looked and not NOT_PAGES.search(href):
                        looked.add(kind)
                        waiting.append(href)
    assert faults == {}
    assert len(looked) > 25


def test_somebody_elses_bill_is_not_there(house: House, browser: Browser) -> None:
    bills = house.doors.get("/billing/api/bills")
    with house.visit(browser, "member") as page:
        own = page.goto("/billing/")
        assert own is not None
        number = page.locator("a[href^='/billing/bills/']").first.inner_text()
        member = next(bill["member_id"] for bill in bills if bill["number"] == number)
        other = next(bill["number"] for bill in bills if bill["member_id"] != member)
        for path in (f"/billing/bills/{other}", f"/billing/bills/{other}.pdf", f"/billing/bills/{other}/verify"):
            assert page.request.get(path).status == 404


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page(house: House, browser: Browser) -> None:
    context = browser.new_context(base_url=house.url, locale="en-GB")
    try:
        page = context.new_page()
        answer = page.goto("/metering/")
        assert answer is not None
        assert answer.status == 401
        assert faults_of(page) == []
        page.locator("main a[href^='/members/sign-in']").click()
        house.sign_in(page, "member")
        assert page.url == f"{house.url}/metering/"
        page.get_by_role("button", name="Sign out").click()
        answer = page.goto("/metering/")
        assert answer is not None
        assert answer.status == 401
    finally:
        context.close()


def test_darkness_changes_the_sheets_and_keeps_the_words(house: House, browser: Browser) -> None:
    with house.visit(browser, "member") as page:
        page.goto("/billing/")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        words = page.locator("main").inner_text()
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        assert page.locator("main").inner_text() == words
        page.emulate_media(media="print")
        assert not page.locator(".sections-wide").is_visible()
