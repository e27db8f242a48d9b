"""Every page that a link leads to, for everybody, at both widths, light and dark; and who does not get in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import COLOURS, DESKTOP, HEIGHTS_PX, PHONE, WATCH_POLICY, House, faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROLES = ("", "member", "board", "municipality")
NAMELESS = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d(-\d\d)?|(?<=/meters/)[^/?#]+|#.*")
NOT_PAGES = re.compile(r"\.(pdf|atom|json|csv|xlsx|ics|zip|xml|py)|/export$|/exports/|lang=|at=|year=")


def links_of(page: Page) -> list[str]:
    """Addresses inside the installation that a page leads to."""
    found: list[str] = page.eval_on_selector_all(
        "a[href^='/']", "links => links.map(link => link.getAttribute('href'))"
    )
    return found


def test_every_page_is_sound_on_a_phone_by_day_and_at_a_desk_by_night(house: House, browser: Browser) -> None:
    """One page of each kind: two bills differ in their numbers only. What two roles both see is looked at once.

    In Dutch; the other tests of this folder read English.
    """
    faults: dict[str, list[str]] = {}
    looked: set[str] = set()
    for role in ROLES:
        with house.visit(browser, role, PHONE, "nl") as page:
            waiting = ["/"]
            while waiting:
                path = waiting.pop()
                answer = page.goto(path)
                assert answer is not None
                found = [f"status {answer.status}"] if answer.status >= 400 else []
                if page.locator("html").get_attribute("lang") != "nl":
                    found.append("not in Dutch")
                if found := found + by_day_and_by_night(page):
                    faults[f"{role}: {path}"] = found
                for href in links_of(page):
                    kind = NAMELESS.sub("*", href)
                    if kind not in looked and not NOT_PAGES.search(href):
                        looked.add(kind)
                        waiting.append(href)
    assert faults == {}
    assert len(looked) > 25


def by_day_and_by_night(page: Page) -> list[str]:
    """Faults on a phone in light colours, then at a desk in dark ones."""
    found = [f"phone: {fault}" for fault in faults_of(page)]
    page.set_viewport_size({"width": DESKTOP, "height": HEIGHTS_PX[DESKTOP]})
    page.emulate_media(color_scheme="dark")
    found += [f"desk: {fault}" for fault in faults_of(page, COLOURS)]
    page.set_viewport_size({"width": PHONE, "height": HEIGHTS_PX[PHONE]})
    page.emulate_media(color_scheme="light")
    return found


def test_a_style_inside_a_page_is_forbidden_and_would_be_noticed(house: House, browser: Browser) -> None:
    context = browser.new_context(base_url=house.url)
    try:
        page = context.new_page()
        page.add_init_script(WATCH_POLICY)
        answer = page.goto("/")
        assert answer is not None
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert faults_of(page) == []
        page.evaluate("""document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>Red</p>")""")
        assert page.evaluate("getComputedStyle(document.body.lastElementChild).color") != "rgb(255, 0, 0)"
        assert any(fault.startswith("policy: style-src-attr forbids inline") for fault in faults_of(page))
    finally:
        context.close()


def test_somebody_elses_bill_is_not_there(house: House, browser: Browser) -> None:
    bills = house.doors.get("/billing/api/v1/bills")
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
