"""Meetings on pages alone, from the agenda to the minutes: an election over two rounds, and a motion of members.

Members vote on a phone, the board works at a desk; every page on the way is looked at on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from coop.governance.service import GOVERNANCE
from coop.governance.statutes.model import Motions, Term
from coop.governance.statutes.version import Statutes
from tests.browser.desk import Desk, serve_desk
from tests.browser.house import DESKTOP, HEIGHTS_PX, PHONE, faults_of
from tests.desk import SECRETARY
from tests.founding import found_in
from tests.governance.assembly import TOWN, admit, adopt, members
from tests.governance.elections.room import ONLINE
from tests.kit.clocks import SetClock

pytestmark = pytest.mark.browser

NOTICE, AHEAD, EVENING = date(2026, 5, 20), date(2026, 6, 10), date(2026, 6, 24)
ARTICLES = replace(ONLINE, motions=Motions("art. 19", Term("art. 19.4", 10), members=2, at_meeting=True))


@pytest.fixture
def desk(chromium: str, tmp_path: Path) -> Iterator[Desk]:
    """Five members whose statutes are on file."""
    clock = SetClock(datetime(2026, 5, 1, 9, tzinfo=UTC))
    database = GOVERNANCE.open_database(f"sqlite:///{tmp_path}/governance.db", clock=clock)
    found_in(database, TOWN)
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(5))
        adopt(tx, Statutes(date(2020, 1, 1), ARTICLES))
    with serve_desk(GOVERNANCE, database, clock, tmp_path) as served:
        yield served


def test_a_member_of_the_board_is_elected_in_the_second_round(desk: Desk, browser: Browser) -> None:
    desk.turn_to(NOTICE)
    with desk.visit(browser, "board", "noor") as page:
        convene(page, "election", "Bestuurslid", {
            "Seats": "1",
            "The term begins on": "2026-07-01",
            "The term ends on": "2029-07-01",
            "Candidates": "L-001\nL-002\nL-003",
        })  # fmt: skip
    desk.turn_to(EVENING, hour=20)
    with desk.visit(browser, "board", "noor") as page, desk.visit(browser, "board", "ada") as second:
        note_arrivals(page)
        follow(page, "Bestuurslid")
        press(page, "Open this vote")
        for member_id, name in zip(members(5), ("L-001", "L-002", "L-001", "L-002", "L-003"), strict=True):
            elect(desk, browser, member_id, name)
        press(page, "Close this vote and count it")
        expect(page.locator("main")).to_contain_text("Next: vote 2")
        page.get_by_label("Whoever is in the room votes on paper").check()
        press(page, "Open this vote")
        page.get_by_text("Enter the count of the papers").click()
        fill(
            page, {"Member L-001": "2", "Member L-002": "3", "Votes on valid papers": "5", "On which paper": "Sheet 1"}
        )
        press(page, "Enter this count")
        expect(page.locator("main")).to_contain_text("somebody else of the board confirms it")
        look(page)
        second.goto(page.url)
        press(second, "I saw it myself: it is right")
        press(page, "Close this vote and count it")
        expect(page.locator("main")).to_contain_text("This election is over")
        close(second)
        second.goto("/governance/")
        follow(second, "Bestuurslid")
        expect(second.locator("main")).to_contain_text("Elected:Member L-002")
        look(second)
        write_minutes(page, second)
    with desk.visit(browser, "member", "m4", "m004", PHONE) as page:
        page.goto("/governance/offices")
        look(page)
        expect(page.locator("main")).to_contain_text("L-002")


def test_members_change_a_proposal_and_adopt_it_as_they_changed_it(desk: Desk, browser: Browser) -> None:
    desk.turn_to(NOTICE)
    with desk.visit(browser, "board", "noor") as page:
        convene(page, "other", "Zonnepanelen op het dak", {"Explanation in Dutch": "Op de helft van het dak."})
    desk.turn_to(AHEAD)
    with desk.visit(browser, "member", "m1", "m001", PHONE) as page:
        open_motions(page)
        expect(page.locator("main")).to_contain_text("Nothing was handed in")
        page.get_by_role("link", name="Change this proposal").click()
        look(page)
        fill(page, {"What is decided, in Dutch": "Op het hele dak", "Explanation in Dutch": "Op het hele dak."})
        press(page, "Hand it in")
        expect(page.locator("main")).to_contain_text("waits for members who back it")
        expect(page.locator("main")).to_contain_text("Op het hele dak.")
        expect(page.locator("main")).not_to_contain_text("helft")
        look(page)
    with desk.visit(browser, "member", "m2", "m002", PHONE) as page:
        open_motions(page)
        press(page, "I back this motion")
        expect(page.locator("main")).to_contain_text("on the agenda")
    desk.turn_to(EVENING, hour=20)
    for member_id, changes, as_changed in zip(
        members(5), ("for", "for", "for", "against", "blank"), ("for", "for", "for", "for", "against"), strict=True
    ):
        with desk.visit(browser, "member", f"account-{member_id}", member_id, PHONE) as page:
            for subject, choice in (("Op het hele dak", changes), ("as changed", as_changed)):
                cast(page, subject, choice)
    with desk.visit(browser, "board", "noor") as page, desk.visit(browser, "board", "ada") as second:
        close(page)
        open_point(page, "as changed")
        look(page)
        expect(page.locator("main")).to_contain_text("adopted")
        expect(page.locator("main")).not_to_contain_text("vote on each of them")
        write_minutes(page, second, "Handed in")


def look(page: Page) -> None:
    """See that a page is sound at the width at which it is open, and at the other."""
    size = page.viewport_size
    assert size is not None
    for width_px in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width_px, "height": HEIGHTS_PX[width_px]})
        assert faults_of(page) == [], f"{page.url} at {width_px} px"
    page.set_viewport_size(size)


def press(page: Page, button: str) -> None:
    """Press a button, and see that nothing was refused."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=button).first.click()
    expect(page.locator(".flash-refused, .problems")).to_have_count(0)


