"""A member at home walks a euro back with a real browser, on a phone and at a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import DESKTOP, PHONE, House, faults_of, title_of

pytestmark = pytest.mark.browser

WIDTHS = pytest.mark.parametrize("width_px", [PHONE, DESKTOP], ids=["phone", "desktop"])


def open_bill(page: Page) -> str:
    """Open the bill of December; returns its number."""
    page.goto("/billing/")
    link = page.locator("table.data tr", has_text="December 2025").locator("a").first
    number = link.inner_text()
    link.click()
    assert title_of(page) == f"Monthly bill {number}"
    return number


def open_line(page: Page, name: str) -> Page:
    """Open one line of the bill, so that its steps can be clicked."""
    line = page.locator("details.unfold", has=page.locator("summary", has_text=name))
    if line.get_attribute("open") is None:
        line.locator("summary").first.click()
    return page


@WIDTHS
def test_a_line_of_heat_leads_to_two_stands_and_the_telegrams_that_said_so(
    house: House, browser: Browser, width_px: int
) -> None:
    with house.visit(browser, "member", width_px) as page:
        open_bill(page)
        billed = page.locator("table.data tbody tr", has_text="Heat").first.inner_text()
        page.locator("a[href^='/metering/readings/']").first.click()
        assert title_of(page) == "Heat, December 2025"
        expect(page.get_by_text("it comes out the same")).to_be_visible()
        telegrams = page.locator("pre")
        assert telegrams.count() == 2
        assert all(text.strip() for text in telegrams.all_inner_texts())
        used = page.locator("tfoot").inner_text()
        energy = re.search(r"(\d+\.\d+)\sGJ", used)
        assert energy
        assert f"{float(energy.group(1)):.3f}" in billed


@WIDTHS
def test_a_line_of_electricity_leads_to_the_reason_for_a_quarter_hour_and_to_its_vote(
    house: House, browser: Browser, width_px: int
) -> None:
    with house.visit(browser, "member", width_px) as page:
        open_bill(page)
        open_line(page, "Shared electricity").locator("a[href^='/metering/allocations/']").click()
        assert title_of(page) == "Shared electricity, December 2025"
        page.get_by_label("Day and time").fill("2025-12-10T12:00")
        page.get_by_role("button", name="Explain it").click()
        expect(
            page.get_by_role("heading", name="Why you got this in the quarter-hour of 10 Dec 2025 12:00")
        ).to_be_visible()
        expect(page.get_by_text(re.compile(r"You got [\d,]+(\.\d{1,3})? Wh\."))).to_be_visible()
        expect(page.get_by_role("heading", name="Quarter-hours of 10 December 2025")).to_be_visible()
        assert faults_of(page) == []
        page.get_by_role("link", name="The resolution that adopted the key").click()
        expect(page.get_by_text(re.compile(r"Adopted with \d+ votes"))).not_to_have_count(0)


@WIDTHS
def test_a_price_leads_to_the_tariff_to_the_resolution_and_to_its_votes(
    house: House, browser: Browser, width_px: int
) -> None:
    with house.visit(browser, "member", width_px) as page:
        open_bill(page)
        page.locator("a[href^='/billing/tariffs#']").first.click()
        assert title_of(page) == "Tariffs"
        page.get_by_role("link", name=re.compile("Adopted by the members' meeting on 12 June 2025")).click()
        assert title_of(page) == "Lower heat tariff from 1 July 2025"
        expect(page.locator("dl.definitions").first).to_contain_text("€32.75 per GJ")
        fixed, adopted = page.locator(".trail code").all_inner_texts()
        assert fixed == adopted
        page.locator(".chart-table summary").click()
        votes = {row.split("\n")[0].split("\t")[0] for row in page.locator(".chart-table tbody tr").all_inner_texts()}
        assert votes == {"For", "Against", "Blank", "Not present"}


@WIDTHS
def test_a_bill_is_recomputed_at_a_press_and_printed(house: House, browser: Browser, width_px: int) -> None:
    with house.visit(browser, "member", width_px) as page:
        number = open_bill(page)
        paper = page.request.get(page.get_by_role("link", name="PDF", exact=True).get_attribute("href") or "")
        assert paper.headers["content-type"] == "application/pdf"
        assert paper.body().startswith(b"%PDF-")
        page.get_by_role("link", name="Recompute this bill").click()
        expect(page.locator(".flash")).to_contain_text("It agrees")
        for row in page.locator("table.data").first.locator("tbody tr").all_inner_texts():
            billed, recomputed = re.findall(r"-?€[\d,.]+", row)
            assert billed == recomputed
        expect(page.locator("main")).to_contain_text(f"coop verify {number}")


@WIDTHS
def test_the_ceiling_is_drawn_and_also_told_in_words_and_numbers(house: House, browser: Browser, width_px: int) -> None:
    with house.visit(browser, "member", width_px) as page:
        page.goto("/billing/")
        chart = page.locator("figure.chart")
        pictures = chart.locator(".chart-wide svg:visible, .chart-narrow svg:visible")
        assert pictures.count() == 1
        expect(chart.locator("figcaption")).to_contain_text("of at most €")
        chart.locator("summary").click()
        rows = chart.locator("tbody tr").all_inner_texts()
        assert len(rows) == 12
        costs = [float(re.findall(r"€([\d,]+\.\d\d)", row)[0].replace(",", "")) for row in rows]
        ceiling = float(re.findall(r"€([\d,]+\.\d\d)", rows[0])[1].replace(",", ""))
        assert costs == sorted(costs)
        assert costs[-1] <= ceiling


@pytest.mark.parametrize(("role", "cards"), [("member", 5), ("board", 7), ("municipality", 1)])
def test_the_home_page_fills_its_cards_and_asks_again_later(
    house: House, browser: Browser, role: str, cards: int
) -> None:
    with house.visit(browser, role) as page:
        page.clock.install()
        page.goto("/")
        expect(page.locator("[data-card] .card-in")).to_have_count(cards)
        with page.expect_request(re.compile("/governance/cards/programme")):
            page.clock.run_for(61_000)


def test_a_reader_changes_the_language_and_keeps_it(house: House, browser: Browser) -> None:
    with house.visit(browser, "member") as page:
        page.goto("/billing/")
        assert title_of(page) == "Your bills"
        page.get_by_role("link", name="Nederlands").click()
        assert title_of(page) == "Uw rekeningen"
        assert page.locator("html").get_attribute("lang") == "nl"
        page.goto("/metering/")
        assert title_of(page) == "Uw energie"
        page.get_by_role("link", name="English").click()
        assert title_of(page) == "Your energy"


def test_a_member_votes_and_reads_the_vote_back(house: House, browser: Browser) -> None:
    with house.visit(browser, "member", PHONE) as page:
        page.goto("/governance/")
        page.locator("main ol a[href^='/governance/resolutions/']").click()
        page.get_by_role("radio", name="For", exact=True).check()
        page.get_by_role("button", name="Vote").click()
        expect(page.get_by_text(re.compile("You voted for on"))).to_be_visible()
        assert faults_of(page) == []


def test_everything_on_a_bill_is_reached_by_keyboard_and_shows_where_one_is(house: House, browser: Browser) -> None:
    with house.visit(browser, "member") as page:
        open_bill(page)
        page.goto(page.url)
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            here = page.evaluate(
                """() => { const here = document.activeElement, style = getComputedStyle(here);
                           const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                           return [here.innerText || here.tagName, seen]; }"""
            )
            reached.append(here[0])
            assert here[1], f"nothing shows that {here[0]!r} has the focus"
            if here[0] == "Recompute this bill":
                break
        assert reached[0] == "Skip to the content"
        assert reached[-1] == "Recompute this bill"
