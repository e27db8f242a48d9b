"""A guarantee year of even amounts on pages: from the first advance to the yearly settlement and its paper.

Members, contracts, meters and the voted tariff are told as other services tell them; the rest is typed and read.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from coop.billing.jobs import set_amounts
from coop.billing.service import BILLING
from coop.kit.jobs import Work
from coop.values import Period
from tests.billing.village import address, admitted, even_amounts, hear, month_of, signed, tariff_adopted
from tests.browser.desk import Desk, serve_desk
from tests.desk import COMMUNITY
from tests.founding import found_in
from tests.kit.clocks import SetClock

pytestmark = pytest.mark.browser

MONTHS = Period.year(2025).months()
HEAT_GJ = ("6", "45", "4", "3", "1", "0.5", "0.5", "0.5", "1", "3", "4", "5")
"""Heat of each home by month; that of February is so unlikely that its run is held."""
FORECAST = "/billing/contracts/contract-anna/forecast"
CEILING_CENTS = 150_205
"""The ceiling of example E9 at the prices of 2025."""
SET_CENTS = 11_000


@pytest.fixture
def desk(chromium: str, tmp_path: Path) -> Iterator[Desk]:
    """Two homes under a voted tariff, in January, in a co-operative that asks for even amounts."""
    clock = SetClock(datetime(2025, 1, 10, 12, tzinfo=UTC))
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db", clock=clock)
    found_in(database)
    hear(database, tariff_adopted(), even_amounts())
    for name in ("anna", "bram"):
        hear(database, admitted(name), signed(name))
    with serve_desk(BILLING, database, clock, tmp_path) as served:
        yield served


def test_a_year_goes_from_the_first_advance_to_the_yearly_settlement(desk: Desk, browser: Browser) -> None:
    set_amounts(Work(desk.database, COMMUNITY, desk.clock.now(), "amounts"))  # the job of the night
    choose_amount(desk, browser)
    held = []
    for month, heat_gj in zip(MONTHS, HEAT_GJ, strict=True):
        desk.turn_to(month.end)
        hear(desk.database, *month_of(("anna", "bram"), month, heat_gj))
        held += [month] if run_month(desk, browser, month) else []
    assert MONTHS[1] in held
    address(desk.database)
    with desk.visit(browser, "member", "account-anna", "anna") as page:
        papers = [read_bill(page, address_of_bill) for address_of_bill in list_bills(page)]
    papers.sort(key=lambda paper: paper.number)
    *monthly, last = papers
    assert len(monthly) == 11
    assert [paper.asked_cents for paper in monthly] == [SET_CENTS] * 11
    for paper in monthly:
        assert paper.title == "Bill with your monthly amount"
        assert "Bill with your monthly amount" in paper.text
        assert paper.number in paper.text
        assert "110.00" in paper.text
    assert last.title == "Yearly settlement"
    assert "Yearly settlement" in last.text
    assert last.number in last.text
    assert sum(paper.asked_cents for paper in papers) == sum(paper.billed_cents for paper in papers)
    settled = re.search(r"This bill settles those before it \(([^)]*)\)", last.text)
    assert settled
    assert settled[1].split(", ") == [paper.number for paper in monthly]
    heat, given_back, paid, ceiling = read_guarantee(last.page)
    assert (ceiling, paid, heat - given_back) == (CEILING_CENTS, CEILING_CENTS, CEILING_CENTS)
    assert given_back > 0
    assert "1,502.05" in last.text, "the paper names the ceiling"


def choose_amount(desk: Desk, browser: Browser) -> None:
    """The member looks at the year and the amount, is refused one beyond the margin, and sets one within it."""
    with desk.visit(browser, "member", "account-anna", "anna") as page:
        page.goto(FORECAST)
        expect(page.locator("main")).to_contain_text("Your monthly amount of €125.18")
        expect(page.locator("main")).to_contain_text("From €93.89 to €156.47")
        set_to(page, "93.88")
        expect(page.locator("main")).to_contain_text("must be from 93.89 to 156.47 euros")
        page.goto(FORECAST)
        set_to(page, "110.00")
        expect(page.locator(".flash")).to_contain_text("Your monthly amount is set")
        expect(page.locator("main")).to_contain_text("Your monthly amount of €110.00 is not enough")
    with desk.visit(browser, "board", "account-1") as page:
        page.goto("/billing/amounts")
        expect(page.locator("main table tbody tr", has_text="€110.00")).to_have_count(1)
        expect(page.locator("main table tbody tr", has_text="€125.18")).to_have_count(2)


def set_to(page: Page, amount: str) -> None:
    page.get_by_label("Monthly amount in euros").fill(amount)
    with page.expect_navigation():
        page.get_by_role("button", name="Set this amount").click()


def run_month(desk: Desk, browser: Browser, month: Period) -> bool:
    """The treasurer issues the run of a month; where it is held, which is returned, a second person releases it."""
    with desk.visit(browser, "treasurer", "account-1") as page:
        page.goto(f"/billing/runs/{month}")
        page.get_by_role("button", name="Issue these bills").click()
        expect(page.locator(".flash")).to_be_visible()
        is_held = "The run is held" in page.locator(".flash").inner_text()
        expect(page.get_by_role("link", name="Release the run")).to_have_count(0)
    if not is_held:
        return False
    with desk.visit(browser, "board", "account-2") as page:
        page.goto(f"/billing/runs/{month}")
        page.get_by_role("link", name="Release the run").click()
        page.get_by_role("button", name="Issue these bills").click()
        expect(page.locator(".flash")).to_contain_text("The bills are issued")
    return True


@dataclass(frozen=True)
class Read:
    """A bill as its page and its paper tell it."""

    title: str
    number: str
    asked_cents: int
    billed_cents: int
    page: str
    text: str


def list_bills(page: Page) -> list[str]:
    """Addresses of the member's bills, from the list."""
    page.goto("/billing/")
    links = page.locator("table.data a[href^='/billing/bills/']")
    found = links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return sorted({address for address in found if not address.endswith(".pdf")})


