"""The board at its desk: data, bill runs, imports, what was parked; and partners beside it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.house import DESKTOP, PHONE, UNBILLED, House, faults_of, title_of

pytestmark = pytest.mark.browser

BAD_FILE = b"""number,name,kind,joined_on,email
901,Anna,tenant,2025-01-31,anna@demo.example
902,Bram,visitor,2025-01-31,bram@demo.example
903,Cato,owner,31-02-2025,cato@demo.example
,Dirk,owner,2025-01-31,dirk@demo.example
"""


@pytest.mark.parametrize("width_px", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_board_reads_how_complete_the_data_are_and_what_is_parked(
    house: House, browser: Browser, width_px: int
) -> None:
    with house.visit(browser, "board", width_px) as page:
        page.goto("/metering/data?period=2025-12")
        kinds = page.locator("table", has_text="Readings by kind of meter").locator("tbody tr")
        assert kinds.count() >= 4
        expect(kinds.first).to_contain_text("Heat meters")
        parked = page.locator("#parked tbody tr", has_text="Unknown meter")
        expect(parked).to_have_count(1)
        expect(parked).to_contain_text("is not registered")


def test_a_run_stops_at_its_brakes_until_a_second_person_releases_it(house: House, browser: Browser) -> None:
    with house.visit(browser, "board") as page:
        page.goto("/billing/runs")
        page.locator(f"a[href='/billing/runs/{UNBILLED}']").click()
        expect(page.locator("table", has_text="What is unlikely")).to_contain_text("Unlikely beside the bill before")
        expect(page.locator("table", has_text="Every bill").locator("thead")).to_contain_text(
            "Difference from last time"
        )
        assert faults_of(page) == []
        page.get_by_label("Date of the bills").fill("2026-02-06")
        page.get_by_role("button", name="Issue these bills").click()
        expect(page.locator(".flash")).to_contain_text("The run is held")
        expect(page.locator("main")).to_contain_text("it takes two people")
    with house.visit(browser, "treasurer") as page:
        page.goto(f"/billing/runs/{UNBILLED}")
        page.get_by_role("link", name="Release the run").click()
        expect(page.locator("main")).to_contain_text("were found unlikely")
        assert faults_of(page) == []
        page.locator("main form button").click()
        expect(page.locator(".flash")).to_contain_text("The bills are issued")
        page.locator("a[href^='/billing/bills/']").first.click()
        assert title_of(page).startswith("Monthly bill 2026-")


def test_a_bad_file_is_refused_whole_with_every_bad_line(house: House, browser: Browser) -> None:
    with house.visit(browser, "board", refusals=1) as page:
        page.goto("/members/")
        before = page.locator("caption").inner_text()
        page.get_by_role("link", name="Import from a file").click()
        page.locator("#file").set_input_files({"name": "new.csv", "mimeType": "text/csv", "buffer": BAD_FILE})
        page.get_by_role("button", name="Look at it").click()
        expect(page.get_by_role("alert")).to_contain_text("nothing changed")
        problems = page.locator("table", has_text="mistake").locator("tbody tr").all_inner_texts()
        assert sorted(re.findall(r"^\d+", row)[0] for row in problems) == ["3", "4", "5"]
        assert faults_of(page) == []
        page.goto("/members/")
        assert page.locator("caption").inner_text() == before


def test_operations_show_a_parked_telegram_its_reason_and_its_bytes(house: House, browser: Browser) -> None:
    with house.visit(browser, "board", PHONE) as page:
        page.goto("/operations")
        expect(page.locator("[data-card='/metering/cards/operations']")).to_contain_text("parked")
        page.locator("[data-card='/metering/cards/operations'] h2 a").click()
        letter = page.locator("section.panel", has_text="is not registered").first
        letter.locator("summary").click()
        expect(letter.locator("pre")).to_contain_text("KAM99990001")
        letter.get_by_role("button", name="Replay").click()
        expect(page.get_by_role("alert")).to_contain_text("Refused again")
        page.get_by_role("link", name=re.compile("Discard")).first.click()
        assert title_of(page) == "Discard this for good?"
        assert faults_of(page) == []


@pytest.mark.parametrize("role", ["municipality", "water-board"])
def test_a_partner_follows_milestones_on_a_page_and_by_both_feeds(house: House, browser: Browser, role: str) -> None:
    with house.visit(browser, "board") as page:
        page.goto("/members/programs")
        page.locator("input[name=name]").fill(f"Feed of {role}")
        page.locator("input[value='read:feed']").check()
        page.get_by_role("button", name="Let it in").click()
        token = page.get_by_label("Token", exact=True).input_value()
        assert faults_of(page) == []
    with house.visit(browser, role) as page:
        page.goto("/governance/partner")
        expect(page.locator("main")).to_contain_text("Milestone reached")
        expect(page.locator("main")).not_to_contain_text("Tokens for the feed")
        page.get_by_role("link", name="All milestones and tranches").click()
        expect(page.locator("table", has_text="Tranches")).to_contain_text("released")
    program = browser.new_context(base_url=house.url)
    try:
        assert program.request.get("/governance/feed.atom").status == 401
        assert program.request.get("/governance/feed.atom", params={"token": token}).status == 401
        shown = {"authorization": f"Bearer {token}"}
        atom = program.request.get("/governance/feed.atom", headers=shown)
        entries = ET.fromstring(atom.body()).findall("{http://www.w3.org/2005/Atom}entry")
        events = program.request.get("/governance/feed.json", headers=shown).json()
        assert len(entries) >= 5
        assert {"milestone", "tranche"} <= {event["type"].split(".")[1].split("-")[0] for event in events}
    finally:
        program.close()
