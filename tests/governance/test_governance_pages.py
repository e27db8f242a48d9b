"""The pages, as a member, a board member and a partner meet them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeGuard

import pytest

from coop.governance.access import ACCESS
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.programmes import store
from coop.governance.service import GOVERNANCE
from coop.kit.database import Database
from coop.kit.http import GuardedRoute
from coop.values import BadInput, hash_parameters
from tests.desk import SECRETARY, sign_in
from tests.governance.assembly import (
    HELD,
    LATER,
    SECOND,
    TARIFF,
    TOWN,
    cast,
    client,
    live,
    meeting,
    resolution,
    rows,
    take_seat,
    tally,
    told,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

PAGES = ("/governance/", "/governance/programme", "/governance/partner")
CARDS = ("/governance/cards/decisions", "/governance/cards/programme")


def open_vote(embedded: Database) -> date:
    """Convene a meeting in five days, on which one may vote today; returns today."""
    today = LATER.date()
    convened = replace(
        meeting(resolution("next", "tariff", TARIFF), meeting_id="alv-2"),
        held_on=today + timedelta(days=5),
        convened_on=today - timedelta(days=10),
    )
    clock = embedded.clock
    assert isinstance(clock, SetClock)
    clock.set(LATER - timedelta(days=10))
    with embedded.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, convened)
    clock.set(LATER)
    return today


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_page_has_something_to_say_when_nothing_happened_yet(
    embedded: Database, tmp_path: Path, lang: str
) -> None:
    board = client(embedded, tmp_path, "board")
    for page in (*PAGES, *CARDS):
        answer = board.get(page, params={"lang": lang})
        assert answer.status_code == 200, page
        assert 'class="empty' in answer.text, page


def test_nobody_sees_a_page_or_a_card_without_signing_in(embedded: Database, tmp_path: Path) -> None:
    for page in (*PAGES, *CARDS, "/governance/resolutions/tariff", "/governance/meetings/alv-1"):
        assert client(embedded, tmp_path).get(page).status_code == 401


def test_a_resolution_shows_what_it_does_how_it_was_counted_and_one_hash_twice(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded)
    page = client(embedded, tmp_path, "member", member_id="m001").get("/governance/resolutions/tariff?lang=en").text
    assert "per GJ. For each gigajoule that the heat meter counts. Counts towards your ceiling." in page
    assert "€34.50" in page
    assert "Adopted with 4 votes for and 0 against." in page
    assert "Art. 14.2 asks at least 2/3 of the votes for and against;" in page
    assert "That is 3 of 4." in page
    assert "The board entered your vote: for, of 24 June 2026." in page
    assert page.count(hash_parameters(TARIFF)) == 2
    assert "<svg" in page


def test_the_overview_lists_what_was_decided_with_its_votes(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    page = client(embedded, tmp_path, "member", member_id="m001").get("/governance/?lang=nl").text
    assert "Aangenomen: 3 van 3." in page
    assert 'href="/governance/resolutions/build"' in page.replace("'", '"')


def test_a_member_votes_changes_their_mind_and_sees_only_their_own_ballot(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    today = open_vote(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "next", rows({"m002": "against"}, today), "alv-2")
    member = client(embedded, tmp_path, "member", member_id="m001")
    assert 'name="choice"' in member.get("/governance/resolutions/next").text
    for choice in ("for", "blank"):
        answer = member.post("/governance/resolutions/next/vote", data={"choice": choice}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/governance/resolutions/next")
    page = member.get("/governance/resolutions/next?lang=en").text
    assert "You voted blank on" in page
    assert "votes for and" not in page.split("Verdict")[1].split("asks")[0]
    other = client(embedded, tmp_path, "member", member_id="m003").get("/governance/resolutions/next?lang=en").text
    assert "You voted" not in other
    with embedded.read(TOWN) as tx:
        count = tally(tx, "next", today + timedelta(days=5))
    assert (count.votes_blank, count.votes_against, count.votes_for) == (1, 1, 0)


def test_a_vote_after_the_closing_gets_a_page_with_the_reason(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    member = client(embedded, tmp_path, "member", member_id="m001")
    answer = member.post(
        "/governance/resolutions/tariff/vote", data={"choice": "against"}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 409
    assert "the vote on tariff is closed" in answer.text


def test_who_is_no_member_cannot_vote(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    open_vote(embedded)
    for roles, status in ((("partner",), 403), (("board",), 403), (("member",), 403)):
        answer = client(embedded, tmp_path, *roles).post("/governance/resolutions/next/vote", data={"choice": "for"})
        assert answer.status_code == status


def test_no_answer_page_or_list_tells_how_an_open_vote_stands(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    today = open_vote(embedded)
    desk = client(embedded, tmp_path, "board", "operator", "treasurer", "auditor")
    addresses = (
        "/governance/?lang=en",
        "/governance/meetings/alv-2?lang=en",
        "/governance/meetings/alv-2/ballots?lang=en",
        "/governance/resolutions/next?lang=en",
        "/governance/cards/decisions?lang=en",
        "/governance/cards/waiting?lang=en",
        "/governance/exports/resolutions.csv?lang=en&meeting=alv-2",
        "/governance/exports/meetings.json?lang=en",
        "/governance/api/v1/meetings",
        "/governance/api/v1/resolutions/next",
        "/governance/api/v1/state",
        "/governance/feed.json?since=0",
    )

    def read() -> list[str]:
        return [re.sub(r'name="(entry|ballot)_id" value="[^"]+"', "", desk.get(address).text) for address in addresses]

    before = read()
    for member_id, choice in (("m001", "for"), ("m002", "for"), ("m003", "against")):
        with embedded.write(TOWN, SECRETARY) as tx:
            ballots.cast_own_vote(tx, "next", member_id, choice)
    assert read() == before
    trial = {"closed_on": (today + timedelta(days=5)).isoformat(), "dry_run": True}
    assert desk.post("/governance/api/v1/meetings/alv-2/close", json=trial).status_code == 422
    assert desk.get("/governance/exports/count.csv?meeting=alv-2").status_code == 404


def test_the_board_closes_after_a_warning_that_decides_nothing(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="close")
    board = client(embedded, tmp_path, "board")
    preview = board.post("/governance/meetings/alv-1/close?lang=en", data={})
    assert preview.status_code == 200
    assert "Closing cannot be undone" in preview.text
    assert "4 votes" not in preview.text
    assert told(embedded) == []
    confirmed = {"confirmed": "yes"}
    assert board.post("/governance/meetings/alv-1/close", data=confirmed).status_code == 200
    assert len(told(embedded)) == 6


def test_a_member_cannot_convene_or_close(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="close")
    member = client(embedded, tmp_path, "member", member_id="m001")
    assert member.get("/governance/meetings/new").status_code == 403
    assert member.post("/governance/meetings/new", data={"held_on": "2027-01-01"}).status_code == 403
    assert member.post("/governance/meetings/alv-1/close", data={"closed_on": HELD.isoformat()}).status_code == 403


def test_a_partner_and_the_board_release_a_referred_tranche_each_after_a_confirmation(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded, until="seats")
    partner = client(embedded, tmp_path, "partner")
    unseated = partner.get("/governance/partner?lang=en").text
    assert 'href="/governance/steering"' in unseated
    assert 'name="decision"' not in unseated
    with embedded.write(TOWN, SECRETARY) as tx:
        take_seat(tx, SECRETARY, "partner", "Water board")
        take_seat(tx, SECOND, "co-operative", by=SECRETARY)
    assert "it was reached after the deadline" in partner.get("/governance/partner?lang=en").text
    asked = partner.post("/governance/tranches/t3/decide?lang=en", data={"decision": "release"})
    assert (asked.status_code, "say why: members read it beside your decision" in plain(asked.text)) == (422, True)
    why = {"decision": "release", "reason": "Seen on site: <it> runs."}
    asked = partner.post("/governance/tranches/t3/decide?lang=en", data=why)
    assert "Release this tranche?" in asked.text
    with embedded.read(TOWN) as tx:
        assert store.list_tranche_states(tx)["t3"].released_on is None
    confirmed = {**why, "confirmed": "yes"}
    assert "once the other side says so too" in partner.post("/governance/tranches/t3/decide", data=confirmed).text
    assert "Decision 2027-1, 1 September 2027, Water board: release." in partner.get("/governance/partner?lang=en").text
    with embedded.read(TOWN) as tx:
        assert store.list_tranche_states(tx)["t3"].released_on is None
    board = sign_in(partner, "board", account_id="account-2")
    assert "The steering group released" in board.post("/governance/tranches/t3/decide", data=confirmed).text
    with embedded.read(TOWN) as tx:
        state = store.list_tranche_states(tx)["t3"]
    assert (state.released_on, {made.actor for made in state.steering}) == (
        LATER.date(),
        {"account:account-1", "account:account-2"},
    )
    reader = client(embedded, tmp_path, "member")
    programme = plain(reader.get("/governance/programme").text)
    assert all(
        f"Decision 2027-{number}, 1 September 2027, {party}: release. Seen on site" in programme
        for number, party in ((1, "Water board"), (2, "the co-operative"))
    )
    assert reader.post("/governance/tranches/t3/decide", data=confirmed).status_code == 403


def test_the_programme_shows_money_milestones_and_the_days_it_stood_still(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    page = client(embedded, tmp_path, "member", member_id="m001").get("/governance/programme?lang=en").text
    assert "€6,930,000" in page
    assert "days stood still waiting for money: 31." in page
    assert "reached too late" in page
    assert "Released on 10 August 2027." in page
    assert 'name="decision"' not in page


def test_the_partner_page_calls_things_by_their_names_and_days(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    told(embedded)
    page = client(embedded, tmp_path, "partner").get("/governance/partner?lang=en").text
    assert "Milestone reached: Permit" in page
    assert "Tranche 1 released: €3,080,000 from Municipality" in page
    assert "1 December 2026" in page
    assert "http://testserver/governance/feed.atom" in page


def test_a_member_is_told_that_the_same_vote_stood_already(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    open_vote(embedded)
    member = client(embedded, tmp_path, "member", member_id="m001")
    answers = [member.post("/governance/resolutions/next/vote?lang=en", data={"choice": "for"}).text for _ in range(2)]
    assert "Your vote is in the box: for." in answers[0]
    assert "Your vote is in the box: for." in answers[1]


def test_the_board_cannot_overwrite_a_member_s_own_vote(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    today = open_vote(embedded)
    member = client(embedded, tmp_path, "member", member_id="m001")
    member.post("/governance/resolutions/next/vote", data={"choice": "for"})
    board = client(embedded, tmp_path, "board")
    ahead, now = (
        {"resolution_id": "next", "paper": "room", "ballots": rows({"m001": "against"}, cast_on)}
        for cast_on in (today + timedelta(days=5), today)
    )
    refused = board.post("/governance/api/v1/meetings/alv-2/votes", json=ahead)
    assert [problem["field"] for problem in refused.json()["problems"]] == ["cast_on"]
    entered = board.post("/governance/api/v1/meetings/alv-2/votes", json=now).json()
    with pytest.raises(BadInput, match="m001 voted personally"), embedded.write(TOWN, SECOND) as tx:
        entries.confirm(tx, entered["entry_id"], KINDS)
    with embedded.read(TOWN) as tx:
        count = tally(tx, "next", today + timedelta(days=5))
    assert (count.votes_for, count.votes_against) == (1, 0)


def test_a_member_sees_that_a_ballot_was_entered_for_them(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    today = open_vote(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "next", rows({"m001": "against"}, today), "alv-2")
    member = client(embedded, tmp_path, "member", member_id="m001")
    assert "The board entered your vote: against" in member.get("/governance/resolutions/next?lang=en").text
    member.post("/governance/resolutions/next/vote", data={"choice": "against"})
    assert "You voted against on" in member.get("/governance/resolutions/next?lang=en").text


def test_what_people_wrote_is_escaped(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    nasty = replace(resolution("nasty"), subject_nl="<b>x</b>", subject_en="<b>x</b>")
    with embedded.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, replace(meeting(nasty), convened_on=tx.today))
    clock = embedded.clock
    assert isinstance(clock, SetClock)
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    for page in ("/governance/", "/governance/resolutions/nasty", "/governance/meetings/alv-1", *CARDS):
        text = client(embedded, tmp_path, "board").get(page).text
        assert "<b>x</b>" not in text


def test_every_entry_of_the_menu_and_every_card_opens_for_all_who_see_it() -> None:
    pages = {route.path: route for router in GOVERNANCE.routers for route in router.routes if _is_page(route)}
    entries = [(section.href, section.action) for section in GOVERNANCE.sections]
    entries += [(address, card.action) for card in GOVERNANCE.cards for address in (card.href, card.source)]
    for address, action in entries:
        assert ACCESS.table[action] <= ACCESS.table[pages[address].action], address


def _is_page(route: object) -> TypeGuard[GuardedRoute]:
    return isinstance(route, GuardedRoute) and route.methods == {"GET"}


def test_a_vote_waits_for_a_member_until_they_voted(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    today = open_vote(embedded)
    member = client(embedded, tmp_path, "member", member_id="m001")
    line = member.get("/governance/cards/waiting?lang=en").text
    assert "You have not voted yet: " in line
    assert f'data-until="{(today + timedelta(days=5)).isoformat()}"' in line
    assert "5 days left" in line
    member.post("/governance/resolutions/next/vote", data={"choice": "for"})
    assert member.get("/governance/cards/waiting?lang=en").text.strip() == ""
    board = client(embedded, tmp_path, "board").get("/governance/cards/waiting?lang=en").text
    assert "Members vote for the meeting of" in board
    assert "/governance/meetings/alv-2" in board
    assert client(embedded, tmp_path, "auditor").get("/governance/cards/waiting").text.strip() == ""


def test_the_steps_of_a_beginning_name_the_statutes_and_the_tariff(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    board = client(embedded, tmp_path, "board")
    statutes = board.get("/governance/cards/step-statutes?lang=en").text
    assert "in force from" in statutes
    assert "still to do" not in statutes
    assert "No meeting has adopted one yet." in board.get("/governance/cards/step-tariff?lang=en").text
    open_vote(embedded)
    board = client(embedded, tmp_path, "board")
    coming = board.get("/governance/cards/step-tariff?lang=en").text
    assert "decides on it." in coming
    assert "/governance/meetings/alv-2" in coming


def test_a_tariff_that_was_adopted_is_a_step_that_is_done(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    step = client(embedded, tmp_path, "board").get("/governance/cards/step-tariff?lang=en").text
    assert "Adopted on" in step
    assert "still to do" not in step


def test_a_voter_reads_until_when_by_which_rule_and_who_may_vote_for_them(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="vote")
    clock = embedded.clock
    assert isinstance(clock, SetClock)
    clock.set(datetime(2026, 6, 1, 9, tzinfo=UTC))
    page = client(embedded, tmp_path, "member", member_id="m001")
    page.post("/governance/resolutions/tariff/vote", data={"choice": "for", "ballot_id": "one"})
    page.post("/governance/resolutions/tariff/vote", data={"choice": "against", "ballot_id": "two"})
    seen = plain(page.get("/governance/resolutions/tariff", params={"lang": "nl"}).text)
    assert "U kunt hier stemmen tot het sluiten van de vergadering van 24 juni 2026." in seen
    assert "Art. 14.2 vraagt" in seen
    assert "Uw eigen stem beëindigt die." in seen
    assert re.search(r"Volgens art\. [0-9.]+ heeft niemand er meer dan [12]\.", seen)
    assert "Wat u eerder stemde" in seen
    assert page.get("/governance/meetings/alv-1/calendar.ics").status_code == 200
