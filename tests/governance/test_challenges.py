"""Outcomes that are disputed at the meeting as soon as they are pronounced, and the votes that follow (BW 2:13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, text, update

from coop.events.governance import DecisionStopped, NewVoteOpened, ResolutionDecided, RulingDisputed, TariffAdopted
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.challenges.counting import count_again
from coop.governance.ballots.challenges.jobs import count_left_open
from coop.governance.ballots.challenges.store import list_open_again
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening.challenging import dispute_ruling, enter_challenge, view_challenge
from coop.governance.meetings.store import list_tariffs
from coop.governance.tables.challenges import challenge
from coop.governance.tables.meetings import ballot
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.values import BadInput, CoopError
from coop.verification.athome import WORDS, check_source
from tests.desk import SECRETARY
from tests.governance.assembly import (
    MEETING,
    TOWN,
    cast,
    client,
    clock_of,
    confirm,
    live,
    meeting,
    members,
    only,
    resolution,
    rows,
    sit_down,
    told,
)
from tests.governance.test_options import begin, options
from tests.governance.test_options import set_day as set_at
from tests.governance.test_votes_at_home import take
from tests.metering.test_meter_pages import plain

CLOSED = datetime(2026, 6, 24, 18, tzinfo=UTC)
ONE, TWO, THREE, FOUR = members(4)


def at(database: Database, minutes: int) -> None:
    """Set the clock to some minutes after the outcome was pronounced."""
    set_at(database, CLOSED + timedelta(minutes=minutes))


def member(member_id: str) -> Actor:
    return Actor("account", f"account-of-{member_id}", "page")


def dispute(database: Database, member_id: str = ONE, resolution_id: str = "tariff") -> bool:
    with database.write(TOWN, member(member_id)) as tx:
        return dispute_ruling(tx, resolution_id, member_id)


def vote(database: Database, resolution_id: str, choices: Mapping[str, str]) -> None:
    for member_id, choice in choices.items():
        with database.write(TOWN, member(member_id)) as tx:
            ballots.cast_own_vote(tx, resolution_id, member_id, choice, f"{resolution_id}-{member_id}-{choice}")


def vote_room(database: Database, resolution_id: str, choices: dict[str, str]) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, resolution_id, rows(choices))


def count(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        count_again(tx, "alv-1")


def find_new(database: Database) -> str:
    with database.read(TOWN) as tx:
        [again] = list_open_again(tx)
    return again


def findings(database: Database, *resolutions: str) -> list[tuple[str, ...]]:
    with database.read(TOWN) as tx:
        return [verify_resolution(tx, each).findings for each in resolutions]


def hold(database: Database, ahead: Mapping[str, str], on_the_day: Mapping[str, str]) -> None:
    """A meeting of four on a tariff, of whom some vote ahead and some on its day, all in their own sessions."""
    live(database, until="vote")
    set_at(database, datetime(2026, 6, 1, 9, tzinfo=UTC))
    vote(database, "tariff", ahead)
    set_at(database, CLOSED - timedelta(hours=1))
    vote(database, "tariff", on_the_day)
    at(database, 0)
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")


@pytest.mark.parametrize(("choice", "verdict"), [("against", "rejected"), ("for", "adopted")])
def test_one_voter_of_the_room_has_it_voted_again_and_the_first_vote_has_no_effect(
    database: Database, choice: str, verdict: str
) -> None:
    live(database, until="reach")
    at(database, 5)
    assert (dispute(database), dispute(database)) == (True, False)
    again = find_new(database)
    with database.read(TOWN) as tx:
        assert list_tariffs(tx) == []
    with pytest.raises(CoopError, match="votes anew first"):
        count(database)
    vote_room(database, again, {ONE: "for", TWO: "for", THREE: choice, FOUR: "against"})
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")  # sent again, it counts nothing of what is open
    assert find_new(database) == again
    at(database, 10)
    count(database)
    count(database)
    facts = told(database)
    [asked], [opened], [fell] = only(facts, RulingDisputed), only(facts, NewVoteOpened), only(facts, DecisionStopped)
    assert (asked.member_id, asked.by_hands, asked.votes_asking, asked.new_vote) == (ONE, True, 1, again)
    assert (opened.again_of, opened.article, opened.carried) == ("tariff", "BW 2:13 lid 4", 0)
    assert (fell.manner, fell.resolution_id, fell.from_on, fell.stop_id) == (
        "disputed", "tariff", date(2027, 1, 1), again,
    )  # fmt: skip
    decided = {each.resolution_id: each.verdict for each in only(facts, ResolutionDecided)}
    assert decided == {"tariff": "adopted", "key": "adopted", "build": "adopted", again: verdict}
    effects = [each.resolution_id for each in only(facts, TariffAdopted)]
    assert effects == (["tariff", again] if verdict == "adopted" else ["tariff"])
    with database.read(TOWN) as tx:
        assert [each.resolution_id for each in list_tariffs(tx)] == effects[1:]
    assert findings(database, "tariff", again, "key") == [(), (), ()]


def test_where_all_voted_in_their_own_sessions_more_than_half_of_the_votes_there_ask_for_it(database: Database) -> None:
    """LAW-32: one is not enough where it was in writing; of four that are there, two are half and three are more."""
    hold(database, {}, dict.fromkeys(members(4), "for"))
    at(database, 1)
    for asking in (ONE, TWO):
        dispute(database, asking)
        with database.read(TOWN) as tx:
            assert list_open_again(tx) == []
    dispute(database, THREE)
    facts = told(database)
    assert [(each.votes_asking, each.votes_there, bool(each.new_vote)) for each in only(facts, RulingDisputed)] == [
        (1, 4, False), (2, 4, False), (3, 4, True),
    ]  # fmt: skip
    assert findings(database, "tariff") == [()]


def test_votes_ahead_of_the_meeting_go_on_until_their_member_votes_anew(database: Database) -> None:
    """Two vote ahead and two on the day. Who voted ahead is not there: the two who are ask for it together."""
    hold(database, {ONE: "for", TWO: "for"}, {THREE: "for", FOUR: "for"})
    at(database, 1)
    with pytest.raises(CoopError, match="is at the meeting"):
        dispute(database, ONE)
    dispute(database, THREE)
    dispute(database, FOUR)
    again = find_new(database)
    with database.read(TOWN) as tx:
        carried = {name: each.choice for name, each in list_standing(tx, again).items()}
    assert carried == {ONE: "for", TWO: "for"}
    vote(database, again, {ONE: "against", THREE: "against", FOUR: "against"})
    at(database, 10)
    count(database)
    [decided] = [each for each in only(told(database), ResolutionDecided) if each.resolution_id == again]
    assert (decided.verdict, decided.votes_for, decided.votes_against) == ("rejected", 1, 3)
    assert findings(database, "tariff", again) == [(), ()]
    assert list(check_source(take(database, ONE, again), WORDS["en"])) == []


def test_what_is_said_in_the_room_holds_once_a_second_person_confirms_it(database: Database) -> None:
    hold(database, {ONE: "for", TWO: "for", THREE: "for"}, {FOUR: "for"})
    at(database, 20)
    with database.write(TOWN, SECRETARY) as tx:
        with pytest.raises(BadInput, match="no member with number L-999"):
            enter_challenge(tx, "tariff", "L-999", "note of 20:20")
        entry = enter_challenge(tx, "tariff", "", "note of 20:20: majority")
        assert list_open_again(tx) == []
    at(database, 40)  # it counts from when it was entered
    with database.write(TOWN, SECRETARY) as tx:
        assert (confirm(tx, entry), confirm(tx, entry)) == (1, 0)
    again = find_new(database)
    [asked] = only(told(database), RulingDisputed)
    assert (asked.asked_by, asked.member_id, asked.entry_id, asked.new_vote) == ("majority", "", entry.entry_id, again)
    assert findings(database, "tariff") == [()]


def test_it_is_disputed_at_once_or_not_here(embedded: Database) -> None:
    live(embedded, until="reach")
    at(embedded, 31)
    with pytest.raises(CoopError) as late:
        dispute(embedded)
    assert late.value.code == "challenge-late"
    at(embedded, 60 * 24)
    with pytest.raises(CoopError) as over:
        dispute(embedded)
    assert over.value.code == "not-at-meeting"
    with embedded.read(TOWN) as tx:
        assert view_challenge(tx, "tariff", ONE).is_open is False


def test_one_voter_has_the_original_vote_held_again_and_of_a_new_one_only_the_majority_has_another(
    embedded: Database,
) -> None:
    """Whoever lost could have it voted again all evening, each time as the one voter who is enough."""
    live(embedded, until="reach")
    at(embedded, 1)
    dispute(embedded)
    with pytest.raises(CoopError) as before:
        dispute(embedded, TWO)
    assert before.value.code == "voted-again"
    again = find_new(embedded)
    vote_room(embedded, again, dict.fromkeys(members(4), "for"))
    at(embedded, 7)
    count(embedded)
    for asking in (TWO, ONE):
        dispute(embedded, asking, again)
        with embedded.read(TOWN) as tx:
            assert list_open_again(tx) == []
    dispute(embedded, THREE, again)
    third = find_new(embedded)
    vote_room(embedded, third, dict.fromkeys(members(4), "for"))
    at(embedded, 14)
    count(embedded)
    assert findings(embedded, "tariff", again, third) == [(), (), ()]
    assert list(check_source(take(embedded, ONE, third), WORDS["en"])) == []


def test_a_new_vote_that_nobody_counts_is_counted_in_the_night(embedded: Database) -> None:
    live(embedded, until="reach")
    at(embedded, 1)
    dispute(embedded)
    again = find_new(embedded)
    vote_room(embedded, again, dict.fromkeys(members(4), "against"))
    work = Work(embedded, TOWN, CLOSED, "new-votes")
    assert count_left_open(work) == "no new vote was left open"
    set_at(embedded, CLOSED + timedelta(days=1))
    assert count_left_open(work) == "1 meeting with a new vote was counted"
    [decided] = [each for each in only(told(embedded), ResolutionDecided) if each.resolution_id == again]
    assert (decided.verdict, decided.votes_against) == ("rejected", 4)
    assert findings(embedded, "tariff", again) == [(), ()]


def test_options_of_each_other_are_voted_on_again_together(embedded: Database) -> None:
    begin(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(*options("most-votes")))
    at(embedded, 0)
    vote_room(embedded, "low", dict.fromkeys(members(4), "for"))
    vote_room(embedded, "high", {ONE: "for", TWO: "for", THREE: "for"})
    with embedded.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    dispute(embedded, ONE, "high")
    with embedded.read(TOWN) as tx:
        low, high = list_open_again(tx)
    vote_room(embedded, high, dict.fromkeys(members(4), "for"))
    at(embedded, 6)
    count(embedded)
    assert [each.resolution_id for each in only(told(embedded), TariffAdopted)] == ["low", high]
    assert findings(embedded, "low", "high", low, high) == [(), (), (), ()]


def test_taking_back_that_is_disputed_lets_the_first_decision_act_again(embedded: Database) -> None:
    live(embedded, until="reach")
    set_at(embedded, datetime(2027, 5, 4, 9, tzinfo=UTC))
    held_on = date(2027, 6, 20)
    parameters = {"decision": "tariff", "of_kind": "tariff", "from_on": "2027-08-01"}
    with embedded.write(TOWN, SECRETARY) as tx:
        point = resolution("repeal", "repeal", parameters)
        meetings.convene_meeting(tx, meeting(point, meeting_id="alv-2", held_on=held_on, convened_on=tx.today))
    set_at(embedded, datetime(2027, 6, 20, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "repeal", rows(dict.fromkeys(members(4), "for"), held_on), "alv-2")
    with embedded.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-2")
    dispute(embedded, ONE, "repeal")
    assert [each.manner for each in only(told(embedded), DecisionStopped)] == ["repealed", "disputed", "restored"]
    with embedded.read(TOWN) as tx:
        assert [each.resolution_id for each in list_tariffs(tx)] == ["tariff"]
    assert findings(embedded, "tariff", "repeal") == [(), ()]


def test_the_notice_that_is_sent_again_is_still_the_same(embedded: Database) -> None:
    live(embedded, until="reach")
    at(embedded, 1)
    dispute(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, MEETING)


FORGERIES: dict[str, tuple[Table, str, dict[str, Any], str]] = {
    "who asked": (challenge, "challenge", {"member_id": TWO}, "are not those that were told"),
    "how many": (challenge, "challenge", {"votes_asking": 2}, "counted otherwise than the lists say"),
    "what goes on": (ballot, "ballot", {"choice": "against"}, "ballots that go on"),
}


@pytest.mark.parametrize("change", list(FORGERIES))
def test_a_dispute_or_a_carried_ballot_that_was_changed_is_found(embedded: Database, change: str) -> None:
    hold(embedded, {ONE: "for", TWO: "for"}, {THREE: "for", FOUR: "for"})
    dispute(embedded, THREE)
    dispute(embedded, FOUR)
    again = find_new(embedded)
    table, name, values, finding = FORGERIES[change]
    where = table.c.resolution_id == (again if table is ballot else "tariff")
    where &= table.c.number == 1
    with embedded.system_write() as sql:
        sql.execute(text(f"DROP TRIGGER {name}_holds"))
        sql.execute(update(table).where(where).values(values))
    assert any(finding in each for found in findings(embedded, "tariff", again) for each in found)


def test_pages_and_answers_lead_from_doubt_to_the_new_vote_and_the_minutes(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="reach")
    at(embedded, 5)
    desk = client(embedded, tmp_path, "member", member_id=ONE)
    page = "/governance/resolutions/tariff"
    assert "Twijfel over de uitslag" in plain(desk.get(page, params={"lang": "nl"}).text)
    assert desk.get("/governance/api/v1/resolutions/tariff/challenge").json()["may_ask"] is True
    moved = desk.post(f"{page}/challenge", follow_redirects=False)
    again = moved.headers["location"].split("?")[0].rsplit("/", 1)[1]
    new = plain(desk.get(f"/governance/resolutions/{again}", params={"lang": "en"}).text)
    assert "This is a new vote" in new
    assert "You can vote here until the new vote is counted" in new
    assert "voted on again" in plain(desk.get(page, params={"lang": "en"}).text)
    assert desk.post(f"/governance/resolutions/{again}/vote", data={"choice": "against"}).status_code == 200
    assert "Voted on again now" in plain(desk.get("/governance/cards/waiting", params={"lang": "en"}).text)
    sit_down(desk, "account-1", "board")
    assert desk.get("/governance/api/v1/meetings/alv-1/minutes").status_code == 409
    assert "It can be counted from" in plain(desk.get("/governance/meetings/alv-1", params={"lang": "en"}).text)
    clock_of(desk).set(CLOSED + timedelta(minutes=11))
    assert "Count the new vote" in plain(desk.get("/governance/meetings/alv-1", params={"lang": "en"}).text)
    assert "Count the new vote?" in plain(desk.post("/governance/meetings/alv-1/count-again").text)
    desk.post("/governance/meetings/alv-1/count-again", data={"confirmed": "yes"})
    answer = desk.get(f"/governance/api/v1/resolutions/{again}").json()
    assert (answer["verdict"], answer["again_of"]) == ("rejected", "tariff")
    first = desk.get("/governance/api/v1/resolutions/tariff").json()
    assert (first["voted_again"], first["stops"][0]["manner"]) == (again, "disputed")
    points = {
        each["resolution_id"]: each for each in desk.get("/governance/api/v1/meetings/alv-1/minutes").json()["points"]
    }
    assert [each["asked_by"] for each in points["tariff"]["disputes"]] == ["voter"]
    assert points[again]["again_of"] == "tariff"
    written = plain(desk.get("/governance/meetings/alv-1/minutes", params={"lang": "en"}).text)
    assert "by a voter who was there, with 1 of 4 votes: voted on again" in written
    assert desk.get("/governance/meetings/alv-1/minutes.pdf").status_code == 200


def test_the_board_enters_what_is_said_in_the_room_and_another_confirms_it(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="reach")
    at(embedded, 5)
    desk = client(embedded, tmp_path, "board")
    page = "/governance/resolutions/key/challenge"
    filled = {"asked_by": "voter", "number": "L-003", "paper": "", "entry_id": "c-1"}
    assert desk.post(f"{page}/room", data=filled).status_code == 422
    nameless = filled | {"paper": "note of 20:05", "number": " "}
    assert desk.post(f"{page}/room", data=nameless).status_code == 422, "one voter is not the majority"
    desk.post(f"{page}/room", data=filled | {"paper": "note of 20:05"})
    assert "You entered this yourself" in plain(desk.get(page, params={"lang": "en"}).text)
    assert desk.post(f"{page}/c-1", data={"act": "confirm"}).status_code == 422
    sit_down(desk, "account-2", "board")
    assert "note of 20:05" in plain(desk.get("/governance/cards/waiting").text)
    desk.post(f"{page}/c-1", data={"act": "confirm"})
    assert desk.get("/governance/api/v1/resolutions/key/challenge").json()["new_vote"] == find_new(embedded)
    ballot_page = plain(desk.get("/governance/meetings/alv-1/ballots", params={"lang": "en"}).text)
    assert "Enter ballots" in ballot_page
    sit_down(desk, "account-9", "member", member_id=FOUR)
    assert desk.post(f"{page}/room", data=filled).status_code == 403


def test_while_it_is_voted_on_again_no_page_leads_to_what_is_not_there(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="reach")
    at(embedded, 5)
    assert dispute(embedded)
    desk = client(embedded, tmp_path, "board")
    assert "minutes.pdf" not in desk.get("/governance/meetings/alv-1").text
    assert "/minutes" not in desk.get("/governance/resolutions/key").text
    page = desk.get(f"/governance/resolutions/{find_new(embedded)}").text
    assert "/billing/proposals/tariff" in page, "billing heard of the proposal with the notice"
