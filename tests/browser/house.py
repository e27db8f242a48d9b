"""A demonstration that people visit with a real browser: who they are, how they sign in, what every page owes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from coop.demo.accounts import accounts
from coop.demo.acts import password
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.kit.settings import Settings

PHONE, DESKTOP = 390, 1280
HEIGHTS_PX = {PHONE: 844, DESKTOP: 900}
UNBILLED = "2026-01"
"""The month after the year: closed on estimates, not billed."""

WATCH_POLICY = """
    window.violations = [];
    addEventListener("securitypolicyviolation", event =>
        violations.push(`${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`));
"""
"""Keeps what a page does that its Content-Security-Policy forbids."""

ALL_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""What another style sheet can break; every other rule sees the same page again."""


@dataclass(frozen=True)
class House:
    """A running installation in which a demonstration year was played."""

    settings: Settings
    plan: DemoPlan
    doors: Doors
    today: date

    @property
    def url(self) -> str:
        """Where its pages are."""
        return self.settings.public_url()

    @contextmanager
    def visit(
        self,
        browser: Browser,
        role: str,
        width_px: int = DESKTOP,
        lang: str = "en",
        scheme: Any = "light",
        refusals: int = 0,
    ) -> Iterator[Page]:
        """A page of somebody who has signed in.

        At the end the browser must have had nothing to complain about but ``refusals`` answers, which it notes as well.
        """
        size: Any = {"width": width_px, "height": HEIGHTS_PX[width_px]}
        context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB", base_url=self.url)
        complaints: list[str] = []

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                complaints.append(f"{message.text} at {message.location.get('url')}")

        try:
            page = context.new_page()
            page.add_init_script(WATCH_POLICY)
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(f"/members/sign-in?lang={lang}")
            if role:
                self.sign_in(page, role)
            yield page
            refused = [one for one in complaints if "status of 422" in one]
            others = [one for one in complaints if one not in refused]
            assert others == [], others
            assert len(refused) == refusals
        finally:
            context.close()

    def sign_in(self, page: Page, role: str) -> None:
        """Type e-mail address and password as printed by the demonstration."""
        account = next(one for one in accounts(self.plan) if one.role == role)
        page.locator("#email").fill(account.login)
        page.locator("#password").fill(password(self.plan, account))
        page.locator("main button[type=submit]").click()


def faults_of(page: Page, rules: dict[str, Any] = ALL_RULES) -> list[str]:
    """What a page lacks for any reader: one heading, no sideways scrolling, named pictures, and all that axe asks.

    Beside it stands what the page does that its policy forbids.
    """
    page.wait_for_load_state()
    page.locator("body").wait_for(state="attached")
    found: list[str] = page.evaluate(
        """() => {
            const faults = (window.violations || []).map(violation => `policy: ${violation}`);
            const count = document.querySelectorAll("h1").length;
            if (count !== 1) faults.push(`${count} main headings`);
            const root = document.documentElement;
            if (root.scrollWidth > root.clientWidth) faults.push(`${root.scrollWidth - root.clientWidth} px too wide`);
            for (const svg of document.querySelectorAll("svg")) {
                if (svg.closest("[aria-hidden=true]")) continue;
                const named = (svg.getAttribute("aria-labelledby") || "").split(" ");
                const nameless = id => !document.getElementById(id)?.textContent.trim();
                if (named.some(nameless)) faults.push("a picture without a name");
            }
            for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
                if (!input.labels.length) faults.push(`no label for ${input.name}`);
            return faults;
        }"""
    )
    violations = Axe().run(page, options={**rules, "resultTypes": ["violations"]}).response["violations"]
    return found + [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in violations]


def title_of(page: Page) -> str:
    """The main heading."""
    return page.locator("h1").inner_text()