def fill(page: Page, texts: Mapping[str, str]) -> None:
    """Fill in the first field of each label."""
    for label, text in texts.items():
        page.get_by_label(label).first.fill(text)


def convene(page: Page, kind: str, subject: str, texts: Mapping[str, str]) -> None:
    """Fill in the agenda with one point, read the notice, and send it."""
    page.goto(f"/governance/meetings/new?kind={kind}")
    fill(
        page, {"Date of the meeting": EVENING.isoformat(), "Hour at which it begins": "19:30", "Place": "Het buurthuis"}
    )
    fill(page, {"What is decided, in Dutch": subject, **texts})
    press(page, "See the notice")
    expect(page.locator("main")).to_contain_text(subject)
    look(page)
    press(page, "Keep the notice")


def note_arrivals(page: Page) -> None:
    """Note everybody as in the room."""
    page.goto(f"/governance/meetings/alv-{EVENING}/attendance")
    for number in range(1, 6):
        page.get_by_label(f"Member L-{number:03}").get_by_role("button", name="In the room").click()
    look(page)


def follow(page: Page, subject: str) -> None:
    """Go from the list of decisions to a point."""
    page.goto("/governance/")
    page.locator("main").get_by_role("link", name=subject).first.click()


def elect(desk: Desk, browser: Browser, member_id: str, name: str) -> None:
    """A member chooses somebody, and sees that the vote is in the box."""
    with desk.visit(browser, "member", f"account-{member_id}", member_id, PHONE) as page:
        follow(page, "Bestuurslid")
        page.get_by_label(f"Member {name}").check()
        press(page, "Vote, with 1 vote")
        expect(page.locator("main")).to_contain_text(f"in the box Member {name}")
        expect(page.get_by_label(f"Member {name}")).to_be_checked()
        if member_id == members(1)[0]:
            look(page)


def close(page: Page) -> None:
    """Close the meeting, after a look at what closing means."""
    page.goto(f"/governance/meetings/alv-{EVENING}")
    press(page, "Close the meeting")
    press(page, "Close and decide")


def write_minutes(writer: Page, second: Page, said: str = "") -> None:
    """One person writes what was weighed, another confirms it, and anybody reads it, also on paper."""
    address = f"/governance/meetings/alv-{EVENING}/minutes"
    writer.goto(address)
    fill(writer, {"Chair": "Noor de Wit", "Secretary": "Ada Smit", "What was weighed": "Lang besproken."})
    press(writer, "Keep these minutes")
    second.goto(address)
    press(second, "I was there: this is right")
    expect(second.locator("main")).to_contain_text("Lang besproken.")
    expect(second.locator("main")).to_contain_text(said)
    look(second)
    assert second.request.get(f"{address}.pdf").body().startswith(b"%PDF-")


def open_motions(page: Page) -> None:
    """Go to the motions on the one point."""
    follow(page, "Zonnepanelen")
    page.get_by_role("link", name="Motions on this").click()


def open_point(page: Page, subject: str) -> None:
    """Go from the agenda to a point."""
    page.goto(f"/governance/meetings/alv-{EVENING}")
    page.locator("main table").get_by_role("link", name=subject).click()


def cast(page: Page, subject: str, choice: str) -> None:
    """Vote on a point of the agenda."""
    open_point(page, subject)
    page.locator(f"main input[name=choice][value={choice}]").check()
    press(page, "Vote")