def read_bill(page: Page, bill: str) -> Read:
    page.goto(bill)
    title, number = page.locator("h1").inner_text().rsplit(" ", 1)
    main = page.locator("main").inner_text()
    figure = re.search(r"(To pay|You receive)\s+(-?€[\d,.]+)", main, re.IGNORECASE)
    assert figure
    asked_cents = cents(figure[2]) * (1 if figure[1].lower() == "to pay" else -1)
    total = page.locator("table", has_text="Description").locator("tfoot").first.inner_text()
    paper = page.request.get(page.get_by_role("link", name="PDF", exact=True).get_attribute("href") or "")
    assert paper.headers["content-type"] == "application/pdf"
    text = text_of(paper.body())
    return Read(title, number, asked_cents, cents(total), " ".join(main.split()), text)


def text_of(pdf: bytes) -> str:
    """Words of a paper, on one line."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("no pdftotext on this machine (Debian: apt-get install poppler-utils)")
    read = subprocess.run([program, "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(read.stdout.decode().split())


def read_guarantee(text: str) -> list[int]:
    """What heat cost in the year, what was given back, what was paid, and the ceiling [euro cents]."""
    amount = r"(€[\d,]+\.\d\d)"
    said = re.search(
        rf"heat cost {amount} so far; {amount} was given back, so you paid {amount} of at most {amount}", text
    )
    assert said, text
    return [cents(each) for each in said.groups()]


def cents(text: str) -> int:
    """Euro cents of the first amount in a text."""
    found = re.search(r"(-?)€([\d,]+)\.(\d\d)", text)
    assert found, text
    return int(f"{found[1]}{found[2].replace(',', '')}{found[3]}")
