"""Takes the pictures of the guides and the README from the running product: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from coop.demo.acts import close, convene_open_meeting
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.clock import SYSTEM_CLOCK, today
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.beginning import begin, draft_profile
from coop.values import Period
from tests.browser.house import UNBILLED, House
from tests.flows.installation import SECRET, coop_process
from tests.flows.installation import embedded as embed
from tests.servers.chromium import chromium_path, open_browser
from tests.servers.process import answers, free_port

FOLDER = Path(__file__).parents[2] / "docs" / "images"
PLAN = DemoPlan(size=12, seed=3)
WIDTH_PX, HEIGHT_PX = 1000, 720
PHONE_PX = 390


def main() -> None:
    """Play a demonstration, begin a co-operative, and photograph both."""
    with tempfile.TemporaryDirectory() as folder, open_browser(chromium_path()) as browser:
        photograph_beginning(browser, Path(folder) / "empty")
        with embed(Path(folder) / "year") as settings, Doors(settings, settings.public_url()) as doors:
            play_year(PLAN, doors, through_http(doors), Mark(Path(folder) / "played.json", PLAN), lambda _: None)
            convene_open_meeting(PLAN, today(SYSTEM_CLOCK), doors)
            close(Period.parse(UNBILLED), doors)
            doors.settled()
            photograph_year(House(settings, PLAN, doors, today(SYSTEM_CLOCK)), browser)


def photograph_beginning(browser: Browser, folder: Path) -> None:
    """The steps to a first bill, as the first secretary meets them."""
    settings = Settings(data_dir=folder, port=free_port(), secret=SECRET)
    profile = draft_profile(
        {"name": "Coöperatie Warm U.A.", "street": "Kade 1", "postal_code": "1011 AB", "city": "Amsterdam"},
        "noor@warm.example",
    )
    begin(settings, "warm", profile, "noor@warm.example")
    with coop_process(settings, "run"):
        while not answers(settings.port):
            pass
        context = browser.new_context(
            viewport={"width": WIDTH_PX, "height": HEIGHT_PX}, locale="nl-NL", base_url=settings.public_url()
        )
        session = Session("a-1", "Noor", frozenset({"board"}), None, "warm", "s-1", SYSTEM_CLOCK.now())
        context.add_cookies([{"name": COOKIE, "value": sign(session, SECRET), "url": settings.public_url()}])
        page = context.new_page()
        page.goto("/")
        page.locator(".gathered.whole ol").wait_for()
        keep(page, "start-list")
        context.close()


def photograph_year(house: House, browser: Browser) -> None:
    """A year of the demonstration, as a member and the board meet it."""
    with house.visit(browser, "member", lang="nl") as page:
        page.set_viewport_size({"width": WIDTH_PX, "height": HEIGHT_PX})
        page.goto("/billing/")
        keep(page, "cost")
        follow(page, r"^/billing/bills/[0-9a-f-]{36}$", "bill")
        follow(page, r"^/metering/readings/", "reading")
    with house.visit(browser, "member", PHONE_PX, lang="nl") as page:
        page.goto("/")
        page.locator(".gathered.whole").wait_for()
        page.wait_for_load_state("networkidle")
        keep(page, "phone")
    with house.visit(browser, "board", lang="nl") as page:
        page.set_viewport_size({"width": WIDTH_PX, "height": HEIGHT_PX})
        page.goto("/")
        page.locator(".gathered.whole").last.wait_for()
        page.wait_for_load_state("networkidle")
        keep(page, "waiting")
        page.goto(f"/billing/runs/{UNBILLED}")
        keep(page, "run")
        page.goto("/governance/programme")
        keep(page, "programme")


def follow(page: Page, address: str, name: str) -> None:
    """Go where the first link leads that has such an address, and keep what is seen there."""
    hrefs = page.locator("main a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    matches: Callable[[str], object] = re.compile(address).search
    page.goto(next(href for href in hrefs if href and matches(href)))
    keep(page, name)


def keep(page: Page, name: str) -> None:
    """Write what the window shows."""
    page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
