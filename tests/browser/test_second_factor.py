"""The second step in a real browser: a passkey by Chromium's own authenticator, an app's code, pages for everybody."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from coop.communities.commands import describe
from coop.communities.model import ANY_HOST, Profile
from coop.demo.cooperative import COMMUNITY
from coop.kit.actor import COMMAND_LINE
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.settings import Settings
from coop.members.factors.rules.codes import count_step, show_code
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.operator.runtime import open_rooms
from tests.browser.house import DESKTOP, HEIGHTS_PX, PHONE, faults_of
from tests.flows.installation import embedded

pytestmark = pytest.mark.browser

PASSWORD = "warm water uit de gracht"
PEOPLE = {"bram@warm.example": "Bram", "noor@warm.example": "Noor", "omar@warm.example": "Omar"}


@pytest.fixture(scope="module")
def url(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real co-operative with a board, under a host name: browsers keep no passkeys for a bare address."""
    with embedded(tmp_path_factory.mktemp("warm")) as settings:
        _begin(settings)
        yield f"http://localhost:{settings.port}"


def _begin(settings: Settings) -> None:
    rooms = open_rooms(settings, migrate=False)
    with rooms["members"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        describe(tx, Profile((ANY_HOST,), "Coöperatie Warm U.A.", "Warm"))
        for email, name in PEOPLE.items():
            create_account(tx, ROLES, NewAccount(email, name, frozenset({"board"}), PASSWORD))
    for room in rooms.values():
        room.database.close()


@dataclass
class Visitor:
    """A page, and the authenticator that is plugged in."""

    page: Page
    cdp: CDPSession
    authenticator: str

    def give_password(self, email: str) -> None:
        self.page.goto("/members/sign-in?lang=en")
        self.page.locator("#email").fill(email)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("main form button").click()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").click()


@contextmanager
def visit(browser: Browser, url: str, width_px: int = DESKTOP) -> Iterator[Visitor]:
    """Visit with a device inside the computer that knows its owner."""
    size: Any = {"width": width_px, "height": HEIGHTS_PX[width_px]}
    context = browser.new_context(viewport=size, locale="en-GB", base_url=url)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    try:
        yield Visitor(page, cdp, added["authenticatorId"])
    finally:
        context.close()


def test_a_passkey_is_made_on_the_way_in_and_opens_alone_and_beside_a_password(browser: Browser, url: str) -> None:
    with visit(browser, url) as visitor:
        page = visitor.page
        visitor.give_password("bram@warm.example")
        expect(page.locator("h1")).to_have_text("Choose a second factor")
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name").fill("This computer")
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.locator(".recovery-codes li")).to_have_count(10)
        page.get_by_role("link", name="I have kept them").click()
        expect(page.get_by_role("link", name="Your account")).to_be_visible()

        visitor.sign_out()
        page.goto("/members/sign-in/passkey?next=/members/factors")
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.locator("main")).to_contain_text("This computer")
        expect(page.locator("main")).to_contain_text("last used")

        visitor.sign_out()
        visitor.give_password("bram@warm.example")
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.get_by_role("link", name="Your account")).to_be_visible()


def test_a_browser_whose_device_does_not_know_its_owner_opens_nothing_alone(browser: Browser, url: str) -> None:
    with visit(browser, url) as visitor:
        page = visitor.page
        visitor.cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": visitor.authenticator, "isUserVerified": False}
        )
        page.goto("/members/sign-in/passkey?lang=en")
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.locator("[data-passkey-says]")).to_have_text(
            "No passkey was used. Try again, or choose another way."
        )


@pytest.mark.parametrize(("width_px", "email"), [(PHONE, "noor@warm.example"), (DESKTOP, "omar@warm.example")])
def test_every_page_of_an_app_with_codes_is_for_everybody(
    browser: Browser, url: str, width_px: int, email: str
) -> None:
    with visit(browser, url, width_px) as visitor:
        page = visitor.page
        visitor.give_password(email)
        assert faults_of(page) == []
        page.goto("/members/factors/passkeys/new")
        assert faults_of(page) == []
        page.goto("/members/factors/app")
        assert faults_of(page) == []
        page.locator("summary", has_text="Cannot scan it?").click()
        spelled = page.locator("code").first.inner_text()
        secret = base64.b32decode(spelled.replace(" ", ""))
        page.get_by_label("The six digits").fill(show_code(secret, count_step(SYSTEM_CLOCK.now())))
        page.get_by_role("button", name="Confirm").click()
        assert faults_of(page) == []
        code = page.locator(".recovery-codes code").first.inner_text()
        for path in ("/members/factors", "/members/lost-factors", "/members/sign-in/passkey"):
            page.goto(path)
            assert faults_of(page) == []
        visitor.sign_out()
        page.goto("/members/sign-in/passkey")
        assert faults_of(page) == []
        visitor.give_password(email)
        assert faults_of(page) == []
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_without_script_a_passkey_says_that_it_needs_it(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB", base_url=url)
    page = context.new_page()
    page.goto("/members/sign-in/passkey?lang=en")
    expect(page.locator("main")).to_contain_text("A passkey works only with JavaScript")
    expect(page.get_by_role("button", name="Use my passkey")).to_be_hidden()
    context.close()
